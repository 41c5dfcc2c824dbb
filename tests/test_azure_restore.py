"""A rollout in Azure that fails, wherever and however, leaves the traffic as it was before."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from fabricate import model_folder

from digits.deployment import azure
from digits.deployment.azure import AzureDeployment
from digits.deployment.azure_rollout import Deployed, State
from digits.errors import DeploymentError
from digits.model import ModelFolder
from digits.registry.azure_target import Target
from digits.registry.protocol import ModelVersion


class Conflict(Exception):
    """As an SDK raises it."""

    status_code = 409


class Spec:
    """A release named b on an endpoint named digits."""

    endpoint_name = "digits"
    autoscale = None

    def validate(self) -> None:
        """There is nothing to complain of."""

    def fingerprint(self, version: ModelVersion) -> str:
        return "b"


class Endpoint:
    """An endpoint that fails where it is told to, and like Azure may do nevertheless as told.

    ``fails_at`` are the shares of green at which a PUT is accepted and the poll after it fails;
    ``late`` is how many reads it takes until an accepted PUT shows.
    """

    name = "digits"
    scoring_uri = "https://example.com/score"

    def __init__(self, traffic: Mapping[str, int], fallback: str | None = None) -> None:
        releases = {"blue": "a", "green": "b"}
        self.now = State(
            provisioning="Succeeded",
            traffic=traffic,
            fallback=fallback,
            deployments={c: Deployed(release=r) for c, r in releases.items()},
        )
        self.coming: State | None = None
        self.late = 0
        self.fails_at: set[int] = set()
        self.ignores_at: set[int] = set()
        self.conflicts: list[int] = []
        """After each refused PUT, for how many reads somebody else is still at work."""
        self.unreadable_at: set[int] = set()
        """Which reads fail, counted from the first after green has a part of the traffic."""
        self.unreadable_after_conflict = False
        self.good_answers = 1_000_000
        self.reads_half_way = 0
        self.puts: list[dict[str, int]] = []

        self.busy_reads = 0

    def state(self) -> State:
        if self.unreadable_after_conflict and self.busy_reads:
            self.busy_reads = 0
            raise DeploymentError("looking up the endpoint digits failed: 503")
        if self.busy_reads:
            self.busy_reads -= 1
            return dataclasses.replace(self.now, provisioning="Updating")
        if self.coming:
            if self.late:
                self.late -= 1
                return dataclasses.replace(self.now, provisioning="Updating")
            self.now, self.coming = self.coming, None
        if len(self.now.traffic) > 1:
            self.reads_half_way += 1
            if self.reads_half_way in self.unreadable_at:
                raise DeploymentError("looking up the endpoint digits failed: 503")
        return self.now

    def find(self) -> Endpoint:
        return self

    def route(self, traffic: Mapping[str, int], *, fallback: str | None) -> None:
        if self.conflicts:
            self.busy_reads = self.conflicts.pop(0)
            raise DeploymentError("setting the traffic of digits failed: 409") from Conflict()
        self.puts.append(dict(traffic))
        share = traffic.get("green", 0)
        if share in self.ignores_at:
            return
        kept = {colour: part for colour, part in traffic.items() if part}
        self.coming = dataclasses.replace(self.now, traffic=kept, fallback=fallback)
        if share in self.fails_at:
            raise DeploymentError("setting the traffic of digits failed: 500")
        self.now, self.coming = self.coming, None

    def smoke_test(self, sample: object, *, colour: str, version: str) -> None:
        if not self.good_answers:
            raise DeploymentError("smoke test failed")
        self.good_answers -= 1

    def logs(self, colour: str, *, lines: int) -> str:
        return "the log"


class Registry:
    """One version, registered already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resolve(self, reference: str) -> ModelVersion:
        return ModelVersion(
            name="digits", version=3, stages=(), created="",
            sha256=ModelFolder.open(self.folder).sha256, tags={}, metrics={}, path=self.folder,
        )  # fmt: skip


@pytest.fixture
def run(tmp_path, monkeypatch, caplog):
    """Roll release b out onto an endpoint; what was said of it."""
    monkeypatch.setattr(azure, "POLL_S", 0.0)
    caplog.set_level(logging.INFO)

    def rollout(endpoint: Endpoint, soak_s: float = 0.0) -> str:
        deployment = AzureDeployment(
            target=Target(subscription="s", resource_group="g", workspace="w"),
            spec=Spec(),
            shipped=tmp_path,
            reference="digits:3",
            soak_s=soak_s,
            any_origin=True,
            say=logging.getLogger("said").info,
        )
        folder = tmp_path / "model"
        deployment.registry = Registry(folder if folder.exists() else model_folder(folder))
        deployment.endpoint = endpoint
        caplog.clear()
        deployment.run()
        return caplog.text

    return rollout


