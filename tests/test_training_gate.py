"""The gate lets a model pass that is better where it should be and nowhere worse."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training.gate import Comparison, Verdict, sign_test


def comparison(name: str, *, kept: int = 90, fixed: int = 0, broke: int = 0) -> Comparison:
    return Comparison(
        name=name,
        cases=100,
        old_right=kept + broke,
        new_right=kept + fixed,
        fixed=fixed,
        broke=broke,
    )


@pytest.mark.parametrize(
    ("successes", "failures", "probability"),
    [(0, 0, 1), (1, 0, 1 / 2), (5, 0, 1 / 32), (0, 5, 1), (8, 2, 56 / 1024), (9, 1, 11 / 1024)],
)
def test_the_sign_test_counts_all_that_is_as_unlikely(successes, failures, probability):
    assert sign_test(successes, failures) == pytest.approx(probability)


def test_the_sign_test_takes_more_cases_than_a_float_has_powers_of_two_for():
    assert sign_test(2000, 2000) == pytest.approx(0.5, abs=0.01)


def test_a_comparison_counts_where_the_two_differ():
    old = np.array([True, True, False, False, False])
    new = np.array([True, False, True, True, False])
    found = Comparison.of("pictures", old, new)
    assert (found.cases, found.old_right, found.new_right) == (5, 2, 3)
    assert (found.fixed, found.broke) == (2, 1)
    assert not found.better
    assert not found.worse


def test_nothing_to_compare_is_neither_better_nor_worse():
    nothing = Comparison.of("pictures", np.zeros(0, bool), np.zeros(0, bool))
    assert not nothing.better
    assert not nothing.worse


@pytest.mark.parametrize(
    ("fixed", "broke", "elsewhere", "passed"),
    [
        (5, 0, (0, 0), True),
        (4, 0, (0, 0), False),  # chance does that once in 16 times
        (20, 9, (0, 0), True),
        (20, 12, (0, 0), False),
        (20, 0, (0, 4), True),
        (20, 0, (0, 5), False),
        (20, 0, (30, 40), True),
        (20, 0, (30, 50), False),
        (0, 0, (9, 0), False),  # better where nobody asked for it
    ],
)
def test_passes_only_if_better_where_wanted_and_nowhere_worse(fixed, broke, elsewhere, passed):
    wanted = comparison("corrections", kept=40, fixed=fixed, broke=broke)
    other = comparison("MNIST", fixed=elsewhere[0], broke=elsewhere[1])
    verdict = Verdict(wanted, (comparison("pictures"), other))
    assert verdict.passed == passed
    assert bool(verdict.reasons()) != passed


def test_says_why_and_shows_both_side_by_side():
    verdict = Verdict(comparison("corrections", fixed=2), (comparison("MNIST", broke=9),))
    assert verdict.reasons() == [
        "no better beyond chance on corrections: 92 of 100 right, before 90 (it fixed 2 and "
        "broke 0)",
        "worse on MNIST: 90 of 100 right, before 99 (it fixed 0 and broke 9)",
    ]
    assert verdict.table().splitlines()[2:] == [
        "| corrections | 100 | 90 | 92 | 2 | 0 | the same within chance |",
        "| MNIST | 100 | 99 | 90 | 0 | 9 | worse |",
    ]
    assert verdict.others[0].to_dict() == {
        "name": "MNIST",
        "cases": 100,
        "old_right": 99,
        "new_right": 90,
        "fixed": 0,
        "broke": 9,
        "p_better": 1.0,
        "p_worse": 0.00195,
    }
