"""Batch endpoints of Azure ML's REST interface: what is kept, and jobs that really run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import storage
from arm import arm_id, listed
from cloud import Call, Cloud, Json, Refused, Reply, Route

COMPUTE = "digits-batch"
"""The one cluster that every workspace has."""

EXECUTE = """
import importlib.util, sys
from pathlib import Path

script, size, folder, output = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
sys.path.insert(0, str(script.parent))
spec = importlib.util.spec_from_file_location("driver", script)
driver = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver)
driver.init()
files = sorted(str(path) for path in folder.rglob("*") if path.is_file())
with open(output, "w") as stream:
    for begin in range(0, len(files), size):
        mini_batch = files[begin : begin + size]
        rows = driver.run(mini_batch)
        assert len(rows) == len(mini_batch), "a file without a row counts as failed"
        stream.writelines(f"{row}\\n" for row in rows)
"""
"""As Azure's executor: a script's init() once, its run() for each mini batch, rows appended."""


def endpoint(cloud: Cloud, call: Call, path: str) -> Reply:
    if call.method == "GET":
        return 200, cloud.get(path), {}
    if call.method == "DELETE":
        cloud.get(path)
        below = [key for key in cloud.resources if key == path or key.startswith(f"{path}/")]
        return 202, None, cloud.begin(lambda: [cloud.resources.pop(key) for key in below] and None)
    body = call.json
    name = (body["properties"].get("defaults") or {}).get("deploymentName")
    if name and f"{path}/deployments/{name}" not in cloud.resources:
        raise Refused(400, "BadRequest", f"the default {name} is not there")
    uri = f"{cloud.url}/batch{path}/jobs"
    kept = cloud.keep(path, body, provisioningState="Succeeded", scoringUri=uri, swaggerUri=uri)
    return 201, kept, cloud.begin(lambda: None)


def deployment(cloud: Cloud, call: Call, path: str) -> Reply:
    if call.method == "GET":
        return 200, cloud.get(path), {}
    above = cloud.get(path.rpartition("/deployments/")[0])
    if call.method == "DELETE":
        cloud.get(path)
        if above["properties"]["defaults"]["deploymentName"] == path.rpartition("/")[2]:
            raise Refused(400, "BadRequest", "the default deployment cannot be deleted")
        return 202, None, cloud.begin(lambda: cloud.resources.pop(path) and None)
    body = call.json
    for reference in ("model", "environmentId"):
        cloud.get(arm_id(body["properties"][reference]))
    cloud.get(arm_id(body["properties"]["codeConfiguration"]["codeId"]))
    kept = cloud.keep(path, body, provisioningState="Creating")
    done = {"provisioningState": "Succeeded"}
    return 201, kept, cloud.begin(lambda: kept["properties"].update(done))


def compute(cloud: Cloud, call: Call, path: str) -> Reply:
    if path.rpartition("/")[2] != COMPUTE:
        raise Refused(404, "ResourceNotFound", f"{path} was not found")
    scale = {"minNodeCount": 0, "maxNodeCount": 8, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    cluster = {"vmSize": "STANDARD_DS3_V2", "vmPriority": "Dedicated", "scaleSettings": scale}
    properties = {"computeType": "AmlCompute", "computeLocation": "local", "properties": cluster}
    described = {"id": path, "name": COMPUTE, "location": "local"}
    return 200, {**described, "properties": {**properties, "provisioningState": "Succeeded"}}, {}


def invoke(cloud: Cloud, call: Call, path: str) -> Reply:
    """Run a job on the default deployment, at once; its output is kept with the job."""
    name = cloud.get(path)["properties"]["defaults"]["deploymentName"]
    properties = cloud.get(f"{path}/deployments/{name}")["properties"]
    [given] = call.json["properties"]["inputData"].values()
    folder = cloud.machines.root / f"job-{len(cloud.calls)}-{abs(hash(path))}"
    shutil.rmtree(folder, ignore_errors=True)
    output = execute(cloud, properties, given["uri"].partition("/paths/")[2], folder)
    job = f"{path}/jobs/{folder.name}"
    kept = cloud.keep(job, {"properties": {"status": "Completed", "output": output}})
    return 201, kept, {}


def execute(cloud: Cloud, properties: Json, prefix: str, folder: Path) -> str:
    """Fetch code, model and input from the storage and run the driver; what it wrote."""
    blobs, code = cloud.blobs, cloud.get(arm_id(properties["codeConfiguration"]["codeId"]))
    model = cloud.get(arm_id(properties["model"]))
    blobs.fetch(model["properties"]["modelUri"].partition("/paths/")[2], folder / "model")
    uri = code["properties"]["codeUri"].partition(f"/{storage.CONTAINER}/")[2].rstrip("/")
    blobs.fetch(uri, folder / "code")
    blobs.fetch(prefix, folder / "input")
    script = (
        folder / "code" / uri.rpartition("/")[2] / properties["codeConfiguration"]["scoringScript"]
    )
    output = folder / properties["outputFileName"]
    (folder / "execute.py").write_text(EXECUTE)
    command = [cloud.machines.python, folder / "execute.py", script]
    command += [str(properties["miniBatchSize"]), folder / "input", output]
    environ = {"AZUREML_MODEL_DIR": str(folder / "model"), "HOME": str(folder)}
    environ |= properties.get("environmentVariables") or {}
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Refused(500, "JobFailed", done.stderr)
    return output.read_text()


ROUTES: list[Route] = [
    (r"/batch(/.*/batchEndpoints/[^/]+)/jobs", ("POST",), invoke),
    (r"(.*/batchEndpoints/[^/]+)", ("GET", "PUT", "DELETE"), endpoint),
    (r"(.*/batchEndpoints/[^/]+/deployments)", ("GET",), listed),
    (r"(.*/batchEndpoints/[^/]+/deployments/[^/]+)", ("GET", "PUT", "DELETE"), deployment),
    (r"(.*/workspaces/[^/]+/computes/[^/]+)", ("GET",), compute),
]
