"""The reader: a picture goes in, a `Reading` comes out. The whole pipeline is on this screen."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from digits import (
    apart,
    confidence,
    enclosures,
    faint,
    ink,
    layout,
    model,
    picture,
    process,
    rows,
    search,
    sheet,
    tile,
)
from digits.confidence import Confidence
from digits.ink import Ink
from digits.layout import Layout
from digits.look import Look, cut_tiles
from digits.model import ModelFolder
from digits.network import Network
from digits.parameters import Parameters
from digits.picture import Limits, Picture
from digits.pyramid import Pyramid
from digits.reading import Box, Digit, Milliseconds, Polarity, Reading
from digits.rows import RowsParameters
from digits.search import Choice
from digits.settings import Settings
from digits.signs import RING_DIGIT, STROKE
from digits.trace import Trace

Floats = NDArray[np.float32]

OTHER: dict[Polarity, Polarity] = {
    "dark_on_light": "light_on_dark",
    "light_on_dark": "dark_on_light",
}


@dataclass(frozen=True)
class Reader:
    """Reads pictures with one model. Holds nothing that a reading changes: safe to share."""

    folder: ModelFolder
    version: str
    network: Network
    parameters: Parameters = field(default_factory=Parameters)
    limits: Limits = field(default_factory=Limits)
    confidence: Confidence | None = None

    @classmethod
    def load(cls, settings: Settings | None = None) -> Reader:
        """Open the model that the environment names. Raises ModelError."""
        settings = settings or Settings.from_env()
        path = model.locate({**os.environ, "DIGITS_MODEL_DIR": str(settings.model_dir)})
        return cls.open(path, limits=Limits.of(settings))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, limits: Limits | None = None) -> Reader:
        """Open the model folder at ``path``. Raises ModelError."""
        folder = ModelFolder.open(os.fspath(path))
        return cls.of(folder, model.version_of(folder.path, os.environ), limits or Limits())

    @classmethod
    def of(cls, folder: ModelFolder, version: str, limits: Limits) -> Reader:
        """The reader of an opened folder. Raises ModelError if its networks are not usable."""
        process.prepare()
        return cls(
            folder,
            version,
            Network(folder),
            Parameters.from_dict(folder.card.parameters),
            limits,
            Confidence.of(folder),
        )

    def read(self, data: bytes, *, single: bool = False, trace: Trace | None = None) -> Reading:
        """Read an encoded picture; ``single`` takes all of it as one digit.

        ``trace`` collects a picture of every stage, and the evidence by which each digit was
        judged. Raises TooLarge, UnsupportedMediaType or UnreadableImage; a picture without digits
        is a reading without digits.
        """
        started = time.perf_counter()
        decoded = picture.decode(data, self.limits)
        found_from = time.perf_counter()
        if single:
            tried = [self._judged(decoded, Pyramid(decoded.grey), single=True)]
        else:
            tried = list(self._views(decoded))
        judged = max(tried, key=_Judged.worth)  # and of equal ones the picture as it is
        looked = sum(each.found.looked for each in tried)
        found, digits = judged.found, judged.digits
        finished = time.perf_counter()
        if trace is not None:
            extracted, arranged = found.extracted, found.arranged
            seen = [arranged.candidates[choice.index] for _, choice in found.placed]
            tiles = cut_tiles(extracted, arranged.labels, seen, self.parameters.look)
            trace.record(decoded, extracted, arranged, tiles, digits)
            trace.evidence = judged.evidence
        return Reading(
            digits=digits,
            width=decoded.width,
            height=decoded.height,
            polarity=found.extracted.polarity,
            model_name=self.folder.card.name,
            model_version=self.version,
            ms=_milliseconds(started, found_from, finished, looked),
        )

    def _views(self, decoded: Picture) -> Iterator[_Judged]:
        """What is found in the picture as it is, and where nothing is written there, or polarity is
        in doubt, in what it is without what lies around a sheet; if that is in doubt, also with the
        other polarity, in which nothing but 1s is nothing."""
        pyramid = Pyramid(decoded.grey)
        polarity, doubtful = ink.find_polarity(pyramid, self.parameters.ink)
        as_it_is = self._judged(decoded, pyramid, polarity=polarity)
        yield as_it_is
        if as_it_is.written() and not doubtful:
            return
        page = sheet.alone(pyramid, self.parameters.sheet)
        if page is not None:
            yield self._judged(decoded, Pyramid(page))
        if doubtful:
            other = self._judged(decoded, pyramid, polarity=OTHER[polarity])
            yield other if other.written() else other.without_digits()

    def _judged(
        self,
        decoded: Picture,
        pyramid: Pyramid,
        *,
        single: bool = False,
        polarity: Polarity | None = None,
    ) -> _Judged:
        """What is found in a picture's pixels; no digits where not even one is likely enough."""
        found = self._find(pyramid, single=single, polarity=polarity)
        chosen = [choice for _, choice in found.placed]
        parameters = self.parameters.confidence
        evidence = confidence.evidence(
            found.extracted, found.arranged, chosen, *found.scores, parameters, single=single
        )
        judged = _Judged(found, self._digits(decoded, found, evidence), evidence)
        likely = any(digit.confidence >= parameters.least for digit in judged.digits)
        return judged if single or likely else judged.without_digits()

    def _find(self, pyramid: Pyramid, *, single: bool, polarity: Polarity | None) -> _Found:
        """The digits of a picture, from a coarse look at it if that shows some, and shows no
        reason for another: nothing to cut, and nothing that the network sees larger than it is."""
        seconds = 0.0
        if coarse := ink.coarse(pyramid, self.parameters.ink, polarity=polarity):
            look = Look(coarse, self.network, self.parameters.look)
            uncut = self._all_in_one(coarse) if single else self._uncut(coarse, look)
            if uncut:
                found = self._chosen(coarse, uncut, look, single=single)
                if found.least_size() >= tile.BOX:
                    return found
            seconds = look.seconds
        # Enlarging helps to part what is close; what is one digit is left as it is.
        fine = ink.extract(pyramid, self.parameters.ink, enlarge=not single, polarity=polarity)
        look = Look(fine, self.network, self.parameters.look, seconds)
        arranged = self._all_in_one(fine) if single else self._cut(fine, look)
        return self._chosen(fine, arranged, look, single=single)

    def _all_in_one(self, extracted: Ink) -> Layout:
        return layout.find_single(extracted, self.parameters.layout)

    def _uncut(self, coarse: Ink, look: Look) -> Layout | None:
        """Boxes that may hold a digit, in the ink of a coarse look; None where some are small, or
        something has to be cut, which takes all the pixels there are."""
        pieces = layout.pieces(coarse, self.parameters.layout)
        if pieces.typical_height() < tile.BOX:
            return None
        pieces = self._worth_a_look(pieces, coarse, look)
        sure = self._sure(pieces, look)
        doubted = search.doubted(pieces, sure, self.parameters.search)
        doubted = search.likely_several(pieces, doubted, sure, self.parameters.search)
        if layout.worth_cutting(pieces, doubted, self.parameters.layout):
            return None
        parted = self._rows_apart(pieces, look, layout.labels_after(pieces))
        if parted.labels is not pieces.labels:
            return None
        return layout.arrange(parted, (), self.parameters.layout)

    def _cut(self, extracted: Ink, look: Look) -> Layout:
        """Boxes that may hold a digit; what is connected is cut."""
        pieces = layout.pieces(extracted, self.parameters.layout)
        pieces = self._worth_a_look(pieces, extracted, look)
        new_labels = layout.labels_after(pieces)
        pieces = self._rows_apart(pieces, look, new_labels)
        return self._parted(pieces, look, new_labels)

    def _chosen(self, extracted: Ink, arranged: Layout, look: Look, *, single: bool) -> _Found:
        """The digits among the boxes, in reading order."""
        choose = search.choose_single if single else search.choose
        scores = look.scores(arranged)
        chosen = choose(arranged, *scores, self.parameters.search)
        placed = _in_reading_order(arranged, chosen, self.parameters.rows)
        return _Found(extracted, arranged, scores, placed, look.seconds)

    def _worth_a_look(self, pieces: Layout, extracted: Ink, look: Look) -> Layout:
        """The pieces but for those around digits and those much fainter than digits; specks are
        left out of what is looked at."""
        self._pass_over_specks(pieces, look)
        sure = self._sure(pieces, look)
        if dropped := self._faint(pieces, sure, extracted, look):
            pieces = layout.without(pieces, dropped, self.parameters.layout)
            sure = self._sure(pieces, look)
        return enclosures.drop(pieces, sure, self.parameters.enclosures, self.parameters.layout)

    def _pass_over_specks(self, pieces: Layout, look: Look) -> None:
        """What is too small for a digit, beside what is sure to be one, is not looked at at all."""
        small = set(search.small(pieces, self.parameters.search))
        if not small:
            return
        large = pieces.only([each for each in range(len(pieces.candidates)) if each not in small])
        sure = large.only(sorted(self._sure(large, look)))
        little = pieces.only(sorted(small))
        numbers = self._numbers(little, sure, look)
        specks = search.specks(
            little.candidates, sure.candidates, self.parameters.search, numbers=numbers
        )
        look.specks.update((speck.labels[0], speck.box[2] * speck.box[3]) for speck in specks)

    def _faint(self, pieces: Layout, sure: set[int], extracted: Ink, look: Look) -> set[int]:
        """Which of the pieces are much fainter than those ``sure`` to be digits, and no number."""
        legible = self._legible(pieces, sure, look)
        found = faint.beside(
            pieces, extracted.strength, sure, self.parameters.faint, legible=legible
        )
        if not found:
            return set()
        others = pieces.only(sorted(sure.difference(found)))
        numbers = self._numbers(pieces.only(found), others, look)
        return {each for each in found if pieces.candidates[each].line not in numbers}

    def _legible(self, pieces: Layout, sure: set[int], look: Look) -> set[int]:
        """Those of the sure digits that are neither what a line looks like nor what a box does."""
        read = self._read(pieces, sure, look)
        return {each for each, digit in read.items() if digit not in (STROKE, RING_DIGIT)}

    def _read(self, pieces: Layout, sure: set[int], look: Look) -> dict[int, int]:
        """Which digit each of the sure ones is."""
        seen = sorted(sure)
        likeliest = look.scores(pieces.only(seen))[0].argmax(axis=1).tolist()
        return dict(zip(seen, likeliest, strict=True))

    def _numbers(self, others: Layout, digits: Layout, look: Look) -> set[int]:
        """The lines on which pieces unlike the sure ``digits`` are a number of their own."""
        in_rows = search.in_rows(others.candidates, digits.candidates, self.parameters.search)
        if not in_rows:
            return set()
        rows = others.only(in_rows)
        return search.numbers(rows.candidates, *look.scores(rows), self.parameters.search)

    def _parted(self, pieces: Layout, look: Look, new_labels: Iterator[int]) -> Layout:
        """What may be several digits cut in either of two ways, whichever reads a line better."""
        parameters = self.parameters
        doubted = search.doubted(pieces, self._sure(pieces, look), parameters.search)
        arranged = layout.arrange(pieces, doubted, parameters.layout, new_labels)
        if arranged.labels is pieces.labels:  # there was nothing to cut
            return arranged
        other = layout.arrange(pieces, doubted, parameters.layout, new_labels, touching=True)
        scores, other_scores = look.scores(arranged), look.scores(other)
        lines = search.cheaper(arranged, scores, other, other_scores, parameters.search)
        return layout.exchange(arranged, other, lines) if lines else arranged

    def _rows_apart(self, pieces: Layout, look: Look, new_labels: Iterator[int]) -> Layout:
        """Rows that touch parted; what comes of it may tell where more rows are."""
        parameters, of_layout = self.parameters.apart, self.parameters.layout
        for _ in range(parameters.rounds):
            sure = self._sure(pieces, look)
            boxes = self._known(pieces, sure, look)
            if not apart.any_tall(pieces, boxes, parameters):
                break
            known = apart.Rows.of(boxes, parameters, self.parameters.rows)
            if len(known.boxes) < 2:
                break
            if doubted := apart.stacked(pieces, sure, known, parameters):
                trial = apart.part(pieces, sure - doubted, known, parameters, of_layout, new_labels)
                seen = self._sure(trial, look)
                sure -= {
                    each
                    for each in doubted
                    if apart.all_digits(pieces, each, trial, seen, parameters)
                }
            before = pieces
            pieces = apart.part(before, sure, known, parameters, of_layout, new_labels)
            if len(pieces.candidates) == len(before.candidates):
                break
        return pieces

    def _known(self, pieces: Layout, sure: set[int], look: Look) -> NDArray[np.float64]:
        """The boxes of the digits that tell where rows run: not those of strokes that were cut off
        others, which may be a pen's, a table's, anything's."""
        boxes = [
            pieces.candidates[each].box
            for each, digit in self._read(pieces, sure, look).items()
            if not (pieces.piece(each).parted and digit == STROKE)
        ]
        return np.array(boxes, np.float64).reshape(-1, 4)

    def _sure(self, pieces: Layout, look: Look) -> set[int]:
        """Which of the pieces are digits whatever the others are; no other than the narrow ones,
        and these alone are looked at."""
        narrow = search.narrow(pieces, self.parameters.search)
        scores = look.scores(pieces.only(narrow))
        return {narrow[place] for place in search.sure(*scores, self.parameters.search)}

    def _digits(self, decoded: Picture, found: _Found, evidence: Floats) -> tuple[Digit, ...]:
        threshold = self.folder.card.thresholds.get("uncertain", 0.5)
        probabilities, _ = found.scores
        chosen = probabilities[[choice.index for _, choice in found.placed]]
        likeliest, tens = chosen.argmax(axis=1).tolist(), _rounded(chosen)
        surest = np.array([max(ten) for ten in tens], np.float64)
        if self.confidence:
            # The probability of being this digit, given that it is one, is the network's: what is
            # left, that it is exactly one, is at most sure.
            sure = np.minimum(self.confidence.right(evidence), surest).tolist()
        else:
            sure = (surest * [choice.score for _, choice in found.placed]).tolist()
        digits = []
        for place, ((row, choice), ten) in enumerate(zip(found.placed, tens, strict=True)):
            box = found.arranged.candidates[choice.index].box
            digits.append(
                Digit(
                    digit=likeliest[place],
                    confidence=sure[place],
                    probabilities=ten,
                    box=_picture_box(box, decoded, found.extracted),
                    row=row,
                    uncertain=sure[place] < threshold,
                )
            )
        return tuple(digits)


