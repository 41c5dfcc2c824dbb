"""An online endpoint in Azure: what it is now, and the changes a rollout makes to it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from digits.deployment import azure_code, smoke
from digits.deployment.azure_http import send
from digits.deployment.azure_image import pinned
from digits.deployment.azure_monitor import AzureMonitor
from digits.deployment.azure_rollout import Deployed, State
from digits.deployment.azure_spec import RELEASE, Spec
from digits.errors import DeploymentError
from digits.registry.azure_errors import explained
from digits.registry.protocol import ModelVersion

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint

FALLBACK = "fallback"
"""Tag of the endpoint: the colour that had all traffic before the last rollout moved any."""

COLOUR_HEADER = "azureml-model-deployment"
"""Header of a request that is meant for one colour, whatever its share of the traffic."""


class AzureEndpoint:
    """One endpoint of a workspace, there or not yet there."""

    def __init__(self, client: MLClient, spec: Spec) -> None:
        self._client = client
        self._spec = spec
        self.name = spec.endpoint_name
        self._monitor: AzureMonitor | None = None
        if spec.autoscale:
            self._monitor = AzureMonitor.of(client, spec.autoscale, endpoint=self.name)

    def state(self) -> State:
        """What Azure says of it now."""
        endpoint = self.find()
        if endpoint is None:
            return State(traffic={}, deployments={})
        return State(
            provisioning=_state_of(endpoint),
            traffic={colour: share for colour, share in endpoint.traffic.items() if share},
            fallback=(endpoint.tags or {}).get(FALLBACK),
            deployments={
                deployment.name: Deployed(
                    release=(deployment.tags or {}).get(RELEASE),
                    state=_state_of(deployment),
                )
                for deployment in self.deployments()
            },
        )

    def find(self) -> ManagedOnlineEndpoint | None:
        """The endpoint as the SDK has it; None where there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with explained(f"looking up the endpoint {self.name}", as_error=DeploymentError):
            # Absent, a workspace gives the same 404 as an absent endpoint does.
            self._client.workspaces.get(self._client.workspace_name)
            try:
                return self._client.online_endpoints.get(self.name)
            except ResourceNotFoundError:
                return None

    def deployments(self) -> list[ManagedOnlineDeployment]:
        """Its deployments, as the SDK has them."""
        with explained(f"listing the deployments of {self.name}", as_error=DeploymentError):
            return list(self._client.online_deployments.list(self.name))

    def create(self) -> None:
        """Make the endpoint; one that is there keeps its traffic."""
        endpoint = self.find() or self._spec.endpoint()
        with explained(f"creating the endpoint {self.name}", as_error=DeploymentError):
            self._client.online_endpoints.begin_create_or_update(endpoint).result()

    def deploy(self, colour: str, version: ModelVersion) -> None:
        """Make a deployment of ``version``, which gets no traffic."""
        self._ensure_environment()
        with tempfile.TemporaryDirectory(prefix="digits-code-") as temporary:
            code = Path(temporary) / "code"
            if not self._spec.container:
                azure_code.stage(code)
            deployment = self._spec.deployment(
                colour=colour,
                version=version,
                code=code,
                instances=self._spec.instances(each.instance_count for each in self.deployments()),
            )
            with explained(f"creating {colour}", as_error=DeploymentError):
                self._client.online_deployments.begin_create_or_update(deployment).result()

    def keep_rules(self, colour: str) -> bool:
        """See that the autoscale rules hold for a colour; whether that took a change."""
        endpoint = self.find() if self._monitor else None
        if self._monitor is None or endpoint is None:
            return False
        serving = [each for each in self.deployments() if each.name == colour]
        return any(self._monitor.keep(each, location=str(endpoint.location)) for each in serving)

    def remove(self, colour: str) -> None:
        """Delete a deployment, its autoscale rules first."""
        if self._monitor:
            self._monitor.drop(colour)
        with explained(f"deleting {colour}", as_error=DeploymentError):
            self._client.online_deployments.begin_delete(colour, self.name).result()

    def route(self, traffic: Mapping[str, int], *, fallback: str | None) -> None:
        """Set the whole traffic and the colour to go back to, in one request."""
        endpoint = self.find()
        if endpoint is None:
            raise DeploymentError(f"the endpoint {self.name} is gone: somebody deleted it")
        kept = {key: value for key, value in (endpoint.tags or {}).items() if key != FALLBACK}
        endpoint.tags = {**kept, FALLBACK: fallback} if fallback else kept
        endpoint.traffic = dict(traffic)
        with explained(f"setting the traffic of {self.name}", as_error=DeploymentError):
            self._client.online_endpoints.begin_create_or_update(endpoint).result()

    def delete(self) -> None:
        """Delete the endpoint with all its deployments, their autoscale rules first."""
        for deployment in self.deployments() if self._monitor else []:
            if self._monitor:
                self._monitor.drop(deployment.name)
        with explained(f"deleting the endpoint {self.name}", as_error=DeploymentError):
            self._client.online_endpoints.begin_delete(self.name).result()

    def smoke_test(self, sample: smoke.Sample, *, colour: str, version: str) -> None:
        """The colour must read the sample's picture; its share of the traffic does not matter.

        Raises DeploymentError saying what came back instead.
        """
        with explained(f"asking for the keys of {self.name}", as_error=DeploymentError):
            url = self._client.online_endpoints.get(self.name).scoring_uri
            key = self._client.online_endpoints.get_keys(self.name).primary_key
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": sample.content_type,
            COLOUR_HEADER: colour,
        }
        status, _, body = send("POST", url, headers=headers, content=sample.picture.read_bytes())
        smoke.judge(sample, status, body, version=version, otherwise=f"{url} as {colour}")

    def logs(self, colour: str, *, lines: int) -> str:
        """The last lines a deployment's server has written."""
        with explained(f"reading the log of {colour}", as_error=DeploymentError):
            return str(self._client.online_deployments.get_logs(colour, self.name, lines=lines))

    def _ensure_environment(self) -> None:
        """Register the environment if that very content is not yet, its image pinned by digest."""
        from azure.core.exceptions import ResourceNotFoundError

        name, version = self._spec.environment_name, self._spec.environment_version
        with explained(f"looking up the environment {name}", as_error=DeploymentError):
            try:
                self._client.environments.get(name, version)
                return
            except ResourceNotFoundError:
                pass
        environment = self._spec.environment(image=pinned(self._spec.image))
        with explained(f"registering the environment {name}", as_error=DeploymentError):
            self._client.environments.create_or_update(environment)


def _state_of(resource: ManagedOnlineEndpoint | ManagedOnlineDeployment) -> str:
    """As Azure writes it; the SDK makes an enumeration of the values that it knows."""
    state = resource.provisioning_state
    return str(getattr(state, "value", state))
