"""Azure ML as SDK v1 knows it: discovery, artifacts, model management; as far as it is used here.

Beside ``arm``: workspaces, identities and storage are the same for both generations.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable

from arm import ENDPOINT_KEY
from cloud import WHEN, Call, Cloud, Json, Refused, Reply, Route

SERVICES = ["api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio"]

ANSWERED_S = 20.0
"""How long an answer may be kept back."""

LEFT_EMPTY = (
    *("cname", "publicIp", "sslCertificate", "sslKey", "error", "vnetConfiguration"),
    *("encryptionProperties", "dataCollection", "modelConfigMap", "models"),
)
"""What the SDK wants to find in a service, and what a container without TLS does not have."""


def subscriptions(cloud: Cloud, call: Call) -> Reply:
    known = {"subscriptionId": "00000000-0000-0000-0000-000000000000", "displayName": "tests"}
    return 200, {"value": [{**known, "id": "/subscriptions/0", "state": "Enabled"}]}, {}


def discovery(cloud: Cloud, call: Call) -> Reply:
    return 200, dict.fromkeys(SERVICES, cloud.url), {}


def empty_artifacts(cloud: Cloud, call: Call, origin: str, container: str) -> Reply:
    """Where to upload each of the files, with the right to."""
    artifacts, contents = {}, {}
    for path in (entry["path"] for entry in call.json["paths"]):
        artifacts[path] = _artifact(origin, container, path)
        contents[path] = {**artifacts[path], **_content(cloud, origin, container, path)}
    answer = {"artifacts": artifacts, "artifactContentInformation": contents, "errors": {}}
    return 200, answer, {}


def artifacts_below(cloud: Cloud, call: Call, origin: str, container: str, path: str) -> Reply:
    """Where to download all files below a prefix, with the right to."""
    top = f"{origin}/{container}/"
    paths = [name.removeprefix(top) for name in cloud.blobs.names(top + path)]
    found = [
        {**_artifact(origin, container, each), **_content(cloud, origin, container, each)}
        for each in paths
    ]
    return 200, {"value": found}, {}


def _artifact(origin: str, container: str, path: str) -> Json:
    identity = f"{origin}/{container}/{path}"
    return {"artifactId": identity, "origin": origin, "container": container, "path": path}


def _content(cloud: Cloud, origin: str, container: str, path: str) -> Json:
    return {"contentUri": cloud.blobs.blob_url(f"{origin}/{container}/{path}")}


def new_asset(cloud: Cloud, call: Call, path: str) -> Reply:
    kept = {**call.json, "id": uuid.uuid4().hex, "createdTime": WHEN}
    cloud.resources[f"{path}/{kept['id']}"] = kept
    return 200, kept, {}


def models(cloud: Cloud, call: Call, path: str) -> Reply:
    present = [each for each in cloud.children(path) if each["name"] in _wanted(call, each)]
    if call.method == "GET":
        return 200, {"value": present}, {}
    body = call.json
    version = 1 + sum(each["name"] == body["name"] for each in cloud.children(path))
    identity = f"{body['name']}:{version}"
    times = {"createdTime": WHEN, "modifiedTime": WHEN}
    kept = {**body, **times, "id": identity, "version": version, "datasets": []}
    cloud.resources[f"{path}/{identity}"] = kept
    return 200, kept, {}


def _wanted(call: Call, each: Json) -> list[str]:
    return call.query.get("name", [each["name"]])


def model(cloud: Cloud, call: Call, path: str) -> Reply:
    kept = cloud.get(path)
    if call.method == "PATCH":
        for change in json.loads(call.body):
            kept[change["path"].lstrip("/")] = change["value"]
    return 200, kept, {}


def kept_thing(cloud: Cloud, call: Call, path: str) -> Reply:
    return 200, cloud.get(path), {}


def no_complaint(cloud: Cloud, call: Call) -> Reply:
    return 200, {}, {}


def new_service(cloud: Cloud, call: Call, path: str) -> Reply:
    """Make a container, or another in place of the one that is there."""
    body = call.json
    where = f"{path}/{body['name']}"
    if where in cloud.resources and not body.get("overwrite"):
        raise Refused(409, "Conflict", f"the service {body['name']} is there already")
    environment = body["environmentImageRequest"]["environment"]
    if not environment["docker"]["baseImage"].startswith("mcr.microsoft.com/"):
        raise Refused(400, "BadRequest", "no such base image")
    times = {"createdTime": WHEN, "updatedTime": WHEN}
    fixed = {"location": "local", "sslEnabled": False, "appInsightsEnabled": False}
    cloud.resources[where] = kept = {
        **dict.fromkeys(LEFT_EMPTY),
        **body,
        **times,
        **fixed,
        "id": body["name"],
        "state": "Transitioning",
        "scoringUri": f"{cloud.url}/score{where}",
    }
    return 202, None, _begin(cloud, lambda: provision(cloud, where, kept))


def provision(cloud: Cloud, path: str, service: Json) -> None:
    """Start the server on what was uploaded; the service's state says how that went."""
    request = service["environmentImageRequest"]
    try:
        (identity,) = request["modelIds"]
        top = path.rpartition("/services/")[0]
        registered = cloud.get(f"{top}/models/{identity}")
        asset = cloud.get(f"{top}/assets/{registered['url'].rpartition('/')[2]}")
        (code,) = [each["url"] for each in request["assets"] if each.get("unpack")]
        environ = request["environment"]["environmentVariables"]
        remove(cloud, path)
        cloud.instances[path] = cloud.machines.start(
            path.strip("/").replace("/", "_")[-60:],
            model=(*identity.split(":"), asset["artifacts"][0]["prefix"]),
            code=code.removeprefix("aml://artifact/"),
            script=environ["AZUREML_ENTRY_SCRIPT"],
            environ=environ,
        )
        service["state"] = "Healthy"
    except BaseException as error:
        service["state"] = "Failed"
        cloud.crashed[path] = str(error)
        raise


