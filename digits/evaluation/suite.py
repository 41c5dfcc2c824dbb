"""Every figure of a model folder, in one go.

Parts run one after the other, each over all cores. Whatever is random is drawn from a fixed seed,
so that the same model gets the same figures.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from digits.errors import DataError
from digits.evaluation import (
    confidence,
    degraded,
    labelled,
    lettering,
    metamorphic,
    mnist,
    negatives,
    orientation,
    pages,
    speed,
    touching,
    transport,
)
from digits.evaluation.gallery import Entry, thumbnail
from digits.evaluation.labelled import Item
from digits.evaluation.share import Share
from digits.evaluation.workers import Crew, open_reader
from digits.network import Network
from digits.reader import Reader
from digits.settings import ROOT
from digits.training.data import Labelled, Mnist
from digits.training.describe import DIGIT_SCORE
from digits.training.evaluation import BINS, MnistFigures, evaluate_mnist

logger = logging.getLogger(__name__)

Split = Literal["test", "validation"]

OWN = ROOT / "test_images" / "manifest.csv"
WORST = 6
"""How many of this project's own pictures the report shows."""
CHANCE = 15
"""Seed of the resampling behind the calibration's interval."""

SAMPLE = 4
"""Every so many-th picture goes through all orientations and transports: they have no chance in
them, so more would tell no more."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured, on what.

    ``own`` is the table of this project's labelled pictures, ``others`` that of other people's,
    where there is one. With the split ``validation`` nothing of MNIST's test part is touched: for
    trying things out.
    """

    model: Path
    mnist: Mnist
    others: Path | None
    split: Split
    processes: int
    own: Path = OWN

    @property
    def part(self) -> Labelled:
        """The images to measure on."""
        return self.mnist.test if self.split == "test" else self.mnist.validation

    @property
    def degraded(self) -> int:
        """How many degraded pictures are made of them: no more than there are images."""
        return min(degraded.COUNT, len(self.part))


@dataclass
class Findings:
    """``figures`` are plain JSON values by name of the part; ``network`` those that the report
    shows in full; ``galleries`` what was read wrong. Those in ``private`` show other people's
    pictures."""

    network: MnistFigures
    figures: dict[str, object] = field(default_factory=dict)
    galleries: dict[str, list[Entry]] = field(default_factory=dict)
    private: dict[str, list[Entry]] = field(default_factory=dict)


def run(plan: Plan) -> Findings:
    """Measure all there is. Raises DigitsError when the model or a picture cannot be opened."""
    reader = open_reader(plan.model)
    opened, network = reader.folder, reader.network
    threshold = opened.card.thresholds.get("digit_score", DIGIT_SCORE)
    findings = Findings(evaluate_mnist(network, plan.part, digit_score=threshold))
    findings.figures["mnist_network"] = _network_figures(network, plan.part, findings.network)
    findings.figures["onnx_bytes"] = sum(len(content) for content in opened.networks.values())
    findings.figures["speed"] = _speed(plan, reader)  # while this process is the only one
    with Crew(plan.model, processes=plan.processes) as crew:
        for name, measure in PARTS.items():
            started = time.monotonic()
            measure(plan, crew, findings)
            logger.info("%s: %.0f s", name, time.monotonic() - started)
    return findings


def seeds() -> dict[str, int]:
    """Of everything that is made by chance."""
    return {
        "negatives": negatives.HELD_OUT_SEED,
        "negatives to tune on": negatives.TUNE_SEED,
        "pages": pages.HELD_OUT_SEED,
        "pages to tune on": pages.TUNE_SEED,
        "touching": touching.HELD_OUT_SEED,
        "touching to tune on": touching.TUNE_SEED,
        "degraded": degraded.HELD_OUT_SEED,
        "degraded to tune on": degraded.TUNE_SEED,
    }


def _network_figures(network: Network, part: Labelled, measured: MnistFigures) -> dict[str, object]:
    probabilities, scores = network.scores(part.tiles())
    probability = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == part.labels
    low, high = confidence.calibration_interval(probability, right, bins=BINS, seed=CHANCE)
    sure = probability * scores
    return {
        "right": Share(measured.images - measured.errors, measured.images).to_dict(),
        "calibration": {
            "error": round(measured.calibration_error, 5),
            "low": round(low, 5),
            "high": round(high, 5),
        },
        "log_loss": round(measured.log_loss, 5),
        "recognised": round(measured.recognised, 5),
        "mean_risk": round(confidence.mean_risk(sure, right), 6),
        "risk_coverage": confidence.risk_coverage(sure, right),
    }


def _speed(plan: Plan, reader: Reader) -> dict[str, object]:
    others = labelled.load(plan.others) if plan.others else []
    timings = speed.timings(reader, labelled.load(plan.own), others)
    return {group: [timing.to_dict() for timing in made] for group, made in timings.items()}


def _mnist(plan: Plan, crew: Crew, findings: Findings) -> None:
    outcomes = crew.all("MNIST", mnist.read, mnist.images(plan.part), count=len(plan.part))
    findings.figures["mnist_reader"] = mnist.figures(outcomes)


