"""A safe rollout as a function of what Azure says: what there is, and the one thing to do next.

Nothing about a rollout is remembered anywhere but in Azure: each deployment (colour) carries the
fingerprint of what it runs, and the endpoint the name of the colour to go back to, written by the
very request that moves the traffic away from it. So whoever looks, a run that was killed and
started again included, comes to the same next step:

    endpoint → candidate at 0 % → proved → 10 % → proved → 100 %, the old colour kept at 0 %
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from digits.errors import DeploymentError

COLOURS = ("blue", "green")
SHARES = (10, 100)
"""Percentages of the traffic that a candidate gets, one after the other, each time proved first."""

SETTLED = ("Succeeded", "Failed", "Canceled")
"""What Azure calls a resource nothing is happening to; all else means that it is at work."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A colour as Azure has it: the fingerprint of what it runs, and its provisioning state."""

    release: str | None
    state: str = "Succeeded"


@dataclass(frozen=True, kw_only=True)
class State:
    """An endpoint as Azure has it.

    ``provisioning`` is None where there is none. ``traffic`` holds the colours with more than 0 %;
    ``fallback`` is the colour that had it all before the last rollout began to move it.
    """

    provisioning: str | None = None
    traffic: Mapping[str, int]
    fallback: str | None = None
    deployments: Mapping[str, Deployed]

    @property
    def live(self) -> str | None:
        """The colour that has all traffic, or had it before a rollout that is half way.

        Raises DeploymentError when somebody else has split the traffic: we cannot know what for.
        """
        if len(self.traffic) > 1:
            if self.fallback not in self.traffic:
                split = ", ".join(f"{colour} {share} %" for colour, share in self.traffic.items())
                raise DeploymentError(
                    f"the traffic was split by hand ({split}): give one colour all of it first"
                    " (`az ml online-endpoint update --traffic`)"
                )
            return self.fallback
        return next(iter(self.traffic), None)

    @property
    def rising(self) -> str | None:
        """The colour that a rollout under way has given a part of the traffic."""
        return next((c for c in self.traffic if len(self.traffic) > 1 and c != self.live), None)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change, safe to repeat. Subclasses say which."""

    def describe(self) -> str:
        """What is done, for people."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """Let Azure finish what it is doing, for a run that was killed perhaps."""

    what: str

    def describe(self) -> str:
        return f"wait until Azure has finished with {self.what}"


@dataclass(frozen=True, kw_only=True)
class CreateEndpoint(Step):
    """Make the endpoint, without any deployment."""

    def describe(self) -> str:
        return "create the endpoint"


@dataclass(frozen=True, kw_only=True)
class Create(Step):
    """Make a deployment of the release; it gets no traffic."""

    colour: str

    def describe(self) -> str:
        return f"create {self.colour} at 0 %"


@dataclass(frozen=True, kw_only=True)
class Remove(Step):
    """Delete a deployment without traffic: another release's, or one that failed."""

    colour: str

    def describe(self) -> str:
        return f"delete {self.colour}, which has no traffic and is not this release"


@dataclass(frozen=True, kw_only=True)
class Route(Step):
    """Set the whole traffic, and with it the colour to go back to; prove ``proved`` before."""

    traffic: Mapping[str, int]
    fallback: str | None
    proved: str | None = None

    def describe(self) -> str:
        shares = ", ".join(f"{colour} {share} %" for colour, share in self.traffic.items())
        proof = f"smoke-test {self.proved} directly, then " if self.proved else ""
        return f"{proof}set the traffic to {shares or 'nothing'}"


def next_step(state: State, release: str) -> Step | None:
    """The next thing to do to bring ``release`` into service; None when it has all traffic."""
    waiting = busy(state)
    if waiting:
        return waiting
    if state.provisioning != "Succeeded":
        return CreateEndpoint()
    live = state.live
    if live and _runs(state, live, release):
        return back(state) if state.rising else None
    candidate = _candidate(state, release, live)
    if live and (state.rising not in (None, candidate) or state.fallback == candidate):
        return Route(traffic={live: 100}, fallback=None)
    if candidate not in state.deployments:
        return Create(colour=candidate)
    if not _runs(state, candidate, release):
        if candidate in state.traffic:
            return back(state)
        return Remove(colour=candidate)
    return _raise_share(state, candidate, live)


def back(state: State) -> Route:
    """Restore the traffic as it was before the last rollout moved any of it.

    Raises DeploymentError when there is nothing to go back to.
    """
    target = state.fallback
    if target is None:
        serving = f"{state.live} has all traffic" if state.live else "nothing has any traffic"
        raise DeploymentError(f"there is nothing to go back to: {serving}")
    if target not in state.deployments:
        raise DeploymentError(f"{target}, which served before, is not there any more")
    proved = None if target in state.traffic else target
    return Route(traffic={target: 100}, fallback=None, proved=proved)


def undo(state: State, before: State | None) -> Route | None:
    """What gives the traffic back to whom it belonged ``before``; None when they have it.

    ``before`` is what there was when the run was about to move traffic for the first time, None if
    it did not come to that. A rollout that was half way even then goes back to where it came from.
    """
    origin = before or state
    if len(origin.traffic) > 1 and origin.fallback in origin.traffic:
        target = back(origin)
    else:
        kept = origin.fallback
        if kept and state.deployments.get(kept) != origin.deployments.get(kept):
            kept = None  # the colour to go back to was made anew, or is gone
        nothing = dict.fromkeys(state.traffic, 0)
        target = Route(traffic=origin.traffic or nothing, fallback=kept)
    wanted = {colour: share for colour, share in target.traffic.items() if share}
    same = (wanted, target.fallback) == (dict(state.traffic), state.fallback)
    return None if same else target


def busy(state: State) -> Wait | None:
    """What Azure is still at work on, if anything."""
    if state.provisioning is not None and state.provisioning not in SETTLED:
        return Wait(what="the endpoint")
    for colour, deployed in state.deployments.items():
        if deployed.state not in SETTLED:
            return Wait(what=colour)
    return None


def _candidate(state: State, release: str, live: str | None) -> str:
    """The colour that runs the release already, else the one that is free."""
    for colour in state.deployments:
        if colour != live and _runs(state, colour, release):
            return colour
    return next(colour for colour in COLOURS if colour != live)


def _runs(state: State, colour: str, release: str) -> bool:
    deployed = state.deployments.get(colour)
    return deployed == Deployed(release=release, state="Succeeded")


def _raise_share(state: State, candidate: str, live: str | None) -> Route:
    if live is None:
        return Route(traffic={candidate: 100}, fallback=None, proved=candidate)
    share = next(share for share in SHARES if share > state.traffic.get(candidate, 0))
    rest = {live: 100 - share} if share < 100 else {}
    return Route(traffic={**rest, candidate: share}, fallback=live, proved=candidate)
