"""The web services (ACI) of a workspace by SDK v1: what is there, and what can be done to one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digits.deployment import azure_code, smoke
from digits.deployment.azure_http import send
from digits.deployment.azure_spec import RELEASE
from digits.deployment.azure_v1_spec import IMAGE, MODEL, WebserviceSpec
from digits.errors import DeploymentError
from digits.registry.azure_v1 import AzureV1Registry
from digits.registry.azure_v1_client import explained, workshop
from digits.registry.protocol import ModelVersion

if TYPE_CHECKING:
    from azureml.core import Webservice, Workspace
    from azureml.core.model import InferenceConfig

HEALTHY = "Healthy"
SETTLED = (HEALTHY, "Unhealthy", "Failed", "Unschedulable")
"""What Azure calls a service nothing is happening to; all else means that it is at work."""

POLL_S = 5.0
PATIENCE_S = 3600.0
"""Azure builds the environment's image at the first deployment, which takes its time."""

LOG_LINES = 100


@dataclass(frozen=True, kw_only=True)
class Service:
    """A web service as Azure has it; release, model and image are what its tags say."""

    name: str
    state: str
    uri: str
    release: str | None
    model: str | None
    image: str | None

    @property
    def healthy(self) -> bool:
        """Whether it answers requests."""
        return self.state == HEALTHY

    def runs(self, release: str) -> bool:
        """Whether it answers requests as this very release."""
        return self.healthy and self.release == release


class Services:
    """The web services of a workspace; ``registry`` knows the models they run."""

    def __init__(
        self, workspace: Workspace, registry: AzureV1Registry, spec: WebserviceSpec
    ) -> None:
        self._workspace = workspace
        self._registry = registry
        self._spec = spec

    def settled(self, name: str, *, waiting: Callable[[str], None]) -> Service | None:
        """The service once Azure is at work on it no more; None where there is none."""
        until = time.monotonic() + PATIENCE_S
        while (service := self.find(name)) and service.state not in SETTLED:
            if time.monotonic() > until:
                raise DeploymentError(f"Azure has not finished with {name} in an hour")
            waiting(f"wait until Azure has finished with {name} ({service.state})")
            time.sleep(POLL_S)
        return service

    def find(self, name: str) -> Service | None:
        """The service as it is now; None where there is none."""
        found = self._get(name)
        if found is None:
            return None
        tags = found.tags or {}
        return Service(
            name=name,
            state=str(found.state),
            uri=str(found.scoring_uri or ""),
            release=tags.get(RELEASE),
            model=tags.get(MODEL),
            image=tags.get(IMAGE),
        )

    def deploy(self, name: str, version: ModelVersion, *, image: str) -> None:
        """Make the service, or replace what it runs; it answers when this returns."""
        from azureml.core import Model

        models = [self._registry.model(version)]
        container = self._spec.container(tags=self._spec.tags(version=version, image=image))
        with workshop() as here, explained(f"deploying {name}", as_error=DeploymentError):
            inference = self._inference(here / "code", version, image)
            service = Model.deploy(
                self._workspace, name, models, inference, container, overwrite=True
            )
            service.wait_for_deployment(timeout_sec=PATIENCE_S)

    def remove(self, name: str) -> bool:
        """Delete the service; whether there was one."""
        service = self._get(name)
        if service is None:
            return False
        with explained(f"deleting {name}", as_error=DeploymentError):
            service.delete()
        return True

    def smoke_test(self, name: str, sample: smoke.Sample, *, version: ModelVersion) -> None:
        """The service must read the sample's picture. Raises DeploymentError with what it said."""
        service = self._get(name)
        if service is None:
            raise DeploymentError(f"the service {name} is gone: somebody deleted it")
        with explained(f"asking for the keys of {name}", as_error=DeploymentError):
            key = service.get_keys()[0]
        url = str(service.scoring_uri)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": sample.content_type}
        status, _, body = send("POST", url, headers=headers, content=sample.picture.read_bytes())
        smoke.judge(sample, status, body, version=str(version.version), otherwise=url)

    def logs(self, name: str) -> str:
        """The last lines that the service's server has written."""
        service = self._get(name)
        if service is None:
            return "there is no such service"
        with explained(f"reading the log of {name}", as_error=DeploymentError):
            return str(service.get_logs(num_lines=LOG_LINES))

    def package(self, version: ModelVersion, *, image: str) -> str:
        """Let Azure build an image of the whole service, in the workspace's registry; its name."""
        from azureml.core import Model

        models = [self._registry.model(version)]
        with (
            workshop() as here,
            explained(f"packaging {version.reference}", as_error=DeploymentError),
        ):
            package = Model.package(
                self._workspace,
                models,
                self._inference(here / "code", version, image),
                image_name=self._spec.name,
                image_label=str(version.version),
            )
            package.wait_for_creation()
            return str(package.location)

    def _inference(self, code: Path, version: ModelVersion, image: str) -> InferenceConfig:
        azure_code.stage(code)
        variables = {"DIGITS_MODEL_VERSION": str(version.version)}
        return self._spec.inference(variables=variables, code=code, image=image)

    def _get(self, name: str) -> Webservice | None:
        from azureml.core import Webservice
        from azureml.exceptions import WebserviceException

        with explained(f"looking up the service {name}", as_error=DeploymentError):
            try:
                return Webservice(self._workspace, name)
            except WebserviceException as error:
                if "WebserviceNotFound" in error.message:
                    return None
                raise
