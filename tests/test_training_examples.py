"""Training examples: what is in an epoch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits.training import negatives
from digits.training.examples import NOT_A_DIGIT, Examples


def zero() -> np.ndarray:
    """A 0 of 28x28 with soft edges."""
    image = np.zeros((28, 28), np.uint8)
    cv2.ellipse(image, (14, 14), (6, 9), 0, 0, 360, 255, 2, cv2.LINE_AA)
    return image


def epoch(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    tiles, labels = zip(*examples.batches(0, 16), strict=True)
    return np.concatenate(tiles), np.concatenate(labels)


def test_an_epoch_is_the_same_again_and_another_one_is_not():
    images = np.stack([zero()] * 8)
    examples = Examples(images, np.arange(8), seed=1)
    assert np.array_equal(epoch(examples)[0], epoch(examples)[0])
    other = Examples(images, np.arange(8), seed=2)
    assert not np.array_equal(epoch(examples)[0], epoch(other)[0])


def test_an_epoch_has_as_many_of_each_kind_as_was_said():
    images = np.stack([zero()] * 50)
    examples = Examples(images, np.arange(50) % 10, seed=1, negatives_share=0.5, plain_share=2.0)
    tiles, labels = epoch(examples)
    assert len(tiles) == len(examples) == 50 + 3 + 15 + 7 + 100 + 25
    assert (labels == NOT_A_DIGIT).sum() == 25


@pytest.mark.parametrize("maker", [negatives.cut_digit, negatives.turned_digit])
def test_data_without_the_digits_that_are_wanted_does_not_keep_it_looking(maker):
    images = np.full((5, 28, 28), 200, np.uint8)
    ink = maker(np.random.default_rng(0), images, np.ones(5, np.int64))
    assert ink.max() == 255  # a scribble instead
