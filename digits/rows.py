"""Digits into rows, in reading order: rows may rise, curve, differ in size and have wide gaps.

Two digits are neighbours when each is the other's nearest on that side. Chains of neighbours are
then joined end to end where one continues the slope of the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
Boxes = NDArray[np.float64]

OVERLAP = 0.4
"""Part of the lower digit's height that neighbours share, at least."""
DRIFT = 0.45
"""How far, in digit heights, a chain may miss the next one's first digit."""
SLOPE_DIGITS = 5
"""Digits at a chain's end that tell its slope."""


def arrange(boxes: list[Box]) -> list[list[int]]:
    """Group ``boxes`` (x, y, w, h) into rows, top row first, each from left to right.

    Returns indices into ``boxes``.
    """
    if not boxes:
        return []
    array = np.array(boxes, np.float64)
    chains = _join(array, _chains(array))
    return sorted(chains, key=lambda chain: _height_of(array, chain))


def _chains(boxes: Boxes) -> list[list[int]]:
    """Follow mutual neighbours from left to right."""
    right, left = _nearest(boxes, side=1), _nearest(boxes, side=-1)
    follows = {
        index: neighbour
        for index, neighbour in enumerate(right)
        if neighbour is not None and left[neighbour] == index
    }
    starts = set(range(len(boxes))) - set(follows.values())
    chains = []
    for index in sorted(starts):
        chain = [index]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        chains.append(chain)
    return chains


def _nearest(boxes: Boxes, *, side: int) -> list[int | None]:
    """For each box the nearest whose middle is on that side (1 right, -1 left) and shares rows."""
    x, y, width, height = boxes.T
    middle, bottom = x + width / 2, y + height
    ahead = (middle[None, :] - middle[:, None]) * side
    shared = np.minimum.outer(bottom, bottom) - np.maximum.outer(y, y)
    beside = (ahead > 0) & (shared >= OVERLAP * np.minimum.outer(height, height))
    centre = y + height / 2
    distance = np.where(beside, ahead + 3 * np.abs(centre[None, :] - centre[:, None]), np.inf)
    nearest = distance.argmin(axis=1).tolist()
    return [place if beside[index, place] else None for index, place in enumerate(nearest)]


def _join(boxes: Boxes, chains: list[list[int]]) -> list[list[int]]:
    """Join the two chains that continue each other best, until none do."""
    chains = [list(chain) for chain in chains]
    while len(chains) > 1:
        misses = {
            (first, second): _miss(boxes, chains[first], chains[second])
            for first in range(len(chains))
            for second in range(len(chains))
            if first != second
        }
        (first, second), best = min(misses.items(), key=lambda item: item[1])
        if best > DRIFT:
            break
        chains[first] = chains[first] + chains[second]
        del chains[second]
    return chains


def _miss(boxes: Boxes, first: list[int], second: list[int]) -> float:
    """How far ``second`` starts from where ``first`` leads, in digit heights; inf if not after."""
    end, start = boxes[first[-1]], boxes[second[0]]
    if start[0] + start[2] / 2 <= end[0] + end[2]:
        return float("inf")
    height = max(end[3], start[3])
    if min(end[3], start[3]) < 0.4 * height:
        return float("inf")
    forward = _expected(boxes, first[-SLOPE_DIGITS:], start[0] + start[2] / 2)
    backward = _expected(boxes, second[:SLOPE_DIGITS], end[0] + end[2] / 2)
    ahead = abs(forward - (start[1] + start[3] / 2))
    behind = abs(backward - (end[1] + end[3] / 2))
    return float(min(ahead, behind) / height)


def _expected(boxes: Boxes, chain: list[int], x: float) -> float:
    """The middle row that the chain's straight continuation has at column ``x``."""
    middles_x = boxes[chain, 0] + boxes[chain, 2] / 2
    middles_y = boxes[chain, 1] + boxes[chain, 3] / 2
    if len(chain) < 3:
        return float(middles_y.mean())
    slope, level = np.polyfit(middles_x, middles_y, 1)
    return float(level + slope * x)


def _height_of(boxes: Boxes, chain: list[int]) -> float:
    return float(np.mean(boxes[chain, 1] + boxes[chain, 3] / 2))
