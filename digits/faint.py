"""What is much fainter than the digits: print that shines through from the other side, what is left
of wiped-off writing, the squares of the paper, noise, the edge of a shadow.

Ink is what is strong for its surroundings (`digits.ink`), so that faint pencil and black marker
live on one page. Where no pen has been, anything is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.layout import Layout

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class FaintParameters:
    """A piece is faint if it has less than ``least`` of the strength of the stronger digits; a
    digit of less than ``large`` of the largest one's height does not count among these."""

    least: float = 0.35
    large: float = 0.4


STRENGTH = 0.8
"""A piece is as strong as the weakest of the strongest fifth of its pixels: its edges, which are a
pen's whole width where that is fine, do not count."""
STRONGER = 0.9
"""The share of the digits that are at most as strong as the stronger ones."""


def beside(
    found: Layout, strength: Grey, sure: Collection[int], parameters: FaintParameters
) -> list[int]:
    """Which of the pieces, each a candidate, are faint; none where nothing is a ``sure`` digit.

    ``strength`` is ``[h, w]`` uint8, that of the ink.
    """
    if not sure:
        return []
    candidates = found.candidates
    least_height = parameters.large * max(candidates[index].box[3] for index in sure)
    large = [index for index in sure if candidates[index].box[3] >= least_height]
    strengths = [_strength(found, strength, index) for index in range(len(candidates))]
    of_page = parameters.least * _stronger([strengths[index] for index in large])
    on_line: dict[int, list[int]] = {}
    for index in large:
        if strengths[index] >= of_page:
            on_line.setdefault(candidates[index].line, []).append(strengths[index])
    of_line = {line: parameters.least * _stronger(digits) for line, digits in on_line.items()}
    return [
        index
        for index, each in enumerate(strengths)
        if each < of_line.get(candidates[index].line, of_page)
    ]


def _stronger(strengths: list[int]) -> int:
    return sorted(strengths)[int(STRONGER * (len(strengths) - 1))]


def _strength(found: Layout, strength: Grey, index: int) -> int:
    x, y, width, height = found.candidates[index].box
    window = (slice(y, y + height), slice(x, x + width))
    own = strength[window][found.labels[window] == found.candidates[index].labels[0]]
    place = int(STRENGTH * (len(own) - 1))
    return int(np.partition(own, place)[place])
