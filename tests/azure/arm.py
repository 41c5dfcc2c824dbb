"""Azure ML by its second generation's REST interface, as far as SDK v2 is used here."""

from __future__ import annotations

import time
from typing import Any

import storage
from cloud import Call, Cloud, Json, Refused, Reply, Route

IDENTITY_SECRET = "identity-of-this-test"
ENDPOINT_KEY = "key-of-this-test"
DIGEST = "sha256:" + "5a" * 32
ASSETS = ("models", "environments", "codes")


def metadata(cloud: Cloud, call: Call) -> Reply:
    here = {
        "name": "LocalCloud",
        "portal": "https://portal.azure.test/",
        "authentication": {"loginEndpoint": cloud.url, "audiences": [cloud.url]},
        "resourceManager": f"{cloud.url}/",
        "suffixes": {"storage": f"{storage.SUFFIX}:{cloud.blobs.port}"},
    }
    return 200, [here], {}


def identity(cloud: Cloud, call: Call) -> Reply:
    if call.headers.get("X-IDENTITY-HEADER") != IDENTITY_SECRET:
        raise Refused(401, "Unauthorized", "no such identity")
    expires = str(int(time.time()) + 3600)
    resource = call.query["resource"][0]
    token = {"access_token": cloud.token, "expires_on": expires, "resource": resource}
    return 200, {**token, "token_type": "Bearer"}, {}


def manifest(cloud: Cloud, call: Call, tag: str) -> Reply:
    return 200, None, {"Docker-Content-Digest": DIGEST}


def workspace(cloud: Cloud, call: Call, path: str) -> Reply:
    if not path.rpartition("/")[2].startswith("ws"):
        raise Refused(404, "ResourceNotFound", f"the workspace {path} was not found")
    described = {
        "id": path,
        "name": path.rpartition("/")[2],
        "location": "local",
        "identity": {"type": "SystemAssigned"},
        "properties": {"workspaceId": "0000", "discoveryUrl": f"{cloud.url}/discovery"},
    }
    return 200, described, {}


def datastore(cloud: Cloud, call: Call, path: str) -> Reply:
    properties = {
        "isDefault": True,
        "datastoreType": "AzureBlob",
        "accountName": storage.ACCOUNT,
        "containerName": storage.CONTAINER,
        "endpoint": storage.SUFFIX,
        "protocol": "https",
        "credentials": {"credentialsType": "AccountKey"},
    }
    return 200, {"id": path, "name": path.rpartition("/")[2], "properties": properties}, {}


def secrets(cloud: Cloud, call: Call) -> Reply:
    return 200, {"secretsType": "AccountKey", "key": storage.KEY}, {}


def pending_upload(cloud: Cloud, call: Call) -> Reply:
    place = {
        "blobUri": f"{cloud.blobs.account_url}/{storage.CONTAINER}",
        "storageAccountArmId": "x",
        "credential": {"credentialType": "SAS", "sasUri": ""},
    }
    kind = {"pendingUploadId": "x", "pendingUploadType": "TemporaryBlobReference"}
    return 200, {**kind, "blobReferenceForConsumption": place}, {}


def asset_versions(cloud: Cloud, call: Call, path: str) -> Reply:
    found = cloud.children(path)
    if "hash" in call.query:
        wanted = call.query["hash"][0]
        found = [f for f in found if f["properties"]["properties"].get("hash_sha256") == wanted]
    if "$top" in call.query:
        found = found[::-1][: int(call.query["$top"][0])]
    return 200, {"value": found}, {}


def asset_names(cloud: Cloud, call: Call, path: str) -> Reply:
    names = {key.removeprefix(f"{path}/").split("/")[0] for key in cloud.resources if path in key}
    found = [{"id": f"{path}/{n}", "name": n, "properties": {}} for n in sorted(names)]
    return 200, {"value": found}, {}


