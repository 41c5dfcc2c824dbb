"""The choices that are made after training, on data that no figure is reported on.

    uv run train.py --tune MODEL_DIR

gives a model folder the reader's present parameters, a network that judges what was read
(`digits.confidence`), and the threshold under which a digit is called uncertain. Both are made of
degraded digits and lines from the validation part of MNIST's training images: the network of some,
the threshold of others. The digit networks stay as they are; the card, and so the folder's hash,
changes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.card import CARD
from digits.confidence import FILE
from digits.evaluation import degraded
from digits.evaluation.alignment import right_digits
from digits.evaluation.confidence import choose_uncertain_threshold
from digits.evaluation.degraded import Case
from digits.evaluation.workers import Crew
from digits.model import ModelFolder
from digits.parameters import Parameters
from digits.reader import Reader
from digits.trace import Trace
from digits.training.data import Labelled
from digits.training.folder import write_card, write_network

CASES = 2
"""For each image of the validation split, on which the threshold is chosen."""
LESSONS = 12
"""For each image, that teach when the reader errs."""


@dataclass(frozen=True)
class Judged:
    """The digits read in one case: the evidence for each ``[n, 25]``, and whether it is right."""

    evidence: NDArray[np.float32]
    right: tuple[bool, ...]


def tune(folder: Path, validation: Labelled, *, processes: int) -> float:
    """Rewrite the card of ``folder`` and its ``confidence.onnx``; returns the threshold chosen.

    Raises ModelError when it is no model folder, DataError when not one case is read right.
    """
    opened = ModelFolder.open(folder)
    cases, count = CASES * len(validation), LESSONS * len(validation)
    card = json.loads((folder / CARD).read_bytes())
    card["parameters"] = asdict(Parameters())
    write_card(folder, card)
    made = degraded.cases(validation, seed=degraded.TUNE_SEED, count=cases + count)
    kept = list(islice(made, cases))
    with Crew(folder, processes=processes) as crew:
        lessons = crew.all("when it errs", judge, made, count=count)
    card["files"] = dict(opened.card.files) | write_network(folder, _learned(lessons), FILE)
    write_card(folder, card)
    with Crew(folder, processes=processes) as crew:
        outcomes = crew.all("degraded digits to tune on", degraded.read, kept, count=cases)
    confidence, right = degraded.confidences(outcomes)
    card["thresholds"]["uncertain"] = round(choose_uncertain_threshold(confidence, right), 4)
    write_card(folder, card)
    return float(card["thresholds"]["uncertain"])


def judge(reader: Reader, case: Case) -> Judged:
    """Read a case, and keep what each digit was judged by."""
    trace = Trace()
    text = reader.read(case.picture, single=case.single, trace=trace).text.replace("\n", "")
    assert trace.evidence is not None
    return Judged(trace.evidence, tuple(right_digits(case.truth, text)))


def _learned(lessons: Sequence[Judged]) -> bytes:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is imported
    from digits.training.confidence import fit

    evidence = np.concatenate([lesson.evidence for lesson in lessons])
    right = np.array([value for lesson in lessons for value in lesson.right], np.bool_)
    return fit(evidence, right, seed=degraded.TUNE_SEED)
