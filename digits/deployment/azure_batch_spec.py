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

from digits.deployment import azure_code, azure_yaml
from digits.deployment.azure_checks import (
    NAME,
    code_problems,
    endpoint_problems,
    environment_problems,
    packages_problems,
    whole,
)
from digits.deployment.azure_yaml import Yaml, part
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
        chosen = azure_yaml.choices(VARIABLES, flags, environ)
        endpoint, deployment = azure_yaml.named(
            azure_yaml.read(folder / ENDPOINT),
            azure_yaml.read(folder / DEPLOYMENT),
            chosen["endpoint"],
        )
        if chosen["compute"] is not None:
            deployment = {**deployment, "compute": f"azureml:{chosen['compute']}"}
        instances = chosen[azure_yaml.COUNT]
        if instances is not None:
            resources = {**part(deployment, "resources"), azure_yaml.COUNT: instances}
            deployment = {**deployment, "resources": resources}
        deployment = azure_yaml.on_image(deployment, chosen["image"])
        azure_yaml.refuse(list(problems(endpoint, deployment, folder)))
        return cls(folder=folder, endpoint_yaml=endpoint, deployment_yaml=deployment)

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
        with azure_yaml.loaded_from(self.folder):
            self.endpoint()
            self._load({})

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
    yield from endpoint_problems(endpoint, deployment)
    compute = deployment.get("compute")
    if not isinstance(compute, str) or not NAME.fullmatch(compute.removeprefix("azureml:")):
        yield f"compute is {compute!r}: it is azureml: and the name of a cluster"
    yield from code_problems(deployment, folder)
    yield from packages_problems(deployment, folder)
    yield from environment_problems(deployment)
    yield from _numbers(deployment)
    if deployment.get("output_action", "append_row") != "append_row":
        yield "output_action must be append_row: the driver returns lines and writes no files"


def _numbers(deployment: Yaml) -> Iterator[str]:
    for name, (low, high) in BOUNDS.items():
        yield from whole(deployment, name, low=low, high=high)
    # The SDK has a default for all but this one.
    resources = {azure_yaml.COUNT: None, **part(deployment, "resources")}
    yield from whole(resources, azure_yaml.COUNT, low=1, high=1000, within="resources")
    retries = part(deployment, "retry_settings")
    yield from whole(retries, "max_retries", low=0, high=100, within="retry_settings")
    yield from whole(retries, "timeout", low=1, high=86_400, within="retry_settings")
