"""From scored candidates to the digits of each line: the cheapest consistent reading.

Dynamic programming over a line's pieces, after LeCun, Bottou, Bengio and Haffner 1998, section
VI: each piece is part of exactly one digit, or it is left out. A digit costs the negative
logarithm of its confidence; leaving ink out costs more the larger it is.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from digits import company
from digits.company import CompanyParameters
from digits.layout import Candidate, Layout, weighted_median
from digits.signs import STROKE

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SearchParameters:
    """``leave_out`` is the cost of leaving out a piece as high as its line, ``leave_out_single``
    that of one with as much ink as any other in a picture of one digit, ``cut`` that of parting
    ink that is connected, which is not even tried where the whole is a digit with a confidence of
    ``whole`` and no wider than ``widest`` of its height; ``ease`` is what each digit of a line may
    cost, with its share of what is left out, for all the ink there to be taken for digits that
    touch; ``least_score`` the digit score under which a box is no digit, and ``least_alone`` the
    one under which it is no company either; ``least_size`` the height, as a fraction of the typical
    digit's, under which a mark is not one, and ``most_size`` that over which it is not several.
    Marks under it are a number that is written smaller if there are ``several`` on a line of their
    own, ``doubtless`` of them sure, none more than ``alike`` times as high as another, and
    ``legible`` pixels high. A mark beside no digit is hardly several if it is lower than
    ``several_size`` of the typical digit's height, and than ``several_height`` pixels. Of a number
    no more than ``strokes`` are 1s, and there are at most ``again`` digits for each that differs.
    """

    leave_out: float = 1.5
    leave_out_single: float = 4.0
    cut: float = 0.8
    whole: float = 0.7
    widest: float = 1.35
    ease: float = 0.5
    least_score: float = 0.5
    least_alone: float = 0.3
    least_size: float = 0.35
    most_size: float = 2.5
    several_size: float = 0.5
    several_height: int = 20
    several: int = 3
    alike: float = 2.0
    legible: int = 12
    doubtless: float = 0.75
    strokes: float = 0.5
    again: float = 3.0
    company: CompanyParameters = field(default_factory=CompanyParameters)


@dataclass(frozen=True)
class Choice:
    """Candidate ``index`` is a digit with probability ``score``, its company considered."""

    index: int
    score: float


def choose(
    layout: Layout, probabilities: Floats, digit_score: Floats, parameters: SearchParameters
) -> list[Choice]:
    """The candidates that are digits, line by line and from left to right."""
    paths = _best_paths(layout, probabilities, digit_score, parameters)
    easy = _easy(layout, paths, probabilities, parameters)
    chosen = [index for path in paths for index in path.candidates]
    chosen = [index for index in chosen if digit_score[index] >= parameters.least_alone]
    chosen = _of_digit_size(layout.candidates, chosen, probabilities, digit_score, parameters)
    likeliest, least = probabilities.argmax(axis=1), parameters.least_score

    def judged(chosen: list[int]) -> NDArray[np.float64]:
        own = digit_score[chosen].astype(np.float64)
        adjusted = company.adjust(
            layout, chosen, likeliest[chosen], own, parameters.company, easy=easy
        )
        return np.asarray(adjusted)

    scores = judged(chosen)
    # What company makes no digit of either must not speak against those that are.
    digits = [
        index
        for index, score in zip(chosen, scores.tolist(), strict=True)
        if max(digit_score[index], score) >= least
    ]
    if len(digits) < len(chosen):
        chosen, scores = digits, judged(digits)
    left = [index for index, score in zip(chosen, scores.tolist(), strict=True) if score >= least]
    if len(left) == 1 < len(chosen):  # of what is alone more is asked
        chosen, scores = left, judged(left)
    return [
        Choice(index, score)
        for index, score in zip(chosen, scores.tolist(), strict=True)
        if score >= least
    ]


def narrow(pieces: Layout, parameters: SearchParameters) -> list[int]:
    """Which of the pieces, each a candidate, are no wider than one digit may be."""
    return [
        index
        for index, candidate in enumerate(pieces.candidates)
        if candidate.box[2] <= parameters.widest * candidate.box[3]
    ]


def sure(probabilities: Floats, digit_score: Floats, parameters: SearchParameters) -> list[int]:
    """Which narrow pieces are digits whatever the others are, by their scores."""
    confidence = probabilities.max(axis=1, initial=0.0) * digit_score
    return [int(index) for index in np.flatnonzero(confidence >= parameters.whole)]


def small(pieces: Layout, parameters: SearchParameters) -> list[int]:
    """Which of the pieces, each a candidate, would be too small if all of the ink were digits."""
    least = parameters.least_size * pieces.typical_height()
    return [index for index, each in enumerate(pieces.candidates) if _size(each) < least]


def specks(
    little: Sequence[Candidate],
    digits: Sequence[Candidate],
    parameters: SearchParameters,
    *,
    numbers: Collection[int] = (),
) -> list[Candidate]:
    """What of the ``little`` is no digit, whatever it looks like, beside sure ``digits``: where
    these are more than all that is little together, they are the typical ones. Lines that are
    ``numbers`` of their own have no specks."""
    sizes = [_size(digit) for digit in digits]
    if sum(sizes) <= sum(_size(each) for each in little):
        return []
    least = parameters.least_size * min(sizes)
    return [each for each in little if _size(each) < least and each.line not in numbers]


def in_rows(
    little: Sequence[Candidate], digits: Sequence[Candidate], parameters: SearchParameters
) -> list[int]:
    """Which of the ``little`` pieces might be a number that is written smaller than the ``digits``:
    several on a line of their own, about as high and not too small to be read."""
    lines = _by_line(little)
    apart = lines.keys() - {digit.line for digit in digits}
    rows = [lines[line] for line in apart if _is_row(little, lines[line], parameters)]
    return sorted(itertools.chain.from_iterable(rows))


def numbers(
    candidates: Sequence[Candidate],
    probabilities: Floats,
    digit_score: Floats,
    parameters: SearchParameters,
) -> set[int]:
    """The lines of which most ``candidates`` are digits beyond doubt, by their scores, and that
    might be a number by how many these are, and how large: see `in_rows`."""
    lines = _by_line(candidates)
    doubtless = set(sure(probabilities, digit_score, parameters))
    likeliest = probabilities.argmax(axis=1)
    return {
        line
        for line, places in lines.items()
        if len(doubtless.intersection(places))
        >= max(parameters.several, parameters.doubtless * len(places))
        and _is_row(candidates, places, parameters)
        and _like_a_number(likeliest[places].tolist(), parameters)
    }


def _by_line(candidates: Sequence[Candidate]) -> dict[int, list[int]]:
    """The indices of the candidates of each line that has any."""
    lines: dict[int, list[int]] = {}
    for index, candidate in enumerate(candidates):
        lines.setdefault(candidate.line, []).append(index)
    return lines


def _is_row(
    candidates: Sequence[Candidate], places: Sequence[int], parameters: SearchParameters
) -> bool:
    heights = [candidates[place].box[3] for place in places]
    least, most = min(heights), max(heights)
    alike = parameters.legible <= least and most <= parameters.alike * least
    return alike and len(heights) >= parameters.several


def _size(candidate: Candidate) -> int:
    return max(candidate.box[2:])


def doubted(pieces: Layout, sure: Collection[int], parameters: SearchParameters) -> list[int]:
    """Which of the pieces, each a candidate, may be several digits: those that are not ``sure``.

    A piece that is a digit with confidence c costs -log(c); parting it costs ``cut`` and more. So
    no reading that parts it is cheaper from c = exp(-``cut``), 0.45, upwards, unless one of the
    parts makes a digit with a neighbour: hence a little more. If any are digits, so that their size
    is known, what is far from it is dust, or the edge of a sheet.
    """
    heights = [candidate.box[3] for candidate in pieces.candidates]
    least, most = 0.0, math.inf
    if sure:
        typical = _usual_height(pieces, sure)
        least, most = parameters.least_size * typical, parameters.most_size * typical
    return [
        index
        for index, height in enumerate(heights)
        if index not in sure and least <= height <= most
    ]


def likely_several(
    pieces: Layout, doubted: Collection[int], sure: Collection[int], parameters: SearchParameters
) -> list[int]:
    """Which of the ``doubted`` pieces are likely enough to be several digits for all pixels to be
    looked at: a spot, low and on no line of ``sure`` digits, is not."""
    if not sure:
        return list(doubted)
    candidates = pieces.candidates
    lines = {candidates[index].line for index in sure}
    least = parameters.several_size * _usual_height(pieces, sure)
    least = min(least, parameters.several_height)
    return [
        index
        for index in doubted
        if candidates[index].line in lines or candidates[index].box[3] >= least
    ]


def _usual_height(pieces: Layout, sure: Collection[int]) -> float:
    return statistics.median(pieces.candidates[index].box[3] for index in sure)


def cheaper(
    layout: Layout,
    scores: tuple[Floats, Floats],
    other: Layout,
    other_scores: tuple[Floats, Floats],
    parameters: SearchParameters,
) -> set[int]:
    """The lines that are read at less cost, and with ease, as an ``other`` arrangement of the same
    pieces has them; ``scores`` are the probabilities and digit scores of each one's candidates."""
    usual = _best_paths(layout, *scores, parameters)
    others = _best_paths(other, *other_scores, parameters)
    return {
        line
        for line in _easy(other, others, other_scores[0], parameters)
        if others[line].cost < usual[line].cost
    }