@dataclass(frozen=True)
class _Found:
    """What the ink of a picture was read as: the digits ``placed`` in rows, among the candidates of
    a layout with their ``scores``; ``looked`` is the seconds that the network took."""

    extracted: Ink
    arranged: Layout
    scores: tuple[Floats, Floats]
    placed: list[tuple[int, Choice]]
    looked: float

    def least_size(self) -> int:
        """The longer side in working pixels of the smallest digit; 0 if there is none."""
        chosen = (self.arranged.candidates[choice.index] for _, choice in self.placed)
        return min((max(each.box[2:]) for each in chosen), default=0)


@dataclass(frozen=True)
class _Judged:
    """What was found, its digits as they are reported, and the evidence ``[n, 25]`` by which each
    was judged."""

    found: _Found
    digits: tuple[Digit, ...]
    evidence: Floats

    def written(self) -> int:
        """How many digits there are but for 1s, which what is left of an edge looks like."""
        return sum(digit.digit != STROKE for digit in self.digits)

    def without_digits(self) -> _Judged:
        """The same, nothing of it taken for a digit."""
        return _Judged(replace(self.found, placed=[]), (), self.evidence[:0])

    def worth(self) -> tuple[int, bool, int]:
        """By which one view of a picture is preferred to another: more digits but for 1s; of equal
        ones, any at all; and then fewer 1s."""
        written, digits = self.written(), len(self.digits)
        return written, digits > 0, written - digits


