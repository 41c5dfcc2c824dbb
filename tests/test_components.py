"""Connected components by their outlines are those that labelling every pixel finds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import components
from digits.components import Runs


def blots(seed: int) -> np.ndarray:
    """Blots with holes, and blots in these."""
    noise = np.random.default_rng(seed).random((120, 160)).astype(np.float32)
    return (cv2.GaussianBlur(noise, (0, 0), 2) > 0.49).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_they_are_those_of_labelling(seed: int):
    mask = blots(seed)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    expected = {
        (tuple(stats[label, :4].tolist()), (labels == label).tobytes()) for label in range(1, count)
    }

    found = set()
    for component in components.find(mask):
        drawn = np.zeros(mask.shape, np.int16)
        component.draw(drawn, 7)
        x, y, width, height = component.box
        assert np.array_equal(drawn[y : y + height, x : x + width] == 7, component.mask())
        found.add((component.box, (drawn == 7).tobytes()))

    assert found == expected


def test_what_is_too_small_is_left_out():
    mask = np.zeros((40, 80), np.uint8)
    mask[5:8, 5:8] = mask[5:25, 20:22] = mask[30:32, 30:60] = 1

    def boxes(**least: int) -> set[tuple[int, int, int, int]]:
        return {component.box for component in components.find(mask, **least)}

    assert boxes() == {(5, 5, 3, 3), (20, 5, 2, 20), (30, 30, 30, 2)}
    assert boxes(least_size=4) == {(20, 5, 2, 20), (30, 30, 30, 2)}
    assert boxes(least_width=3) == {(5, 5, 3, 3), (30, 30, 30, 2)}


def test_without_ink_there_are_none():
    assert components.find(np.zeros((10, 10), np.uint8)) == []


@pytest.mark.parametrize(
    ("rows", "lengths"),
    [
        (["....", "...."], []),
        (["##.#", "#..."], [2, 1, 1]),
        (["..##", "##.."], [2, 2]),
        (["####"], [4]),
    ],
)
def test_runs_end_with_their_row(rows, lengths):
    mask = np.array([[sign == "#" for sign in row] for row in rows], np.uint8)
    assert Runs.of(mask).lengths().tolist() == lengths


def test_values_are_added_up_along_each_run():
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 1, 1]], np.uint8)
    values = np.array([[1, 2, 90, 200], [90, 90, 90, 90], [5, 90, 250, 250]], np.uint8)
    assert Runs.of(mask).sums(values).tolist() == [3, 200, 5, 500]
