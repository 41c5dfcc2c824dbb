"""An endpoint on this machine: a server process that has read a test picture right."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from digits.deployment import smoke
from digits.deployment.child import StopRequested, running, stop_signals, wait_until_ready
from digits.deployment.follow import LOOK_S, Follower, served_version
from digits.deployment.plan import READY_PATH, Plan
from digits.errors import DeploymentError
from digits.model import ModelFolder
from digits.registry.local import LocalRegistry

logger = logging.getLogger(__name__)

READY_PATIENCE_S = 120.0
"""Loading takes a second or two; a machine that swaps or has one busy core, a good deal more."""

GRACE_S = 5.0
"""How long after the last request has answered or timed out the server may still take to end."""


class LocalDeployment:
    """Serves one registered model with one server process and its workers until told to stop."""

    def __init__(self, plan: Plan, registry: LocalRegistry, *, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.registry = registry
        self.say = say
        """Receives what people want to know once the endpoint is ready."""

    def describe(self) -> str:
        """The plan, for people."""
        return self.plan.describe()

    def run(self) -> None:
        """Register the model if need be, start, prove, and serve until a signal says stop.

        Raises DeploymentError when the server does not become ready, misreads the test picture,
        is told to stop before that, or ends by itself.
        """
        grace_s, ready = self.plan.settings.timeout_s + GRACE_S, False
        try:
            with stop_signals():
                plan = self._registered()
                environ = plan.environment(os.environ)
                with (
                    _pipe() as (taking, giving),
                    running(
                        plan.command(taking if plan.follows else None),
                        environ,
                        grace_s=grace_s,
                        inherited=(taking,) if plan.follows else (),
                    ) as server,
                ):
                    path = READY_PATH[plan.server]
                    wait_until_ready(server, plan.address, path, patience_s=READY_PATIENCE_S)
                    _smoke_test(plan)
                    ready = True
                    self.say(invitation(plan))
                    status = self._watch(plan, server, giving)
                    raise DeploymentError(f"the server ended by itself with status {status}")
        except StopRequested as stop:
            if not ready:
                raise DeploymentError(f"stopped by {stop} before the endpoint was ready") from None
            logger.info("stopped by %s", stop)

    def _watch(self, plan: Plan, server: subprocess.Popen[bytes], orders: int) -> int:
        """Wait for the server's end, and hand it what the stage points at meanwhile."""
        if plan.follows is None or plan.version is None:
            return server.wait()
        follower = Follower(
            self.registry,
            plan.follows,
            serving=plan.version.version,
            orders=orders,
            sample=plan.sample,
        )
        while True:
            try:
                return server.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                follower.look()
            if follower.awaited:
                follower.notice(served_version(plan.address, plan.settings.api_key), self.say)

    def _registered(self) -> Plan:
        if self.plan.version is not None:
            return self.plan
        version = self.registry.register(self.plan.folder)
        logger.info("registered %s as %s", self.plan.folder.path, version.reference)
        return replace(self.plan, version=version, folder=ModelFolder.open(version.path))


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe: to read from, to write to."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def invitation(plan: Plan) -> str:
    """What to do with a ready endpoint: a line to paste, the page, how to end it."""
    header = f"Content-Type: {plan.sample.content_type}"
    line = ["curl", "--data-binary", f"@{_short(plan.sample.picture)}", "-H", header]
    # The key itself is a secret: the shell fills it in.
    key = ' -H "Authorization: Bearer $DIGITS_API_KEY"' if plan.settings.api_key else ""
    lines = [
        f"{plan.reference} is ready at {plan.address.url}",
        f"try it:  {shlex.join(line)}{key} {plan.address.url}/score",
    ]
    if plan.server == "own":
        lines.append(f"page:    {plan.address.url}/")
    return "\n".join((*lines, "stop:    Ctrl-C"))


def _smoke_test(plan: Plan) -> None:
    assert plan.version is not None
    smoke.check(
        plan.address,
        plan.sample,
        version=str(plan.version.version),
        api_key=plan.settings.api_key,
        timeout_s=plan.settings.timeout_s + GRACE_S,
    )


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
