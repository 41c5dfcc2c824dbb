"""The card of a new model: what it is, how it wants its input, what made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone

from digits.card import ModelCard
from digits.confidence import FILE
from digits.model import ModelFolder
from digits.parameters import Parameters
from digits.training import origin
from digits.training.calibration import Calibration
from digits.training.evaluation import MnistFigures
from digits.training.glyphs import training_fonts
from digits.training.recipe import Recipe, Teaching
from digits.training.validation import Scorer, Validation
from digits.training.workspace import History, best_epoch

NAME = "digits"

DIGIT_SCORE = 0.5
"""The digit score is calibrated: from here on, "one digit" is the likelier answer."""

INPUT_CONTRACT = {
    "name": "image",
    "type": "float32",
    "shape": ["n", 28, 28, 1],
    "range": [0, 1],
    "ink": 1,
    "normalisation": "as MNIST: in a 20x20 box, proportions kept, centre of mass in the middle",
}


def describe(
    *,
    recipe: Recipe,
    calibration: Calibration,
    uncertain: float,
    files: Mapping[str, str],
    data: Mapping[str, str],
    history: History,
    seconds: float,
) -> dict[str, object]:
    """All of the card but the figures on the test split."""
    return {
        "name": NAME,
        **_born(),
        "labels": [str(digit) for digit in range(10)],
        "input": INPUT_CONTRACT,
        "parameters": asdict(Parameters()),
        "calibration": calibration.to_dict(),
        "thresholds": {"uncertain": round(uncertain, 4), "digit_score": DIGIT_SCORE},
        "training": training(recipe, data=data, seconds=seconds),
        "metrics": validation_metrics(history),
        "files": dict(files),
    }


def made_from(old: ModelCard) -> dict[str, object]:
    """The card of a model that was made from one with the card ``old``, before what is new."""
    return asdict(old) | _born()


def uncertain(base: ModelFolder, validation: Validation, score: Scorer) -> float:
    """The threshold of new networks, which ``score`` what is calibrated already: that of the model
    that they are put into where a network of its own judges there, else a new one."""
    if FILE in base.networks:
        return base.card.thresholds["uncertain"]
    return validation.uncertain_below(score, Calibration())


def training(
    recipe: Recipe | Teaching, *, data: Mapping[str, str], seconds: float
) -> dict[str, object]:
    """What made a network."""
    return {
        "command": recipe.command(),
        "seed": recipe.seed,
        "recipe": recipe.to_dict(),
        "data": dict(data),
        "fonts": len(training_fonts()),
        "git_revision": origin.git_revision(),
        "seconds": round(seconds),
        "machine": origin.machine(),
        "versions": origin.versions(),
    }


def with_test_figures(card: Mapping[str, object], figures: MnistFigures) -> dict[str, object]:
    """The card with the figures on the test split among its metrics."""
    metrics = card["metrics"]
    assert isinstance(metrics, dict)
    return {
        **card,
        "metrics": {
            **metrics,
            "test_accuracy": figures.accuracy,
            "test_errors": figures.errors,
            "test_calibration_error": figures.calibration_error,
        },
    }


def validation_metrics(history: History) -> dict[str, float]:
    """Those of the epoch that was kept, and which that is."""
    best = best_epoch(history)
    kept = {
        name: value for name, value in history[best - 1].items() if name.startswith("validation_")
    }
    return {"epoch": best, **kept}


def _born() -> dict[str, object]:
    return {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "git_revision": origin.git_revision(),
    }
