"""A training run: from MNIST to a model folder."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from digits.model import ModelFolder
from digits.network import Network
from digits.training import report
from digits.training.data import Labelled, Mnist
from digits.training.describe import DIGIT_SCORE, NAME, describe, with_test_figures
from digits.training.evaluation import MnistFigures, evaluate_mnist
from digits.training.examples import Examples
from digits.training.folder import check_target, staged, write_card, write_network
from digits.training.glyphs import FONTS, fingerprint
from digits.training.recipe import Recipe
from digits.training.tracking import tracked
from digits.training.validation import Validation
from digits.training.workspace import METRICS, History, Workspace, best_epoch, read_metrics

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


def train(recipe: Recipe, mnist: Mnist, out: Path, *, resume: bool) -> MnistFigures:
    """Fit, calibrate, export, check and measure; then put the model folder at ``out``.

    Raises DigitsError. ``out`` is replaced at the very end or not at all; what there is until then
    lies in a workspace beside it.
    """
    started = time.monotonic()
    out = out.absolute()
    check_target(out)
    workspace = Workspace.beside(out)
    with workspace.locked():
        if not resume:
            workspace.begin()
        validation = Validation.of(mnist.validation, negatives_share=recipe.negatives_share)
        model, history = fitted(recipe, mnist, validation, workspace, resume=resume)
        with staged(out) as folder:
            card = _export(folder, model, validation, recipe, mnist, history, started)
            shutil.copy(workspace.path / METRICS, folder / METRICS)
            figures = concluded(folder, card, mnist.test)
        workspace.finish()
    return figures


def fitted(
    recipe: Recipe, mnist: Mnist, validation: Validation, workspace: Workspace, *, resume: bool
) -> tuple[keras.Model, History]:
    """The model of the best epoch, and the metrics of all."""
    data = {**mnist.sha256, FONTS: fingerprint()}
    resumed = workspace.latest(recipe, data) if resume else None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is imported
    import keras

    from digits.training.architecture import build
    from digits.training.fit import Fitter, fit, steps_of

    keras.utils.set_random_seed(recipe.seed)
    source = Examples.of(recipe, mnist.train)
    fitter = Fitter(build(recipe.architecture), recipe, steps=steps_of(source, recipe))
    with tracked(os.environ, recipe.to_dict()) as tracker:
        history = fit(fitter, source, validation, workspace, tracker, data=data, resumed=resumed)
    fitter.restore(workspace.load(best_epoch(history)).arrays)
    fitter.model.set_weights(fitter.average)
    return fitter.model, history


def _export(
    folder: Path,
    model: keras.Model,
    validation: Validation,
    recipe: Recipe,
    mnist: Mnist,
    history: History,
    started: float,
) -> dict[str, object]:
    """Calibrate, write and check ``model.onnx`` and its card; the card."""
    from digits.training.export import calibrated
    from digits.training.fit import scorer

    content, calibration = calibrated(model, validation, name=NAME)
    card = describe(
        recipe=recipe,
        calibration=calibration,
        uncertain=validation.uncertain_below(scorer(model), calibration),
        files=write_network(folder, content),
        data=mnist.sha256,
        history=history,
        seconds=time.monotonic() - started,
    )
    write_card(folder, card)
    return card


def measure(folder: Path, test: Labelled) -> MnistFigures:
    """The networks of a model folder on MNIST's test split."""
    opened = ModelFolder.open(folder)
    threshold = opened.card.thresholds.get("digit_score", DIGIT_SCORE)
    return evaluate_mnist(Network(opened), test, digit_score=threshold)


def concluded(folder: Path, card: Mapping[str, object], test: Labelled) -> MnistFigures:
    """Measure a new model folder on MNIST's test split, once; put the figures into its card and
    its report."""
    figures = measure(folder, test)
    written = write_card(folder, with_test_figures(card, figures))
    sections = [report.mnist_section(folder, test, figures)]
    if history := read_metrics(folder / METRICS):
        sections.append(report.learning_section(folder, history, best_epoch(history)))
    report.write(folder, written, sections)
    return figures
