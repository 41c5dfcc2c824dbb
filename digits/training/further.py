"""Further networks for a model folder: what the first one doubts, they are asked as well.

They need not be quick, for of the pieces of a picture few are doubtful. Networks of other shapes
err on other digits, so their mean errs less than each of them (Dietterich 2000, *Ensemble methods
in machine learning*).
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from digits.errors import DataError
from digits.model import ModelFolder
from digits.training import describe, origin, run, taught
from digits.training.data import Mnist
from digits.training.evaluation import MnistFigures
from digits.training.folder import carry_over, staged, write_card, write_network
from digits.training.recipe import FURTHER, Further, Recipe
from digits.training.stages import Stages
from digits.training.validation import Validation
from digits.training.workspace import Workspace

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


def train(
    recipe: Further, mnist: Mnist, folder: Path, *, processes: int, resume: bool
) -> MnistFigures:
    """Fit, calibrate and join further networks to the model in ``folder``, in the place of any that
    are there.

    Raises DigitsError. The folder is replaced at the very end or not at all.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is imported
    started = time.monotonic()
    folder = folder.absolute()
    base = ModelFolder.open(folder)
    workspace = Workspace.beside(folder)
    with workspace.locked():
        stages = Stages(workspace, _identity(recipe, mnist), resume=resume)
        networks = taught.learn(recipe, mnist.train, stages, processes=processes)
        _check_backend(workspace)
        with staged(folder) as made:
            carry_over(base, made)
            card = _join(made, base, networks, recipe, mnist, stages, started)
            figures = run.concluded(made, card, mnist.test)
        workspace.finish()
    return figures


def _check_backend(workspace: Workspace) -> None:
    """Raises DataError where Keras cannot write ONNX."""
    import keras

    if keras.backend.backend() != "tensorflow":
        raise DataError(
            f"all stages are made, in {workspace.path}, but only TensorFlow can write them as "
            "ONNX: go on with --resume, without KERAS_BACKEND"
        )


def _identity(recipe: Further, mnist: Mnist) -> dict[str, object]:
    return {**recipe.to_dict(), "data": dict(mnist.sha256)}


def _join(
    folder: Path,
    base: ModelFolder,
    networks: Mapping[str, keras.Model],
    recipe: Further,
    mnist: Mnist,
    stages: Stages,
    started: float,
) -> dict[str, object]:
    """Calibrate the further networks and write all as one; the card."""
    from digits.training import cascade
    from digits.training.export import calibrated
    from digits.training.fit import scorer

    validation = Validation.of(mnist.validation, negatives_share=Recipe().negatives_share)
    first = cascade.split(base.onnx())[0]
    made, calibrations, metrics = [], {}, {}
    for place, network in networks.items():
        content, calibration = calibrated(network, validation, name=base.card.name)
        made.append(content)
        calibrations[place] = calibration.to_dict()
        measured = validation.measure(scorer(network))
        metrics[place] = {f"validation_{name}": value for name, value in measured.items()}
        logger.info("%s: %s", place, json.dumps(metrics[place]))
    files = write_network(folder, cascade.joined(first, made, validation.hard[:512]))
    old = base.card
    training = describe.training(recipe, data=mnist.sha256, seconds=time.monotonic() - started)
    training |= {"stages": stages.made, "git_revision": origin.git_revision()}
    card = {
        **describe.made_from(old),
        "calibration": _first(old.calibration) | calibrations,
        "training": _made_on(base, training),
        "metrics": _first(old.metrics) | metrics,
        "files": dict(old.files) | files,
    }
    write_card(folder, card)
    return card


def _made_on(base: ModelFolder, training: Mapping[str, object]) -> dict[str, object]:
    """What made the model: the first network, and now the further ones. Where all of them had
    learned on since, what made the base is told apart from what is new."""
    old = base.card.training
    if "base" in old:
        return {**training, "base": {"sha256": base.sha256, "training": old}}
    return _first(old) | {"further": training}


def _first(said: Mapping[str, object]) -> dict[str, object]:
    """What a card says of the first network alone."""
    return {name: value for name, value in said.items() if name not in (*FURTHER, "further")}
