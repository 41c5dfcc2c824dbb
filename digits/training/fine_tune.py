"""Going on with a trained network: corrected digits among MNIST's, so that neither is forgotten.

Of the corrected digits it learns the truth, of all others to go on saying what it said before (Li
and Hoiem 2016): their labels would have it change its mind where nobody complained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits import tile
from digits.training import augmentation
from digits.training.data import Labelled
from digits.training.examples import NOT_A_DIGIT, Examples
from digits.training.feed import Batch, batches_ahead
from digits.training.gate import Comparison, Right, sign_test
from digits.training.recipe import Recipe
from digits.training.targets import Targets
from digits.training.validation import Labels, Outputs, Tiles, Validation

if TYPE_CHECKING:
    import keras

SHARE = 0.25
"""Of a batch, the most that corrected digits may take up."""

TURNS = 60
"""How often each corrected digit is shown in all, distorted anew, if there is room."""


ANCHOR = 20.0
"""How much more another example counts than a corrected digit. All the way to the new weights,
weights of 1 and 5 broke 1.7 and 1.6 times as many hard held-out cases as they mended, this 1.2."""


def recipe(*, epochs: int | None, batch_size: int | None, seed: int | None, quick: bool) -> Recipe:
    """How a network goes on learning: with smaller steps than one that begins."""
    return Recipe(
        epochs=epochs or (1 if quick else 2),
        batch_size=batch_size or Recipe().batch_size,
        seed=Recipe().seed if seed is None else seed,
        images=10_000 if quick else None,
        learning_rate=1e-3,
        warmup=0.1,
        weight_decay=1e-3,
        average_decay=0.99,
    )


PARTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
"""Of the way from the old weights to the new ones."""

CAUTION = 0.3
"""Harm that chance makes less often than this is a sign of harm: better too careful than not."""

STEADY = 1e-3
"""Adam's epsilon, chosen together with `ANCHOR`. Most gradients of a trained network are small and
mostly noise; by default each of them would move its weight as far as those of what is new."""

ENOUGH = 0.8
"""Of the corrected digits that can be had: the last few cost most elsewhere."""

Weights = list[NDArray[np.float32]]
Said = Sequence[Outputs]
"""Of each set of `Cases`."""


class Mixed:
    """MNIST's examples with some corrected digits in each batch."""

    def __init__(self, usual: Examples, corrected: Labelled, recipe: Recipe) -> None:
        self.usual = usual
        self.corrected = corrected
        self.seed = recipe.seed
        steps = recipe.epochs * -(-len(usual) // recipe.batch_size)
        wanted = -(-TURNS * len(corrected) // steps)
        self.added = min(wanted, int(SHARE * recipe.batch_size))
        self.batch_size = recipe.batch_size

    def __len__(self) -> int:
        return self.batch_size * -(-len(self.usual) // (self.batch_size - self.added))

    def batches(self, epoch: int, batch_size: int) -> Iterator[Batch]:
        """One epoch of `Examples`, corrected digits added to each of its batches."""
        rng = np.random.default_rng((self.seed, epoch, 1))
        for tiles, labels in self.usual.batches(epoch, batch_size - self.added):
            chosen = rng.integers(len(self.corrected), size=self.added)
            drawn = [self._drawn(rng, int(index)) for index in chosen]
            added = np.stack(drawn)[..., None]
            yield np.concatenate([tiles, added]), np.append(labels, self.corrected.labels[chosen])

    def _drawn(self, rng: Generator, index: int) -> NDArray[np.float32]:
        ink = augmentation.warp(rng, self.corrected.images[index], amount=0.6)
        # Another pen may close or break what makes something no digit.
        if self.corrected.labels[index] != NOT_A_DIGIT and rng.random() < 0.5:
            ink = augmentation.wear(rng, augmentation.pen(rng, ink))
        return tile.normalise(tile.crop(ink, threshold=40))


@dataclass(frozen=True)
class Halves:
    """A model in two, which share its weights: the ``convolutions``, which stay as they are, and
    the ``head``, the dense layers after them."""

    convolutions: keras.Model
    head: keras.Model

    @classmethod
    def of(cls, model: keras.Model) -> Halves:
        """The halves of a model, parted before the first of its dense layers."""
        import keras

        first = next(each for each in model.layers if isinstance(each, keras.layers.Dense))
        return cls(keras.Model(model.inputs, first.input), keras.Model(first.input, model.output))

    def features(self, tiles: Tiles) -> NDArray[np.float32]:
        """What the head is given of ``tiles``: ``[n, features]``."""
        from digits.training.fit import in_parts

        return np.concatenate(in_parts(self.convolutions, tiles))


def fine_tune(
    halves: Sequence[Halves], recipe: Recipe, train: Labelled, corrected: Labelled
) -> list[Weights]:
    """Let models learn from both, side by side; the moving averages of the weights of their heads,
    which are left as they were.

    Only the dense layers learn. What strokes look like is known; with the convolutions learning as
    well, of 79 odd sevens 79 were learned instead of 78, and twice as many held-out cases broken.
    """
    from digits.training.fit import one_epoch, steps_of

    source = Mixed(Examples.of(recipe, train), corrected, recipe)
    steps = steps_of(source, recipe)
    pupils = [_Pupil(each, recipe, added=source.added, steps=steps) for each in halves]
    for epoch in range(recipe.epochs):
        one_epoch(
            batches_ahead(source, epoch, recipe.batch_size),
            lambda batch: {"loss": float(np.mean([pupil.learn(batch) for pupil in pupils]))},
            steps=steps,
            title=f"epoch {epoch + 1}/{recipe.epochs}",
        )
    return [pupil.finish() for pupil in pupils]


class _Pupil:
    """One model that learns corrected digits, which are the last ``added`` ones of each batch."""

    def __init__(self, halves: Halves, recipe: Recipe, *, added: int, steps: int) -> None:
        import keras

        from digits.training.fit import Fitter, scorer

        self._halves = halves
        self._added = added
        self._old = halves.head.get_weights()
        before = keras.models.clone_model(halves.head)
        before.set_weights(self._old)
        self._before = scorer(before)
        self._fitter = Fitter(halves.head, recipe, steps=steps)
        self._fitter.optimizer.epsilon = STEADY

    def learn(self, batch: Batch) -> float:
        """Learn the truth of the added tiles, and of the others what was said of them before; the
        loss."""
        tiles, labels = batch
        features = self._halves.features(tiles)
        others = len(tiles) - self._added
        anchors = Targets.of_outputs(self._before(features[:others]), weight=ANCHOR)
        targets = anchors + Targets.of_labels(labels[others:])
        return self._fitter.step(features, targets)["loss"]

    def finish(self) -> Weights:
        """The moving average of the weights; the head is as it was before."""
        self._halves.head.set_weights(self._old)
        average: Weights = self._fitter.average
        return average


@dataclass(frozen=True)
class Cases:
    """By what a network is let go: the validation split's digits as they are and its hard cases,
    and the corrected digits; ``tiles`` and ``labels`` of each."""

    tiles: tuple[Tiles, Tiles, Tiles]
    labels: tuple[Labels, Labels, Labels]

    @classmethod
    def of(cls, validation: Validation, corrected: Labelled) -> Cases:
        """The three sets."""
        return cls(
            (validation.clean, validation.hard, corrected.tiles()),
            (validation.clean_labels, validation.hard_labels, corrected.labels),
        )

    def right(self, said: Said) -> list[Right]:
        """Which cases of each set are right."""
        return [_right(outputs, labels) for outputs, labels in zip(said, self.labels, strict=True)]


def restrain(
    head: keras.Model, learned: Weights, cases: Cases, *, before: Said, say: Callable[[], Said]
) -> float:
    """Go only a part of the way from a head's weights to those that were ``learned``; how far.

    ``say`` tells what is said of the cases in the end, by this model and all the networks that it
    is one of; ``before`` is what was said before anything was learned.

    Weights between those of a network and of its successor keep most of what both can (Wortsman
    and others 2022). Of the parts with which the validation split shows no sign of harm, the
    smallest is taken that gets most (`ENOUGH`) of the corrected digits right that any of them does:
    none of it, where nothing is won.
    """
    old = head.get_weights()
    *were_right, _ = cases.right(before)
    harmless = {}
    for part in PARTS:
        head.set_weights(between(old, learned, part))
        *right, corrected = cases.right(say())
        if not _harms(were_right, right):
            harmless[part] = int(corrected.sum())
    most = max(harmless.values(), default=0)
    best = min((part for part, right in harmless.items() if right >= ENOUGH * most), default=0.0)
    head.set_weights(between(old, learned, best))
    return best


def between(old: Weights, new: Weights, part: float) -> Weights:
    """The weights that are that ``part`` of the way from the ``old`` to the ``new`` ones."""
    return [one + part * (other - one) for one, other in zip(old, new, strict=True)]


def _right(outputs: Outputs, labels: NDArray[np.int64]) -> Right:
    is_digit = outputs.digit_logit > 0
    right = is_digit & (outputs.logits.argmax(axis=1) == labels)
    return np.where(labels == NOT_A_DIGIT, ~is_digit, right)


def _harms(before: list[Right], after: list[Right]) -> bool:
    pairs = (Comparison.of("", one, other) for one, other in zip(before, after, strict=True))
    return any(sign_test(each.broke, each.fixed) < CAUTION for each in pairs)
