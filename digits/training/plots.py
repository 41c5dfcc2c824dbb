"""The pictures of the report, as small PNG files. Drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digits.training.evaluation import Bin, Mistake

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 90
BLUE, ORANGE, GREY = "#1f5fa8", "#c8641c", "#888888"


def learning_curves(path: Path, history: Sequence[dict[str, float]]) -> None:
    """Loss and share of mistakes on the validation split, by epoch."""
    epochs = [metrics["epoch"] for metrics in history]
    drawn = figure(9, 3.4)
    loss, error = drawn.subplots(1, 2)
    for name, label, colour in (
        ("train_loss", "training", GREY),
        ("validation_loss", "validation", BLUE),
    ):
        loss.plot(epochs, [metrics[name] for metrics in history], color=colour, label=label)
    _label(loss, "loss", "epoch", "")
    for name, label, colour in (
        ("validation_accuracy", "digits as they are", BLUE),
        ("validation_hard_accuracy", "hard digits", ORANGE),
        ("validation_score_accuracy", "digit or not", GREY),
    ):
        shares = [100 * (1 - metrics[name]) for metrics in history]
        error.plot(epochs, shares, color=colour, label=label)
    error.set_yscale("log")
    _label(error, "mistakes on the validation split, %", "epoch", "")
    error.yaxis.set_major_formatter("{x:g}")
    error.yaxis.set_minor_formatter("{x:g}")
    for axes in (loss, error):
        axes.set_xticks(epochs[:: 1 + len(epochs) // 10])
        axes.legend(frameon=False)
    save(drawn, path)


def confusion(path: Path, counts: Sequence[Sequence[int]]) -> None:
    """What each digit was read as; only mistakes are shaded."""
    table = np.array(counts)
    shade = table.astype(float)
    np.fill_diagonal(shade, 0)
    drawn = figure(5.2, 5)
    axes = drawn.subplots()
    axes.imshow(shade, cmap="Oranges", vmin=0, vmax=max(1.0, shade.max()))
    for true, read in np.argwhere(table > 0):
        colour = "white" if shade[true, read] > 0.6 * shade.max() > 0 else "black"
        text = str(table[true, read])
        axes.text(read, true, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    _label(axes, "", "read as", "digit")
    save(drawn, path)


def reliability(path: Path, bins: Sequence[Bin]) -> None:
    """How often a digit read with some probability is right; the diagonal is honesty."""
    drawn = figure(4.4, 4)
    axes = drawn.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
    axes.plot([bin.confidence for bin in bins], [bin.accuracy for bin in bins], "o-", color=BLUE)
    for bin in bins:
        place = (bin.confidence, bin.accuracy)
        axes.annotate(str(bin.count), place, (4, -9), textcoords="offset points", fontsize=7)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    _label(axes, "", "probability of the digit read", "share read right")
    save(drawn, path)


def mistakes(path: Path, images: NDArray[np.uint8], wrong: Sequence[Mistake]) -> None:
    """A sheet of the images read wrong, each with its digit, what was read and how surely."""
    columns = 8
    rows = max(1, -(-len(wrong) // columns))
    drawn = figure(columns * 1.05, rows * 1.3)
    grid = drawn.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, mistake in zip(grid.flat, wrong, strict=False):
        axes.imshow(255 - images[mistake.index], cmap="gray", vmin=0, vmax=255)
        title = f"{mistake.digit} as {mistake.read}, {mistake.probability:.0%}"
        axes.set_title(title, fontsize=7, pad=2)
    save(drawn, path)


def figure(width: float, height: float) -> Figure:
    """An empty one of so many inches."""
    # Here and not above: what only reads a model's figures has no need of matplotlib.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def _label(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def save(drawn: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    # Without the date and the library's version, the same figures make the same file.
    drawn.savefig(path, metadata={"Software": None})
