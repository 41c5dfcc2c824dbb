"""A digit's ink is scaled, brightened and centred as MNIST's are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import tile


def centre_of_mass(pixels: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(pixels.shape)
    return (
        float((rows * pixels).sum() / pixels.sum()),
        float((columns * pixels).sum() / pixels.sum()),
    )


@pytest.mark.parametrize("shape", [(200, 100), (100, 200), (20, 10), (7, 3)])
def test_the_longer_side_becomes_twenty_pixels_and_proportions_stay(shape):
    tiles = tile.normalise(np.full(shape, 255, np.uint8))

    inked = tiles > 0.5
    height, width = int(inked.any(axis=1).sum()), int(inked.any(axis=0).sum())
    assert max(height, width) == 20
    assert (height > width) == (shape[0] > shape[1])
    assert min(height, width) == round(20 * min(shape) / max(shape))


@pytest.mark.parametrize("shape", [(200, 150), (123, 217), (400, 300), (190, 70)])
def test_what_is_large_is_averaged_by_area_like_what_is_small(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    strength = cv2.GaussianBlur(noise, (0, 0), 3)
    scale = 20 / max(shape)
    size = (round(shape[1] * scale), round(shape[0] * scale))
    expected = cv2.resize(strength, size, interpolation=cv2.INTER_AREA) / 255

    tiles = tile.normalise(strength)

    rows, columns = np.nonzero(tiles)
    inked = tiles[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert inked.shape == expected.shape
    assert np.abs(inked - expected / expected.max()).max() <= 1.5 / 255 / expected.max()


def test_the_centre_of_mass_is_in_the_middle():
    lopsided = np.zeros((40, 40), np.uint8)
    lopsided[:, :8] = 255
    lopsided[:8] = 255

    row, column = centre_of_mass(tile.normalise(lopsided))

    assert abs(row - 14) <= 0.5
    assert abs(column - 14) <= 0.5


def test_faint_ink_is_brightened_to_full_strength():
    faint = np.zeros((30, 30), np.uint8)
    faint[5:25, 12:18] = 40

    tiles = tile.normalise(faint)

    assert tiles.max() == pytest.approx(1.0)
    assert tiles.min() == 0
    assert tiles.dtype == np.float32
    assert tiles.shape == (28, 28)


def test_no_ink_is_an_empty_tile():
    assert not tile.normalise(np.zeros((5, 5), np.uint8)).any()


def test_crop_fits_the_ink_above_the_threshold():
    strength = np.zeros((10, 10), np.uint8)
    strength[2:5, 3:7] = 200
    strength[8, 8] = 30

    assert tile.crop(strength, threshold=30).shape == (3, 4)
    assert tile.crop(strength, threshold=29).shape == (7, 6)
    assert tile.crop(np.zeros((4, 4), np.uint8)).shape == (1, 1)


@pytest.mark.data
def test_mnist_itself_is_left_as_it_is(data_dir):
    images = np.load(data_dir / "mnist.npz")["x_train"][:500]

    worst = [
        np.abs(tile.normalise(tile.crop(image)) * image.max() - image).max() for image in images
    ]

    assert np.mean(np.array(worst) < 1) >= 0.99