def _pictures(plan: Plan, crew: Crew, findings: Findings) -> None:
    tables = {"own": plan.own, "others": plan.others}
    for name, table in tables.items():
        if table is None:
            findings.figures[f"pictures_{name}"] = None
            continue
        items = labelled.load(table)
        outcomes = crew.all(f"{name} pictures", labelled.read, items, count=len(items))
        findings.figures[f"pictures_{name}"] = labelled.figures(outcomes)
        misread = [o for o in outcomes if not o.exact and o.read is not None]
        if name == "own":
            worst = labelled.worst(outcomes, WORST)
            findings.galleries["pictures_own"] = [_pictured(outcome) for outcome in worst]
        else:
            findings.private["pictures_others"] = [_pictured(outcome) for outcome in misread]


def _pictured(outcome: labelled.Outcome) -> Entry:
    read, true = outcome.read or "-", outcome.item.rows or "nothing"
    sure = f"{read} {outcome.confidence:.1%}" if outcome.exact else f"{true} as {read}"
    return _entry(outcome.item.path, sure)


def _negatives(plan: Plan, crew: Crew, findings: Findings) -> None:
    try:
        made = negatives.held_out()
    except DataError as error:
        logger.warning("%s", error)
        findings.figures["negatives"] = None
        return
    outcomes = crew.all("no digits", negatives.read, made, count=len(made))
    fonts = lettering.fonts(held_out=True)
    findings.figures["negatives"] = {
        **negatives.figures(made, outcomes),
        "fonts": len(fonts),
        "fonts_by_hand": len(lettering.by_hand(fonts, handwritten=True)),
    }
    findings.galleries["negatives"] = [
        Entry(thumbnail(negative.grey), f"{outcome.category}: {outcome.read}")
        for negative, outcome in zip(made, outcomes, strict=True)
        if outcome.read
    ]


def _metamorphic(plan: Plan, crew: Crew, findings: Findings) -> None:
    items = _items(plan)
    checked = crew.all("changes", metamorphic.check, items, count=len(items))
    outcomes = [outcome for of_picture in checked for outcome in of_picture]
    findings.figures["metamorphic"] = metamorphic.figures(outcomes)


def _orientations(plan: Plan, crew: Crew, findings: Findings) -> None:
    items = _items(plan)[::SAMPLE]
    checked = crew.all("orientations", orientation.check, items, count=len(items))
    outcomes = [outcome for of_picture in checked for outcome in of_picture]
    findings.figures["orientations"] = orientation.figures(outcomes)


def _transports(plan: Plan, crew: Crew, findings: Findings) -> None:
    items = _items(plan)[::SAMPLE]
    checked = crew.all("transports", transport.check, items, count=len(items))
    outcomes = [outcome for of_picture in checked for outcome in of_picture]
    findings.figures["transports"] = transport.figures(outcomes)


def _degraded(plan: Plan, crew: Crew, findings: Findings) -> None:
    cases = list(degraded.cases(plan.part, seed=degraded.HELD_OUT_SEED, count=plan.degraded))
    outcomes = crew.all("degraded", degraded.read, cases, count=len(cases))
    findings.figures["degraded"] = degraded.figures(outcomes)
    sure = [
        (max(outcome.confidence), case, outcome)
        for case, outcome in zip(cases, outcomes, strict=True)
        if not all(outcome.right) and not any(outcome.flags)
    ]
    findings.galleries["degraded"] = [
        Entry(case.grey, f"{outcome.truth} as {outcome.read} {value:.0%}")
        for value, case, outcome in sorted(sure, key=lambda one: -one[0])
    ]


def _pages(plan: Plan, crew: Crew, findings: Findings) -> None:
    made = list(pages.pages(plan.part, seed=pages.HELD_OUT_SEED))
    outcomes = crew.all("pages", pages.read, made, count=len(made))
    findings.figures["pages"] = pages.figures(outcomes)


def _touching(plan: Plan, crew: Crew, findings: Findings) -> None:
    made = list(touching.numbers(plan.part, seed=touching.HELD_OUT_SEED))
    outcomes = crew.all("numbers", touching.read, made, count=len(made))
    findings.figures["touching"] = touching.figures(outcomes)


PARTS: Mapping[str, Callable[[Plan, Crew, Findings], None]] = {
    "MNIST through the reader": _mnist,
    "labelled pictures": _pictures,
    "pictures without digits": _negatives,
    "changed pictures": _metamorphic,
    "orientations": _orientations,
    "transports": _transports,
    "degraded digits": _degraded,
    "pages of digits": _pages,
    "touching digits": _touching,
}


def _items(plan: Plan) -> list[Item]:
    return labelled.load(plan.own) + (labelled.load(plan.others) if plan.others else [])


def _entry(path: Path, caption: str) -> Entry:
    return Entry(thumbnail(metamorphic.full_size(path.read_bytes())), caption)