HALF_WAY = {"blue": 90, "green": 10}


def test_without_a_fault_the_release_goes_into_service(run):
    endpoint = Endpoint({"blue": 100})
    assert "digits:3 is in service" in run(endpoint)
    assert endpoint.puts == [HALF_WAY, {"green": 100}]
    assert (endpoint.now.traffic, endpoint.now.fallback) == ({"green": 100}, "blue")


@pytest.mark.parametrize("start", [{"blue": 100}, HALF_WAY])
def test_an_endpoint_that_cannot_be_looked_up_half_way(run, caplog, start):
    endpoint = Endpoint(start, "blue" if len(start) > 1 else None)
    endpoint.unreadable_at = {1}
    with pytest.raises(DeploymentError, match=r"^looking up the endpoint digits failed: 503$"):
        run(endpoint)
    assert (endpoint.state().traffic, endpoint.now.fallback) == ({"blue": 100}, None)
    assert "the traffic is as it was before: blue 100 %" in caplog.text


@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize(
    ("start", "share"), [({"blue": 100}, 10), ({"blue": 100}, 100), (HALF_WAY, 100)]
)
def test_a_change_of_traffic_that_is_made_although_it_seemed_to_fail(
    run, caplog, start, share, late
):
    """A run that is resumed half way goes back to where the rollout came from as well."""
    endpoint = Endpoint(start, "blue" if len(start) > 1 else None)
    endpoint.fails_at, endpoint.late = {share}, late
    with pytest.raises(DeploymentError, match=r"^setting the traffic of digits failed: 500$"):
        run(endpoint)
    assert (endpoint.state().traffic, endpoint.now.fallback) == ({"blue": 100}, None)
    assert "the traffic is as it was before: blue 100 %" in caplog.text
    assert "no traffic was moved" not in caplog.text


def test_the_first_release_of_all_has_no_traffic_again(run, caplog):
    endpoint = Endpoint({})
    endpoint.now = dataclasses.replace(endpoint.now, deployments={"green": Deployed(release="b")})
    endpoint.fails_at = {100}
    with pytest.raises(DeploymentError, match="failed: 500"):
        run(endpoint)
    assert endpoint.state().traffic == {}
    assert "the traffic is as it was before: no traffic" in caplog.text


def test_a_change_of_traffic_without_effect(run, caplog):
    endpoint = Endpoint({"blue": 100})
    endpoint.ignores_at = {100}
    with pytest.raises(DeploymentError, match="it had no effect: .*green 100 %"):
        run(endpoint)
    assert (endpoint.state().traffic, endpoint.now.fallback) == ({"blue": 100}, None)
    assert "the traffic is as it was before: blue 100 %" in caplog.text


def test_somebody_else_at_work_is_waited_for_or_done_at_the_next_look(run):
    for busy_reads in (1, 3):
        endpoint = Endpoint({"blue": 100})
        endpoint.conflicts = [busy_reads, busy_reads]
        assert "digits:3 is in service" in run(endpoint)
        assert endpoint.now.traffic == {"green": 100}


def test_a_conflict_after_which_nothing_can_be_looked_up(run, caplog):
    endpoint = Endpoint(HALF_WAY, "blue")
    endpoint.conflicts, endpoint.unreadable_after_conflict = [1], True
    with pytest.raises(DeploymentError, match=r"^setting the traffic of digits failed: 409$"):
        run(endpoint)
    assert endpoint.state().traffic == {"blue": 100}
    assert "the traffic is as it was before: blue 100 %" in caplog.text


def test_a_release_that_answers_wrongly_while_it_is_watched(run, caplog):
    endpoint = Endpoint({"blue": 100})
    endpoint.good_answers = 1
    with pytest.raises(DeploymentError, match=r"^smoke test failed$"):
        run(endpoint, soak_s=3600.0)
    assert endpoint.puts == [HALF_WAY, {"blue": 100}]
    assert (endpoint.now.traffic, endpoint.now.fallback) == ({"blue": 100}, None)
    assert "the traffic is as it was before: blue 100 %" in caplog.text


def test_traffic_split_by_hand_is_left_alone(run, caplog):
    endpoint = Endpoint({"blue": 50, "green": 50})
    with pytest.raises(DeploymentError, match=r"^the traffic was split by hand"):
        run(endpoint)
    assert endpoint.puts == []
    assert "no traffic was moved: blue 50 %, green 50 %" in caplog.text
