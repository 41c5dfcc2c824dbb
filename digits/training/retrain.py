"""From corrections to a new version: learn from them, prove it, register it, perhaps promote it."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digits.card import NETWORK, ModelCard
from digits.errors import DataError
from digits.feedback.store import Store
from digits.model import ModelFolder
from digits.reader import Reader
from digits.registry.local import LocalRegistry
from digits.registry.protocol import ModelVersion
from digits.training import comparison, describe, feedback, origin, report, run
from digits.training.data import Labelled, Mnist
from digits.training.evaluation import MnistFigures
from digits.training.feedback import Lesson
from digits.training.fine_tune import Cases, Halves, fine_tune, restrain
from digits.training.folder import check_target, staged, write_card, write_network
from digits.training.gate import Verdict
from digits.training.recipe import Recipe
from digits.training.validation import Outputs, Validation

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

CANDIDATE, PRODUCTION = "candidate", "production"


@dataclass(frozen=True)
class Retrained:
    """The new version, how it compares with the one it came from, and whether it took its place."""

    version: ModelVersion
    verdict: Verdict
    figures: MnistFigures
    promoted: bool


@dataclass(frozen=True)
class Base:
    """The model to go on from; ``version`` is None where it is not registered."""

    folder: ModelFolder
    version: ModelVersion | None

    @property
    def name(self) -> str:
        """The base for people and for the card."""
        return self.version.reference if self.version else "the shipped model"

    @classmethod
    def find(cls, registry: LocalRegistry, shipped: Path) -> Base:
        """What is in production, else the shipped model."""
        folder = ModelFolder.open(shipped)
        if holder := _in_production(registry, folder.card.name):
            return cls(ModelFolder.open(registry.resolve(holder.reference).path), holder)
        versions = registry.versions(folder.card.name)
        same = [version for version in versions if version.sha256 == folder.sha256]
        return cls(folder, same[-1] if same else None)


def retrain(
    recipe: Recipe,
    mnist: Mnist,
    *,
    store: str,
    registry: LocalRegistry,
    shipped: Path,
    out: Path,
    others: Path | None,
) -> Retrained:
    """Make a model folder at ``out`` of the production model and the corrections in ``store``.

    It is registered as candidate, and becomes production if the gate lets it pass. ``others`` is
    the table of other people's pictures, where there is one. Raises DigitsError.
    """
    started = time.monotonic()
    out = out.absolute()
    check_target(out)
    base = Base.find(registry, shipped)
    lesson = _lesson(store, base)
    with staged(out) as folder:
        card = _make(folder, recipe, mnist, base, lesson, started)
        figures = run.measure(folder, mnist.test)
        verdict = comparison.compare(
            base.folder.path, folder, test=mnist.test, held_out=lesson.held_out, others=others
        )
        written = write_card(folder, _judged(describe.with_test_figures(card, figures), verdict))
        _report(folder, written, base, lesson, verdict, mnist.test, figures)
    for line in verdict.table().splitlines():
        logger.info("%s", line)
    version, promoted = _register(registry, base, ModelFolder.open(out), verdict)
    return Retrained(version, verdict, figures, promoted)


def _lesson(store: str, base: Base) -> Lesson:
    opened = Store.open(store)
    try:
        lesson = feedback.collect(opened.all(), Reader.open(base.folder.path))
    finally:
        opened.close()
    logger.info(
        "%d digits of %d corrections to learn from, %d corrections held out, %d of no use; on top "
        "of %s",
        len(lesson.digits),
        lesson.learned,
        len(lesson.held_out),
        lesson.unusable,
        base.name,
    )
    if not len(lesson.digits):
        raise DataError(
            "there is nothing to learn in this store: no correction (besides the one in "
            f"{feedback.HELD_OUT} that is held out) says which digits are where"
        )
    return lesson


def _make(
    folder: Path, recipe: Recipe, mnist: Mnist, base: Base, lesson: Lesson, started: float
) -> dict[str, object]:
    """Learn, calibrate, write and check ``model.onnx`` and its card; the card."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is imported
    import keras

    from digits.training import cascade
    from digits.training.assembly import assembled
    from digits.training.rebuild import rebuild

    keras.utils.set_random_seed(recipe.seed)
    validation = Validation.of(mnist.validation, negatives_share=recipe.negatives_share)
    tiles = validation.hard[:512]
    models = [rebuild(content, tiles) for content in cascade.split(base.folder.onnx())]
    parts = _learn(models, recipe, mnist, lesson, validation)
    content, calibration = assembled(models, validation, name=base.folder.card.name)
    for name in base.folder.networks.keys() - {NETWORK}:
        (folder / name).write_bytes(base.folder.onnx(name))
    score = cascade.scorer(content)
    card = _card(
        base,
        lesson,
        recipe,
        calibration,
        parts=parts,
        uncertain=describe.uncertain(base.folder, validation, score),
        files=dict(base.folder.card.files) | write_network(folder, content),
        data=mnist.sha256,
        metrics={f"validation_{name}": value for name, value in validation.measure(score).items()},
        seconds=time.monotonic() - started,
    )
    write_card(folder, card)
    return card


