"""What is wanted of a batch endpoint: the YAML in deploy/, with what flags or variables replace."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from digits.deployment import azure_code
from digits.deployment.azure_checks import IMAGE, NAME, Yaml, part, script_problems
from digits.errors import ConfigurationError
from digits.registry.azure_target import PREFIX
from digits.registry.protocol import ModelVersion
from digits.settings import ROOT

if TYPE_CHECKING:
    from azure.ai.ml.entities import BatchDeployment, BatchEndpoint, Environment

FOLDER = ROOT / "deploy"
ENDPOINT, DEPLOYMENT = "batch_endpoint.yml", "batch_deployment.yml"
VARIABLES = {
    "endpoint": f"{PREFIX}BATCH_ENDPOINT",
    "compute": f"{PREFIX}COMPUTE",
    "instance_count": f"{PREFIX}INSTANCE_COUNT",
    "image": f"{PREFIX}IMAGE",
}
"""What flags may be called for in the environment."""

BOUNDS = {
    "max_concurrency_per_instance": (1, 256),
    "mini_batch_size": (1, 100_000),
    "error_threshold": (-1, 2**31 - 1),
}


@dataclass(frozen=True, kw_only=True)
class BatchSpec:
    """The YAML of endpoint and deployment as parsed, parts of it replaced."""

    folder: Path
    endpoint_yaml: Yaml
    deployment_yaml: Yaml

    @classmethod
    def read(
        cls,
        *,
        folder: Path = FOLDER,
        environ: Mapping[str, str] | None = None,
        **flags: str | int | None,
    ) -> BatchSpec:
        """Read both files in ``folder`` and check all that can be.

        ``flags`` are named as in VARIABLES. Raises ConfigurationError listing what is wrong.
        """
        environ = os.environ if environ is None else environ
        chosen = {
            name: _from_environ(environ, name) if flags.get(name) is None else flags[name]
            for name in VARIABLES
        }
        endpoint, deployment = {**_read(folder / ENDPOINT)}, {**_read(folder / DEPLOYMENT)}
        if chosen["endpoint"] is not None:
            endpoint["name"] = deployment["endpoint_name"] = chosen["endpoint"]
        if chosen["compute"] is not None:
            deployment["compute"] = f"azureml:{chosen['compute']}"
        if chosen["instance_count"] is not None:
            resources = {"instance_count": chosen["instance_count"]}
            deployment["resources"] = {**part(deployment, "resources"), **resources}
        if chosen["image"] is not None:
            environment = {**part(deployment, "environment"), "image": chosen["image"]}
            deployment["environment"] = environment
        spec = cls(folder=folder, endpoint_yaml=endpoint, deployment_yaml=deployment)
        found = list(problems(endpoint, deployment, folder))
        if found:
            listed = "".join(f"\n  {problem}" for problem in found)
            raise ConfigurationError(f"this cannot be deployed as configured:{listed}")
        return spec

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name."""
        return str(self.endpoint_yaml["name"])

    @property
    def compute(self) -> str:
        """The name of the cluster that jobs run on."""
        return str(self.deployment_yaml["compute"]).removeprefix("azureml:")

    @property
    def instances(self) -> int:
        """How many of its machines a job takes."""
        return int(str(part(self.deployment_yaml, "resources")["instance_count"]))

    @property
    def image(self) -> str:
        """The base image as configured, by tag or by digest."""
        return str(part(self.deployment_yaml, "environment")["image"])

    @property
    def environment_name(self) -> str:
        """The name under which the environment is registered."""
        return str(part(self.deployment_yaml, "environment")["name"])

    @property
    def environment_version(self) -> str:
        """Its content's hash, so that the same is never made twice."""
        content = f"{self.image}\n{self._conda().read_text()}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def release(self, version: ModelVersion) -> str:
        """The deployment's name: what it runs as a hash, so that the same has the same name."""
        varying = ("name", "model", "code_configuration", "environment")
        content = {
            "model": [version.reference, version.sha256],
            "code": azure_code.sha256(),
            "environment": self.environment_version,
            "settings": {key: v for key, v in self.deployment_yaml.items() if key not in varying},
        }
        text = json.dumps(content, sort_keys=True).encode()
        return f"r-{hashlib.sha256(text).hexdigest()[:16]}"

    def endpoint(self) -> BatchEndpoint:
        """The endpoint as the SDK has it."""
        from azure.ai.ml import load_batch_endpoint

        override = [{"name": self.endpoint_name}]
        return load_batch_endpoint(self.folder / ENDPOINT, params_override=override)

    def environment(self, *, image: str) -> Environment:
        """The environment as the SDK has it, with ``image`` for its base."""
        from azure.ai.ml.entities import Environment

        return Environment(
            name=self.environment_name,
            version=self.environment_version,
            image=image,
            conda_file=str(self._conda()),
            tags={"image": self.image},
        )

    def deployment(self, *, version: ModelVersion, code: Path) -> BatchDeployment:
        """A deployment of ``version`` as the SDK has it; ``code`` is the staged folder."""
        variables = part(self.deployment_yaml, "environment_variables")
        return self._load(
            {
                "name": self.release(version),
                "model": f"azureml:{version.reference}",
                "environment": f"azureml:{self.environment_name}:{self.environment_version}",
                "code_configuration.code": str(code),
                "environment_variables": {
                    **variables,
                    "DIGITS_MODEL_VERSION": str(version.version),
                },
                "tags": {**part(self.deployment_yaml, "tags"), "model": version.reference},
            }
        )

    def validate(self) -> None:
        """Let the SDK's loaders read it all. Raises ConfigurationError with what they say."""
        try:
            self.endpoint()
            self._load({})
        except Exception as error:  # of several libraries; all are about the YAML
            line = " ".join(str(error).split())
            raise ConfigurationError(f"the YAML in {self.folder} cannot be used: {line}") from None

    def _load(self, changes: Mapping[str, object]) -> BatchDeployment:
        from azure.ai.ml import load_batch_deployment

        chosen = {
            "endpoint_name": self.endpoint_name,
            "compute": self.deployment_yaml["compute"],
            "resources.instance_count": self.instances,
            **changes,
        }
        path = self.folder / DEPLOYMENT
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its loader makes a class that it warns of
            return load_batch_deployment(path, params_override=[{k: v} for k, v in chosen.items()])

    def _conda(self) -> Path:
        return self.folder / str(part(self.deployment_yaml, "environment")["conda_file"])