def remove(cloud: Cloud, path: str) -> None:
    instance = cloud.instances.pop(path, None)
    if instance:
        instance.stop()


def service(cloud: Cloud, call: Call, path: str) -> Reply:
    kept = cloud.get(path)
    if call.method == "DELETE":
        remove(cloud, path)
        del cloud.resources[path]
        return 200, None, {}
    return 200, kept, {}


def service_logs(cloud: Cloud, call: Call, path: str) -> Reply:
    cloud.get(path)
    instance = cloud.instances.get(path)
    return 200, {"content": instance.log if instance else cloud.crashed.get(path, "")}, {}


def service_score(cloud: Cloud, call: Call, path: str) -> Reply:
    if call.headers.get("Authorization") != f"Bearer {ENDPOINT_KEY}":
        raise Refused(401, "Unauthorized", "the key is not this service's")
    instance = cloud.instances.get(path)
    if instance is None:
        raise Refused(502, "BadGateway", f"nothing answers as {path}")
    status, body = instance.score(call.body, call.headers["Content-Type"])
    return status, body, {}


def service_keys(cloud: Cloud, call: Call, path: str) -> Reply:
    cloud.get(path)
    return 200, {"primaryKey": ENDPOINT_KEY, "secondaryKey": "another"}, {}


def package(cloud: Cloud, call: Call, path: str) -> Reply:
    body = call.json
    where = f"registry.azure.test/{body['imageName']}:{body['imageLabel']}"
    headers = _begin(cloud, lambda: None, resourceLocation=where, operationType="Package")
    cloud.resources[f"{path}/{body['imageLabel']}"] = body
    return 202, None, headers


def operation(cloud: Cloud, call: Call, name: str) -> Reply:
    """How far something is; answered late, since the SDK asks but every five seconds."""
    deadline = time.monotonic() + ANSWERED_S
    while cloud.operations[name]["status"] == "InProgress" and time.monotonic() < deadline:
        time.sleep(0.05)
    told = cloud.operations[name]
    state = {"InProgress": "Running"}.get(told["status"], told["status"])
    log = f"{cloud.url}/log"
    return 200, {"operationLog": log, "createdTime": WHEN, **told, "id": name, "state": state}, {}


def _begin(cloud: Cloud, work: Callable[[], None], **told: str) -> dict[str, str]:
    where = cloud.begin(work, **told)["Azure-AsyncOperation"]
    return {"Operation-Location": where}


WS = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+/workspaces/[^/]+"
MMS = rf"/modelmanagement/v1\.0{WS}"
ARTIFACTS = rf"/artifact/v2\.0{WS}/artifacts"

ROUTES: list[Route] = [
    (r"/subscriptions", ("GET",), subscriptions),
    (r"/discovery", ("GET",), discovery),
    (rf"{ARTIFACTS}/batch/metadata/([^/]+)/([^/]+)", ("POST",), empty_artifacts),
    (rf"{ARTIFACTS}/prefix/contentinfo/([^/]+)/([^/]+)/(.+)", ("GET",), artifacts_below),
    (rf"({MMS}/assets)", ("POST",), new_asset),
    (rf"({MMS}/assets/[^/]+)", ("GET",), kept_thing),
    (rf"({MMS}/models)", ("GET", "POST"), models),
    (rf"({MMS}/models/[^/]+)", ("GET", "PATCH"), model),
    (rf"{MMS}/services/validate(?:/.*)?", ("POST",), no_complaint),
    (rf"({MMS}/services)", ("POST",), new_service),
    (rf"({MMS}/services/[^/]+)", ("GET", "DELETE"), service),
    (rf"({MMS}/services/[^/]+)/listkeys", ("POST",), service_keys),
    (rf"({MMS}/services/[^/]+)/logs", ("GET",), service_logs),
    (rf"({MMS}/packages)", ("POST",), package),
    (rf"{MMS}/operations/([^/]+)", ("GET",), operation),
    (rf"/score({MMS}/services/[^/]+)", ("POST",), service_score),
]
OPEN = (discovery, service_score)
"""What does not ask for a token of Azure's."""