def choose_single(
    layout: Layout, probabilities: Floats, digit_score: Floats, parameters: SearchParameters
) -> list[Choice]:
    """The one candidate that the ink of the picture is most likely to be, however unsure.

    The picture shows one digit, so a stroke that is a perfect 1 says little while a bar beside it
    is left out. The best candidate that is another digit counts against the score. None without
    ink.
    """
    if not layout.candidates:
        return []
    likely = probabilities.max(axis=1) * digit_score * _explained(layout, parameters)
    digits = probabilities.argmax(axis=1)
    best = int(likely.argmax())
    rival = likely[digits != digits[best]].max(initial=0.0)
    certain = likely[best] / max(likely[best] + rival, 1e-12)
    return [Choice(best, float(digit_score[best] * certain))]


def _explained(layout: Layout, parameters: SearchParameters) -> Floats:
    """How likely the ink that each candidate leaves out is no part of the digit; 1 if there is
    none."""
    if len(layout.candidates) == 1:
        return np.ones(1, np.float32)
    every = {piece.label for line in layout.lines for piece in line}
    area = np.bincount(layout.labels.ravel(), minlength=1 + max(every))
    cost = (area / max(area[label] for label in every)) ** 2
    left_out = [cost[list(every.difference(each.labels))].sum() for each in layout.candidates]
    return np.asarray(np.exp(-parameters.leave_out_single * np.array(left_out, np.float32)))


