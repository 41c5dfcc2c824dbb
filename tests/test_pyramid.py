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


@pytest.mark.parametrize("block", [4, 5, 12])
@pytest.mark.parametrize("height", [1, 2, 3])
def test_of_a_side_shorter_than_a_block_a_pixel_is_left(block, height):
    row = np.repeat(np.arange(10, 250, 12, dtype=np.uint8), block)
    grey = np.tile(row, (height, 1))

    averaged = Pyramid(grey).averaged(block)

    assert np.array_equal(averaged, [np.arange(10, 250, 12)])
    assert np.array_equal(Pyramid(grey.T).averaged(block), averaged.T)


def test_the_long_side_is_halved_when_there_is_nothing_left_of_the_short_one():
    assert [Pyramid(noise(3, 40)).halved(times).grey.shape for times in (0, 1, 2, 3)] == [
        (3, 40),
        (1, 20),
        (1, 10),
        (1, 5),
    ]
    assert Pyramid(noise(1, 1)).halved(2).grey.shape == (1, 1)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    ("shape", "side", "wanted"),
    [
        ((480, 640), 160, (120, 160)),
        ((300, 200), 160, (160, 107)),
        ((60, 90), 160, (60, 90)),
        ((1, 1000), 160, (1, 160)),
        ((3, 100_001), 160, (1, 160)),
        ((100_001, 2), 160, (160, 1)),
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


@pytest.mark.parametrize(("quick", "first"), [(False, 60), (True, 67.5)])
def test_what_is_left_to_shrink_is_averaged_by_area_or_quickly(quick, first):
    """Of three pixels two are left: of one and a half each, or mixed of those next to them."""
    grey = np.tile(np.uint8([90, 0, 0]), (90, 30))

    shrunk = Pyramid(grey).shrunk(60, quick=quick)

    assert shrunk[1:-1, ::2].mean() == pytest.approx(first, abs=1)
    assert not shrunk[:, 1::2].any()


def test_whole_blocks_are_averaged_however_quick_it_has_to_be():
    grey = np.tile(np.uint8([0, 240, 240, 0]), (40, 40))
    assert np.all(Pyramid(grey).shrunk(40, quick=True) == 120)
