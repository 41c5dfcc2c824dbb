"""A picture in smaller sizes: averages, bounded sides, nothing halved twice."""

from __future__ import annotations

import numpy as np
import pytest

from digits.pyramid import Pyramid


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(6).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize("block", [1, 2, 3, 4, 6, 12])
def test_every_whole_block_is_averaged_and_the_rest_left_out(block):
    grey = noise(25, 38)

    averaged = Pyramid(grey).averaged(block)

    height, width = 25 // block, 38 // block
    assert averaged.shape == (height, width)
    whole = grey[: height * block, : width * block].reshape(height, block, width, block)
    # Rounded once for every halving, and at the end.
    assert np.abs(averaged - whole.mean(axis=(1, 3))).max() <= 1.5


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    ("shape", "side", "wanted"),
    [
        ((480, 640), 160, (120, 160)),
        ((300, 200), 160, (160, 107)),
        ((60, 90), 160, (60, 90)),
        ((1, 1000), 160, (1, 160)),
    ],
)
def test_the_long_side_is_bounded(shape, side, wanted, quick):
    grey = np.full(shape, 77, np.uint8)

    shrunk = Pyramid(grey).shrunk(side, quick=quick)

    assert shrunk.shape == wanted
    assert np.all(shrunk == 77)


def test_nothing_is_halved_twice():
    pyramid = Pyramid(noise(64, 96))

    small = pyramid.averaged(8)

    assert pyramid.averaged(8) is small
    assert pyramid.halved(3).grey is small
    assert pyramid.halved(1).averaged(4) is small
    assert pyramid.averaged(1) is pyramid.grey


def test_halves_of_halves_are_the_same_as_further_ones():
    grey = noise(101, 67)

    assert np.array_equal(Pyramid(grey).halved(1).averaged(6), Pyramid(grey).averaged(12))


def test_a_pyramid_is_its_own():
    grey = noise(4, 5)
    pyramid = Pyramid(grey)

    assert Pyramid.of(pyramid) is pyramid
    assert Pyramid.of(grey).grey is grey