def _in_reading_order(
    arranged: Layout, chosen: list[Choice], parameters: RowsParameters
) -> list[tuple[int, Choice]]:
    """The chosen candidates with their rows, row by row and from left to right."""
    boxes = [arranged.candidates[choice.index].box for choice in chosen]
    return [
        (row, chosen[place])
        for row, places in enumerate(rows.arrange(boxes, parameters))
        for place in places
    ]


def _picture_box(box: Box, decoded: Picture, extracted: Ink) -> Box:
    """Working pixels to pixels of the picture as a person sees it."""
    scale_x = decoded.width / extracted.strength.shape[1]
    scale_y = decoded.height / extracted.strength.shape[0]
    left, top = int(box[0] * scale_x), int(box[1] * scale_y)
    right = min(decoded.width, round((box[0] + box[2]) * scale_x))
    bottom = min(decoded.height, round((box[1] + box[3]) * scale_y))
    return left, top, max(1, right - left), max(1, bottom - top)


def _rounded(probabilities: Floats) -> list[tuple[float, ...]]:
    """Rows of ten plain floats, each of which sums to 1 to the last printed digit."""
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    rounded = np.round(exact, 6)
    rounded[np.arange(len(rounded)), rounded.argmax(axis=1)] += 1 - rounded.sum(axis=1)
    return [tuple(row) for row in np.round(rounded, 6).tolist()]


def _milliseconds(
    started: float, found_from: float, finished: float, looked: float
) -> Milliseconds:
    return Milliseconds(
        decode=(found_from - started) * 1000,
        find=(finished - found_from - looked) * 1000,
        classify=looked * 1000,
        total=(finished - started) * 1000,
    )
