"""What stands beside a mark says whether it is a digit.

A stroke among letters is a letter, among digits a 1; a mark that was cut from ink nobody reads, or
that has a dot above it, is part of something else (`digits.signs`). The network sees one tile at a
time and cannot know.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from digits import signs
from digits.layout import Layout
from digits.odds import log_odds
from digits.signs import Floats, Marks, SignParameters


@dataclass(frozen=True)
class CompanyParameters:
    """``usual_share`` is the share of a picture's marks that are expected to be digits. On the
    lines beside a mark's own that is worth ``page_weight`` marks of evidence; what they then say is
    worth ``usual_weight`` on its own, but no more than ``told_weight`` as far as there is anything
    on them: of itself a line knows more. Print says little of writing that is ten times its size:
    lines of which one is at least ``alike`` as high as the other say all there is to say of each
    other, those of which one is less than ``unlike`` as high say nothing.

    ``weight`` scales what another share says of each mark: a higher one no more than ``lift`` in
    log odds of the share, and nothing where no other mark of its line was chosen. A 1 counts
    ``stroke`` of another digit, and a stranger is a piece at least ``stranger`` of the height of
    the digits on its line.

    Once there is anything against a mark, its score counts as ``surest`` at most: the network has
    seen nothing but the mark. Then the log odds of a digit lose ``torn`` for each side on which ink
    that is left out was connected with it, ``parted`` where that ink is another digit, ``dotted``
    for a dot or an accent right above or below, ``entangled`` for a mark in its box, and a mark
    much smaller than the other digits of its line ``dwarfed``. Where the other digits keep clear of
    the picture's border, what meets it loses ``cropped``, or ``framed`` if it is a stroke: it is
    the edge of the sheet. A line from border to border loses ``spanning``, whatever else there is.
    The only mark of a picture loses ``scene`` if it is part of one. Strokes lose ``zigzag`` if all
    that was read in the ink they were cut from are strokes: it is an M, a ü, a saw's teeth; and, in
    a picture of which they are a share of ``fence`` or more, ``again`` for each other one: it is a
    fence. A stroke with a bar across it loses ``crossed``, the rings and the stroke of a percent
    sign lose ``percent``. When a mark is any of this is for ``signs`` to say. Shares are worked out
    ``rounds`` times over.
    """

    usual_share: float = 0.8
    usual_weight: float = 2.0
    weight: float = 3.6
    lift: float = 0.1
    page_weight: float = 4.0
    told_weight: float = 1.0
    unlike: float = 0.2
    alike: float = 0.5
    stroke: float = 0.3
    stranger: float = 0.4
    torn: float = 2.5
    parted: float = 0.5
    dotted: float = 3.5
    entangled: float = 3.0
    dwarfed: float = 2.0
    framed: float = 4.0
    cropped: float = 1.0
    spanning: float = 4.0
    scene: float = 4.0
    zigzag: float = 3.5
    fence: float = 0.9
    again: float = 0.15
    crossed: float = 4.0
    percent: float = 4.0
    surest: float = 0.95
    rounds: int = 3
    signs: SignParameters = field(default_factory=SignParameters)


def adjust(
    layout: Layout,
    chosen: list[int],
    digits: NDArray[np.intp],
    scores: Floats,
    parameters: CompanyParameters,
    *,
    easy: Collection[int] = (),
) -> Floats:
    """Digit scores of the ``chosen`` candidates, changed by what stands beside them.

    ``digits`` and ``scores`` ``[n]`` are what each was read as and its score. On ``easy`` lines,
    all of whose ink is digits, it says nothing against these that they were connected. The share
    of digits among a mark's companions (a beta-binomial estimate) shifts its log odds, upwards by
    little; as that changes other shares, it is done a few times over.
    """
    if not chosen:
        return scores
    candidates = [layout.candidates[index] for index in chosen]
    marks = Marks.of(layout, candidates, digits, parameters.signs)
    lost = _lost(marks, parameters, easy)
    own = np.where(lost > 0, log_odds(np.minimum(scores, parameters.surest)), log_odds(scores))
    own -= lost
    strangers = _strangers(marks, parameters)
    votes = np.where(marks.strokes, parameters.stroke, 1.0)
    alike = _alike(np.array(layout.heights), parameters)
    all_there_are = _company(marks.lines, alike, votes, strangers)
    none = np.zeros_like(strangers)
    usual = parameters.usual_share
    lift = np.where(np.bincount(marks.lines)[marks.lines] > 1, parameters.lift, 0.0)
    adjusted = 1 / (1 + np.exp(-own))
    for _ in range(parameters.rounds):
        found = _company(marks.lines, alike, votes * adjusted, none)
        shares = _shares(found, all_there_are, parameters)
        shift = np.minimum(lift, log_odds(shares) - math.log(usual / (1 - usual)))
        adjusted = 1 / (1 + np.exp(-(own + parameters.weight * shift)))
    return np.asarray(adjusted)


def _lost(marks: Marks, parameters: CompanyParameters, easy: Collection[int]) -> Floats:
    """What each mark's log odds lose for what it looks to be part of, ``[n]``."""
    of_signs = parameters.signs
    off_ink, off_marks = signs.torn(marks)
    connected = np.array([line not in easy for line in marks.lines.tolist()])
    lost = connected * (parameters.torn * off_ink + parameters.parted * off_marks)
    lost += parameters.dotted * signs.dotted(marks, of_signs)
    lost += parameters.entangled * signs.entangled(marks, of_signs)
    lost += parameters.dwarfed * signs.dwarfed(marks, of_signs)
    lost += parameters.percent * signs.of_percent_sign(marks, of_signs)
    of_border = np.where(marks.strokes, parameters.framed, parameters.cropped)
    lost += of_border * signs.framed(marks, of_signs)
    lost += parameters.scene * signs.of_scene(marks, of_signs)
    lost += parameters.zigzag * signs.zigzag(marks)
    lost += parameters.crossed * signs.crossed(marks, of_signs)
    lost += parameters.spanning * signs.spanning(marks, of_signs)
    if marks.strokes.mean() >= parameters.fence:
        lost += parameters.again * marks.strokes * (np.count_nonzero(marks.strokes) - 1)
    return np.asarray(lost)


