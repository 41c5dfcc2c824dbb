"""Whoever watches a stage tells the server what it does not serve yet, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from fabricate import model_folder

from digits.deployment import follow
from digits.deployment.follow import Follower
from digits.deployment.plan import MANIFEST
from digits.deployment.smoke import first_sample
from digits.model import ModelFolder
from digits.registry.local import LocalRegistry
from digits.serving.orders import Orders
from digits.settings import ROOT

STAGE = "production"


@pytest.fixture
def registry(tmp_path) -> LocalRegistry:
    """Two versions that read, the first one in production, and one that does not read."""
    registry = LocalRegistry(tmp_path / "registry")
    shipped = ModelFolder.open(ROOT / "models" / "digits")
    registry.register(shipped, stage=STAGE)
    registry.register(shipped)
    registry.register(ModelFolder.open(model_folder(tmp_path / "broken")))
    return registry


@pytest.fixture
def pipe() -> Iterator[tuple[Orders, int]]:
    """Where orders come out, and where they go in."""
    reading, giving = os.pipe()
    orders = Orders(reading)
    yield orders, giving
    orders.close()
    os.close(giving)


@pytest.fixture
def follower(registry, pipe) -> Follower:
    sample = first_sample(MANIFEST)
    return Follower(registry, f"digits@{STAGE}", serving=1, orders=pipe[1], sample=sample)


def ordered(
    follower: Follower, registry: LocalRegistry, orders: Orders, version: int
) -> str | None:
    """The version ordered once the stage points at this one, if any is."""
    registry.promote(f"digits:{version}", stage=STAGE)
    follower.look()
    order = orders.latest()
    return order.version if order else None


def test_what_the_stage_points_at_is_ordered_once(follower, registry, pipe):
    orders, _ = pipe
    follower.look()
    assert orders.latest() is None
    assert ordered(follower, registry, orders, 2) == "2"
    follower.look()
    assert orders.latest() is None
    assert ordered(follower, registry, orders, 1) == "1"


def test_back_from_a_version_that_cannot_read_nothing_is_ordered(follower, registry, pipe):
    orders, _ = pipe
    assert ordered(follower, registry, orders, 3) is None
    assert ordered(follower, registry, orders, 1) is None
    assert ordered(follower, registry, orders, 2) == "2"
    assert ordered(follower, registry, orders, 3) is None
    assert ordered(follower, registry, orders, 2) is None


def test_what_the_server_did_not_take_is_ordered_again(follower, registry, pipe, monkeypatch):
    orders, _ = pipe
    assert ordered(follower, registry, orders, 2) == "2"
    monkeypatch.setattr(follow, "PATIENCE_S", -1.0)
    follower.notice("1", pytest.fail)
    assert follower.awaited is None
    assert ordered(follower, registry, orders, 3) is None
    assert ordered(follower, registry, orders, 2) == "2"


def test_it_is_said_once_that_the_new_version_is_served(follower, registry, pipe):
    said: list[str] = []
    assert ordered(follower, registry, pipe[0], 2) == "2"
    follower.notice("1", said.append)
    follower.notice("2", said.append)
    follower.notice("2", said.append)
    assert said == ["digits:2 is served now"]
