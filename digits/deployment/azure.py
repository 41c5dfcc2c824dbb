"""A registered model becomes an online endpoint of Azure ML (SDK v2), by a safe rollout."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cached_property

from digits.deployment import azure_code
from digits.deployment.azure_endpoint import AzureEndpoint
from digits.deployment.azure_release import AzureRelease
from digits.deployment.azure_rollout import (
    COLOURS,
    SHARES,
    Create,
    CreateEndpoint,
    Remove,
    Route,
    State,
    Step,
    Wait,
    back,
    busy,
    next_step,
    undo,
)
from digits.deployment.azure_spec import RELEASE, Spec
from digits.errors import DeploymentError
from digits.registry.azure import AzureRegistry
from digits.registry.azure_client import connect
from digits.registry.azure_errors import status_of
from digits.registry.protocol import ModelVersion
from digits.settings import ROOT

logger = logging.getLogger(__name__)

CACHE = ROOT / ".digits" / "azure"
POLL_S = 5.0
"""How often Azure is asked whether it has finished something."""

PATIENCE_S = 3600.0
"""Azure builds the environment's image at the first deployment, which takes its time."""

LOG_LINES = 100
"""A server that could not start prints its settings and the model's files after the cause."""


@dataclass(kw_only=True)
class AzureDeployment(AzureRelease):
    """One endpoint of one workspace, and what may be done to it.

    Making one reads and checks everything on this side; Azure is asked nothing before it is needed.
    """

    spec: Spec
    soak_s: float = 60.0

    def __post_init__(self) -> None:
        self.spec.validate()
        self.check_shipped()

    @cached_property
    def registry(self) -> AzureRegistry:
        """The models of the workspace."""
        return AzureRegistry(connect(self.target), cache=CACHE)

    @cached_property
    def endpoint(self) -> AzureEndpoint:
        """The endpoint of the workspace."""
        return AzureEndpoint(connect(self.target), self.spec)

    def describe(self) -> str:
        """The plan in lines for people, for an endpoint that is not there yet."""
        values = self.spec.deployment_yaml
        blue, green = COLOURS
        model = self.described_model()
        return "\n".join(
            (
                f"workspace    {self.target.describe()}",
                f"model        {model}",
                f"environment  {self.spec.environment_name}:{self.spec.environment_version} on"
                f" {self.spec.image}, pinned to its digest when first registered",
                f"code         {'the image has its own' if self.spec.container else _code()}",
                f"endpoint     {self.spec.endpoint_name}, key authentication",
                f"instances    {values['instance_count']} of {values['instance_type']}",
                f"autoscale    {self._rules()}",
                f"smoke test   {self.sample.picture} must read {'/'.join(self.sample.rows)}",
                f"rollout      create {blue}, or {green} while {blue} serves, at 0 %",
                "             smoke-test it directly",
                *(f"             {share} % of the traffic, another smoke test" for share in SHARES),
                f"             (at once 100 % if nothing served before; {self.soak_s:g} s at"
                f" {SHARES[0]} %)",
                "             keep the colour that served before, at 0 %",
                "on failure   the traffic is as it was before",
            )
        )

    def run(self) -> None:
        """Bring the model into service, going on wherever an earlier run was interrupted."""
        version = self.registered(self.registry)
        release = self.spec.fingerprint(version)
        logger.info("release %s: %s", release, version.reference)
        before: State | None = None
        done: Step | None = None
        while True:
            origin = before
            try:
                state = self.endpoint.state()
                step = next_step(state, release)
                if step is None:
                    break
                if step == done and not isinstance(step, Wait):
                    raise DeploymentError(
                        f"Azure accepted this but it had no effect: {step.describe()}"
                    )
                logger.info("%s", step.describe())
                if origin is None and isinstance(step, Route):
                    origin = state
                self._do(step, version)
            except DeploymentError as error:
                if self._in_the_way(error):
                    done = None  # it was not done: the next step is to wait for somebody else
                    continue
                self._restore(error, origin)
                raise
            before, done = origin, step
        self.say(self._announcement(version))
        self._keep_rules()

    def rollback(self) -> None:
        """Give the traffic back to the colour that had it before the last rollout."""
        self._settle()
        state = self.endpoint.state()
        if state.fallback is None and len(state.traffic) <= 1:
            self.say(f"nothing to go back to: {_traffic(state)}")
            return
        step = back(state)
        if step.proved:
            self._prove(step.proved, self._version_of(step.proved))
        self.endpoint.route(step.traffic, fallback=None)
        self.say(f"rolled back: {_traffic(self.endpoint.state())}")
        self._keep_rules()

    def retire(self) -> None:
        """Delete the deployments without traffic; there is nothing to go back to afterwards."""
        self._settle()
        state = self.endpoint.state()
        idle = [colour for colour in state.deployments if colour not in state.traffic]
        if state.fallback in idle:
            self.endpoint.route(state.traffic, fallback=None)
        for colour in idle:
            self.endpoint.remove(colour)
        self.say(f"deleted: {', '.join(idle) or 'nothing, no colour is without traffic'}")

    def status(self) -> None:
        """Say what is there."""
        endpoint = self.endpoint.find()
        if endpoint is None:
            self.say(f"the endpoint {self.endpoint.name} is not there")
            return
        state = self.endpoint.state()
        self.say(f"{self.endpoint.name}: {state.provisioning}, {endpoint.scoring_uri}")
        for deployment in self.endpoint.deployments():
            tags = deployment.tags or {}
            share = state.traffic.get(deployment.name, 0)
            mark = ", served before" if deployment.name == state.fallback else ""
            self.say(
                f"  {deployment.name}: {share} %, {state.deployments[deployment.name].state}, model"
                f" {tags.get('model')}, release {tags.get(RELEASE)}{mark}"
            )

    def delete(self) -> None:
        """Delete the endpoint with all its deployments; the registered models stay."""
        if self._settle() is None:
            self.say(f"the endpoint {self.endpoint.name} is not there")
            return
        self.endpoint.delete()
        self.say(f"deleted the endpoint {self.endpoint.name}")

    def _keep_rules(self) -> None:
        """See that the number of instances of the colour in service follows the load."""
        live = self.endpoint.state().live
        if live and self.spec.autoscale and self.endpoint.keep_rules(live):
            logger.info("%s has %s", live, self.spec.autoscale.describe())

    def _rules(self) -> str:
        return self.spec.autoscale.describe() if self.spec.autoscale else "no rules"

    def _in_the_way(self, error: DeploymentError) -> bool:
        """Whether a step failed because somebody else is at work, which ends by itself."""
        if status_of(error) != 409:
            return False
        try:
            return busy(self.endpoint.state()) is not None
        except DeploymentError as second:
            logger.error("%s", second)
            return False

    def _restore(self, error: DeploymentError, before: State | None) -> None:
        """See that the traffic is as it was; ``before`` as in ``undo``.

        A request to move it may have been accepted although it seemed to fail, so the traffic
        counts only once Azure has finished.
        """
        try:
            if before is not None:
                self._settle()
            state = self.endpoint.state()
            if undo(state, before) is None:
                logger.error("no traffic was moved: %s", _traffic(state))
                return
            self._settle()
            state = self.endpoint.state()
            if step := undo(state, before):
                self.endpoint.route(step.traffic, fallback=step.fallback)
            logger.error("the traffic is as it was before: %s", _traffic(self.endpoint.state()))
        except DeploymentError as second:
            raise DeploymentError(
                f"{error}; and the traffic could not be restored ({second}): run --rollback"
            ) from error

    def _do(self, step: Step, version: ModelVersion) -> None:
        if isinstance(step, Wait):
            self._settle()
        elif isinstance(step, CreateEndpoint):
            self.endpoint.create()
        elif isinstance(step, Create):
            self._create(step.colour, version)
        elif isinstance(step, Remove):
            self.endpoint.remove(step.colour)
        elif isinstance(step, Route):
            if step.proved:
                self._prove(step.proved, version)
            self.endpoint.route(step.traffic, fallback=step.fallback)
            if len(step.traffic) > 1 and step.proved:
                self._soak(step.proved, version)

    def _create(self, colour: str, version: ModelVersion) -> None:
        try:
            self.endpoint.deploy(colour, version)
        except DeploymentError:
            self._show_log(colour)
            raise

    def _prove(self, colour: str, version: ModelVersion) -> None:
        try:
            self.endpoint.smoke_test(self.sample, colour=colour, version=str(version.version))
        except DeploymentError:
            self._show_log(colour)
            raise

    def _soak(self, colour: str, version: ModelVersion) -> None:
        """Let the colour serve its share for a while, proving it again and again."""
        until = time.monotonic() + self.soak_s
        while time.monotonic() < until:
            time.sleep(min(POLL_S, self.soak_s))
            self._prove(colour, version)

    def _show_log(self, colour: str) -> None:
        try:
            logger.error("the log of %s:\n%s", colour, self.endpoint.logs(colour, lines=LOG_LINES))
        except DeploymentError as error:
            logger.error("%s", error)

    def _settle(self) -> str | None:
        """Wait until Azure is at work on nothing here; the endpoint's state, None without one."""
        until = time.monotonic() + PATIENCE_S
        while waiting := busy(state := self.endpoint.state()):
            if time.monotonic() > until:
                raise DeploymentError(f"Azure has not finished with {waiting.what} in an hour")
            logger.info("%s", waiting.describe())
            time.sleep(POLL_S)
        return state.provisioning

    def _version_of(self, colour: str) -> ModelVersion:
        for deployment in self.endpoint.deployments():
            if deployment.name == colour:
                return self.registry.find(str((deployment.tags or {}).get("model")))
        raise DeploymentError(f"{colour} is not there any more")

    def _announcement(self, version: ModelVersion) -> str:
        state, endpoint = self.endpoint.state(), self.endpoint.find()
        uri = endpoint.scoring_uri if endpoint else "?"
        picture = self.sample.picture.relative_to(ROOT)
        return "\n".join(
            (
                f"{version.reference} is in service at {uri} ({_traffic(state)})",
                f"try it:  curl --data-binary @{picture} -H 'Content-Type:"
                f' {self.sample.content_type}\' -H "Authorization: Bearer $KEY" {uri}',
                f"the key: az ml online-endpoint get-credentials -n {self.spec.endpoint_name}",
                "go back: the same command with --rollback",
            )
        )


def _code() -> str:
    files = azure_code.files()
    size, sha256 = azure_code.size(), azure_code.sha256()[:12]
    return f"{len(files)} files, {size} bytes, sha256 {sha256}: {', '.join(files)}"


def _traffic(state: State) -> str:
    shares = [f"{colour} {share} %" for colour, share in sorted(state.traffic.items())]
    return ", ".join(shares) or "no traffic"
