"""Fit a network to a recipe: AdamW along a cosine, with a moving average of the weights.

What is measured, kept and exported is the average (Polyak and Juditsky 1992); it covers the
statistics of batch normalisation too, so that the averaged weights meet their own statistics.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from digits.training.architecture import DIGIT_LOGIT, LOGITS
from digits.training.feed import Batch, Source, batches_ahead
from digits.training.recipe import Recipe
from digits.training.targets import Targets
from digits.training.validation import Outputs, Scorer, Tiles, Validation
from digits.training.workspace import Arrays, Checkpoint, Workspace

logger = logging.getLogger(__name__)

SCORED_AT_ONCE = 512
AVERAGED_EVERY = 8
"""Steps from one update of the average to the next: each copies all weights."""


class SizedSource(Source, Protocol):
    """A source of examples that knows how many an epoch has."""

    def __len__(self) -> int: ...


class Tracker(Protocol):
    """Whoever wants each epoch's metrics."""

    def log(self, metrics: dict[str, float], *, epoch: int) -> None:
        """Record the metrics of an epoch, from 1."""


class Learner(Protocol):
    """One network, or several side by side, while they learn by a recipe."""

    recipe: Recipe

    def learn(self, batches: Iterable[Batch], *, steps: int, title: str) -> dict[str, float]:
        """One epoch; the mean losses over it. ``steps`` and ``title`` are for the progress bar."""

    def score(self, tiles: Tiles) -> Outputs:
        """What is said of ``tiles`` with the averaged weights."""

    def state(self) -> Arrays:
        """All that learning goes on from, by name."""

    def restore(self, arrays: Arrays) -> None:
        """Go back to a state."""


class Fitter:
    """A model while it learns: its weights, their moving average and the optimiser."""

    def __init__(self, model: keras.Model, recipe: Recipe, *, steps: int) -> None:
        self.model = model
        self.recipe = recipe
        self.average = model.get_weights()
        self.optimizer = optimizer(
            recipe.learning_rate,
            warmup=recipe.warmup,
            weight_decay=recipe.weight_decay,
            steps=steps * recipe.epochs,
        )
        model.compile(
            self.optimizer,
            loss={
                LOGITS: keras.losses.CategoricalCrossentropy(from_logits=True),
                DIGIT_LOGIT: keras.losses.BinaryCrossentropy(from_logits=True),
            },
            loss_weights={LOGITS: 1.0, DIGIT_LOGIT: recipe.score_weight},
        )
        self.optimizer.build(model.trainable_variables)

    def learn(self, batches: Iterable[Batch], *, steps: int, title: str) -> dict[str, float]:
        """One epoch of the truth; the mean losses over it. ``steps`` and ``title`` are for the
        progress bar."""

        def step(batch: Batch) -> dict[str, float]:
            return self.step(batch[0], Targets.of_labels(batch[1]))

        return one_epoch(batches, step, steps=steps, title=title)

    def score(self, tiles: Tiles) -> Outputs:
        """What the model says of ``tiles`` with the averaged weights."""
        with self.averaged() as model:
            return scorer(model)(tiles)

    @contextmanager
    def averaged(self) -> Iterator[keras.Model]:
        """The model with the averaged weights, for as long as the block lasts."""
        learning = self.model.get_weights()
        self.model.set_weights(self.average)
        try:
            yield self.model
        finally:
            self.model.set_weights(learning)

    def state(self) -> Arrays:
        """All that learning goes on from, by name."""
        named = {
            f"model/{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(self.model.variables)
        }
        named |= {f"average/{index}": weight for index, weight in enumerate(self.average)}
        named |= {
            f"optimizer/{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(self.optimizer.variables)
        }
        return named

    def restore(self, arrays: Arrays) -> None:
        """Go back to a state."""
        for index, variable in enumerate(self.model.variables):
            variable.assign(arrays[f"model/{index}"])
        for index, variable in enumerate(self.optimizer.variables):
            variable.assign(arrays[f"optimizer/{index}"])
        self.average = [arrays[f"average/{index}"] for index in range(len(self.average))]

    def step(self, tiles: Tiles, targets: Targets) -> dict[str, float]:
        """Learn one batch; the losses on it."""
        losses: dict[str, float] = self.model.train_on_batch(
            tiles,
            {LOGITS: targets.digit, DIGIT_LOGIT: targets.is_digit[:, None]},
            sample_weight={LOGITS: targets.digit_weight, DIGIT_LOGIT: targets.is_digit_weight},
            return_dict=True,
        )
        step = int(self.optimizer.iterations)
        if step % AVERAGED_EVERY == 0:
            self._update_average(step)
        return losses

    def _update_average(self, step: int) -> None:
        # Early on, the average would remember little but the random start.
        decay = min(self.recipe.average_decay, (1 + step) / (10 + step)) ** AVERAGED_EVERY
        for average, weight in zip(self.average, self.model.get_weights(), strict=True):
            average += (1 - decay) * (weight - average)