def problems(endpoint: Yaml, deployment: Yaml, folder: Path) -> Iterator[str]:
    """What Azure's loader lets pass although it cannot work, one line each."""
    name = endpoint.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield (
            f"the endpoint's name is {name!r}: Azure wants 3 to 32 letters, digits and hyphens,"
            " beginning with a letter and not ending with a hyphen"
        )
    if deployment.get("endpoint_name") != name:
        yield f"endpoint_name is {deployment.get('endpoint_name')!r}, the endpoint's name {name!r}"
    compute = deployment.get("compute")
    if not isinstance(compute, str) or not NAME.fullmatch(compute.removeprefix("azureml:")):
        yield f"compute is {compute!r}: it is azureml: and the name of a cluster"
    yield from _files(deployment, folder)
    yield from _numbers(deployment)
    if deployment.get("output_action", "append_row") != "append_row":
        yield "output_action must be append_row: the driver returns lines and writes no files"


def _files(deployment: Yaml, folder: Path) -> Iterator[str]:
    configuration, environment = (
        part(deployment, "code_configuration"),
        part(deployment, "environment"),
    )
    code, script = configuration.get("code"), configuration.get("scoring_script")
    yield from script_problems(code, script, folder)
    conda, image = environment.get("conda_file"), environment.get("image")
    if not isinstance(conda, str) or not (folder / conda).is_file():
        yield f"environment.conda_file is {conda!r}: no such file below {folder}"
    if not isinstance(image, str) or not IMAGE.fullmatch(image):
        yield f"environment.image is {image!r}: write HOST/NAME:TAG or HOST/NAME@sha256:DIGEST"
    if not isinstance(environment.get("name"), str):
        yield "environment.name is missing: the environment is registered under it"


def _numbers(deployment: Yaml) -> Iterator[str]:
    retries = part(deployment, "retry_settings")
    numbers = {
        **{name: (deployment.get(name, low), low, high) for name, (low, high) in BOUNDS.items()},
        "resources.instance_count": (part(deployment, "resources").get("instance_count"), 1, 1000),
        "retry_settings.max_retries": (retries.get("max_retries", 3), 0, 100),
        "retry_settings.timeout": (retries.get("timeout", 30), 1, 86_400),
    }
    for name, (value, low, high) in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"{name} is {value!r}: it must be a whole number from {low} to {high}"


def _from_environ(environ: Mapping[str, str], name: str) -> str | int | None:
    text = environ.get(VARIABLES[name], "").strip()
    if name == "instance_count" and text:
        if not text.isdecimal():
            raise ConfigurationError(
                f"{VARIABLES[name]}={text!r} cannot be used: it must be a number"
            )
        return int(text)
    return text or None


def _read(path: Path) -> Yaml:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} must hold fields with values")
    return values
