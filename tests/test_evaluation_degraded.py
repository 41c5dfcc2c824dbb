"""Degraded digits: what is in them, that they stay the same, how they are counted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from digits.evaluation import damage, degraded
from digits.evaluation.degraded import Outcome
from digits.reader import Reader
from digits.settings import ROOT
from digits.training.data import Labelled


@pytest.fixture(scope="module")
def part() -> Labelled:
    """Forty bars of two lengths, which stand for 1 and 7: what they are does not matter here."""
    images = np.zeros((40, 28, 28), np.uint8)
    images[:20, 4:24, 12:15] = 255
    images[20:, 4:24, 16:19] = images[20:, 4:7, 8:19] = 255
    return Labelled(images, np.repeat([1, 7], 20))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(ROOT / "models" / "digits")


def test_cases_are_the_same_every_time_and_more_continue_the_row(part):
    few = list(degraded.cases(part, seed=5, count=12))
    more = list(degraded.cases(part, seed=5, count=15))
    assert more[:12] == few
    assert list(degraded.cases(part, seed=6, count=12)) != few


def test_there_are_single_digits_and_lines_with_every_damage(part):
    cases = list(degraded.cases(part, seed=1, count=400))
    lines = [case for case in cases if not case.single]
    assert 90 <= len(lines) <= 150
    assert {len(case.truth) for case in lines} == {3, 4, 5, 6}
    assert set("".join(case.truth for case in cases)) == {"1", "7"}
    names = {name for case in cases for name in case.damages}
    assert names == {name for name, _ in damage.STROKES} | {
        "neighbour",
        "touching",
        "faint",
        "blur",
        "noise",
        "low resolution",
        "compression",
    }
    assert any(not case.damages for case in cases)
    for case in cases:
        assert np.ptp(case.grey) > 15


def test_seeds_for_tuning_and_for_the_figure_differ():
    assert degraded.TUNE_SEED != degraded.HELD_OUT_SEED


@pytest.mark.parametrize(("name", "harm"), damage.STROKES)
def test_a_damage_leaves_most_of_the_digit(part, name, harm):
    ink = np.kron(part.images[30] / 255, np.ones((4, 4))).astype(np.float32)
    for seed in range(8):
        harmed = harm(np.random.default_rng(seed), ink)
        assert harmed.shape == ink.shape
        assert 0 <= harmed.min() <= harmed.max() <= 1
        assert (harmed[ink > 0.5] > 0.15).mean() > (0.2 if name == "thin" else 0.6)
        assert not np.array_equal(harmed, ink)


def test_a_neighbour_comes_in_from_the_right(part):
    ink = np.kron(part.images[0] / 255, np.ones((4, 4))).astype(np.float32)
    joined = damage.neighbour(np.random.default_rng(0), ink, ink)
    used = np.flatnonzero(joined.max(axis=0) > 0.3)
    assert used[0] == 48
    assert used[-1] >= 60
    assert joined.shape[0] == ink.shape[0]


def test_reading_says_which_digits_are_right(reader, part):
    cases = itertools.islice(degraded.cases(part, seed=3, count=6), 6)
    for case in cases:
        outcome = degraded.read(reader, case)
        assert outcome.truth == case.truth
        assert len(outcome.read) == len(outcome.confidence) == len(outcome.right)
        wanted = len(outcome.truth) - sum(outcome.right)
        assert outcome.missed <= wanted


def outcome(truth: str, read: str, right: list[int], flags: list[int], missed: int = 0) -> Outcome:
    return Outcome(
        truth=truth,
        read=read,
        damages=("blur",) if len(truth) > 1 else (),
        confidence=tuple(0.2 if flag else 0.9 for flag in flags),
        right=tuple(bool(value) for value in right),
        flags=tuple(bool(value) for value in flags),
        missed=missed,
    )


def test_figures_add_up():
    figures = degraded.figures(
        [
            outcome("1", "1", [1], [0]),
            outcome("7", "1", [0], [1]),
            outcome("7", "", [], [], missed=1),
            outcome("171", "1717", [1, 1, 1, 0], [0, 1, 0, 0]),
        ]
    )
    assert (figures["pictures"], figures["digits"]) == (4, 6)
    assert (figures["errors"], figures["missed"]) == (2, 1)
    assert figures["flagged"]["wrong"]["hits"] == 1
    assert figures["flagged"]["wrong"]["of"] == 2
    assert figures["flagged"]["right"]["hits"] == 1
    assert figures["flagged"]["right"]["of"] == 4
    assert figures["single"]["exact"]["hits"] == 1
    assert figures["lines"]["errors"] == 1
    assert figures["damages"]["blur"]["exact"]["of"] == 1
    assert figures["risk_coverage"][-1] == (1.0, round(2 / 6, 5))