def one_epoch(
    batches: Iterable[Batch],
    step: Callable[[Batch], Mapping[str, float]],
    *,
    steps: int,
    title: str,
) -> dict[str, float]:
    """Take a ``step`` for each batch; the means of the losses, ``loss`` among them."""
    totals: Counter[str] = Counter()
    count = 0
    with tqdm(batches, title, steps, unit="batch", disable=None) as bar:
        for count, batch in enumerate(bar, start=1):
            totals.update(step(batch))
            bar.set_postfix(loss=f"{totals['loss'] / count:.4f}", refresh=False)
    return {f"train_{name}": float(total / count) for name, total in totals.items()}


def fit(
    learner: Learner,
    source: SizedSource,
    validation: Validation,
    workspace: Workspace,
    tracker: Tracker,
    *,
    data: Mapping[str, str],
    resumed: Checkpoint | None = None,
) -> list[dict[str, float]]:
    """Run the recipe to its last epoch, with a checkpoint after each; the history of metrics."""
    history = list(resumed.history) if resumed else []
    if resumed:
        learner.restore(resumed.arrays)
    recipe = learner.recipe
    for epoch in range(len(history), recipe.epochs):
        batches = batches_ahead(source, epoch, recipe.batch_size)
        title = f"epoch {epoch + 1}/{recipe.epochs}"
        metrics = learner.learn(batches, steps=steps_of(source, recipe), title=title)
        measured = validation.measure(learner.score)
        metrics |= {f"validation_{name}": value for name, value in measured.items()}
        history.append({"epoch": epoch + 1, **metrics})
        arrays = learner.state()
        workspace.save(Checkpoint(recipe=recipe, data=data, history=history, arrays=arrays))
        tracker.log(metrics, epoch=epoch + 1)
        logger.info("%s: %s", title, summary(metrics))
    return history


def scorer(model: keras.Model) -> Scorer:
    """The model as a plain function on arrays."""

    def score(tiles: NDArray[np.float32]) -> Outputs:
        parts = in_parts(model, tiles)
        return Outputs(
            np.concatenate([part[LOGITS] for part in parts]),
            np.concatenate([part[DIGIT_LOGIT] for part in parts])[:, 0],
        )

    return score


def in_parts(model: keras.Model, inputs: NDArray[np.float32]) -> list[Any]:
    """What the model says of ``inputs``, so many at once that it does not take much memory."""
    return [
        model.predict_on_batch(inputs[start : start + SCORED_AT_ONCE])
        for start in range(0, len(inputs), SCORED_AT_ONCE)
    ]


def steps_of(source: SizedSource, recipe: Recipe) -> int:
    """Batches in an epoch."""
    return -(-len(source) // recipe.batch_size)


def summary(metrics: dict[str, float]) -> str:
    """One line for the log."""
    return (
        f"loss {metrics['train_loss']:.4f}; validation: "
        f"{metrics['validation_accuracy']:.2%} of digits as they are, "
        f"{metrics['validation_hard_accuracy']:.2%} of hard ones, "
        f"{metrics['validation_score_accuracy']:.2%} told from what is no digit"
    )


def optimizer(
    learning_rate: float, *, warmup: float, weight_decay: float, steps: int
) -> keras.optimizers.Optimizer:
    """AdamW for so many ``steps``: up to ``learning_rate`` in a share of ``warmup`` of them, then
    down along a cosine."""
    rising = round(steps * warmup)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - rising),
        alpha=0.005,
        warmup_target=learning_rate,
        warmup_steps=rising,
    )
    made = keras.optimizers.AdamW(schedule, weight_decay=weight_decay)
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made
