"""SDK v1, whose support has ended: a model becomes a web service, is replaced, goes again."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from pathlib import Path

import arm
import folders
import pytest
from cloud import Fault, Json
from storage import KEY
from workplace import Workplace, as_a_user

from digits.deployment import azure_code
from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

OUTSIDE = {"management.azure.com:443"}
"""Where the SDK looks for the names of Azure's clouds, whatever one is configured."""

QUICK = {"AZUREML_DEFAULT_BACKOFF": "1"}
"""Seconds the SDK waits after a 429, and twice that the next time; 32 if not said otherwise."""

SERVICES = r"POST .*/services$"
AS_DIGITS, AS_NEXT = '"name": "digits"', '"name": "digits-next"'

INVOKE = """
import json, sys
from azure.identity import DefaultAzureCredential
from azureml.core import Webservice, Workspace
from azureml.core.authentication import TokenAuthentication
credential = DefaultAzureCredential()
def token(audience):
    return credential.get_token(audience + "/.default").token
workspace = Workspace(*sys.argv[1:4], auth=TokenAuthentication(token))
answer = Webservice(workspace, "digits").run(open(sys.argv[4]).read())
print(json.dumps(answer))
"""


def management(place: Workplace) -> str:
    return f"/modelmanagement/v1.0{place.path}"


def services(place: Workplace) -> dict[str, Json]:
    return {each["name"]: each for each in place.cloud.children(f"{management(place)}/services")}


def running(place: Workplace) -> dict[str, str]:
    """The services and the models they run."""
    return {name: each["kvTags"]["model"] for name, each in services(place).items()}


def deployed(place: Workplace) -> list[str]:
    """The services that were made or replaced since the last reset, in order."""
    path = f"{management(place)}/services"
    calls = [call for call in place.cloud.calls if (call.method, call.path) == ("POST", path)]
    return [call.json["name"] for call in calls]


def invoke(place: Workplace, folder: Path) -> Json:
    """Ask the service through the SDK, as any client of it would."""
    picture = (ROOT / "test_images" / "canvas_rows.png").read_bytes()
    request = folder / "request.json"
    request.write_text(json.dumps({"image": base64.b64encode(picture).decode()}))
    parts = ("SUBSCRIPTION", "RESOURCE_GROUP", "WORKSPACE")
    where = [place.environ[f"DIGITS_AZURE_{part}"] for part in parts]
    done = place.run("-c", INVOKE, *where, str(request))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_it_goes_into_service_is_replaced_and_deleted(place_v1: Workplace, tmp_path: Path) -> None:
    place = place_v1
    # The first time as a user starts it: it brings the SDK by itself, without the network.
    first = place.register("--stage", "production", "--tag", "epochs=3", **as_a_user())
    assert (first.returncode, first.stdout) == (0, "digits:1\n"), first.stderr
    check_model(place)

    done = place.deploy("--model", "digits@production")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("digits:1 is in service at https://localhost:")
    assert done.stderr.startswith(
        "note: support for SDK v1 ended on 2026-06-30; the same on v2: uv run deploy.py --to azure"
        " --model digits@production\n"
    )
    assert arm.ENDPOINT_KEY not in done.stdout + done.stderr
    check_service(place)
    reading = invoke(place, tmp_path)
    assert reading["rows"] == ["528", "904"]
    assert reading["model"] == {"name": "digits", "version": "1"}

    place.cloud.reset()
    again = place.deploy()
    assert again.returncode == 0, again.stderr
    assert deployed(place) == []

    replaced = place.deploy(DIGITS_MODEL_DIR=str(folders.another(tmp_path)))
    assert replaced.returncode == 0, replaced.stderr
    assert deployed(place) == ["digits-next", "digits"]
    assert running(place) == {"digits": "digits:2"}
    assert place.deploy("--status").stdout.startswith("digits: Healthy, model digits:2, release ")

    assert place.deploy("--package").stdout == "registry.azure.test/digits:1\n"
    assert place.deploy("--delete").stdout == "deleted the service digits\n"
    assert place.deploy("--delete").stdout == "the service digits is not there\n"
    assert set(place.cloud.outside) <= OUTSIDE
    assert place.secrets_kept() == []


