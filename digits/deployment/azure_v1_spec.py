"""What is wanted of SDK v1: deploy/webservice.yml, and what it shares with v2's YAML."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digits.deployment import azure_code, azure_yaml
from digits.deployment.azure_spec import FOLDER, RELEASE, Spec
from digits.deployment.azure_yaml import Yaml, part
from digits.errors import ConfigurationError
from digits.registry.azure_v1_client import explained, hush
from digits.registry.protocol import ModelVersion
from digits.settings import ROOT

if TYPE_CHECKING:
    from azureml.core.model import InferenceConfig
    from azureml.core.webservice.aci import AciServiceDeploymentConfiguration

FILE = "webservice.yml"
CANDIDATE = "-next"
"""What the name of the service ends with that proves a release beside the one in use."""

MODEL, IMAGE = "model", "image"
"""Tags of a service, beside its release: the version it runs, and its base image by digest."""

NAME = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
LONGEST_NAME = 32 - len(CANDIDATE)
MOST_CORES, MOST_MEMORY_GB = 4, 16
"""What one container instance can have in most regions."""


@dataclass(frozen=True, kw_only=True)
class WebserviceSpec:
    """A web service on one container instance."""

    shared: Spec
    service_yaml: Yaml

    @classmethod
    def read(
        cls,
        *,
        folder: Path = FOLDER,
        environ: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        image: str | None = None,
    ) -> WebserviceSpec:
        """Read and check all that can be checked here; name and base image may be said otherwise.

        Raises ConfigurationError listing what is wrong.
        """
        shared = Spec.read(
            folder=folder, environ=environ, autoscale=False, endpoint=endpoint, image=image
        )
        spec = cls(shared=shared, service_yaml=azure_yaml.read(folder / FILE))
        azure_yaml.refuse(list(spec._problems()))
        return spec

    @property
    def name(self) -> str:
        """The service's name."""
        return self.shared.endpoint_name

    @property
    def candidate(self) -> str:
        """The name of the service that proves a release beside the one in use."""
        return self.name + CANDIDATE

    @property
    def cores(self) -> float:
        """Processor cores of the container."""
        return float(str(part(self.service_yaml, "containerResourceRequirements")["cpu"]))

    @property
    def memory_gb(self) -> float:
        """Memory of the container in GB."""
        return float(str(part(self.service_yaml, "containerResourceRequirements")["memoryInGB"]))

    def fingerprint(self, version: ModelVersion) -> str:
        """What makes a service this release and no other: model, code, packages, settings."""
        content = {
            "model": [version.reference, version.sha256],
            "code": azure_code.sha256(),
            "environment": self.shared.environment_version,
            "settings": self.service_yaml,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def inference(self, *, variables: Mapping[str, str], code: Path, image: str) -> InferenceConfig:
        """Entry script and environment as the SDK has them; ``code`` is the folder to upload.

        ``variables`` are what the server's environment has beside those of the YAML.
        """
        from azureml.core import Environment
        from azureml.core.model import InferenceConfig

        environment = Environment.from_conda_specification(
            self.shared.environment_name, str(self.shared.conda_file)
        )
        environment.docker.base_image = image
        # Azure adds what starts the server to a base image that is not its own default.
        environment.inferencing_stack_version = "latest"
        environment.environment_variables = {
            **part(self.service_yaml, "environment_variables"),
            **variables,
        }
        return InferenceConfig(
            entry_script=self.shared.entry_script,
            source_directory=str(code),
            environment=environment,
        )

    def tags(self, *, version: ModelVersion, image: str) -> dict[str, str]:
        """What a service says of itself."""
        return {RELEASE: self.fingerprint(version), MODEL: version.reference, IMAGE: image}

    def container(self, *, tags: Mapping[str, str]) -> AciServiceDeploymentConfiguration:
        """The container instance as the SDK has it."""
        from azureml.core.webservice import AciWebservice

        return AciWebservice.deploy_configuration(
            cpu_cores=self.cores,
            memory_gb=self.memory_gb,
            auth_enabled=True,
            tags=dict(tags),
        )

    def validate(self) -> None:
        """Let the SDK check it all. Raises ConfigurationError with what it says."""
        image = self.shared.image
        hush()
        with explained("checking the web service", as_error=ConfigurationError):
            self.inference(variables={}, code=ROOT, image=image).validate_configuration()
            self.container(tags={}).validate_configuration()

    def _problems(self) -> Iterator[str]:
        if len(self.name) > LONGEST_NAME or not NAME.fullmatch(self.name):
            yield (
                f"the service's name is {self.name!r}: SDK v1 wants 3 to {LONGEST_NAME} lower-case"
                " letters, digits and hyphens, beginning with a letter and not ending with a hyphen"
            )
        if self.service_yaml.get("computeType") != "ACI":
            yield f"computeType is {self.service_yaml.get('computeType')!r}: it must be ACI"
        if self.service_yaml.get("authEnabled") is not True:
            yield "authEnabled must be true: the service is open to the whole internet"
        resources = part(self.service_yaml, "containerResourceRequirements")
        for name, most in (("cpu", MOST_CORES), ("memoryInGB", MOST_MEMORY_GB)):
            value = resources.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                yield f"{name} is {value!r}: it must be a number"
            elif not 0 < value <= most:
                yield f"{name} is {value!r}: it must be more than 0 and at most {most}"
        for name, value in part(self.service_yaml, "environment_variables").items():
            if not isinstance(value, str):
                yield f"environment_variables.{name} must be a text: put {value!r} in quotes"
