"""All networks of a model folder go on learning, side by side, from the same examples.

Which digit it is they learn from what the further ones said of the very same image before, which
know more of a doubtful digit than its label does (Hinton, Vinyals and Dean 2015), unless they take
it for another one. Whether it is a digit at all they learn from the truth, on as many things that
are none as there are images of digits: all of them full-size ink that was made into tiles, as in
reading. In the end they go only a part of the way from what they were, for weights between keep
most of what both can (Wortsman and others 2022, *Robust fine-tuning of zero-shot models*).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digits.card import NETWORK
from digits.errors import DataError
from digits.model import ModelFolder
from digits.training import describe, run
from digits.training.calibration import softmax
from digits.training.data import Mnist
from digits.training.evaluation import MnistFigures
from digits.training.examples import Examples
from digits.training.feed import Batch
from digits.training.fine_tune import Weights, between
from digits.training.folder import carry_over, staged, write_card, write_network
from digits.training.glyphs import FONTS, fingerprint
from digits.training.recipe import FURTHER, Recipe, refining
from digits.training.targets import Targets
from digits.training.tracking import tracked
from digits.training.validation import Outputs, Scorer, Tiles, Validation
from digits.training.workspace import Arrays, History, Workspace, best_epoch

if TYPE_CHECKING:
    import keras

    from digits.training.fit import Fitter

logger = logging.getLogger(__name__)


def refine(recipe: Recipe, mnist: Mnist, folder: Path, *, resume: bool) -> MnistFigures:
    """Let the networks in ``folder`` learn on, and put what they became in their place.

    Raises DigitsError. The folder is replaced at the very end or not at all.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is imported
    started = time.monotonic()
    folder = folder.absolute()
    base = ModelFolder.open(folder)
    if not any(place in base.card.calibration for place in FURTHER):
        raise DataError(
            f"{folder} has no further networks, which teach here: train.py --teach makes them"
        )
    validation = Validation.of(mnist.validation, negatives_share=Recipe().negatives_share)
    workspace = Workspace.beside(folder)
    with workspace.locked():
        if not resume:
            workspace.begin()
        models, part, history = _refined(recipe, mnist, base, validation, workspace, resume=resume)
        with staged(folder) as made:
            kept = {"epoch": best_epoch(history), "part": part}
            carry_over(base, made)
            card = _make(made, models, recipe, mnist, base, validation, kept, started)
            figures = run.concluded(made, card, mnist.test)
        workspace.finish()
    return figures


PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the way from the old weights to the new ones."""


class Team:
    """Networks that learn the same examples side by side, and answer together."""

    def __init__(self, fitters: Sequence[Fitter], teachers: Sequence[Scorer]) -> None:
        self.fitters = fitters
        self.teachers = teachers
        self.recipe = fitters[0].recipe

    def learn(self, batches: Iterable[Batch], *, steps: int, title: str) -> dict[str, float]:
        """One epoch; the mean of what each network lost, over it."""
        from digits.training.fit import one_epoch

        def step(batch: Batch) -> dict[str, float]:
            targets = aim(batch, self.teachers)
            losses = [fitter.step(batch[0], targets)["loss"] for fitter in self.fitters]
            return {"loss": float(np.mean(losses))}

        return one_epoch(batches, step, steps=steps, title=title)

    def score(self, tiles: Tiles) -> Outputs:
        """What all of them say together with their averaged weights; calibrated to begin with, they
        hardly get out of it."""
        from digits.training import cascade

        return cascade.together([fitter.score(tiles) for fitter in self.fitters])

    def state(self) -> Arrays:
        """All that learning goes on from, by name."""
        return {
            f"{place}/{name}": array
            for place, fitter in enumerate(self.fitters)
            for name, array in fitter.state().items()
        }

    def restore(self, arrays: Arrays) -> None:
        """Go back to a state."""
        for place, fitter in enumerate(self.fitters):
            prefix = f"{place}/"
            fitter.restore(
                {
                    name.removeprefix(prefix): array
                    for name, array in arrays.items()
                    if name.startswith(prefix)
                }
            )


def aim(batch: Batch, teachers: Sequence[Scorer]) -> Targets:
    """The truth, but that which digit it is, is what the ``teachers`` say on average, where that is
    the label: what is drawn in a hand that they do not know, they cannot teach."""
    tiles, labels = batch
    targets = Targets.of_labels(labels)
    digits = np.flatnonzero(labels >= 0)
    said = [softmax(teacher(tiles[digits]).logits) for teacher in teachers]
    taught = np.mean(said, axis=0)
    known = taught.argmax(axis=1) == labels[digits]
    targets.digit[digits[known]] = taught[known]
    return targets


def _refined(
    recipe: Recipe,
    mnist: Mnist,
    base: ModelFolder,
    validation: Validation,
    workspace: Workspace,
    *,
    resume: bool,
) -> tuple[list[keras.Model], float, History]:
    """The networks after the best epoch, the part of the way that they went, and the metrics of
    all epochs."""
    data = {**mnist.sha256, FONTS: fingerprint(), NETWORK: base.card.files[NETWORK]}
    resumed = workspace.latest(recipe, data) if resume else None
    import keras

    from digits.training import cascade
    from digits.training.fit import Fitter, fit, steps_of
    from digits.training.rebuild import rebuild

    keras.utils.set_random_seed(recipe.seed)
    contents = cascade.split(base.onnx())
    source = Examples.of(recipe, mnist.train)
    steps = steps_of(source, recipe)
    models = [rebuild(content, validation.hard[:512]) for content in contents]
    old = [model.get_weights() for model in models]
    team = Team(
        [Fitter(model, recipe, steps=steps) for model in models],
        [cascade.scorer(content) for content in contents[1:]],
    )
    with tracked(os.environ, recipe.to_dict()) as tracker:
        history = fit(team, source, validation, workspace, tracker, data=data, resumed=resumed)
    team.restore(workspace.load(best_epoch(history)).arrays)
    part = restrain(models, old, [fitter.average for fitter in team.fitters], validation)
    logger.log(
        logging.INFO if part else logging.WARNING,
        "of the way from the old weights to the new ones %.0f %% was taken",
        100 * part,
    )
    return models, part, history


def restrain(
    models: Sequence[keras.Model],
    old: Sequence[Weights],
    new: Sequence[Weights],
    validation: Validation,
) -> float:
    """Set all models to that part of the way from their ``old`` weights to the ``new`` ones with
    which they lose least together on the validation split; how far that is."""

    def go(part: float) -> None:
        for model, before, after in zip(models, old, new, strict=True):
            model.set_weights(between(before, after, part))

    def loss(part: float) -> float:
        go(part)
        return validation.measure(_together(models, validation))["loss"]

    best = min(PARTS, key=loss)
    go(best)
    return best


def _together(models: Sequence[keras.Model], validation: Validation) -> Scorer:
    """What the models say together, each calibrated."""
    from digits.training import cascade
    from digits.training.fit import scorer

    def calibrated(model: keras.Model) -> Scorer:
        score = scorer(model)
        found = validation.calibrate(score)

        def answer(tiles: Tiles) -> Outputs:
            said = score(tiles)
            return Outputs(
                said.logits / found.temperature,
                found.score_scale * said.digit_logit + found.score_bias,
            )

        return answer

    scorers = [calibrated(model) for model in models]
    return lambda tiles: cascade.together([score(tiles) for score in scorers])


def _make(
    folder: Path,
    models: Sequence[keras.Model],
    recipe: Recipe,
    mnist: Mnist,
    base: ModelFolder,
    validation: Validation,
    kept: Mapping[str, float],
    started: float,
) -> dict[str, object]:
    """Calibrate, write and check ``model.onnx`` and its card, which says which epoch and what part
    of the way was ``kept``; the card."""
    from digits.training.assembly import assembled, measured

    content, calibration = assembled(models, validation, name=base.card.name)
    learned = recipe.to_dict()
    del learned["architecture"]  # those of the base, whatever they are
    training = describe.training(recipe, data=mnist.sha256, seconds=time.monotonic() - started)
    training |= {
        "command": refining(recipe),
        "recipe": learned,
        "kept": dict(kept),
        "base": {"sha256": base.sha256, "training": base.card.training},
    }
    card = {
        **describe.made_from(base.card),
        "calibration": calibration,
        "training": training,
        "metrics": measured(models, validation),
        "files": dict(base.card.files) | write_network(folder, content),
    }
    write_card(folder, card)
    return card