def check_model(place: Workplace) -> None:
    """Every byte of it, and what it says of itself."""
    model = place.cloud.get(f"{management(place)}/models/digits:1")
    assert model["kvTags"]["git_revision"]
    assert len(model["kvTags"]["data.x_train"]) == 64
    assert model["kvTags"]["epochs"] == "3"
    assert "stage.production" in model["kvTags"]
    check_bytes(place)


def check_bytes(place: Workplace) -> None:
    model = place.cloud.get(f"{management(place)}/models/digits:1")
    asset = place.cloud.get(f"{management(place)}/assets/{model['url'].rpartition('/')[2]}")
    prefix = asset["artifacts"][0]["prefix"]
    assert place.cloud.blobs.sha256s(prefix) == folders.sha256s(folders.SHIPPED)


def check_service(place: Workplace) -> None:
    """The code as it is here and nothing else; packages, image and container as configured."""
    service = services(place)["digits"]
    assert service["authEnabled"] is True
    assert service["containerResourceRequirements"] == {"cpu": 2.0, "memoryInGB": 2.0}
    request = service["environmentImageRequest"]
    environment = request["environment"]
    assert environment["docker"]["baseImage"].endswith(f"openmpi4.1.0-ubuntu22.04@{arm.DIGEST}")
    assert service["kvTags"]["image"] == environment["docker"]["baseImage"]
    assert environment["environmentVariables"]["WORKER_COUNT"] == "2"
    packages = environment["python"]["condaDependencies"]["dependencies"][-1]["pip"]
    assert [each for each in packages if each.startswith("onnxruntime==")]
    (code,) = [each["url"] for each in request["assets"] if each.get("unpack")]
    archive = place.cloud.blobs.read(code.removeprefix("aml://artifact/"))
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        files = {each.name: packed.extractfile(each) for each in packed if each.isfile()}
        assert sorted(files) == [f"code/{name}" for name in azure_code.files()]
        for name in azure_code.files():
            file = files[f"code/{name}"]
            assert file is not None
            assert file.read() == (ROOT / name).read_bytes()


def test_a_release_that_fails_leaves_the_service_as_it_was(
    place_v1: Workplace, tmp_path: Path
) -> None:
    place = place_v1
    assert place.deploy().returncode == 0
    place.cloud.reset()
    misreading = place.deploy(DIGITS_MODEL_DIR=str(folders.blind(tmp_path)))
    assert (misreading.returncode, misreading.stdout) == (1, "")
    assert "the model reads canvas_rows.png as nothing" in misreading.stderr.splitlines()[-1]
    assert "digits serves what it served before" in misreading.stderr
    assert running(place) == {"digits": "digits:1", "digits-next": "digits:2"}

    broken = place.deploy(DIGITS_MODEL_DIR=str(folders.unloadable(tmp_path)))
    assert broken.returncode == 1
    assert "deploying digits-next failed: " in broken.stderr.splitlines()[-1]
    assert "the container did not become ready" in broken.stderr.splitlines()[-1]
    assert "model.onnx is not a network" in broken.stderr
    assert deployed(place) == ["digits-next", "digits-next"]

    mended = place.deploy()
    assert mended.returncode == 0, mended.stderr
    assert running(place) == {"digits": "digits:1"}


