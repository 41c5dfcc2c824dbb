"""A model goes into service in Azure, is replaced safely, comes back; killed anywhere or not."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import arm
import folders
import pytest
from cloud import Fault
from workplace import Workplace, as_a_user

from digits.deployment import azure_code
from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ENDPOINT = r"PUT .*/onlineEndpoints/digits$"
ANOTHER = ("--instance-count", "2")
"""What makes another release of the same model."""


def invoke(place: Workplace) -> dict[str, object]:
    """Ask the endpoint through the SDK, by the example of docs/clients.md."""
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    (example,) = [
        each
        for each in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        if "azure.ai.ml" in each
    ]
    done = place.run("-c", example)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return dict(json.loads(answer) if isinstance(answer, str) else answer)


def test_it_goes_into_service_is_replaced_and_comes_back(place: Workplace) -> None:
    # The first time as a user starts it: it brings the SDK by itself, without the network.
    first = place.deploy(**as_a_user())
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("digits:1 is in service at https://localhost:")
    assert "(blue 100 %)" in first.stdout
    assert arm.ENDPOINT_KEY not in first.stdout + first.stderr
    assert place.colours() == {"blue": "digits:1"}
    check_uploaded(place)
    assert place.rules() == ["blue"]
    reading = invoke(place)
    assert reading["rows"] == ["528", "904"]
    assert reading["model"] == {"name": "digits", "version": "1"}

    place.cloud.reset()
    again = place.deploy()
    assert again.returncode == 0, again.stderr
    assert [call for call in place.cloud.calls if call.method == "PUT"] == []

    # The rules have found that blue needs more, so green is not to start with less.
    place.colour("blue")["sku"]["capacity"] = 3
    second = place.deploy(*ANOTHER)
    assert second.returncode == 0, second.stderr
    assert place.traffic_set() == [{"blue": 90, "green": 10}, {"green": 100}]
    assert place.endpoint() == {"traffic": {"green": 100}, "tags": {"fallback": "blue"}}
    assert place.colour("green")["sku"]["capacity"] == 3
    assert place.rules() == ["blue", "green"]
    assert "green: 100 %, Succeeded, model digits:1" in place.deploy("--status").stdout

    back = place.deploy("--rollback")
    assert (back.returncode, back.stdout) == (0, "rolled back: blue 100 %\n"), back.stderr
    assert place.endpoint() == {"traffic": {"blue": 100}, "tags": {}}
    assert place.deploy("--rollback").stdout == "nothing to go back to: blue 100 %\n"
    assert place.deploy("--retire").stdout == "deleted: green\n"
    assert place.colours() == {"blue": "digits:1"}
    assert place.rules() == ["blue"]
    assert place.deploy("--delete").stdout == "deleted the endpoint digits\n"
    assert place.rules() == []
    assert place.deploy("--delete").stdout == "the endpoint digits is not there\n"
    assert place.secrets_kept() == []
    assert place.cloud.outside == []


def check_uploaded(place: Workplace) -> None:
    """The code as it is here and nothing else; the image by the digest the registry told."""
    (code,) = [
        each for key, each in place.cloud.resources.items() if key.startswith(f"{place.path}/codes")
    ]
    prefix = code["properties"]["codeUri"].partition("/azureml/")[2]
    blobs = place.cloud.blobs
    uploaded = {name.removeprefix(prefix).lstrip("/"): name for name in blobs.names(prefix)}
    assert sorted(uploaded) == azure_code.files()
    for name, blob in uploaded.items():
        assert blobs.read(blob) == (ROOT / name).read_bytes()
    (environment,) = [
        each for key, each in place.cloud.resources.items() if f"{place.path}/environments" in key
    ]
    assert environment["properties"]["image"].endswith(f"openmpi4.1.0-ubuntu22.04@{arm.DIGEST}")


def test_a_release_that_fails_leaves_the_traffic_as_it_was(
    place: Workplace, tmp_path: Path
) -> None:
    assert place.deploy().returncode == 0
    place.cloud.reset()
    misreading = place.deploy(DIGITS_MODEL_DIR=str(folders.blind(tmp_path)))
    assert (misreading.returncode, misreading.stdout) == (1, "")
    assert "the model reads canvas_rows.png as nothing" in misreading.stderr
    assert "no traffic was moved: blue 100 %" in misreading.stderr
    assert place.traffic_set() == []
    assert place.colours() == {"blue": "digits:1", "green": "digits:2"}

    # 500 until the SDK gives up, at the step from 10 to 100 %.
    place.cloud.faults = [Fault(ENDPOINT, status=500, times=4, body='"green": 100')]
    half_way = place.deploy(*ANOTHER)
    assert half_way.returncode == 1
    assert "the traffic is as it was before: blue 100 %" in half_way.stderr
    assert "this is Azure's own trouble" in half_way.stderr.splitlines()[-1]
    assert place.endpoint() == {"traffic": {"blue": 100}, "tags": {}}
    assert place.colours() == {"blue": "digits:1", "green": "digits:1"}

    broken = place.deploy(DIGITS_MODEL_DIR=str(folders.unloadable(tmp_path)))
    assert broken.returncode == 1
    assert "the container did not become ready" in broken.stderr.splitlines()[-1]
    assert "model.onnx is not a network" in broken.stderr
    assert place.endpoint() == {"traffic": {"blue": 100}, "tags": {}}


def test_killed_in_the_middle_of_any_step_it_goes_on(place: Workplace) -> None:
    for fault in (
        Fault(r"PUT .*/models/digits/versions/1$", after=True),
        Fault(ENDPOINT, after=True),
        Fault(r"PUT .*/environments/", after=True),
        Fault(r"POST .*/startPendingUpload$"),
        Fault(r"PUT .*/deployments/blue$"),
        Fault(r"PUT .*/deployments/blue$", after=True),
        Fault(r"POST /score/"),
        Fault(ENDPOINT, body='"blue": 100', after=True),
        Fault(r"PUT .*/autoscaleSettings/", after=True),
    ):
        place.killed(fault)
    done = place.deploy()
    assert done.returncode == 0, done.stderr
    assert [call for call in place.cloud.calls if call.method == "PUT"] == []
    assert place.colours() == {"blue": "digits:1"}
    assert len(place.cloud.children(f"{place.path}/models/digits/versions")) == 1
    assert place.endpoint() == {"traffic": {"blue": 100}, "tags": {}}

    place.killed(Fault(r"PUT .*/deployments/green$", after=True), *ANOTHER)
    place.killed(Fault(ENDPOINT, body='"green": 10\\b'), *ANOTHER)
    assert place.endpoint()["traffic"] == {"blue": 100}
    place.killed(Fault(ENDPOINT, body='"green": 10\\b', after=True), *ANOTHER)
    assert place.endpoint() == {"traffic": {"blue": 90, "green": 10}, "tags": {"fallback": "blue"}}
    place.killed(Fault(ENDPOINT, body='"green": 100', after=True), *ANOTHER)
    done = place.deploy(*ANOTHER)
    assert done.returncode == 0, done.stderr
    assert place.endpoint() == {"traffic": {"green": 100}, "tags": {"fallback": "blue"}}

    place.killed(Fault(ENDPOINT, body='"blue": 100'), "--rollback")
    assert place.endpoint()["traffic"] == {"green": 100}
    place.killed(Fault(ENDPOINT, body='"blue": 100', after=True), "--rollback")
    assert place.deploy("--rollback").stdout == "nothing to go back to: blue 100 %\n"
    place.killed(Fault(r"DELETE .*/deployments/green$"), "--retire")
    assert place.deploy("--retire").stdout == "deleted: green\n"
    place.killed(Fault(r"DELETE .*/onlineEndpoints/digits$"), "--delete")
    assert place.deploy("--delete").stdout == "deleted the endpoint digits\n"


REFUSALS = {
    403: "403 a fault of this test; the identity needs a role there",
    409: "409 a fault of this test; something else is changing the same thing: see --status",
    429: "429 a fault of this test; Azure asks for fewer requests, even after waiting",
}


def test_a_refusal_is_one_line_and_leaves_what_the_next_run_goes_on_from(place: Workplace) -> None:
    for status, message in REFUSALS.items():
        fault = Fault(r"PUT .*/deployments/blue$", status=status, times=99)
        fault.headers = {"Retry-After": "1"} if status == 429 else {}
        place.cloud.faults = [fault]
        done = place.deploy()
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1].startswith("deploy.py: creating blue failed: ")
        assert message in done.stderr.splitlines()[-1]
        assert "no traffic was moved: no traffic" in done.stderr
        assert "Traceback" not in done.stderr
    assert place.colours() == {}

    # In service, but nobody may set its rules: said, and mended by whoever may.
    place.cloud.faults = [Fault(r"GET .*/autoscaleSettings/", status=403, times=9)]
    done = place.deploy()
    assert done.returncode == 1
    assert done.stdout.startswith("digits:1 is in service at ")
    assert (
        "setting the autoscale rules of blue (it needs Monitoring" in done.stderr.splitlines()[-1]
    )
    assert place.deploy("--no-autoscale").returncode == 0
    assert place.rules() == []
    place.cloud.reset()
    assert place.deploy().returncode == 0
    assert place.rules() == ["blue"]


def test_a_model_of_unknown_origin_is_refused_before_anything_is_sent(
    place: Workplace, tmp_path: Path
) -> None:
    done = place.deploy(DIGITS_MODEL_DIR=str(folders.unknown(tmp_path)))
    assert done.returncode == 1
    assert "the model's card lacks the git revision" in done.stderr
    told = ("--dry-run", "--allow-unknown-origin")
    done = place.deploy(*told, DIGITS_MODEL_DIR=str(tmp_path / "unknown"))
    assert done.returncode == 0, done.stderr
    assert place.asked() == []


def test_a_dry_run_asks_nobody_and_says_what_is_missing(place: Workplace) -> None:
    nowhere = {f"DIGITS_AZURE_{part}": "" for part in ("SUBSCRIPTION", "WORKSPACE")}
    done = place.deploy("--dry-run", **nowhere)
    assert done.returncode == 0, done.stderr
    assert "<workspace> in resource group rg of subscription <subscription>" in done.stdout
    assert place.asked() == []
    real = place.deploy(**nowhere)
    assert (real.returncode, real.stdout) == (1, "")
    assert "--subscription, DIGITS_AZURE_SUBSCRIPTION" in real.stderr


def test_a_dry_run_of_a_container_passes_the_sdk(place: Workplace) -> None:
    done = place.deploy("--dry-run", "--container", "--image", "example.azurecr.io/digits:7")
    assert done.returncode == 0, done.stderr
    assert "on example.azurecr.io/digits:7" in done.stdout
    assert "code         the image has its own" in done.stdout
    assert place.asked() == []


IGNORED = """
import sys
from pathlib import Path
from azure.ai.ml._utils._asset_utils import AmlIgnoreFile
ignore = AmlIgnoreFile(Path.cwd())
for name in sys.stdin.read().split("\\n"):
    if name and not ignore.is_file_excluded(Path.cwd() / name):
        print(name)
"""


def test_az_ml_would_upload_the_same_code(sdk: Path) -> None:
    """By the SDK's own reading of .amlignore, of everything there is in this folder."""
    left_out = {".git", ".venv", ".digits", "__pycache__"}
    names = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*")
        if path.is_file() and not left_out & set(path.relative_to(ROOT).parts)
    ]
    asked = "\n".join([*names, ".git/config", ".venv/score.py", ".digits/azure/model.json"])
    command = [sdk, "-c", IGNORED]
    done = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == azure_code.files()
