"""The choices that are made after training, on data that no figure is reported on.

    uv run train.py --tune MODEL_DIR

gives a model folder the reader's present parameters, and the threshold under which a digit is
called uncertain: chosen on degraded digits and lines made from the validation part of MNIST's
training images. The networks stay as they are; the card, and so the folder's hash, changes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from digits.card import CARD
from digits.evaluation import degraded
from digits.evaluation.confidence import choose_uncertain_threshold
from digits.evaluation.workers import Crew
from digits.model import ModelFolder
from digits.parameters import Parameters
from digits.training.data import Labelled
from digits.training.folder import write_card

CASES = 2500


def tune(folder: Path, validation: Labelled, *, processes: int, cases: int = CASES) -> float:
    """Rewrite the card of ``folder``; returns the threshold chosen.

    Raises ModelError when it is no model folder, DataError when not one case is read right.
    """
    ModelFolder.open(folder)
    card = json.loads((folder / CARD).read_bytes())
    card["parameters"] = asdict(Parameters())
    write_card(folder, card)
    with Crew(folder, processes=processes) as crew:
        pictures = degraded.cases(validation, seed=degraded.TUNE_SEED, count=cases)
        outcomes = crew.all("degraded digits to tune on", degraded.read, pictures, count=cases)
    confidence, right = degraded.confidences(outcomes)
    card["thresholds"]["uncertain"] = round(choose_uncertain_threshold(confidence, right), 4)
    write_card(folder, card)
    return float(card["thresholds"]["uncertain"])
