"""The evaluation's own pictures in the report, as small PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from digits.training.plots import BLUE, GREY, ORANGE, figure, save


def risk_coverage(path: Path, curves: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """How many digits would be wrong if only the surest were taken, for each set by name."""
    drawn = figure(5.2, 3.6)
    axes = drawn.subplots()
    for (name, points), colour in zip(curves.items(), (BLUE, ORANGE, GREY), strict=False):
        coverage, risk = zip(*points, strict=True)
        axes.plot(
            [100 * value for value in coverage],
            [100 * value for value in risk],
            color=colour,
            label=name,
        )
    axes.set_xlabel("digits accepted, the surest first, %")
    axes.set_ylabel("wrong among those, %")
    axes.legend(frameon=False)
    save(drawn, path)


def shares(path: Path, named: Mapping[str, Mapping[str, Any]]) -> None:
    """Shares with their intervals, one under the other; what was not counted is left out."""
    counted = {name: share for name, share in named.items() if share["of"]}
    drawn = figure(6.4, 0.9 + 0.22 * len(counted))
    axes = drawn.subplots()
    for place, share in enumerate(counted.values()):
        axes.plot([100 * share["low"], 100 * share["high"]], [place, place], color=GREY)
        axes.plot([100 * share["share"]], [place], "o", color=BLUE, markersize=4)
    axes.set_yticks(range(len(counted)), list(counted))
    axes.invert_yaxis()
    axes.set_xlabel("%")
    save(drawn, path)