def _learn(
    models: list[keras.Model], recipe: Recipe, mnist: Mnist, lesson: Lesson, validation: Validation
) -> list[float]:
    """Let the networks of the base learn, and each in turn go on to what it learned; how far it was
    let go, by what all of them say together."""
    from digits.training import cascade
    from digits.training.fit import scorer

    halves = [Halves.of(model) for model in models]
    learned = fine_tune(halves, recipe, mnist.train, lesson.digits)
    cases = Cases.of(validation, lesson.digits)
    # The heads are asked about the same cases time and again.
    seen = [[each.features(tiles) for tiles in cases.tiles] for each in halves]

    def say_alone(place: int) -> list[Outputs]:
        return [scorer(halves[place].head)(features) for features in seen[place]]

    said = [say_alone(place) for place in range(len(models))]

    def together() -> list[Outputs]:
        return [cascade.together(each) for each in zip(*said, strict=True)]

    def say(place: int) -> list[Outputs]:
        """What all say together, once a network changed; of the others it is known."""
        said[place] = say_alone(place)
        return together()

    before, parts = together(), []
    for place, (each, weights) in enumerate(zip(halves, learned, strict=True)):
        again = functools.partial(say, place)
        parts.append(restrain(each.head, weights, cases, before=before, say=again))
        after = say(place)
    logger.info(
        "loss on the validation split: %.4f, before %.4f; of the way was taken: %s",
        validation.figures(*after[:2])["loss"],
        validation.figures(*before[:2])["loss"],
        ", ".join(f"{part:.0%}" for part in parts),
    )
    return parts


def _card(
    base: Base,
    lesson: Lesson,
    recipe: Recipe,
    calibration: Mapping[str, object],
    *,
    parts: list[float],
    uncertain: float,
    files: Mapping[str, str],
    data: Mapping[str, str],
    metrics: Mapping[str, float],
    seconds: float,
) -> dict[str, object]:
    """The base's card, but for what is new: how it was made, calibrated and measured."""
    old = base.folder.card
    learned = recipe.to_dict()
    del learned["architecture"]  # that of the base, whatever it is
    training = {
        "command": "uv run train.py --feedback STORE",
        "seed": recipe.seed,
        "recipe": learned,
        "parts": parts,
        "data": dict(data),
        "feedback": {
            "corrections": lesson.learned,
            "digits": len(lesson.digits),
            "held_out": len(lesson.held_out),
            "unusable": lesson.unusable,
        },
        "base": {"name": base.name, "sha256": base.folder.sha256, "training": old.training},
        "seconds": round(seconds),
        "machine": origin.machine(),
        "versions": origin.versions(),
    }
    return {
        **describe.made_from(old),
        "calibration": dict(calibration),
        "thresholds": old.thresholds | {"uncertain": round(uncertain, 4)},
        "training": training,
        "metrics": dict(metrics),
        "files": dict(files),
    }


def _judged(card: Mapping[str, object], verdict: Verdict) -> dict[str, object]:
    training = card["training"]
    assert isinstance(training, dict)
    gate = {
        "passed": verdict.passed,
        "reasons": verdict.reasons(),
        "comparisons": [each.to_dict() for each in verdict.comparisons],
    }
    return {**card, "training": {**training, "gate": gate}}


def _report(
    folder: Path,
    card: ModelCard,
    base: Base,
    lesson: Lesson,
    verdict: Verdict,
    test: Labelled,
    figures: MnistFigures,
) -> None:
    outcome = (
        "It passed." if verdict.passed else f"It did not pass: {'; '.join(verdict.reasons())}."
    )
    text = (
        f"{len(lesson.digits)} digits of {lesson.learned} corrections were learned on top of "
        f"{base.name} (old). The new one may take its place if it reads more of the corrections "
        "that were held out, and nothing else worse, beyond what chance explains (sign test on "
        f"the cases in which they differ, 5 %). {outcome}\n\n{verdict.table()}\n"
    )
    compared = {"gate": [each.to_dict() for each in verdict.comparisons]}
    section = report.Section("Old and new", text, compared)
    report.write(folder, card, [section, report.mnist_section(folder, test, figures)])


def _register(
    registry: LocalRegistry, base: Base, folder: ModelFolder, verdict: Verdict
) -> tuple[ModelVersion, bool]:
    """The new version as candidate; as production too, if it may and nobody else was faster."""
    tags = {"base": base.name, "gate": "passed" if verdict.passed else "refused"}
    if not verdict.passed:
        return registry.register(folder, tags=tags, stage=CANDIDATE), False
    before = base.version or registry.register(base.folder)
    version = registry.register(folder, tags=tags, stage=CANDIDATE)
    holder = _in_production(registry, version.name)
    if holder is None:
        registry.promote(before.reference, stage=PRODUCTION)  # something to roll back to
    elif holder.reference != before.reference:
        logger.warning(
            "%s is in production by now, which this one was not compared with: %s stays candidate",
            holder.reference,
            version.reference,
        )
        return version, False
    return registry.promote(version.reference, stage=PRODUCTION), True


def _in_production(registry: LocalRegistry, name: str) -> ModelVersion | None:
    held = [version for version in registry.versions(name) if PRODUCTION in version.stages]
    return held[0] if held else None
