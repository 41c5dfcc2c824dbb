"""Training examples: what is in an epoch, and what is done to one image."""

from __future__ import annotations

import cv2
import numpy as np

from digits.training import augmentation
from digits.training.examples import NOT_A_DIGIT, Examples


def zero() -> np.ndarray:
    """A 0 of 28x28 with soft edges."""
    image = np.zeros((28, 28), np.uint8)
    cv2.ellipse(image, (14, 14), (6, 9), 0, 0, 360, 255, 2, cv2.LINE_AA)
    return image


def epoch(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    tiles, labels = zip(*examples.batches(0, 16), strict=True)
    return np.concatenate(tiles), np.concatenate(labels)


def plain(*, as_is: float, pressed: float) -> np.ndarray:
    """The images at their own resolution of an epoch that has nothing else, but for one image."""
    examples = Examples(
        zero()[None],
        np.zeros(1, np.int64),
        seed=3,
        negatives_share=0,
        font_share=0,
        drawn_share=0,
        plain_share=40,
        as_is=as_is,
        pressed=pressed,
    )
    return epoch(examples)[0][..., 0]


def test_an_epoch_is_the_same_again_and_another_one_is_not():
    images = np.stack([zero()] * 8)
    examples = Examples(images, np.zeros(8, np.int64), seed=1)
    assert np.array_equal(epoch(examples)[0], epoch(examples)[0])
    other = Examples(images, np.zeros(8, np.int64), seed=2)
    assert not np.array_equal(epoch(examples)[0], epoch(other)[0])


def test_an_epoch_has_as_many_of_each_kind_as_was_said():
    images = np.stack([zero()] * 50)
    examples = Examples(images, np.arange(50) % 10, seed=1, negatives_share=0.5, plain_share=2.0)
    tiles, labels = epoch(examples)
    assert len(tiles) == len(examples) == 50 + 3 + 7 + 100 + 25
    assert (labels == NOT_A_DIGIT).sum() == 25


def test_more_or_less_pressure_changes_a_stroke_by_less_than_a_pixel():
    image = zero()
    most, least = (
        change(image, np.ones((3, 3), np.uint8)).astype(int) for change in (cv2.dilate, cv2.erode)
    )
    rng = np.random.default_rng(0)
    ink = []
    for _ in range(40):
        pressed = augmentation.press(rng, image)
        assert pressed.dtype == np.uint8
        assert (pressed <= most).all()
        assert (pressed >= least).all()
        ink.append(int(pressed.sum()))
    assert min(ink) < 0.8 * image.sum() < 1.2 * image.sum() < max(ink)


def test_images_as_they_are_are_pressed_only_if_that_is_wanted():
    exact = zero() / np.float32(255)
    as_they_are = [np.array_equal(each, exact) for each in plain(as_is=1.0, pressed=0.0)]
    pressed = [np.array_equal(each, exact) for each in plain(as_is=1.0, pressed=1.0)]
    assert sum(as_they_are) >= 20
    assert sum(pressed) <= 2
