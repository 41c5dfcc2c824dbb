"""The photos of sheets are drawn as it says, the same ones every time, and counted by kind."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from digits.settings import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import sheets as bench  # a script beside the package


@pytest.mark.parametrize("name", bench.SETS)
def test_a_set_is_the_same_every_time_and_others_with_another_seed(name):
    first, again, other = (list(bench.SETS[name](seed, 1)) for seed in (1, 1, 2))

    assert first == again
    assert all(one.photo != another.photo for one, another in zip(first, other, strict=True))
    assert all(case.rows and all(row.isdigit() for row in case.rows) for case in first)


def test_a_sheet_is_all_in_the_picture_but_for_some_sides():
    cases = list(bench.plain(1, 4))

    assert [case.kind for case in cases] == [
        "sheet, small",
        "sheet, medium",
        "sheet, large",
        "sheet, some sides",
    ]
    for case in cases[:3]:
        grey = cv2.imdecode(np.frombuffer(case.photo, np.uint8), cv2.IMREAD_GRAYSCALE)
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        middle = tuple(slice(side // 2 - 50, side // 2 + 50) for side in grey.shape)
        assert np.median(border) < np.median(grey[middle]) - 40


def test_every_kind_of_everyday_photo_can_be_drawn():
    cases = list(bench.everyday(5, len(bench.EVERYDAY)))
    assert [case.kind for case in cases] == list(bench.EVERYDAY)


def test_what_is_read_exactly_is_counted_for_each_kind():
    cases = [
        bench.Case("a", ("12", "3"), b"12/3"),
        bench.Case("a", ("12",), b"1/2"),
        bench.Case("b", ("7",), b"7"),
    ]
    reader = SimpleNamespace(
        read=lambda photo: SimpleNamespace(rows=tuple(photo.decode().split("/")))
    )

    assert bench.measured(reader, iter(cases)) == {
        "right": 2,
        "of": 3,
        "kinds": {"a": [1, 2], "b": [1, 1]},
    }