def asset(cloud: Cloud, call: Call, path: str) -> Reply:
    if call.method == "GET":
        return 200, cloud.get(path), {}
    body = call.json
    known = cloud.resources.get(path)
    fixed = ("modelUri", "codeUri", "condaFile", "image")
    if known and any(known["properties"].get(f) != body["properties"].get(f) for f in fixed):
        raise Refused(409, "Conflict", f"{path} is there already and cannot be changed")
    more = {"flavors": {}} if "/models/" in path else {}
    filled = {"tags": {}, "properties": {}, **more, **body["properties"]}
    return 201, cloud.keep(path, {**body, "properties": filled}), {}


def endpoint(cloud: Cloud, call: Call, path: str) -> Reply:
    if call.method == "GET":
        return 200, cloud.get(path), {}
    if call.method == "DELETE":
        return delete_endpoint(cloud, path)
    body = call.json
    traffic = body["properties"].get("traffic", {})
    absent = [colour for colour in traffic if f"{path}/deployments/{colour}" not in cloud.resources]
    if absent or sum(traffic.values()) not in (0, 100):
        raise Refused(400, "BadRequest", f"the traffic {traffic} is not possible: no {absent}")
    name = path.rpartition("/")[2]
    uri = f"{cloud.url}/score{path}"
    kept = cloud.keep(path, body, provisioningState="Succeeded", scoringUri=uri, swaggerUri=name)
    return 201, kept, cloud.begin(lambda: None)


def delete_endpoint(cloud: Cloud, path: str) -> Reply:
    cloud.get(path)

    def work() -> None:
        for key in [key for key in cloud.resources if key.startswith(f"{path}/deployments/")]:
            remove_deployment(cloud, key)
        cloud.resources.pop(path, None)

    return 202, None, cloud.begin(work)


def remove_deployment(cloud: Cloud, path: str) -> None:
    instance = cloud.instances.pop(path, None)
    if instance:
        instance.stop()
    cloud.resources.pop(path, None)


def deployment(cloud: Cloud, call: Call, path: str) -> Reply:
    if call.method == "GET":
        return 200, cloud.get(path), {}
    above = cloud.get(path.rpartition("/deployments/")[0])
    if call.method == "DELETE":
        cloud.get(path)
        if above["properties"].get("traffic", {}).get(path.rpartition("/")[2]):
            raise Refused(400, "BadRequest", "a deployment with traffic cannot be deleted")
        return 202, None, cloud.begin(lambda: remove_deployment(cloud, path))
    body = call.json
    scale = {"scaleSettings": {"scaleType": "Default"}}
    kept = cloud.keep(path, body, provisioningState="Creating", **scale)
    return 201, kept, cloud.begin(lambda: provision(cloud, path, kept["properties"]))


def provision(cloud: Cloud, path: str, properties: Json) -> None:
    """Start the server on what was uploaded; the deployment's state says how that went."""
    try:
        model = cloud.get(arm_id(properties["model"]))
        code = cloud.get(arm_id(properties["codeConfiguration"]["codeId"]))
        cloud.get(arm_id(properties["environmentId"]))
        name, version = model["id"].split("/")[-3], model["id"].split("/")[-1]
        cloud.instances[path] = cloud.machines.start(
            path.strip("/").replace("/", "_")[-60:],
            model=(name, version, model["properties"]["modelUri"].partition("/paths/")[2]),
            code=code["properties"]["codeUri"].partition(f"/{storage.CONTAINER}/")[2],
            script=properties["codeConfiguration"]["scoringScript"],
            environ=properties.get("environmentVariables") or {},
        )
        properties["provisioningState"] = "Succeeded"
    except BaseException as error:
        properties["provisioningState"] = "Failed"
        cloud.crashed[path] = str(error)
        raise


def arm_id(reference: Any) -> str:
    text = reference if isinstance(reference, str) else reference["assetId"]
    return "/" + text.removeprefix("azureml:").lstrip("/")


