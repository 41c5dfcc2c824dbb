"""The stream of training examples: distorted digits, and things that are no digit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits import tile
from digits.training import augmentation, glyphs, negatives, parting, strokes
from digits.training.data import Labelled
from digits.training.recipe import Recipe

Ink = NDArray[np.uint8]
NOT_A_DIGIT = -1
AT_ONCE = 256

FOUND_BENT, FOUND_AS_IS = 0.6, 0.2
"""Shares of the images at their own resolution that are seen as the reader finds them in a
picture: a pixel's fraction from where MNIST has them."""


class Examples:
    """Augmented digits and negatives, the same for the same seed and epoch.

    ``images`` are ``[n, 28, 28]`` uint8 as MNIST has them, ``labels`` their digits. An epoch holds
    every image once, ``mild_share`` of them changed in shape alone and not by much;
    ``negatives_share`` times as many negatives; ``font_share``, ``drawn_share`` and ``cut_share``
    times as many digits from fonts, drawn from scratch, and cut out of numbers; and ``plain_share``
    times as many images at their own resolution, so that the network knows MNIST itself as well as
    its distortions; of those, ``as_is`` are not bent at all.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        *,
        seed: int,
        negatives_share: float = 0.5,
        font_share: float = 0.06,
        drawn_share: float = 0.3,
        cut_share: float = 0.15,
        plain_share: float = 0.4,
        as_is: float = 0.5,
        mild_share: float = 0.2,
    ) -> None:
        self.images = images
        self.labels = labels.astype(np.int64)
        self.seed = seed
        self.mild_share = mild_share
        self.as_is = as_is
        self.counts = (
            len(images),
            int(len(images) * font_share),
            int(len(images) * drawn_share),
            int(len(images) * cut_share),
            int(len(images) * plain_share),
            int(len(images) * negatives_share),
        )

    @classmethod
    def of(cls, recipe: Recipe, train: Labelled) -> Examples:
        """As many of each kind as the recipe says, of its part of the training images."""
        part = train.part(0, recipe.images)
        return cls(
            part.images,
            part.labels,
            seed=recipe.seed,
            negatives_share=recipe.negatives_share,
            plain_share=recipe.plain_share,
            as_is=recipe.as_is,
        )

    def __len__(self) -> int:
        return sum(self.counts)

    def batches(
        self, epoch: int, batch_size: int
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """One epoch: tiles ``[b, 28, 28, 1]`` and labels ``[b]``, ``NOT_A_DIGIT`` among them."""
        rng = np.random.default_rng((self.seed, epoch))
        order = rng.permutation(len(self))
        for start in range(0, len(order), batch_size):
            drawn = [self._example(rng, int(index)) for index in order[start : start + batch_size]]
            tiles = np.stack([example[0] for example in drawn])[..., None]
            yield tiles, np.array([example[1] for example in drawn], np.int64)

    def epoch(self, epoch: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """All of one epoch at once: tiles ``[n, 28, 28, 1]`` and labels ``[n]``."""
        tiles, labels = zip(*self.batches(epoch, AT_ONCE), strict=True)
        return np.concatenate(tiles), np.concatenate(labels)

    def _example(self, rng: Generator, index: int) -> tuple[NDArray[np.float32], int]:
        digits, from_fonts, drawn, cut, plain, _ = np.cumsum(self.counts).tolist()
        if index < digits:
            label = int(self.labels[index])
            return self._digit(rng, self.images[index], label), label
        if index < from_fonts:
            label = int(rng.integers(10))
            ink = augmentation.warp(rng, glyphs.draw(rng, str(label)), amount=0.8)
            return as_tile(augmentation.wear(rng, augmentation.pen(rng, ink))), label
        if index < drawn:
            label = int(rng.integers(10))
            ink = augmentation.warp(rng, strokes.draw(rng, label), amount=0.7)
            return as_tile(augmentation.wear(rng, ink)), label
        if index < cut:
            return self._cut(rng)
        if index < plain:
            place = int(rng.integers(len(self.images)))
            return _plain(rng, self.images[place], self.as_is), int(self.labels[place])
        ink = negatives.make(rng, self.images, self.labels)
        return as_tile(augmentation.wear(rng, augmentation.pen(rng, ink))), NOT_A_DIGIT

    def _digit(self, rng: Generator, image: Ink, label: int) -> NDArray[np.float32]:
        if rng.random() < self.mild_share:
            return as_tile(augmentation.warp(rng, image, amount=0.6))
        ink = augmentation.warp(rng, image)
        ink = augmentation.pen(rng, augmentation.national(rng, ink, label))
        ink = augmentation.wear(rng, ink)
        if rng.random() < 0.2:
            ink = augmentation.rough(rng, ink)
        return as_tile(ink)

    def _cut(self, rng: Generator) -> tuple[NDArray[np.float32], int]:
        found = parting.digit(rng, self.images, self.labels)
        if found is None:
            place = int(rng.integers(len(self.images)))
            label = int(self.labels[place])
            return self._digit(rng, self.images[place], label), label
        ink, label = found
        return as_tile(augmentation.wear(rng, augmentation.pen(rng, ink))), label


def _plain(rng: Generator, image: Ink, as_is: float) -> NDArray[np.float32]:
    """An image just as it is, bent a little, or as either is found again in a picture of it."""
    bent, found = 1 - as_is, FOUND_AS_IS * as_is
    choice = rng.random()
    if as_is - found <= choice < 1 - found:
        image = augmentation.nudge(rng, image)
    if choice < 1 - found - FOUND_BENT * bent:
        return np.asarray(image / np.float32(255), np.float32)
    return as_tile(image)


def as_tile(ink: Ink) -> NDArray[np.float32]:
    """Normalise, finding the ink's border at a level that varies a little in real pictures too."""
    return tile.normalise(tile.crop(ink, threshold=40))
