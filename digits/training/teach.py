"""All networks of a model folder learn anew, from a committee of large ones.

The first one is quick; the further ones need not be, for of the pieces of a picture few are
doubtful. Networks of other shapes err on other digits, so their mean errs less than each of them
(Dietterich 2000, *Ensemble methods in machine learning*).
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
from digits.training import describe, run, taught
from digits.training.data import Mnist
from digits.training.evaluation import MnistFigures
from digits.training.folder import carry_over, staged, write_card, write_network
from digits.training.recipe import Recipe, Teaching
from digits.training.stages import Stages
from digits.training.validation import Validation
from digits.training.workspace import Workspace

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


def train(
    recipe: Teaching, mnist: Mnist, folder: Path, *, processes: int, resume: bool
) -> MnistFigures:
    """Fit, calibrate and join networks in the place of those of the model in ``folder``.

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
            carry_over(base, made, history=False)
            card = _make(made, base, networks, recipe, mnist, stages, started)
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


def _identity(recipe: Teaching, mnist: Mnist) -> dict[str, object]:
    return {**recipe.to_dict(), "data": dict(mnist.sha256)}


def _make(
    folder: Path,
    base: ModelFolder,
    networks: Mapping[str, keras.Model],
    recipe: Teaching,
    mnist: Mnist,
    stages: Stages,
    started: float,
) -> dict[str, object]:
    """Calibrate, write and check ``model.onnx`` and its card; the card."""
    from digits.training import cascade
    from digits.training.assembly import assembled, measured

    validation = Validation.of(mnist.validation, negatives_share=Recipe().negatives_share)
    models = list(networks.values())
    metrics = measured(models, validation)
    logger.info("validation: %s", json.dumps(metrics))
    content, calibration = assembled(models, validation, name=base.card.name)
    training = describe.training(recipe, data=mnist.sha256, seconds=time.monotonic() - started)
    uncertain = describe.uncertain(base, validation, cascade.scorer(content))
    card = {
        **describe.made_from(base.card),
        "calibration": calibration,
        "thresholds": {**base.card.thresholds, "uncertain": round(uncertain, 4)},
        "training": training | {"stages": stages.made},
        "metrics": metrics,
        "files": dict(base.card.files) | write_network(folder, content),
    }
    write_card(folder, card)
    return card
