"""The rollout is decided from what Azure says alone, so it survives a kill at any point."""

from __future__ import annotations

import dataclasses

import pytest

from digits.deployment.azure_rollout import (
    Create,
    CreateEndpoint,
    Deployed,
    Remove,
    Route,
    State,
    Step,
    Wait,
    back,
    next_step,
)
from digits.errors import DeploymentError

NOTHING = State(traffic={}, deployments={})


def endpoint(
    traffic: dict[str, int] | None = None, fallback: str | None = None, **releases: str
) -> State:
    """An endpoint whose colours run these releases."""
    return State(
        provisioning="Succeeded",
        traffic=traffic or {},
        fallback=fallback,
        deployments={colour: Deployed(release=name) for colour, name in releases.items()},
    )


def after(state: State, step: Step, release: str) -> State:
    """What Azure would say once the step is done."""
    deployments = dict(state.deployments)
    if isinstance(step, CreateEndpoint):
        return dataclasses.replace(state, provisioning="Succeeded")
    if isinstance(step, Route):
        assert set(step.traffic) <= set(deployments)
        return dataclasses.replace(state, traffic=dict(step.traffic), fallback=step.fallback)
    if isinstance(step, Create):
        deployments[step.colour] = Deployed(release=release)
    elif isinstance(step, Remove):
        assert step.colour not in state.traffic
        assert step.colour != state.fallback
        del deployments[step.colour]
    return dataclasses.replace(state, deployments=deployments)


def rollout(state: State, release: str) -> tuple[list[Step], State]:
    """All steps from ``state`` until the release has all traffic."""
    steps: list[Step] = []
    while (step := next_step(state, release)) is not None:
        assert len(steps) < 12
        steps.append(step)
        state = after(state, step, release)
    return steps, state


def test_the_first_release_gets_all_traffic_once_it_is_proved():
    steps, state = rollout(NOTHING, "a")
    assert steps == [
        CreateEndpoint(),
        Create(colour="blue"),
        Route(traffic={"blue": 100}, fallback=None, proved="blue"),
    ]
    assert state == endpoint({"blue": 100}, blue="a")


def test_the_next_release_goes_by_10_percent_and_the_old_one_is_kept():
    steps, state = rollout(endpoint({"blue": 100}, blue="a"), "b")
    assert steps == [
        Create(colour="green"),
        Route(traffic={"blue": 90, "green": 10}, fallback="blue", proved="green"),
        Route(traffic={"green": 100}, fallback="blue", proved="green"),
    ]
    assert state == endpoint({"green": 100}, "blue", blue="a", green="b")


def test_the_third_release_takes_the_place_of_the_first():
    steps, state = rollout(endpoint({"green": 100}, "blue", blue="a", green="b"), "c")
    assert steps[:3] == [
        Route(traffic={"green": 100}, fallback=None),
        Remove(colour="blue"),
        Create(colour="blue"),
    ]
    assert state == endpoint({"blue": 100}, "green", blue="c", green="b")


def test_a_release_that_is_there_already_is_not_made_again():
    steps, state = rollout(endpoint({"green": 100}, "blue", blue="a", green="b"), "a")
    assert steps == [
        Route(traffic={"green": 100}, fallback=None),
        Route(traffic={"green": 90, "blue": 10}, fallback="green", proved="blue"),
        Route(traffic={"blue": 100}, fallback="green", proved="blue"),
    ]
    assert state.traffic == {"blue": 100}
    assert rollout(state, "a")[0] == []


def test_another_release_than_the_one_half_way_starts_from_what_was_before():
    steps, state = rollout(endpoint({"blue": 90, "green": 10}, "blue", blue="a", green="b"), "c")
    assert steps[:2] == [Route(traffic={"blue": 100}, fallback=None), Remove(colour="green")]
    assert state == endpoint({"green": 100}, "blue", blue="a", green="c")


def test_the_release_that_served_before_comes_back_without_a_detour():
    steps, state = rollout(endpoint({"blue": 90, "green": 10}, "blue", blue="a", green="b"), "a")
    assert steps == [Route(traffic={"blue": 100}, fallback=None)]
    assert state.traffic == {"blue": 100}


@pytest.mark.parametrize("failed", ["Failed", "Canceled"])
@pytest.mark.parametrize("traffic", [{}, {"blue": 100}])
def test_a_deployment_that_failed_is_made_anew(failed, traffic):
    state = endpoint(traffic, **({"blue": "a"} if traffic else {}))
    colour = "green" if traffic else "blue"
    broken = {**state.deployments, colour: Deployed(release="b", state=failed)}
    steps, _ = rollout(dataclasses.replace(state, deployments=broken), "b")
    assert steps[:2] == [Remove(colour=colour), Create(colour=colour)]


def test_what_azure_is_at_work_on_is_waited_for():
    assert next_step(dataclasses.replace(NOTHING, provisioning="Creating"), "a") == Wait(
        what="the endpoint"
    )
    state = endpoint({"blue": 100}, blue="a")
    making = {**state.deployments, "green": Deployed(release="b", state="Creating")}
    assert next_step(dataclasses.replace(state, deployments=making), "b") == Wait(what="green")


def test_traffic_split_by_hand_is_left_alone():
    state = endpoint({"blue": 50, "green": 50}, blue="a", green="b")
    with pytest.raises(DeploymentError, match="split by hand .blue 50 %, green 50 %"):
        next_step(state, "c")


def test_back_is_what_was_before_and_only_that():
    assert back(endpoint({"blue": 90, "green": 10}, "blue", blue="a", green="b")) == Route(
        traffic={"blue": 100}, fallback=None
    )
    assert back(endpoint({"green": 100}, "blue", blue="a", green="b")) == Route(
        traffic={"blue": 100}, fallback=None, proved="blue"
    )
    with pytest.raises(DeploymentError, match="nothing to go back to: blue has all traffic"):
        back(endpoint({"blue": 100}, blue="a"))
    with pytest.raises(DeploymentError, match="blue, which served before, is not there any more"):
        back(endpoint({"green": 100}, "blue", green="b"))


def test_from_wherever_runs_of_several_releases_are_interrupted_the_next_ends_well():
    """Every state that interrupted runs of three releases can lead to, not some of them."""
    seen, frontier = [], [NOTHING]
    while frontier:
        state = frontier.pop()
        if state in seen:
            continue
        seen.append(state)
        for release in "abc":
            steps, end = rollout(state, release)
            serving = next(iter(end.traffic))
            assert end.traffic == {serving: 100}
            assert end.deployments[serving] == Deployed(release=release)
            for step in steps:
                check(state, step)
                state = after(state, step, release)
                frontier.append(state)
            state = seen[-1]
            if state.fallback:
                frontier.append(after(state, back(state), release))
    assert len(seen) > 30


def check(state: State, step: Step) -> None:
    """Only what was proved just now gains traffic, and only what did serve needs no proof."""
    if isinstance(step, Route):
        gaining = [c for c, share in step.traffic.items() if share > state.traffic.get(c, 0)]
        assert all(c in (step.proved, state.live) for c in gaining)
        assert sum(step.traffic.values()) == 100