@dataclass(frozen=True)
class _Path:
    """The candidates, from left to right, as which a line is read, and what that costs."""

    candidates: tuple[int, ...]
    cost: float


def _best_paths(
    layout: Layout, probabilities: Floats, digit_score: Floats, parameters: SearchParameters
) -> list[_Path]:
    """The cheapest path through each line."""
    confidence = (probabilities.max(axis=1, initial=0.0) * digit_score).tolist()
    by_line = _by_line(layout.candidates)
    return [
        _best_path(layout, line, by_line.get(line, []), confidence, parameters)
        for line in range(len(layout.lines))
    ]


def _best_path(
    layout: Layout,
    line: int,
    indices: list[int],
    confidence: list[float],
    parameters: SearchParameters,
) -> _Path:
    pieces = layout.lines[line]
    height = max(layout.heights[line], 1.0)
    best = [0.0] + [math.inf] * len(pieces)
    via: list[int | None] = [None] * (len(pieces) + 1)
    starting: dict[int, list[int]] = {}
    for index in indices:
        starting.setdefault(layout.candidates[index].first, []).append(index)
    for position, piece in enumerate(pieces):
        size = min(1.0, max(piece.box[2], piece.box[3]) / height)
        cost = best[position] + parameters.leave_out * size + parameters.cut * piece.cut
        if cost < best[position + 1]:
            best[position + 1], via[position + 1] = cost, None
        for index in starting.get(position, []):
            last = layout.candidates[index].last
            end = last + 1
            cost = best[position] - math.log(max(confidence[index], 1e-6))
            cost += parameters.cut * pieces[last].cut
            if cost < best[end]:
                best[end], via[end] = cost, index
    path: list[int] = []
    position = len(pieces)
    while position:
        index_or_none = via[position]
        if index_or_none is None:
            position -= 1
        else:
            path.append(index_or_none)
            position = layout.candidates[index_or_none].first
    return _Path(tuple(path[::-1]), best[-1])


def _easy(
    layout: Layout, paths: Sequence[_Path], probabilities: Floats, parameters: SearchParameters
) -> set[int]:
    """The lines of several digits, next to nothing of whose ink is in doubt or left out."""
    return {
        line
        for line, path in enumerate(paths)
        if _like_a_number(probabilities[list(path.candidates)].argmax(axis=1).tolist(), parameters)
        and _effort(layout, line, path, parameters) <= parameters.ease
    }


def _like_a_number(digits: list[int], parameters: SearchParameters) -> bool:
    """Whether these are several digits, and no mere strokes nor the same few over and over: what a
    fence or a wavy line falls into."""
    count, strokes = len(digits), digits.count(STROKE)
    pattern = count > parameters.again * len(set(digits))
    return count > 1 and strokes <= parameters.strokes * count and not pattern


def _effort(layout: Layout, line: int, path: _Path, parameters: SearchParameters) -> float:
    """What a path costs for each of its digits, its cuts aside; inf where it leaves out what is as
    large as a digit."""
    digits = [layout.candidates[index] for index in path.candidates]
    read = {place for digit in digits for place in range(digit.first, digit.last + 1)}
    inside = read - {digit.last for digit in digits}
    cuts = 0
    for place, piece in enumerate(layout.lines[line]):
        if place not in read and max(piece.box[2:]) >= layout.heights[line]:
            return math.inf
        cuts += piece.cut and place not in inside
    return (path.cost - parameters.cut * cuts) / len(digits)


def _of_digit_size(
    candidates: tuple[Candidate, ...],
    chosen: list[int],
    probabilities: Floats,
    digit_score: Floats,
    parameters: SearchParameters,
) -> list[int]:
    """Drop marks much smaller than the typical digit: commas, accents, specks that look like 1; but
    not those that are a number of their own."""
    if not chosen:
        return chosen
    sizes = [_size(candidates[index]) for index in chosen]
    least = parameters.least_size * weighted_median(sizes)
    if min(sizes) >= least:
        return chosen
    large = {
        candidates[index].line for index, size in zip(chosen, sizes, strict=True) if size >= least
    }
    apart = [index for index in chosen if candidates[index].line not in large]
    kept = numbers(
        [candidates[index] for index in apart],
        probabilities[apart],
        digit_score[apart],
        parameters,
    )
    return [
        index
        for index, size in zip(chosen, sizes, strict=True)
        if size >= least or candidates[index].line in kept
    ]