def autoscale(cloud: Cloud, call: Call, path: str) -> Reply:
    """Azure Monitor's settings of one resource, checked as far as Azure does."""
    if call.method == "DELETE":
        cloud.get(path)
        del cloud.resources[path]
        return 200, None, {}
    if call.method == "PUT":
        body = call.json
        target = body["properties"]["targetResourceUri"]
        if target not in cloud.resources:
            raise Refused(400, "InvalidTarget", f"{target} was not found")
        for profile in body["properties"]["profiles"]:
            capacity = profile["capacity"]
            if not all(isinstance(value, str) for value in capacity.values()):
                raise Refused(400, "BadRequest", "capacities are texts")
            if {rule["metricTrigger"]["metricResourceUri"] for rule in profile["rules"]} != {
                target
            }:
                raise Refused(400, "BadRequest", "a rule is about something else")
        return 200, cloud.keep(path, body), {}
    return 200, cloud.get(path), {}


def listed(cloud: Cloud, call: Call, path: str) -> Reply:
    return 200, {"value": cloud.children(path)}, {}


def keys(cloud: Cloud, call: Call) -> Reply:
    return 200, {"primaryKey": ENDPOINT_KEY, "secondaryKey": "another"}, {}


def logs(cloud: Cloud, call: Call, path: str) -> Reply:
    cloud.get(path)
    instance = cloud.instances.get(path)
    text = instance.log if instance else cloud.crashed.get(path, "nothing has started yet")
    lines = text.splitlines()[-call.json["tail"] :]
    return 200, {"content": "\n".join(lines)}, {}


def score(cloud: Cloud, call: Call, path: str) -> Reply:
    """A request to the endpoint, led to one colour by its header, else to the one with most."""
    if call.headers.get("Authorization") != f"Bearer {ENDPOINT_KEY}":
        raise Refused(401, "Unauthorized", "the key is not this endpoint's")
    traffic = cloud.get(path)["properties"].get("traffic", {})
    colour = call.headers.get("azureml-model-deployment") or max(traffic, key=traffic.get)
    instance = cloud.instances.get(f"{path}/deployments/{colour}")
    if instance is None:
        raise Refused(404, "NotFound", f"no deployment {colour}")
    status, body = instance.score(call.body, call.headers["Content-Type"])
    return status, body, {}


def operation(cloud: Cloud, call: Call, name: str) -> Reply:
    return 200, cloud.operations[name], {"Retry-After": "1"}


ROUTES: list[Route] = [
    (r"/score(/.*/onlineEndpoints/[^/]+)", ("POST",), score),
    (r"/metadata/endpoints", ("GET",), metadata),
    (r"/identity", ("GET",), identity),
    (r"/v2/[\w./-]+/manifests/([\w.-]+)", ("HEAD",), manifest),
    (r"/operations/(operation-\d+)", ("GET",), operation),
    (r"(.*/workspaces/[^/]+)", ("GET",), workspace),
    (r"(.*/datastores/[^/]+)", ("GET",), datastore),
    (r".*/datastores/[^/]+/listSecrets", ("POST",), secrets),
    (r".*/codes/[^/]+/versions/[^/]+/startPendingUpload", ("POST",), pending_upload),
    (rf"(.*/(?:{'|'.join(ASSETS)}))", ("GET",), asset_names),
    (rf"(.*/(?:{'|'.join(ASSETS)})/[^/]+/versions)", ("GET",), asset_versions),
    (rf"(.*/(?:{'|'.join(ASSETS)})/[^/]+/versions/[^/]+)", ("GET", "PUT"), asset),
    (r"(.*/Microsoft\.Insights/autoscaleSettings/[^/]+)", ("GET", "PUT", "DELETE"), autoscale),
    (r"(.*/onlineEndpoints/[^/]+/deployments)", ("GET",), listed),
    (r"(.*/onlineEndpoints/[^/]+/deployments/[^/]+)", ("GET", "PUT", "DELETE"), deployment),
    (r"(.*/onlineEndpoints/[^/]+/deployments/[^/]+)/getLogs", ("POST",), logs),
    (r".*/onlineEndpoints/[^/]+/listKeys", ("POST",), keys),
    (r"(.*/onlineEndpoints/[^/]+)", ("GET", "PUT", "DELETE"), endpoint),
]
OPEN = (metadata, identity, manifest, score)
"""What does not ask for a token of Azure's."""