def _alike(heights: Floats, parameters: CompanyParameters) -> Floats:
    """How much each line says of each other one ``[n, n]``, 0 to 1, by how high they are; and
    nothing of itself."""
    ratio = np.minimum.outer(heights, heights) / np.maximum.outer(heights, heights)
    alike = np.clip((ratio - parameters.unlike) / (parameters.alike - parameters.unlike), 0, 1)
    np.fill_diagonal(alike, 0)
    return np.asarray(alike)


def _company(
    lines: NDArray[np.intp], alike: Floats, votes: Floats, strangers: Floats
) -> tuple[Floats, Floats]:
    """For each mark, the others' votes and the ``strangers``: on its line, and on all others, as
    far as these are ``alike``."""
    on = np.bincount(lines, weights=votes, minlength=len(strangers)) + strangers
    return on[lines] - votes, (alike @ on)[lines]


def _shares(
    found: tuple[Floats, Floats], every: tuple[Floats, Floats], parameters: CompanyParameters
) -> Floats:
    """The share of digits at each mark: what its own line has, on top of what the others let expect
    (see `CompanyParameters`)."""
    told = parameters.page_weight + every[1]
    untold = parameters.page_weight / told
    elsewhere = untold * parameters.usual_share + found[1] / told
    weight = untold * parameters.usual_weight + (1 - untold) * parameters.told_weight
    return np.asarray((weight * elsewhere + found[0]) / (weight + every[0]))


def _strangers(marks: Marks, parameters: CompanyParameters) -> Floats:
    """How many pieces of each line are in no digit, of those that are high enough; those that were
    one before they were cut, as a signature, count as one."""
    least = parameters.stranger * _usual_heights(marks)
    return np.array(
        [
            len(
                {
                    piece.of or piece.label
                    for position, piece in enumerate(pieces)
                    if piece.box[3] >= least[line] and (line, position) not in marks.taken
                }
            )
            for line, pieces in enumerate(marks.layout.lines)
        ],
        np.float64,
    )


def _usual_heights(marks: Marks) -> Floats:
    """The median height of the marks on each line, but no more than that of all of them."""
    heights: dict[int, list[float]] = {}
    for line, height in zip(marks.lines.tolist(), marks.boxes[:, 3].tolist(), strict=True):
        heights.setdefault(line, []).append(height)
    of_all = statistics.median(itertools.chain.from_iterable(heights.values()))
    usual = np.full(len(marks.layout.lines), of_all)
    for line, of_line in heights.items():
        usual[line] = min(of_all, statistics.median(of_line))
    return usual
