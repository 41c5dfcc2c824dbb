"""A batch endpoint by the genuine SDK: made, run on real pictures, replaced, gone back."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import batch
import pytest
import samples
from cloud import Fault
from workplace import Workplace

from digits.deployment import azure_code
from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

INVOKE = """
import sys
from azure.ai.ml import Input, MLClient
from azure.identity import DefaultAzureCredential
client = MLClient(DefaultAzureCredential(), *sys.argv[1:4])
given = Input(path=sys.argv[5], type="uri_folder")
print(client.batch_endpoints.invoke(sys.argv[4], input=given).name)
"""


def deploy(place: Workplace, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return place.run("deploy.py", "--to", "azure-batch", *options, **environ)


def killed(place: Workplace, fault: Fault) -> None:
    """Deploy, and kill the deployer when the fault holds its call."""
    place.cloud.faults = [fault]
    process = place.start("deploy.py", "--to", "azure-batch")
    while not fault.reached.wait(0.1):
        assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()
    place.cloud.reset()


def endpoint(place: Workplace) -> tuple[str, dict[str, str]]:
    """The default deployment and the tags, as the cloud has them."""
    resource = place.cloud.get(f"{place.path}/batchEndpoints/digits-batch")
    defaults = resource["properties"].get("defaults") or {}
    return defaults.get("deploymentName", ""), resource.get("tags") or {}


def deployments(place: Workplace) -> list[str]:
    found = place.cloud.children(f"{place.path}/batchEndpoints/digits-batch/deployments")
    return [each["name"] for each in found]


def changes(place: Workplace) -> list[str]:
    return [call.path for call in place.cloud.calls if call.method in ("PUT", "DELETE")]


def read_by_a_job(place: Workplace, folder: Path) -> dict[str, dict[str, object]]:
    """What the endpoint writes of a folder, asked through the SDK as any client would."""
    where = [place.environ[f"DIGITS_AZURE_{part}"] for part in ("SUBSCRIPTION", "RESOURCE_GROUP")]
    where.append(place.environ["DIGITS_AZURE_WORKSPACE"])
    done = place.run("-c", INVOKE, *where, "digits-batch", str(folder))
    assert done.returncode == 0, done.stderr
    job = place.cloud.get(f"{place.path}/batchEndpoints/digits-batch/jobs/{done.stdout.strip()}")
    lines = map(json.loads, job["properties"]["output"].splitlines())
    return {Path(line["file"]).name: line for line in lines}


def test_it_is_made_reads_is_replaced_and_comes_back(place: Workplace, tmp_path: Path) -> None:
    first = deploy(place)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("digits:1 is what digits-batch runs, as r-")
    blue, tags = endpoint(place)
    assert (deployments(place), tags) == ([blue], {})
    resource = place.cloud.get(f"{place.path}/batchEndpoints/digits-batch/deployments/{blue}")
    properties = resource["properties"]
    assert properties["outputAction"] == "AppendRow"
    assert properties["compute"].endswith(f"/computes/{batch.COMPUTE}")
    assert properties["resources"]["instanceCount"] == 2
    assert properties["retrySettings"] == {"maxRetries": 3, "timeout": "PT5M"}

    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("canvas_rows.png", "phone.jpg", "blank.jpg"):
        shutil.copy2(ROOT / "test_images" / name, folder)
    (folder / "broken.png").write_bytes(samples.picture("digit_3.png")[:200])
    (folder / "empty.png").touch()
    lines = read_by_a_job(place, folder)
    labels = samples.labelled()
    for name in ("canvas_rows.png", "phone.jpg", "blank.jpg"):
        assert "/".join(lines[name]["rows"]) == labels[name]
        assert lines[name]["model"] == {"name": "digits", "version": "1"}
    assert lines["broken.png"]["error"]["code"] == "unreadable_image"
    assert lines["empty.png"]["error"]["code"] == "bad_request"
    assert len(lines) == 5

    place.cloud.reset()
    again = deploy(place)
    assert (again.returncode, changes(place)) == (0, []), again.stderr

    second = deploy(place, "--instance-count", "3")
    assert second.returncode == 0, second.stderr
    green, tags = endpoint(place)
    assert green != blue
    assert (set(deployments(place)), tags) == ({blue, green}, {"fallback": blue})
    status = deploy(place, "--status").stdout
    assert f"  {green}: Succeeded, model digits:1, the default\n" in status
    assert f"  {blue}: Succeeded, model digits:1, the default before\n" in status

    back = deploy(place, "--rollback")
    assert (back.returncode, back.stdout) == (0, f"rolled back: {blue}\n"), back.stderr
    assert endpoint(place) == (blue, {})
    assert deploy(place, "--retire").stdout == f"deleted: {green}\n"
    assert deployments(place) == [blue]
    assert deploy(place, "--delete").stdout == "deleted the batch endpoint digits-batch\n"
    assert deploy(place, "--status").stdout == "the batch endpoint digits-batch is not there\n"
    assert place.cloud.outside == []


def test_killed_in_the_middle_of_any_step_it_goes_on(place: Workplace) -> None:
    for fault in (
        Fault(r"PUT .*/batchEndpoints/digits-batch$", after=True),
        Fault(r"PUT .*/batchEndpoints/digits-batch/deployments/", after=True),
        Fault(r"PUT .*/batchEndpoints/digits-batch$", body="deploymentName"),
    ):
        killed(place, fault)
    done = deploy(place)
    assert done.returncode == 0, done.stderr
    name, tags = endpoint(place)
    assert (deployments(place), tags) == ([name], {})


def test_what_cannot_work_is_refused_before_anything_is_changed(
    place: Workplace, tmp_path: Path
) -> None:
    nowhere = deploy(place, "--compute", "elsewhere")
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert "the workspace has no compute 'elsewhere'" in nowhere.stderr
    assert "az ml compute create -n elsewhere" in nowhere.stderr
    assert [path for path in changes(place) if "batchEndpoints" in path] == []

    blind = tmp_path / "blind"
    shutil.copytree(ROOT / "models" / "digits", blind)
    card = json.loads((blind / "model.json").read_text())
    card["parameters"].setdefault("search", {})["least_score"] = 2.0
    (blind / "model.json").write_text(json.dumps(card))
    place.cloud.reset()
    misreading = deploy(place, DIGITS_MODEL_DIR=str(blind))
    assert misreading.returncode == 1
    assert "smoke test failed: the model reads canvas_rows.png as nothing" in misreading.stderr
    assert changes(place) == []


def test_a_dry_run_asks_nobody(place: Workplace) -> None:
    done = deploy(place, "--dry-run", DIGITS_AZURE_SUBSCRIPTION="")
    assert done.returncode == 0, done.stderr
    assert f"code         {len(azure_code.files())} files" in done.stdout
    assert "of subscription <subscription>" in done.stdout
    assert [call.path for call in place.cloud.calls if "metadata" not in call.path] == []
