"""A registered model becomes a web service of Azure ML by SDK v1, on a container instance.

A container instance has no traffic to split: what it runs is replaced, and the old is gone. So a
release is proved on an instance beside it first. Like with v2, nothing is remembered here: what
each service runs is in its tags, and a run that was killed goes on from what there is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from digits.deployment import azure_code
from digits.deployment.azure import CACHE
from digits.deployment.azure_image import pinned
from digits.deployment.azure_release import AzureRelease
from digits.deployment.azure_v1_services import Service, Services
from digits.deployment.azure_v1_spec import WebserviceSpec
from digits.errors import DeploymentError
from digits.registry.azure_v1 import AzureV1Registry
from digits.registry.azure_v1_client import connect
from digits.registry.protocol import ModelVersion
from digits.settings import ROOT

if TYPE_CHECKING:
    from azureml.core import Workspace

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class AzureV1Deployment(AzureRelease):
    """One web service of one workspace, and what may be done to it.

    Making one reads and checks everything on this side; Azure is asked nothing before it is needed.
    """

    spec: WebserviceSpec

    def __post_init__(self) -> None:
        self.spec.validate()
        self.check_shipped()

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, opened."""
        return connect(self.target)

    @cached_property
    def registry(self) -> AzureV1Registry:
        """The models of the workspace."""
        return AzureV1Registry(self.workspace, cache=CACHE)

    @cached_property
    def services(self) -> Services:
        """The web services of the workspace."""
        return Services(self.workspace, self.registry, self.spec)

    def describe(self) -> str:
        """The plan in lines for people."""
        files, spec = azure_code.files(), self.spec
        model = self.described_model()
        return "\n".join(
            (
                f"workspace    {self.target.describe()}",
                f"model        {model}",
                f"environment  {spec.shared.conda_file.name} on {spec.shared.image}, pinned to its"
                " digest",
                f"code         {len(files)} files, {azure_code.size()} bytes, sha256"
                f" {azure_code.sha256()[:12]}: {', '.join(files)}",
                f"service      {spec.name}, key authentication, no TLS",
                f"container    {spec.cores:g} cores, {spec.memory_gb:g} GB",
                f"smoke test   {self.sample.picture} must read {'/'.join(self.sample.rows)}",
                f"deployment   where {spec.name} serves: prove the release as {spec.candidate}",
                f"             replace what {spec.name} runs, smoke-test it",
                f"             delete {spec.candidate}",
            )
        )

    def run(self) -> None:
        """Bring the model into service, going on wherever an earlier run was interrupted."""
        version = self.registered(self.registry)
        release = self.spec.fingerprint(version)
        logger.info("release %s: %s", release, version.reference)
        live = self._settled(self.spec.name)
        if live is None or not live.runs(release):
            image = None
            if live is not None and live.healthy:
                image = self._proved_beside(version, release)
            self._deploy(self.spec.name, version, image=image or pinned(self.spec.shared.image))
        self._prove(self.spec.name, version)
        if self.services.remove(self.spec.candidate):
            logger.info("deleted %s", self.spec.candidate)
        self.say(self._announcement(version))

    def status(self) -> None:
        """Say what is there."""
        for name in (self.spec.name, self.spec.candidate):
            service = self.services.find(name)
            if service:
                self.say(
                    f"{name}: {service.state}, model {service.model}, release {service.release},"
                    f" {service.uri}"
                )
            elif name == self.spec.name:
                self.say(f"the service {name} is not there")

    def delete(self) -> None:
        """Delete the service; the registered models stay."""
        for name in (self.spec.candidate, self.spec.name):
            self._settled(name)
            if self.services.remove(name):
                self.say(f"deleted the service {name}")
            elif name == self.spec.name:
                self.say(f"the service {name} is not there")

    def package(self) -> None:
        """Let Azure build an image of the service, and say where it is."""
        version = self.registered(self.registry)
        image = pinned(self.spec.shared.image)
        logger.info("package %s; Azure builds it, which takes some minutes", version.reference)
        self.say(self.services.package(version, image=image))

    def _settled(self, name: str) -> Service | None:
        return self.services.settled(name, waiting=lambda text: logger.info("%s", text))

    def _proved_beside(self, version: ModelVersion, release: str) -> str:
        """Prove the release while the old one serves; the image it was proved on."""
        try:
            candidate = self._settled(self.spec.candidate)
            if candidate and candidate.runs(release) and candidate.image:
                image = candidate.image
            else:
                image = pinned(self.spec.shared.image)
                self._deploy(self.spec.candidate, version, image=image)
            self._prove(self.spec.candidate, version)
        except DeploymentError:
            logger.error("%s serves what it served before", self.spec.name)
            raise
        return image

    def _deploy(self, name: str, version: ModelVersion, *, image: str) -> None:
        logger.info("deploy %s as %s", version.reference, name)
        try:
            self.services.deploy(name, version, image=image)
        except DeploymentError:
            self._show_log(name)
            raise

    def _prove(self, name: str, version: ModelVersion) -> None:
        logger.info("smoke-test %s", name)
        try:
            self.services.smoke_test(name, self.sample, version=version)
        except DeploymentError:
            self._show_log(name)
            raise

    def _show_log(self, name: str) -> None:
        try:
            logger.error("the log of %s:\n%s", name, self.services.logs(name))
        except DeploymentError as error:
            logger.error("%s", error)

    def _announcement(self, version: ModelVersion) -> str:
        service = self.services.find(self.spec.name)
        uri = service.uri if service else "?"
        picture = self.sample.picture.relative_to(ROOT)
        lines = [
            f"{version.reference} is in service at {uri}",
            f"try it:  curl --data-binary @{picture} -H 'Content-Type:"
            f' {self.sample.content_type}\' -H "Authorization: Bearer $KEY" {uri}',
            "the key: Webservice(workspace, name).get_keys(), or Azure ML studio",
        ]
        if uri.startswith("http://"):
            lines.append("beware:  without TLS, the key and the pictures travel in the clear")
        return "\n".join(lines)
