"""REPORT.md of a model folder: figures turned into prose, tables and pictures.

A report is a list of sections. Each writes its own pictures into ``report/`` and leaves its
figures in ``report/figures.json``, from where other documents take them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from digits.card import ModelCard
from digits.training import plots
from digits.training.data import Labelled
from digits.training.evaluation import MnistFigures

REPORT = "REPORT.md"
PICTURES = "report"
FIGURES = "figures.json"


@dataclass(frozen=True)
class Section:
    """A heading, Markdown under it, and the figures it speaks of, by name."""

    title: str
    text: str
    figures: Mapping[str, object]


def write(folder: Path, card: ModelCard, sections: Sequence[Section]) -> None:
    """Write ``REPORT.md`` and ``report/figures.json`` into ``folder``."""
    parts = [f"# {card.name}: how it did\n\n{_origin(card)}"]
    parts += [f"## {section.title}\n\n{section.text}" for section in sections]
    (folder / REPORT).write_text("\n".join(part.rstrip() + "\n" for part in parts), "utf-8")
    figures = {name: value for section in sections for name, value in section.figures.items()}
    (pictures_folder(folder) / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def pictures_folder(folder: Path) -> Path:
    """``report/`` in the model folder, made if need be."""
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    return pictures


def learning_section(folder: Path, history: Sequence[dict[str, float]], best: int) -> Section:
    """How the first network learned, by epoch; ``best`` is the epoch that was kept."""
    plots.learning_curves(pictures_folder(folder) / "learning.png", history)
    kept = history[best - 1]
    text = (
        "How the first network learned from labels; what came after is in `model.json`. Epoch "
        f"{best} of {len(history)} was kept: the least loss on the validation split. There it read "
        f"{kept['validation_accuracy']:.2%} of the digits as they are and "
        f"{kept['validation_hard_accuracy']:.2%} of the hard ones (distorted as in training), and "
        f"told {kept['validation_score_accuracy']:.2%} of hard digits and other things apart.\n\n"
        f"![Learning curves]({PICTURES}/learning.png)"
    )
    return Section("Learning", text, {})


def mnist_section(folder: Path, test: Labelled, figures: MnistFigures) -> Section:
    """MNIST's test split, the network alone."""
    pictures = pictures_folder(folder)
    plots.confusion(pictures / "confusion.png", figures.confusion)
    plots.reliability(pictures / "reliability.png", figures.reliability)
    plots.mistakes(pictures / "mistakes.png", test.images, figures.mistakes)
    return Section(
        "MNIST's test split, the network alone", _mnist_text(figures), {"mnist": figures.to_dict()}
    )


def _mnist_text(figures: MnistFigures) -> str:
    low, high = figures.accuracy_95
    return f"""\
| what | figure |
| --- | --- |
| accuracy | {figures.accuracy:.2%} ({figures.errors} mistakes in {figures.images:,}) |
| 95 % interval of the accuracy | {low:.2%} to {high:.2%} |
| calibration error, 15 bins | {figures.calibration_error:.2%} |
| mean negative log-likelihood | {figures.log_loss:.4f} |
| recognised as digits | {figures.recognised:.2%} |

![What each digit was read as]({PICTURES}/confusion.png)

How often a digit read with some probability is right (the numbers count digits):

![Reliability]({PICTURES}/reliability.png)

The mistakes, the surest first, each with its digit, what was read instead and how surely:

![Mistakes]({PICTURES}/mistakes.png)
"""


def _origin(card: ModelCard) -> str:
    command = card.training.get("command", "an unknown command")
    revision = card.git_revision or "unknown"
    return f"Made {card.created} by `{command}`, code revision {revision}."
