"""Digits into rows, in reading order: rows may rise, curve, differ in size and have wide gaps.

Two digits are neighbours when each is the other's nearest on that side. Chains of neighbours are
then joined end to end where one continues the slope of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.components import Box

Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class RowsParameters:
    """Neighbours share ``overlap`` of the lower one's height, and a pixel higher or lower counts
    ``aside`` of a pixel to the side.

    A chain may miss the next one's first digit by ``drift`` of the higher digit's height, and the
    lower of the two is ``alike`` of that height at least. The ``slope_digits`` at a chain's end
    tell its slope; ``level_digits`` and fewer are level.
    """

    overlap: float = 0.4
    aside: float = 3.0
    drift: float = 0.45
    alike: float = 0.4
    slope_digits: int = 5
    level_digits: int = 2


def arrange(boxes: list[Box], parameters: RowsParameters | None = None) -> list[list[int]]:
    """Group ``boxes`` (x, y, w, h) into rows, top row first, each from left to right.

    Returns indices into ``boxes``.
    """
    if not boxes:
        return []
    parameters = parameters or RowsParameters()
    array = np.array(boxes, np.float64)
    chains = _join(array, _chains(array, parameters), parameters)
    return sorted(chains, key=lambda chain: _height_of(array, chain))


def _chains(boxes: Boxes, parameters: RowsParameters) -> list[list[int]]:
    """Follow mutual neighbours from left to right."""
    right, left = _nearest(boxes, parameters)
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


def _nearest(boxes: Boxes, parameters: RowsParameters) -> tuple[list[int | None], list[int | None]]:
    """For each box the nearest that shares rows, with its middle on the right, and on the left."""
    x, y, width, height = boxes.T
    middle, bottom = x + width / 2, y + height
    ahead = middle[None, :] - middle[:, None]
    shared = np.minimum.outer(bottom, bottom) - np.maximum.outer(y, y)
    beside = shared >= parameters.overlap * np.minimum.outer(height, height)
    centre = y + height / 2
    aside = parameters.aside * np.abs(centre[None, :] - centre[:, None])
    return _least(beside & (ahead > 0), ahead + aside), _least(beside & (ahead < 0), aside - ahead)


def _least(allowed: NDArray[np.bool_], distance: Boxes) -> list[int | None]:
    """For each row the column with the least distance of those that are allowed, if any are."""
    places = np.where(allowed, distance, np.inf).argmin(axis=1).tolist()
    return [place if allowed[index, place] else None for index, place in enumerate(places)]


@dataclass(frozen=True)
class _Chain:
    """Digits from left to right, and the straight lines, as slope and level, on which the middles
    of its first and of its last ones lie."""

    places: list[int]
    head: tuple[float, float]
    tail: tuple[float, float]

    @classmethod
    def of(cls, boxes: Boxes, places: list[int], parameters: RowsParameters) -> _Chain:
        count = parameters.slope_digits
        head = _line(boxes, places[:count], parameters)
        tail = head if len(places) <= count else _line(boxes, places[-count:], parameters)
        return cls(places, head, tail)


def _join(boxes: Boxes, found: list[list[int]], parameters: RowsParameters) -> list[list[int]]:
    """Join the two chains that continue each other best, until none do."""
    chains = [_Chain.of(boxes, places, parameters) for places in found]
    while len(chains) > 1:
        misses = _misses(boxes, chains, parameters)
        first, second = divmod(int(misses.argmin()), len(chains))
        if misses[first, second] > parameters.drift:
            break
        places = chains[first].places + chains[second].places
        chains[first] = _Chain.of(boxes, places, parameters)
        del chains[second]
    return [chain.places for chain in chains]


def _misses(boxes: Boxes, chains: list[_Chain], parameters: RowsParameters) -> NDArray[np.float64]:
    """How far each chain (column) starts from where each other one (row) leads, in digit heights,
    or ends from where it comes from, if that is less; inf if it does not start after it."""
    start = boxes[[chain.places[0] for chain in chains]]
    end = boxes[[chain.places[-1] for chain in chains]]
    start_x, start_y = _middles(start)
    end_x, end_y = _middles(end)
    slope, level = np.array([chain.tail for chain in chains]).T
    ahead = np.abs(np.add.outer(level, -start_y) + np.multiply.outer(slope, start_x))
    slope, level = np.array([chain.head for chain in chains]).T
    behind = np.abs(np.add.outer(-end_y, level) + np.multiply.outer(end_x, slope))
    height = np.maximum.outer(end[:, 3], start[:, 3])
    follows = np.less.outer(end[:, 0] + end[:, 2], start_x)
    follows &= np.minimum.outer(end[:, 3], start[:, 3]) >= parameters.alike * height
    return np.where(follows, np.minimum(ahead, behind) / height, np.inf)


def _line(boxes: Boxes, places: list[int], parameters: RowsParameters) -> tuple[float, float]:
    """Slope and level of the straight line that digits' middles lie on; level if they are few."""
    x, y = _middles(boxes[places])
    level = float(y.mean())
    if len(places) <= parameters.level_digits:
        return 0.0, level
    centre = float(x.mean())
    across = x - centre
    spread = float(across @ across)
    slope = float(across @ (y - level)) / spread if spread else 0.0
    return slope, level - slope * centre


def _middles(boxes: Boxes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2


def _height_of(boxes: Boxes, chain: list[int]) -> float:
    return float(np.mean(boxes[chain, 1] + boxes[chain, 3] / 2))
