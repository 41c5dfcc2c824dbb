"""Models registered in Azure arrive whole, keep what they are, and change stages."""

from __future__ import annotations

import json
from pathlib import Path

import folders
import pytest
from cloud import Fault
from storage import KEY
from workplace import Workplace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_registered_model_arrives_byte_by_byte_with_its_origin(place: Workplace) -> None:
    done = place.register("--stage", "production", "--tag", "epochs=3")
    assert (done.returncode, done.stdout) == (0, "digits:1\n"), done.stderr
    model = place.cloud.get(f"{place.path}/models/digits/versions/1")["properties"]
    assert model["tags"]["git_revision"]
    assert len(model["tags"]["data.x_train"]) == 64
    prefix = model["modelUri"].partition("/paths/")[2]
    assert place.cloud.blobs.sha256s(prefix) == folders.sha256s(folders.SHIPPED)
    assert place.cloud.outside == []


def test_versions_count_up_and_a_stage_is_held_by_one(place: Workplace) -> None:
    for version in ("1", "2"):
        done = place.register("--stage", "production")
        assert (done.returncode, done.stdout) == (0, f"digits:{version}\n"), done.stderr
    assert "digits:1 already had this very content" in done.stderr
    moved = place.register("digits:1", "--stage", "production")
    assert "production: digits:2 -> digits:1" in moved.stderr
    listed = place.register("--list", "--json").stdout.splitlines()
    stages = {entry["version"]: entry["stages"] for entry in map(json.loads, listed)}
    assert stages == {1: ["production"], 2: []}


FAULTS = {
    401: "failed: 401 a fault of this test; sign in again: `az login`",
    403: "failed: 403 a fault of this test; the identity needs a role",
    404: "failed: 404 a fault of this test; check the subscription",
}


@pytest.mark.parametrize("status", FAULTS)
def test_a_refusal_is_one_line_with_a_way_out(place: Workplace, status: int) -> None:
    place.cloud.faults = [Fault(r"GET .*/datastores/", status=status, times=9)]
    done = place.register()
    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith("register.py: registering digits:1 failed: ")
    assert FAULTS[status] in said
    assert place.cloud.children(f"{place.path}/models/digits/versions") == []
    assert "Traceback" not in done.stderr


def test_what_passes_is_tried_again(place: Workplace) -> None:
    slow = Fault(r"GET .*/datastores/", times=1)
    place.cloud.faults = [
        Fault(r"GET .*/models/digits/versions$", status=500, times=2),
        Fault(r"POST .*/listSecrets", status=429, headers={"Retry-After": "1"}),
        slow,
    ]
    done = place.register(DIGITS_AZURE_TIMEOUT_S="5")
    assert (done.returncode, done.stdout) == (0, "digits:1\n"), done.stderr
    assert slow.reached.is_set()
    assert [fault.times for fault in place.cloud.faults] == [0, 0, 0]


def test_an_upload_that_is_cut_off_is_made_again(place: Workplace, tmp_path: Path) -> None:
    model = folders.copied(tmp_path / "model")
    # Content that no other test has uploaded: the SDK leaves out what is there.
    (model / "REPORT.md").write_text(f"# {tmp_path}\n")
    place.cloud.cut_uploads = 1
    done = place.register("--model", str(model))
    assert (done.returncode, done.stdout) == (0, "digits:1\n"), done.stderr
    assert place.cloud.cut_uploads <= 0  # files are uploaded at the same time
    uri = place.cloud.get(f"{place.path}/models/digits/versions/1")["properties"]["modelUri"]
    blob = uri.partition("/paths/")[2].rstrip("/") + "/model.onnx"
    assert place.cloud.blobs.read(blob) == (model / "model.onnx").read_bytes()


def test_a_number_that_somebody_else_took_meanwhile_is_not_taken_twice(place: Workplace) -> None:
    place.cloud.faults = [Fault(r"PUT .*/models/digits/versions/1$", status=409)]
    done = place.register()
    assert (done.returncode, done.stdout) == (0, "digits:1\n"), done.stderr


def test_no_secret_is_printed(place: Workplace) -> None:
    place.cloud.faults = [Fault(r"PUT .*/models/digits/versions/1$", status=403, times=9)]
    done = place.register()
    for secret in (place.cloud.token, KEY, "sig="):
        assert secret not in done.stderr + done.stdout
