"""Paths from top to bottom through ink that cross as little of it as they can.

Seams after Avidan and Shamir, *Seam Carving for Content-Aware Image Resizing* (2007): where two
digits touch, one of the cheapest paths lies between them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Path = NDArray[np.intp]

STEPS = np.array([0, -1, 1])[:, None]
"""To the columns from which a path may come."""


def cheapest(
    here: NDArray[np.bool_],
    *,
    spacing: float,
    most: int,
    most_ink: float,
    sideways: float,
    through: float = 1.0,
) -> list[Path]:
    """The cheapest paths through ``here`` ``[h, w]``, from left to right.

    A path is a column for each row, and moves by at most one from a row to the next. Crossing an
    inked pixel costs one, and a step to the side ``sideways``. Of the cheapest path through each
    pixel of one row (``through`` of the way down, 1 is the last) only those are kept that cost at
    most ``most_ink`` and are at least ``spacing`` columns from each other and from both sides
    there, the cheapest first, up to ``most``.
    """
    height, width = here.shape
    row = round(through * (height - 1))
    prices = here.astype(np.float32)
    above = _totals(prices[: row + 1], sideways)
    prices[row] = 0  # is paid for above
    below = _totals(prices[row:][::-1], sideways)
    costs = above[-1, 1:-1] + below[-1, 1:-1]
    chosen: list[int] = []
    for column in np.argsort(costs, kind="stable").tolist():
        if costs[column] > most_ink or len(chosen) >= most:
            break
        if not spacing <= column <= width - spacing:
            continue
        if all(abs(column - other) >= spacing for other in chosen):
            chosen.append(column)
    if not chosen:
        return []
    chosen.sort()
    down, up = (_backtrack(each, chosen, sideways) for each in (above, below))
    return list(np.concatenate([down, up[-2::-1]]).T)


def part(here: NDArray[np.bool_], paths: list[Path]) -> NDArray[np.intp]:
    """For each pixel of ``here``, how many of the ``paths`` lie at or left of it: ``[h, w]``."""
    crossed = np.zeros(here.shape, np.intp)
    rows = np.arange(here.shape[0])
    for path in paths:
        crossed[rows, path] += 1
    return np.asarray(crossed.cumsum(axis=1))


def _totals(here: NDArray[np.float32], sideways: float) -> NDArray[np.float32]:
    """What the cheapest path from the top to each pixel costs; a column of inf on either side."""
    height, width = here.shape
    totals = np.full((height, width + 2), np.inf, np.float32)
    totals[:, 1:-1] = here
    aside = np.empty(width, np.float32)
    for row in range(1, height):
        above, now = totals[row - 1], totals[row, 1:-1]
        np.minimum(above[:-2], above[2:], out=aside)
        np.add(aside, np.float32(sideways), out=aside)
        np.minimum(above[1:-1], aside, out=aside)
        np.add(now, aside, out=now)
    return totals


def _backtrack(totals: NDArray[np.float32], ends: list[int], sideways: float) -> NDArray[np.intp]:
    """The columns of the paths that lead to ``ends``: ``[h, n]``."""
    prices = np.array([0, sideways, sideways], np.float32)[:, None]
    paths = np.empty((len(totals), len(ends)), np.intp)
    paths[-1] = ends
    at = paths[-1] + 1
    for row in range(len(totals) - 2, -1, -1):
        options = totals[row][at + STEPS] + prices
        at = at + STEPS[options.argmin(axis=0), 0]
        paths[row] = at - 1
    return paths
