"""A registered model behind a batch endpoint of Azure ML (SDK v2), for very many pictures.

A deployment's name is the hash of all that it runs, so making one that is there is nothing to do,
and the endpoint's default is moved by one request, which also keeps the default before it in a tag.
The same command may therefore be run again after a kill at any point.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digits.deployment import azure_code
from digits.deployment.azure_batch_spec import BatchSpec
from digits.deployment.azure_image import pinned
from digits.deployment.azure_release import AzureRelease
from digits.errors import DeploymentError
from digits.model import ModelFolder
from digits.reader import Reader
from digits.registry.azure import AzureRegistry
from digits.registry.azure_client import connect
from digits.registry.azure_errors import explained
from digits.registry.protocol import ModelVersion
from digits.settings import ROOT

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import BatchDeployment, BatchEndpoint

logger = logging.getLogger(__name__)

CACHE = ROOT / ".digits" / "azure"
FALLBACK = "fallback"
"""Tag of the endpoint: the deployment that was its default before."""


@dataclass(kw_only=True)
class AzureBatch(AzureRelease):
    """One batch endpoint of one workspace, and what may be done to it.

    Making one reads and checks everything on this side; Azure is asked nothing before it is needed.
    """

    spec: BatchSpec

    def __post_init__(self) -> None:
        self.spec.validate()
        self.check_shipped()

    @cached_property
    def client(self) -> MLClient:
        """The workspace."""
        return connect(self.target)

    def describe(self) -> str:
        """The plan in lines for people, for an endpoint that is not there yet."""
        values, files = self.spec.deployment_yaml, azure_code.files()
        model = self.described_model()
        return "\n".join(
            (
                f"workspace    {self.target.describe()}",
                f"model        {model}; before anything else it must read"
                f" {self.sample.picture.name} as {'/'.join(self.sample.rows)}",
                f"environment  {self.spec.environment_name}:{self.spec.environment_version} on"
                f" {self.spec.image}, pinned to its digest when first registered",
                f"code         {len(files)} files, {azure_code.size()} bytes, sha256"
                f" {azure_code.sha256()[:12]}",
                f"compute      {self.spec.instances} machines of {self.spec.compute}, each with"
                f" {values.get('max_concurrency_per_instance', 1)} processes",
                f"endpoint     {self.spec.endpoint_name}, mini batches of"
                f" {values.get('mini_batch_size', 10)} pictures, one line each in"
                f" {values.get('output_file_name', 'predictions.csv')}",
                "rollout      create the deployment, then make it the endpoint's default;",
                "             the default before it stays, for --rollback",
            )
        )

    def run(self) -> None:
        """Make the model the endpoint's default, going on wherever an earlier run was stopped."""
        version = self.registered(AzureRegistry(self.client, cache=CACHE), prove=self._prove)
        self._check_compute()
        name = self.spec.release(version)
        endpoint = self.find() or self._create_endpoint()
        if self._state(name) != "Succeeded":
            logger.info("creating %s of %s", name, version.reference)
            self._deploy(version)
        if _default(endpoint) != name:
            self._make_default(name)
        endpoint = self._there()
        self.say(
            f"{version.reference} is what {self.spec.endpoint_name} runs, as {name}\n"
            f"try it:  az ml batch-endpoint invoke -n {self.spec.endpoint_name} --input"
            " azureml://datastores/workspaceblobstore/paths/scans --input-type uri_folder\n"
            "go back: the same command with --rollback"
        )

    def rollback(self) -> None:
        """Make the deployment that was the default before the default again."""
        endpoint = self._there()
        before = (endpoint.tags or {}).get(FALLBACK)
        if not before:
            self.say(f"nothing to go back to: {_default(endpoint)}")
            return
        if self._state(before) != "Succeeded":
            raise DeploymentError(f"{before}, which was the default before, is not there any more")
        self._make_default(before, keep=False)
        self.say(f"rolled back: {before}")

    def retire(self) -> None:
        """Delete the deployments that are not the default; there is nothing to go back to then."""
        endpoint = self._there()
        idle = [each.name for each in self.deployments() if each.name != _default(endpoint)]
        if (endpoint.tags or {}).get(FALLBACK):
            self._make_default(str(_default(endpoint)), keep=False)
        for name in idle:
            with explained(f"deleting {name}", as_error=DeploymentError):
                self.client.batch_deployments.begin_delete(name, self.spec.endpoint_name).result()
        self.say(f"deleted: {', '.join(idle) or 'nothing, there is only the default'}")

    def status(self) -> None:
        """Say what is there."""
        endpoint = self.find()
        if endpoint is None:
            self.say(f"the batch endpoint {self.spec.endpoint_name} is not there")
            return
        self.say(f"{self.spec.endpoint_name}: {endpoint.scoring_uri}")
        for each in self.deployments():
            mark = ", the default" if each.name == _default(endpoint) else ""
            mark += (
                ", the default before" if each.name == (endpoint.tags or {}).get(FALLBACK) else ""
            )
            self.say(
                f"  {each.name}: {_state_of(each)}, model {(each.tags or {}).get('model')}{mark}"
            )

    def delete(self) -> None:
        """Delete the endpoint with all its deployments; the registered models stay."""
        if self.find() is None:
            self.say(f"the batch endpoint {self.spec.endpoint_name} is not there")
            return
        with explained(f"deleting {self.spec.endpoint_name}", as_error=DeploymentError):
            self.client.batch_endpoints.begin_delete(self.spec.endpoint_name).result()
        self.say(f"deleted the batch endpoint {self.spec.endpoint_name}")

    def find(self) -> BatchEndpoint | None:
        """The endpoint as the SDK has it; None where there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        name = self.spec.endpoint_name
        with explained(f"looking up the batch endpoint {name}", as_error=DeploymentError):
            # Absent, a workspace gives the same 404 as an absent endpoint does.
            self.client.workspaces.get(self.client.workspace_name)
            try:
                return self.client.batch_endpoints.get(name)
            except ResourceNotFoundError:
                return None

    def deployments(self) -> list[BatchDeployment]:
        """Its deployments, as the SDK has them."""
        name = self.spec.endpoint_name
        with explained(f"listing the deployments of {name}", as_error=DeploymentError):
            return list(self.client.batch_deployments.list(name))

    def _there(self) -> BatchEndpoint:
        endpoint = self.find()
        if endpoint is None:
            raise DeploymentError(f"the batch endpoint {self.spec.endpoint_name} is not there")
        return endpoint

    def _state(self, name: str) -> str | None:
        found = [each for each in self.deployments() if each.name == name]
        return _state_of(found[0]) if found else None

    def _create_endpoint(self) -> BatchEndpoint:
        with explained(f"creating {self.spec.endpoint_name}", as_error=DeploymentError):
            endpoint = self.spec.endpoint()
            self.client.batch_endpoints.begin_create_or_update(endpoint).result()
        return self._there()

    def _check_compute(self) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        name = self.spec.compute
        with explained(f"looking up the compute {name}", as_error=DeploymentError):
            try:
                self.client.compute.get(name)
            except ResourceNotFoundError:
                raise DeploymentError(
                    f"the workspace has no compute {name!r} for the jobs to run on: --compute names"
                    f" another one, or make it: az ml compute create -n {name} --type amlcompute"
                    " --size Standard_DS3_v2 --min-instances 0 --max-instances 8"
                ) from None

    def _deploy(self, version: ModelVersion) -> None:
        self._ensure_environment()
        with tempfile.TemporaryDirectory(prefix="digits-code-") as temporary:
            code = Path(temporary) / "code"
            azure_code.stage(code)
            deployment = self.spec.deployment(version=version, code=code)
            with explained(f"creating {deployment.name}", as_error=DeploymentError):
                self.client.batch_deployments.begin_create_or_update(deployment).result()

    def _make_default(self, name: str, *, keep: bool = True) -> None:
        endpoint = self._there()
        tags = {key: value for key, value in (endpoint.tags or {}).items() if key != FALLBACK}
        before = _default(endpoint)
        endpoint.tags = {**tags, FALLBACK: before} if keep and before else tags
        endpoint.defaults = {"deployment_name": name}
        with explained(f"making {name} the default", as_error=DeploymentError):
            self.client.batch_endpoints.begin_create_or_update(endpoint).result()

    def _ensure_environment(self) -> None:
        """Register the environment if that very content is not yet, its image by digest."""
        from azure.core.exceptions import ResourceNotFoundError

        name, version = self.spec.environment_name, self.spec.environment_version
        with explained(f"looking up the environment {name}", as_error=DeploymentError):
            try:
                self.client.environments.get(name, version)
                return
            except ResourceNotFoundError:
                pass
        environment = self.spec.environment(image=pinned(self.spec.image))
        with explained(f"registering the environment {name}", as_error=DeploymentError):
            self.client.environments.create_or_update(environment)

    def _prove(self, folder: ModelFolder) -> None:
        """See that the model reads, before anything is made."""
        read = Reader.open(folder.path).read(self.sample.picture.read_bytes()).rows
        if read != tuple(self.sample.rows):
            raise DeploymentError(
                f"smoke test failed: the model reads {self.sample.picture.name} as"
                f" {'/'.join(read) or 'nothing'}, not as {'/'.join(self.sample.rows)}"
            )


def _state_of(deployment: BatchDeployment) -> str:
    """As Azure writes it; the SDK makes an enumeration of the values that it knows."""
    state = deployment.provisioning_state
    return str(getattr(state, "value", state))


def _default(endpoint: BatchEndpoint) -> str | None:
    """The default deployment; the SDK has it as an object or as a mapping."""
    defaults = endpoint.defaults
    if isinstance(defaults, dict):
        return defaults.get("deployment_name")
    return getattr(defaults, "deployment_name", None)
