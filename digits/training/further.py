"""A second network for a model folder: what the first one doubts, it is asked as well.

It learns from the same examples, and need not be quick: of the pieces of a picture few are
doubtful. Two networks of another shape err on other digits, so the mean of both errs less than
either (Dietterich 2000, *Ensemble methods in machine learning*).
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from digits.card import NETWORK
from digits.confidence import FILE
from digits.model import ModelFolder
from digits.training import describe, origin, report, run
from digits.training.data import Mnist
from digits.training.evaluation import MnistFigures
from digits.training.folder import staged, write_card, write_network
from digits.training.recipe import SECOND, Recipe
from digits.training.validation import Validation
from digits.training.workspace import METRICS, History, Workspace, best_epoch, read_metrics

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

SECOND_METRICS = "metrics-second.jsonl"

PLAIN_SHARE = 2.0
"""Five times as many images as they are as the first network sees: what that doubts of MNIST's is
hard for its shape, not for its distortion."""


def recipe(chosen: Recipe) -> Recipe:
    """The recipe of a second network, with the choices of ``chosen`` in all else."""
    return replace(chosen, architecture=SECOND, plain_share=PLAIN_SHARE)


def train(chosen: Recipe, mnist: Mnist, folder: Path, *, resume: bool) -> MnistFigures:
    """Fit, calibrate and join a second network to the model in ``folder``, in the place of one
    that is there; ``chosen`` is made by `recipe`.

    Raises DigitsError. The folder is replaced at the very end or not at all.
    """
    started = time.monotonic()
    folder = folder.absolute()
    base = ModelFolder.open(folder)
    if FILE in base.networks:
        logger.warning("%s was taught on what stands now: train.py --tune teaches it anew", FILE)
    workspace = Workspace.beside(folder)
    with workspace.locked():
        if not resume:
            workspace.begin()
        validation = Validation.of(mnist.validation, negatives_share=chosen.negatives_share)
        model, history = run.fitted(chosen, mnist, validation, workspace, resume=resume)
        with staged(folder) as made:
            for name in (*sorted(base.networks.keys() - {NETWORK}), METRICS):
                if (base.path / name).is_file():
                    shutil.copy(base.path / name, made / name)
            card = _join(made, base, model, validation, chosen, mnist, history, started)
            shutil.copy(workspace.path / METRICS, made / SECOND_METRICS)
            figures = run.measure(made, mnist.test)
            written = write_card(made, describe.with_test_figures(card, figures))
            sections = [report.mnist_section(made, mnist.test, figures)]
            if earlier := read_metrics(made / METRICS):
                sections.append(report.learning_section(made, earlier, best_epoch(earlier)))
            report.write(made, written, sections)
        workspace.finish()
    return figures


def _join(
    folder: Path,
    base: ModelFolder,
    model: keras.Model,
    validation: Validation,
    chosen: Recipe,
    mnist: Mnist,
    history: History,
    started: float,
) -> dict[str, object]:
    """Calibrate the second network and write both as one; the card."""
    from digits.training import cascade
    from digits.training.export import calibrated

    second, calibration = calibrated(model, validation, name=base.card.name)
    first = cascade.split(base.onnx())[0]
    content = cascade.join(first, second)
    cascade.check(content, first, second, validation.hard[:512])
    card = _card(base, chosen, calibration.to_dict(), history, mnist.sha256, started)
    card["files"] = dict(base.card.files) | write_network(folder, content)
    write_card(folder, card)
    return card


def _card(
    base: ModelFolder,
    chosen: Recipe,
    calibration: Mapping[str, object],
    history: History,
    data: Mapping[str, str],
    started: float,
) -> dict[str, object]:
    """The first network's card, with how the second was made beside that."""
    old = base.card
    first = {name: value for name, value in old.training.items() if name != "second"}
    made = describe.training(chosen, data=data, seconds=time.monotonic() - started)
    metrics = describe.validation_metrics(history)
    return {
        **asdict(old),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "git_revision": origin.git_revision(),
        "calibration": {
            **{name: value for name, value in old.calibration.items() if name != "second"},
            "second": dict(calibration),
        },
        "training": {**first, "second": made | {"git_revision": origin.git_revision()}},
        "metrics": {
            **{name: value for name, value in old.metrics.items() if name != "second"},
            "second": metrics,
        },
    }
