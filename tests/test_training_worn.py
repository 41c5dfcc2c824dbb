"""The store of worn examples."""

from __future__ import annotations

import numpy as np
import pytest

from digits import tile
from digits.training import strokes, worn
from digits.training.data import Labelled


@pytest.fixture(scope="module")
def digits() -> Labelled:
    rng = np.random.default_rng(3)
    labels = np.arange(30) % 10
    images = np.stack([draw(rng, int(label)) for label in labels])
    return Labelled(images, labels.astype(np.int64))


def draw(rng: np.random.Generator, digit: int) -> np.ndarray:
    return np.asarray(tile.normalise(tile.crop(strokes.draw(rng, digit))) * 255, np.uint8)


def test_every_image_comes_so_many_times_with_others_among_them(digits):
    made = worn.make(digits, seed=1, times=3, processes=1)
    assert made.images.dtype == np.uint8
    assert made.images.shape == (len(made), 28, 28)
    counts = np.bincount(made.labels + 1, minlength=11)
    assert counts[0] == 3 * 30  # what is no digit
    assert counts[1:].min() >= 3 * 3
    # Parts of 8, 8, 7 and 7 images, each with a digit from a font, one cut out, half as many drawn.
    assert len(made) == 3 * (30 + 30 + 4 + 14 + 4)
    assert made.images.reshape(len(made), -1).max(axis=1).min() > 100


def test_it_is_the_same_however_many_processes_make_it(digits):
    one, two = (worn.make(digits, seed=5, times=2, processes=count) for count in (1, 2))
    assert np.array_equal(one.images, two.images)
    assert np.array_equal(one.labels, two.labels)


def test_each_time_is_another(digits):
    made = worn.make(digits, seed=1, times=2, processes=1)
    half = len(made) // 2
    assert not np.array_equal(made.images[:half], made.images[half:])
