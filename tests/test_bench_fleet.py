"""The simulation behind docs/scaling.md agrees with what is known of queues."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from digits.settings import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import fleet as bench  # a script beside the package

SERVICE_S = 0.02


def run(fleet: bench.Fleet, load: float, *, seconds: float = 200.0, seed: int = 1) -> bench.Outcome:
    return bench.simulate(fleet, load * fleet.capacity, seconds=seconds, seed=seed)


def test_an_idle_fleet_answers_in_the_time_of_a_picture() -> None:
    outcome = run(bench.Fleet(4, 4, SERVICE_S), 0.02)
    assert outcome.refused == 0
    assert sum(outcome.latencies) / len(outcome.latencies) == pytest.approx(SERVICE_S, rel=0.05)
    assert outcome.busy == pytest.approx(0.02, rel=0.1)


def test_one_worker_waits_as_pollaczek_and_khinchine_say() -> None:
    load = 0.7
    outcome = run(bench.Fleet(1, 1, SERVICE_S, queue=10**6), load, seconds=4000.0)
    wait = load / (1 - load) * SERVICE_S * (1 + bench.SPREAD**2) / 2
    mean = sum(outcome.latencies) / len(outcome.latencies)
    assert mean == pytest.approx(SERVICE_S + wait, rel=0.08)
    assert outcome.busy == pytest.approx(load, rel=0.03)


def test_beyond_its_capacity_it_refuses_the_rest_and_bounds_the_wait() -> None:
    fleet = bench.Fleet(2, 2, SERVICE_S)
    outcome = run(fleet, 1.5)
    assert outcome.refused == pytest.approx(1 / 3, abs=0.05)
    assert outcome.busy > 0.97
    assert max(outcome.latencies) < (fleet.queue + 20) * SERVICE_S


def test_the_smallest_fleet_serves_without_one_and_a_smaller_one_does_not() -> None:
    rate, within = 300.0, 0.5
    found = bench.smallest(rate, workers=4, service_s=SERVICE_S, within_s=within)
    assert found.instances >= 3  # two are busy with it alone, and one may be lost
    assert replace(found, instances=found.instances - 1).capacity > rate
    assert not bench._serves(replace(found, instances=found.instances - 1), rate, within, 0)
    million = bench.cost_per_million(found, rate, price=0.3)
    assert million == pytest.approx(found.instances * 0.3 / 3600 / rate * 1e6)


def test_the_same_seed_gives_the_same_outcome_and_another_one_another() -> None:
    fleet = bench.Fleet(3, 2, SERVICE_S)
    assert run(fleet, 0.8, seconds=20) == run(fleet, 0.8, seconds=20)
    assert run(fleet, 0.8, seconds=20) != run(fleet, 0.8, seconds=20, seed=2)


def test_a_doubled_load_is_refused_until_more_instances_come() -> None:
    fleet = bench.Fleet(4, 2, SERVICE_S)
    slow = bench.doubling(fleet, 0.8 * fleet.capacity, delay_s=30)
    soon = bench.doubling(fleet, 0.8 * fleet.capacity, delay_s=1)
    assert slow.refused > 0.15
    assert soon.refused < slow.refused / 3
