"""Networks that learn MNIST's digits side by side: from their labels, or from other networks.

From others they learn what these say of the very same distorted image (Hinton, Vinyals and Dean
2015, *Distilling the knowledge in a neural network*), half of them mixed with another one, so that
there is more to be said than a digit's name (Beyer and others 2022, *Knowledge distillation: a good
teacher is patient and consistent*). All of it is one graph, so that it runs as fast as the
device allows, under Keras's TensorFlow or JAX.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from digits.training.architecture import DIGIT_LOGIT, LOGITS
from digits.training.data import Labelled
from digits.training.distortion import Distorted
from digits.training.fit import optimizer
from digits.training.recipe import Teaching
from digits.training.tracking import tracked

logger = logging.getLogger(__name__)

MIXED = 0.5
"""Share of the images that are mixed with another one, of which there is up to half in them."""
MOMENTUM = 0.99
"""Of batch normalisation's statistics: long, since here the weights are not averaged; less in so
short a run that its start would be remembered."""

TEACHING = {"amount": 1.0, "shift": 1.5, "hidden": 0.4}
TAUGHT = {"amount": 0.9, "shift": 0.7, "hidden": 0.0}
WORN = {"amount": 0.5, "shift": 0.3, "hidden": 0.0}
"""How much is distorted what the committee learns from, what it teaches with, and worn examples,
which were before."""


class Lessons(keras.Model):  # type: ignore[misc]  # Keras comes without types
    """The loss of ``networks`` that learn side by side, from ``teachers`` if there are any.

    A step gets ``image`` ``[count, 28, 28]`` uint8 with ``label`` ``[count]``, and ``worn``
    ``[worn_count, 28, 28]`` uint8 with ``worn_label`` ``[worn_count]``, -1 for what is no digit;
    only of these is learned whether something is one.
    """

    def __init__(
        self,
        networks: Sequence[keras.Model],
        teachers: Sequence[keras.Model],
        recipe: Teaching,
        *,
        count: int,
        worn_count: int,
        seed: int,
    ) -> None:
        super().__init__(dtype="float32")
        self.networks, self.teachers = list(networks), list(teachers)
        for teacher in self.teachers:
            teacher.trainable = False
        self.temperature = recipe.temperature if teachers else 1.0
        self.score_weight = recipe.taught_score_weight if teachers else recipe.score_weight
        self.distorted = Distorted(**(TAUGHT if teachers else TEACHING), count=count, seed=seed)
        self.distorted_worn = Distorted(**WORN, count=worn_count, seed=seed + 1)
        self.seeds = keras.random.SeedGenerator(seed + 2)

    def call(self, given: Mapping[str, Any], training: bool = False) -> Any:
        """The loss of each network; all of them are added to what is lowered."""
        ink = self.distorted(_ink(given["image"]))
        if self.teachers:
            ink = self._mixed(ink)
        tiles = ops.concatenate([ink, self.distorted_worn(_ink(given["worn"]))])
        is_digit = ops.cast(given["worn_label"] >= 0, "float32")
        known = ops.concatenate([given["label"], ops.maximum(given["worn_label"], 0)])
        aim = self._said(tiles) if self.teachers else ops.one_hot(known, 10)
        weight = ops.concatenate([ops.ones(ops.shape(ink)[0]), is_digit])
        losses = []
        for network in self.networks:
            says = network(tiles, training=training)
            likely = ops.log_softmax(ops.cast(says[LOGITS], "float32") / self.temperature)
            digit = -ops.sum(aim * likely, axis=1) * self.temperature**2
            score = ops.cast(says[DIGIT_LOGIT], "float32")[ops.shape(ink)[0] :, 0]
            wrong = ops.binary_crossentropy(is_digit, score, from_logits=True)
            loss = ops.sum(digit * weight) / ops.sum(weight) + self.score_weight * ops.mean(wrong)
            self.add_loss(loss)
            losses.append(loss)
        return ops.stack(losses)

    def _said(self, tiles: Any) -> Any:
        """What the teachers say of the tiles, on average, softened: ``[n, 10]``."""
        each = [
            ops.softmax(
                ops.cast(teacher(tiles, training=False)[LOGITS], "float32") / self.temperature
            )
            for teacher in self.teachers
        ]
        return ops.stop_gradient(sum(each[1:], each[0]) / len(each))

    def _mixed(self, ink: Any) -> Any:
        shape = (ops.shape(ink)[0], 1, 1, 1)
        chosen = keras.random.uniform(shape, seed=self.seeds) < MIXED
        share = ops.where(chosen, keras.random.uniform(shape, 0.0, 0.5, seed=self.seeds), 0.0)
        return ink + share * (ops.flip(ink, axis=0) - ink)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """What `Lessons` gets, epoch after epoch: every image once, but for less than
    a batch that is left out, and worn examples at random."""

    def __init__(self, digits: Labelled, worn: Labelled, recipe: Teaching, seed: int) -> None:
        super().__init__()
        self.digits, self.worn = digits, worn
        self.size = min(recipe.batch_size, len(digits))
        self.worn_size = max(1, round(self.size * recipe.worn_share))
        self.seed = seed
        self.epoch = 0
        self._shuffle()

    def __len__(self) -> int:
        return len(self.digits) // self.size

    def __getitem__(self, place: int) -> tuple[dict[str, NDArray[Any]]]:
        chosen = self.order[place * self.size : (place + 1) * self.size]
        rng = np.random.default_rng((self.seed, self.epoch, 1 + place))
        worn = rng.integers(len(self.worn), size=self.worn_size)
        return (
            {
                "image": self.digits.images[chosen],
                "label": self.digits.labels[chosen].astype(np.int32),
                "worn": self.worn.images[worn],
                "worn_label": self.worn.labels[worn].astype(np.int32),
            },
        )

    def on_epoch_end(self) -> None:
        """Shuffle anew."""
        self.epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        rng = np.random.default_rng((self.seed, self.epoch, 0))
        self.order = rng.permutation(len(self.digits))


def learn(
    networks: Sequence[keras.Model],
    digits: Labelled,
    worn: Labelled,
    recipe: Teaching,
    *,
    teachers: Sequence[keras.Model] = (),
    seed: int,
) -> None:
    """Teach all ``networks`` at once, from the labels or from ``teachers``, to the last epoch."""
    batches = Batches(digits, worn, recipe, seed)
    epochs = round(recipe.epochs * (recipe.patience if teachers else 1))
    steps = len(batches) * epochs
    for network in networks:
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = max(0.5, min(MOMENTUM, 1 - 10 / steps))
    lessons = Lessons(
        networks,
        teachers,
        recipe,
        count=batches.size,
        worn_count=batches.worn_size,
        seed=seed,
    )
    lessons.compile(
        optimizer(
            recipe.learning_rate,
            warmup=recipe.warmup,
            weight_decay=recipe.taught_weight_decay if teachers else recipe.weight_decay,
            steps=steps,
        )
    )
    title = " and ".join(network.name for network in networks)
    with tracked(os.environ, recipe.to_dict()) as tracker:

        def told(epoch: int, logs: Mapping[str, float]) -> None:
            logger.info("%s, epoch %d/%d: loss %.4f", title, epoch + 1, epochs, logs["loss"])
            tracker.log({f"loss/{title}": float(logs["loss"])}, epoch=epoch + 1)

        callback = keras.callbacks.LambdaCallback(on_epoch_end=told)
        lessons.fit(batches, epochs=epochs, verbose=0, callbacks=[callback], shuffle=False)


def _ink(images: Any) -> Any:
    """``[n, 28, 28]`` uint8 as ``[n, 28, 28, 1]`` from 0 to 1."""
    return ops.cast(images, "float32")[..., None] / 255.0
