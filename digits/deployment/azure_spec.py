"""What is wanted on Azure: the YAML in deploy/, with what flags or the environment say instead."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digits.card import ModelCard
from digits.deployment import azure_autoscale, azure_code, azure_yaml
from digits.deployment.azure_autoscale import Autoscale
from digits.deployment.azure_checks import is_container, problems
from digits.deployment.azure_yaml import part
from digits.errors import DeploymentError
from digits.registry.azure_target import PREFIX
from digits.registry.protocol import ModelVersion
from digits.settings import ROOT

if TYPE_CHECKING:
    from azure.ai.ml.entities import Environment, ManagedOnlineDeployment, ManagedOnlineEndpoint

FOLDER = ROOT / "deploy"
CHOICES = ("endpoint", "instance_type", "instance_count", "image")
RELEASE, ORIGIN = "release", "git_revision"
"""Tags of a deployment: the fingerprint of what it runs, and where its model comes from."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The YAML of endpoint and deployment as parsed, and the choices that replace parts of it."""

    folder: Path
    file: str = "deployment.yml"
    endpoint_yaml: Mapping[str, object]
    deployment_yaml: Mapping[str, object]
    autoscale: Autoscale | None = None
    """None where nobody but people changes the number of instances."""

    @classmethod
    def read(
        cls,
        file: str = "deployment.yml",
        /,
        *,
        folder: Path = FOLDER,
        autoscale: bool = True,
        environ: Mapping[str, str] | None = None,
        **flags: str | int | None,
    ) -> Spec:
        """Read endpoint.yml and the deployment's ``file`` in ``folder`` and check all that can be.

        There may be rules in autoscale.yml, which are not read without ``autoscale``.
        ``flags`` are named as in CHOICES. Raises ConfigurationError listing what is wrong.
        """
        environ = os.environ if environ is None else environ
        variables = {name: PREFIX + name.upper() for name in CHOICES}
        chosen = azure_yaml.choices(variables, flags, environ)
        endpoint, deployment = azure_yaml.named(
            azure_yaml.read(folder / "endpoint.yml"),
            azure_yaml.read(folder / file),
            chosen["endpoint"],
        )
        instances = {
            name: deployment.get(name) if chosen[name] is None else chosen[name]
            for name in ("instance_type", azure_yaml.COUNT)
        }
        rules = folder / "autoscale.yml"
        spec = cls(
            folder=folder,
            file=file,
            endpoint_yaml=endpoint,
            deployment_yaml=azure_yaml.on_image({**deployment, **instances}, chosen["image"]),
            autoscale=Autoscale(yaml=azure_yaml.read(rules))
            if autoscale and rules.exists()
            else None,
        )
        spec._check()
        return spec

    @property
    def container(self) -> bool:
        """Whether the image has the server, the code and the packages of its own."""
        return is_container(self.deployment_yaml)

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name."""
        return str(self.endpoint_yaml["name"])

    @property
    def image(self) -> str:
        """The base image as configured, by tag or by digest."""
        return str(part(self.deployment_yaml, "environment")["image"])

    @property
    def conda_file(self) -> Path:
        """The packages of the environment."""
        return self.folder / str(part(self.deployment_yaml, "environment")["conda_file"])

    @property
    def entry_script(self) -> str:
        """The script that the server loads, relative to the code."""
        return str(part(self.deployment_yaml, "code_configuration")["scoring_script"])

    @property
    def environment_name(self) -> str:
        """The name under which the environment is registered."""
        return str(part(self.deployment_yaml, "environment")["name"])

    @property
    def environment_version(self) -> str:
        """The environment's version: its content's hash, so that the same is never made twice."""
        if self.container:
            content = json.dumps(self._routes(), sort_keys=True)
        else:
            content = self.conda_file.read_text()
        return hashlib.sha256(f"{self.image}\n{content}".encode()).hexdigest()[:16]

    def fingerprint(self, version: ModelVersion) -> str:
        """What makes a deployment this release and no other: model, code, packages, settings."""
        varying = ("name", "model", "code_configuration", "environment")
        settings = {key: v for key, v in self.deployment_yaml.items() if key not in varying}
        content = {
            "model": [version.reference, version.sha256],
            "code": None if self.container else azure_code.sha256(),
            "environment": self.environment_version,
            "settings": settings,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def endpoint(self) -> ManagedOnlineEndpoint:
        """The endpoint as the SDK has it."""
        from azure.ai.ml import load_online_endpoint

        override = [{"name": self.endpoint_name}]
        return load_online_endpoint(self.folder / "endpoint.yml", params_override=override)

    def environment(self, *, image: str) -> Environment:
        """The environment as the SDK has it, with ``image`` for its base."""
        from azure.ai.ml.entities import Environment

        return Environment(
            name=self.environment_name,
            version=self.environment_version,
            image=image,
            conda_file=None if self.container else str(self.conda_file),
            inference_config=self._routes() if self.container else None,
            tags={"image": self.image},
        )

    def instances(self, serving: Iterable[int]) -> int:
        """With how many instances a new colour starts, while others have ``serving`` of them.

        Where rules have changed that number, it is what the traffic needs.
        """
        wanted = int(str(self.deployment_yaml["instance_count"]))
        if self.autoscale is None:
            return wanted
        return min(max(wanted, *serving, 0), self.autoscale.maximum)

    def deployment(
        self, *, colour: str, version: ModelVersion, code: Path, instances: int
    ) -> ManagedOnlineDeployment:
        """A deployment of ``version`` as the SDK has it.

        ``code`` is the staged folder, which a container does without.
        """
        tags = {RELEASE: self.fingerprint(version), "model": version.reference}
        variables = part(self.deployment_yaml, "environment_variables")
        return self._load(
            {
                "name": colour,
                "instance_count": instances,
                "model": f"azureml:{version.reference}",
                "environment": f"azureml:{self.environment_name}:{self.environment_version}",
                **({} if self.container else {"code_configuration.code": str(code)}),
                "environment_variables": {
                    **variables,
                    "DIGITS_MODEL_VERSION": str(version.version),
                },
                "tags": {**part(self.deployment_yaml, "tags"), **tags},
            }
        )

    def validate(self) -> None:
        """Let the SDK's loaders read it all. Raises ConfigurationError with what they say."""
        with azure_yaml.loaded_from(self.folder):
            self.endpoint()
            self._load({})

    def _load(self, changes: Mapping[str, object]) -> ManagedOnlineDeployment:
        from azure.ai.ml import load_online_deployment

        chosen = {
            "endpoint_name": self.endpoint_name,
            "instance_type": self.deployment_yaml["instance_type"],
            "instance_count": self.deployment_yaml["instance_count"],
            **changes,
        }
        path = self.folder / self.file
        return load_online_deployment(path, params_override=[{k: v} for k, v in chosen.items()])

    def _routes(self) -> Mapping[str, object]:
        return part(part(self.deployment_yaml, "environment"), "inference_config")

    def _check(self) -> None:
        found = problems(self.endpoint_yaml, self.deployment_yaml, self.folder)
        if self.autoscale:
            instances = self.deployment_yaml["instance_count"]
            found += azure_autoscale.problems(self.autoscale.yaml, instances=instances)
        azure_yaml.refuse(found)


def check_origin(card: ModelCard) -> None:
    """Refuse a model of unknown origin. Raises DeploymentError naming what its card lacks."""
    data = card.training.get("data")
    lacks = [] if card.git_revision else ["the git revision"]
    if not isinstance(data, Mapping) or not data:
        lacks.append("the hashes of its training data")
    if lacks:
        raise DeploymentError(
            f"the model's card lacks {' and '.join(lacks)}, so nobody could say later what was"
            " deployed: train it in a git checkout, or say --allow-unknown-origin"
        )