def test_killed_in_the_middle_of_any_step_it_goes_on(place_v1: Workplace, tmp_path: Path) -> None:
    place = place_v1
    for fault in (
        Fault(r"POST .*/artifacts/batch/"),
        Fault(r"POST .*/models$", after=True),
        Fault(SERVICES),
        Fault(SERVICES, after=True),
        Fault(r"POST /score/"),
    ):
        place.killed(fault)
    done = place.deploy()
    assert done.returncode == 0, done.stderr
    assert running(place) == {"digits": "digits:1"}
    assert len(place.cloud.children(f"{management(place)}/models")) == 1

    model = {"DIGITS_MODEL_DIR": str(folders.another(tmp_path))}
    place.environ |= model
    for fault, still in (
        (Fault(SERVICES, body=AS_NEXT), "digits:1"),
        (Fault(SERVICES, body=AS_NEXT, after=True), "digits:1"),
        (Fault(SERVICES, body=AS_DIGITS), "digits:1"),
        (Fault(SERVICES, body=AS_DIGITS, after=True), "digits:2"),
        (Fault(r"DELETE .*/services/digits-next$"), "digits:2"),
    ):
        place.killed(fault)
        assert running(place)["digits"] == still
    done = place.deploy()
    assert done.returncode == 0, done.stderr
    assert deployed(place) == []
    assert running(place) == {"digits": "digits:2"}


REFUSALS = {
    401: "failed: 401 a fault of this test; sign in again: `az login`",
    403: "failed: 403 a fault of this test; the identity needs a role",
    404: "failed: 404 a fault of this test; check the subscription",
    409: "failed: 409 a fault of this test; something else is changing the same thing",
    429: "failed: 429 a fault of this test; Azure asks for fewer requests",
}


def test_a_refusal_is_one_line_with_a_way_out(place_v1: Workplace) -> None:
    for status, message in REFUSALS.items():
        place_v1.cloud.faults = [Fault(r"POST .*/models$", status=status, times=99)]
        done = place_v1.register(**QUICK)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1].startswith("register.py: registering digits ")
        assert message in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        for secret in (place_v1.cloud.token, KEY, "sig="):
            assert secret not in done.stderr + done.stdout
    assert place_v1.cloud.children(f"{management(place_v1)}/models") == []


def test_a_workspace_that_is_not_there_is_said_to_be(place_v1: Workplace) -> None:
    done = place_v1.deploy("--workspace", "elsewhere", "--status")
    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith("deploy.py: opening the workspace elsewhere failed: ")
    assert "check the subscription, resource group, workspace" in said


def test_what_passes_is_tried_again(place_v1: Workplace) -> None:
    slow = Fault(r"POST .*/assets$")
    place_v1.cloud.faults = [
        Fault(r"GET .*/models$", status=500, times=2),
        Fault(r"POST .*/artifacts/batch/", status=429, headers={"Retry-After": "1"}),
        slow,
    ]
    place_v1.cloud.cut_uploads = 1
    done = place_v1.register(DIGITS_AZURE_TIMEOUT_S="5", **QUICK)
    assert (done.returncode, done.stdout) == (0, "digits:1\n"), done.stderr
    assert slow.reached.is_set()
    assert [fault.times for fault in place_v1.cloud.faults] == [0, 0, 0]
    assert place_v1.cloud.cut_uploads <= 0  # files are uploaded at the same time
    check_bytes(place_v1)


def test_an_azure_that_does_not_answer_is_not_waited_for(place_v1: Workplace) -> None:
    place_v1.cloud.faults = [Fault(r"POST .*/assets$", times=99)]
    once = {"AZUREML_DEFAULT_RETRIES": "1", **QUICK}
    done = place_v1.register(DIGITS_AZURE_TIMEOUT_S="5", **once)
    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith("register.py: registering digits failed: ")
    assert said.endswith("; Azure was not reached or did not answer in time: run this again")


def test_nothing_is_asked_for_a_plan_or_for_a_model_of_unknown_origin(
    place_v1: Workplace, tmp_path: Path
) -> None:
    nowhere = {f"DIGITS_AZURE_{part}": "" for part in ("SUBSCRIPTION", "WORKSPACE")}
    planned = place_v1.deploy("--dry-run", **nowhere)
    assert planned.returncode == 0, planned.stderr
    assert "<workspace> in resource group rg of subscription <subscription>" in planned.stdout
    assert "container    2 cores, 2 GB" in planned.stdout
    refused = place_v1.deploy(DIGITS_MODEL_DIR=str(folders.unknown(tmp_path)))
    assert refused.returncode == 1
    assert "the model's card lacks the git revision" in refused.stderr
    assert place_v1.asked() == []
