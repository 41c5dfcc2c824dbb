"""What is wrong with the YAML of an endpoint and its deployment, found before anything is sent.

Azure's own loader knows the fields and their types. What it lets pass although it cannot work is
looked for here: no instances, negative times, names Azure refuses, files that are not there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from digits.deployment.azure_yaml import Yaml, part

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
INSTANCE_TYPE = re.compile(r"Standard_[A-Z]+[0-9][A-Za-z0-9_-]*")
IMAGE = re.compile(r"[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?")
LONGEST_REQUEST_MS = 180_000
"""What a managed online endpoint waits at most for an answer."""

ROUTES = ("liveness_route", "readiness_route", "scoring_route")
"""What Azure has to know of a container: where it answers what."""

PROBES = ("liveness_probe", "readiness_probe")
PROBE_FIELDS = ("period", "timeout", "success_threshold", "failure_threshold")


def problems(endpoint: Yaml, deployment: Yaml, folder: Path) -> list[str]:
    """All that is wrong, one line each; ``folder`` is what paths in the YAML start from."""
    return [
        *_names(endpoint, deployment),
        *_instances(deployment),
        *_contents(deployment, folder),
        *_probes(deployment),
    ]


def is_container(deployment: Yaml) -> bool:
    """Whether it runs a server of its image's own, rather than Azure's around an entry script."""
    return "inference_config" in part(deployment, "environment")


def name_problems(name: object, where: str) -> Iterator[str]:
    """What is wrong with the name of an endpoint or a deployment, which is ``where`` it stands."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield (
            f"{where} is {name!r}: Azure wants 3 to 32 letters, digits and hyphens, beginning"
            " with a letter and not ending with a hyphen"
        )


def endpoint_problems(endpoint: Yaml, deployment: Yaml) -> Iterator[str]:
    """What is wrong with the endpoint's name, and where the deployment has it."""
    yield from name_problems(endpoint.get("name"), "the endpoint's name")
    if deployment.get("endpoint_name") != endpoint.get("name"):
        yield (
            f"endpoint_name is {deployment.get('endpoint_name')!r}, but the endpoint's name is"
            f" {endpoint.get('name')!r}"
        )


def code_problems(deployment: Yaml, folder: Path) -> Iterator[str]:
    """What is wrong with the entry script and its folder, which paths below ``folder`` name."""
    configuration = part(deployment, "code_configuration")
    code, script = configuration.get("code"), configuration.get("scoring_script")
    if not isinstance(code, str) or not (folder / code).is_dir():
        yield f"code_configuration.code is {code!r}: no such folder below {folder}"
    elif not isinstance(script, str) or not (folder / code / script).is_file():
        yield f"code_configuration.scoring_script is {script!r}: no such file in {folder / code}"
    else:
        path = (folder / code / script).resolve()
        try:
            ast.parse(path.read_bytes(), filename=str(path))
        except SyntaxError as error:
            yield f"{path}, line {error.lineno}: {error.msg}"
        except (OSError, ValueError) as error:
            yield f"{path} cannot be read: {error}"


def packages_problems(deployment: Yaml, folder: Path) -> Iterator[str]:
    """What is wrong with the file of packages below ``folder``."""
    conda = part(deployment, "environment").get("conda_file")
    if not isinstance(conda, str) or not (folder / conda).is_file():
        yield f"environment.conda_file is {conda!r}: no such file below {folder}"


def environment_problems(deployment: Yaml) -> Iterator[str]:
    """What is wrong with the base image and the name of the environment."""
    environment = part(deployment, "environment")
    image = environment.get("image")
    if not isinstance(image, str) or not IMAGE.fullmatch(image):
        yield f"environment.image is {image!r}: write HOST/NAME:TAG or HOST/NAME@sha256:DIGEST"
    if not isinstance(environment.get("name"), str):
        yield "environment.name is missing: the environment is registered under it"


def whole(values: Yaml, name: str, *, low: int, high: int, within: str = "") -> Iterator[str]:
    """Complain of a value that is there and no whole number in the range."""
    value = values.get(name, low)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        where = f"{within}.{name}" if within else name
        yield f"{where} is {value!r}: it must be a whole number from {low} to {high}"


def _names(endpoint: Yaml, deployment: Yaml) -> Iterator[str]:
    yield from endpoint_problems(endpoint, deployment)
    yield from name_problems(deployment.get("name"), "the deployment's name")
    if endpoint.get("traffic"):
        yield "traffic must not be in the endpoint's YAML: deploy.py moves it"
    if endpoint.get("mirror_traffic"):
        yield "mirror_traffic must not be in the endpoint's YAML: a rollout proves a colour itself"
    mode = endpoint.get("auth_mode", "key")
    if mode != "key":
        yield f"auth_mode is {mode!r}: it must be key, which smoke test and clients send"


def _instances(deployment: Yaml) -> Iterator[str]:
    yield from whole(deployment, "instance_count", low=1, high=100)
    kind = deployment.get("instance_type")
    if not isinstance(kind, str) or not INSTANCE_TYPE.fullmatch(kind):
        yield f"instance_type is {kind!r}: Azure's are called like Standard_DS3_v2"
    for name, value in part(deployment, "environment_variables").items():
        if not isinstance(value, str):
            yield f"environment_variables.{name} must be a text: put {value!r} in quotes"


def _contents(deployment: Yaml, folder: Path) -> Iterator[str]:
    yield from environment_problems(deployment)
    yield from _requests(deployment)
    if is_container(deployment):
        yield from _routes(deployment)
        for name in ("conda_file", "build"):
            if name in part(deployment, "environment"):
                yield f"environment.{name} is for Azure's base image: a container has its own"
        if "code_configuration" in deployment:
            yield "code_configuration is for Azure's base image: a container has its own code"
    else:
        yield from code_problems(deployment, folder)
        yield from packages_problems(deployment, folder)
        yield from _workers(deployment)


def _routes(deployment: Yaml) -> Iterator[str]:
    routes = part(part(deployment, "environment"), "inference_config")
    for name in ROUTES:
        route, where = part(routes, name), f"environment.inference_config.{name}"
        path = route.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            yield f"{where}.path is {path!r}: it must begin with a slash"
        if "port" not in route:
            yield f"{where}.port is missing"
        yield from whole(route, "port", low=1, high=65535, within=where)
    if len({part(routes, name).get("port") for name in ROUTES}) > 1:
        yield "environment.inference_config has several ports: the container listens on one"


def _requests(deployment: Yaml) -> Iterator[str]:
    settings = part(deployment, "request_settings")
    yield from whole(settings, "request_timeout_ms", low=1, high=LONGEST_REQUEST_MS)
    yield from whole(settings, "max_concurrent_requests_per_instance", low=1, high=1000)


def _workers(deployment: Yaml) -> Iterator[str]:
    """Azure's server has no queue whose length it knows; a container's own server may have one."""
    settings = part(deployment, "request_settings")
    workers = part(deployment, "environment_variables").get("WORKER_COUNT", "1")
    if str(settings.get("max_concurrent_requests_per_instance", 1)) != str(workers):
        yield (
            "max_concurrent_requests_per_instance must be WORKER_COUNT: fewer leave workers idle,"
            " more wait where no time limit counts them"
        )


def _probes(deployment: Yaml) -> Iterator[str]:
    for probe in PROBES:
        for name in PROBE_FIELDS:
            yield from whole(part(deployment, probe), name, low=1, high=3600, within=probe)
        yield from whole(part(deployment, probe), "initial_delay", low=0, high=3600, within=probe)
