"""Which read digit stands for which true one, and shares with their intervals."""

from __future__ import annotations

import random

import pytest

from digits.evaluation.alignment import align, right_digits
from digits.evaluation.share import Share
from digits.harness.checking import edit_distance


@pytest.mark.parametrize(
    ("truth", "read", "pairs"),
    [
        ("", "", []),
        ("12", "12", [(0, 0), (1, 1)]),
        ("12", "13", [(0, 0), (1, 1)]),
        ("1234", "134", [(0, 0), (1, None), (2, 1), (3, 2)]),
        ("134", "1234", [(0, 0), (None, 1), (1, 2), (2, 3)]),
        ("", "7", [(None, 0)]),
        ("7", "", [(0, None)]),
    ],
)
def test_places_are_paired_in_order(truth, read, pairs):
    assert align(truth, read) == pairs


def test_a_pairing_costs_no_more_than_the_edit_distance():
    chance = random.Random(5)
    for _ in range(300):
        truth, read = ("".join(chance.choices("0123", k=chance.randrange(8))) for _ in range(2))
        pairs = align(truth, read)
        wrong = sum(true is None or got is None or truth[true] != read[got] for true, got in pairs)
        assert wrong == edit_distance(truth, read)
        assert [true for true, _ in pairs if true is not None] == list(range(len(truth)))
        assert [got for _, got in pairs if got is not None] == list(range(len(read)))


@pytest.mark.parametrize(
    ("truth", "read", "right"),
    [
        ("123", "123", [True, True, True]),
        ("123", "193", [True, False, True]),
        ("123", "1723", [True, False, True, True]),
        ("509", "59", [True, True]),
        ("8", "", []),
        ("", "11", [False, False]),
    ],
)
def test_what_is_too_much_is_wrong_and_what_is_missing_is_not_there(truth, read, right):
    assert right_digits(truth, read) == right


def test_a_share_has_its_interval():
    share = Share.count([True] * 81 + [False] * 182)
    assert share == Share(81, 263)
    assert share.to_dict() == {
        "hits": 81,
        "of": 263,
        "share": 0.30798,
        "low": pytest.approx(0.2553, abs=5e-5),
        "high": pytest.approx(0.3662, abs=5e-5),
    }


def test_a_share_of_nothing_is_no_number():
    assert Share(0, 0).to_dict() == {
        "hits": 0,
        "of": 0,
        "share": None,
        "low": None,
        "high": None,
    }
