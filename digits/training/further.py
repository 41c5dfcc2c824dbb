"""Further networks for a model folder: what the first one doubts, they are asked as well.

They learn from the same examples, and need not be quick: of the pieces of a picture few are
doubtful. Networks of other shapes err on other digits, so their mean errs less than each of them
(Dietterich 2000, *Ensemble methods in machine learning*).
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from digits.card import NETWORK
from digits.confidence import FILE
from digits.errors import ModelError
from digits.model import ModelFolder
from digits.training import describe, origin, report, run
from digits.training.data import Mnist
from digits.training.evaluation import MnistFigures
from digits.training.folder import staged, write_card, write_network
from digits.training.recipe import FURTHER, Recipe
from digits.training.validation import Validation
from digits.training.workspace import METRICS, History, Workspace, best_epoch, read_metrics

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

PLAIN_SHARE = 2.0
"""Five times as many images at their own resolution as the first network sees: what that doubts of
MNIST's is hard for its shape, not for its distortion."""

AS_IS = 0.15
"""Of those, for a third network: bent ever anew, 20,000 images taught more about 35,000 others
(177 mistakes) than a few versions of each did (197)."""


def recipe(chosen: Recipe, place: str) -> Recipe:
    """The recipe of a second, or third, network, with the choices of ``chosen`` in all else."""
    changed = replace(chosen, architecture=FURTHER[place], plain_share=PLAIN_SHARE)
    return replace(changed, as_is=AS_IS) if place == "third" else changed


def train(chosen: Recipe, mnist: Mnist, folder: Path, *, resume: bool) -> MnistFigures:
    """Fit, calibrate and join a further network to the model in ``folder``; ``chosen`` is made by
    `recipe`. It takes the place of one that is there: a second one that of all, a third one that
    of the third.

    Raises DigitsError. The folder is replaced at the very end or not at all.
    """
    started = time.monotonic()
    folder = folder.absolute()
    base = ModelFolder.open(folder)
    place = chosen.place
    assert place
    for before in _before(place):
        if before not in base.card.calibration:
            raise ModelError(
                f"{folder} has no {before} network yet: train.py --{before} comes first"
            )
    if FILE in base.networks:
        logger.warning("%s was taught on what stands now: train.py --tune teaches it anew", FILE)
    workspace = Workspace.beside(folder)
    with workspace.locked():
        if not resume:
            workspace.begin()
        validation = Validation.of(mnist.validation, negatives_share=chosen.negatives_share)
        model, history = run.fitted(chosen, mnist, validation, workspace, resume=resume)
        with staged(folder) as made:
            kept = [METRICS, *map(_metrics, _before(place))]
            for name in (*sorted(base.networks.keys() - {NETWORK}), *kept):
                if (base.path / name).is_file():
                    shutil.copy(base.path / name, made / name)
            card = _join(made, base, place, model, validation, chosen, mnist, history, started)
            shutil.copy(workspace.path / METRICS, made / _metrics(place))
            figures = run.measure(made, mnist.test)
            written = write_card(made, describe.with_test_figures(card, figures))
            sections = [report.mnist_section(made, mnist.test, figures)]
            if earlier := read_metrics(made / METRICS):
                sections.append(report.learning_section(made, earlier, best_epoch(earlier)))
            report.write(made, written, sections)
        workspace.finish()
    return figures


def _metrics(place: str) -> str:
    return f"metrics-{place}.jsonl"


def _before(place: str) -> tuple[str, ...]:
    """The further networks that stay where one is put into ``place``."""
    return tuple(FURTHER)[: list(FURTHER).index(place)]


def _join(
    folder: Path,
    base: ModelFolder,
    place: str,
    model: keras.Model,
    validation: Validation,
    chosen: Recipe,
    mnist: Mnist,
    history: History,
    started: float,
) -> dict[str, object]:
    """Calibrate the further network and write all as one; the card."""
    from digits.training import cascade
    from digits.training.export import calibrated

    first, *others = cascade.split(base.onnx())[: 1 + len(_before(place))]
    made, calibration = calibrated(model, validation, name=base.card.name)
    content = cascade.joined(first, [*others, made], validation.hard[:512])
    card = _card(base, place, chosen, calibration.to_dict(), history, mnist.sha256, started)
    card["files"] = dict(base.card.files) | write_network(folder, content)
    write_card(folder, card)
    return card


def _card(
    base: ModelFolder,
    place: str,
    chosen: Recipe,
    calibration: Mapping[str, object],
    history: History,
    data: Mapping[str, str],
    started: float,
) -> dict[str, object]:
    """The base's card, with how the further network was made beside that."""
    old = base.card
    gone = set(FURTHER) - set(_before(place))

    def with_this(kept: Mapping[str, object], this: Mapping[str, object]) -> dict[str, object]:
        rest = {name: value for name, value in kept.items() if name not in gone}
        return {**rest, place: dict(this)}

    made = describe.training(chosen, data=data, seconds=time.monotonic() - started)
    return {
        **describe.made_from(old),
        "calibration": with_this(old.calibration, calibration),
        "training": with_this(old.training, made | {"git_revision": origin.git_revision()}),
        "metrics": with_this(old.metrics, describe.validation_metrics(history)),
    }
