"""The reader: a picture goes in, a `Reading` comes out. The whole pipeline is on this screen."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import (
    apart,
    confidence,
    enclosures,
    ink,
    layout,
    model,
    picture,
    process,
    rows,
    search,
    tile,
)
from digits.company import STROKE
from digits.confidence import Confidence
from digits.ink import Ink
from digits.layout import Candidate, Labels, Layout
from digits.model import ModelFolder
from digits.network import Network
from digits.parameters import Parameters
from digits.picture import Limits, Picture
from digits.reading import Box, Digit, Milliseconds, Reading
from digits.search import Choice
from digits.settings import Settings
from digits.trace import Trace

Floats = NDArray[np.float32]

AROUND = np.ones((3, 3), np.uint8)
"""A pixel and the eight next to it."""


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
        # Enlarging helps to part what is close; what is one digit is left as it is.
        extracted = ink.extract(decoded.grey, self.parameters.ink, enlarge=not single)
        look = _Look(extracted, self.network)
        if single:
            arranged = layout.find_single(extracted, self.parameters.layout)
            choose = search.choose_single
        else:
            pieces = layout.pieces(extracted, self.parameters.layout)
            self._pass_over_specks(pieces, look)
            new_labels = layout.labels_after(pieces)
            pieces = enclosures.drop(pieces, self._sure(pieces, look), self.parameters.layout)
            pieces = self._rows_apart(pieces, look, new_labels)
            arranged = self._parted(pieces, look, new_labels)
            choose = search.choose
        scores = look.scores(arranged)
        placed = _in_reading_order(arranged, choose(arranged, *scores, self.parameters.search))
        chosen = [choice for _, choice in placed]
        evidence = confidence.evidence(extracted, arranged, chosen, *scores, single=single)
        finished = time.perf_counter()
        digits = self._digits(decoded, extracted, arranged, placed, scores[0], evidence)
        if trace is not None:
            seen = [arranged.candidates[choice.index] for choice in chosen]
            tiles = cut_tiles(extracted, arranged.labels, seen)
            trace.record(decoded, extracted, arranged, tiles, digits)
            trace.evidence = evidence
        return Reading(
            digits=digits,
            width=decoded.width,
            height=decoded.height,
            polarity=extracted.polarity,
            model_name=self.folder.card.name,
            model_version=self.version,
            ms=_milliseconds(started, found_from, finished, look.seconds),
        )

    def _pass_over_specks(self, pieces: Layout, look: _Look) -> None:
        """What is too small for a digit, beside what is sure to be one, is not looked at at all."""
        small = set(search.small(pieces, self.parameters.search))
        if not small:
            return
        few: list[Candidate] = []
        many: list[Candidate] = []
        for index, candidate in enumerate(pieces.candidates):
            (many if index in small else few).append(candidate)
        sure = self._sure(replace(pieces, candidates=tuple(few)), look)
        specks = search.specks(many, [few[index] for index in sure], self.parameters.search)
        look.specks.update(label for speck in specks for label in speck.labels)

    def _parted(self, pieces: Layout, look: _Look, new_labels: Iterator[int]) -> Layout:
        """What may be several digits cut in either of two ways, whichever reads a line better."""
        parameters = self.parameters
        doubted = search.doubted(pieces, *look.scores(pieces), parameters.search)
        arranged = layout.arrange(pieces, doubted, parameters.layout, new_labels)
        if arranged.labels is pieces.labels:  # there was nothing to cut
            return arranged
        other = layout.arrange(pieces, doubted, parameters.layout, new_labels, touching=True)
        scores, other_scores = look.scores(arranged), look.scores(other)
        lines = search.cheaper(arranged, scores, other, other_scores, parameters.search)
        return layout.exchange(arranged, other, lines) if lines else arranged

    def _rows_apart(self, pieces: Layout, look: _Look, new_labels: Iterator[int]) -> Layout:
        """Rows that touch parted; what comes of it may tell where more rows are."""
        parameters, of_layout = self.parameters.apart, self.parameters.layout
        for _ in range(parameters.rounds):
            sure = self._sure(pieces, look)
            boxes = self._known(pieces, sure, look)
            if not apart.any_tall(pieces, boxes, parameters):
                break
            known = apart.Rows.of(boxes, parameters)
            if len(known.boxes) < 2:
                break
            if doubted := apart.stacked(pieces, sure, known, parameters):
                trial = apart.part(pieces, sure - doubted, known, parameters, of_layout, new_labels)
                seen = self._sure(trial, look)
                sure -= {each for each in doubted if apart.all_digits(pieces, each, trial, seen)}
            before = pieces
            pieces = apart.part(before, sure, known, parameters, of_layout, new_labels)
            if len(pieces.candidates) == len(before.candidates):
                break
        return pieces

    def _known(self, pieces: Layout, sure: set[int], look: _Look) -> NDArray[np.float64]:
        """The boxes of the digits that tell where rows run: not those of strokes that were cut off
        others, which may be a pen's, a table's, anything's."""
        probabilities, _ = look.scores(pieces)
        boxes = [
            pieces.candidates[index].box
            for index in sorted(sure)
            if not (pieces.piece(index).parted and probabilities[index].argmax() == STROKE)
        ]
        return np.array(boxes, np.float64).reshape(-1, 4)

    def _sure(self, pieces: Layout, look: _Look) -> set[int]:
        return set(search.sure(pieces, *look.scores(pieces), self.parameters.search))

    def _digits(
        self,
        decoded: Picture,
        extracted: Ink,
        arranged: Layout,
        placed: list[tuple[int, Choice]],
        probabilities: Floats,
        evidence: Floats,
    ) -> tuple[Digit, ...]:
        threshold = self.folder.card.thresholds.get("uncertain", 0.5)
        chosen = probabilities[[choice.index for _, choice in placed]]
        likeliest, surest = chosen.argmax(axis=1).tolist(), chosen.max(axis=1)
        if self.confidence:
            # The probability of being this digit, given that it is one, is the network's: what is
            # left, that it is exactly one, is at most sure.
            sure = np.minimum(self.confidence.right(evidence), surest).tolist()
        else:
            sure = (surest * [choice.score for _, choice in placed]).tolist()
        digits = []
        for place, ((row, choice), ten) in enumerate(zip(placed, _rounded(chosen), strict=True)):
            digits.append(
                Digit(
                    digit=likeliest[place],
                    confidence=sure[place],
                    probabilities=ten,
                    box=_picture_box(arranged.candidates[choice.index].box, decoded, extracted),
                    row=row,
                    uncertain=sure[place] < threshold,
                )
            )
        return tuple(digits)


class _Look:
    """The network's scores for one picture's candidates; it looks at none of them twice.

    What is made of nothing but ``specks``, by their labels, is not looked at, and is no digit.
    ``seconds`` is what looking took.
    """

    def __init__(self, extracted: Ink, network: Network) -> None:
        self.seconds = 0.0
        self.specks: set[int] = set()
        self._extracted = extracted
        self._network = network
        self._place: dict[tuple[int, ...], int] = {}
        self._probabilities = np.zeros((0, 10), np.float32)
        self._digit_score = np.zeros(0, np.float32)

    def scores(self, arranged: Layout) -> tuple[Floats, Floats]:
        """``probabilities`` ``[n, 10]`` and ``digit_score`` ``[n]`` of a layout's candidates."""
        began = time.perf_counter()
        new = {each.labels: each for each in arranged.candidates if each.labels not in self._place}
        if new:
            seen: list[Candidate] = []
            passed: list[Candidate] = []
            for each in new.values():
                (passed if self.specks.issuperset(each.labels) else seen).append(each)
            tiles = cut_tiles(self._extracted, arranged.labels, seen)
            self._keep(seen, *self._network.scores(tiles))
            none = np.zeros((len(passed), 10), np.float32)
            self._keep(passed, none, none[:, 0])
        places = [self._place[each.labels] for each in arranged.candidates]
        self.seconds += time.perf_counter() - began
        return self._probabilities[places], self._digit_score[places]

    def _keep(
        self, candidates: Sequence[Candidate], probabilities: Floats, digit_score: Floats
    ) -> None:
        known = len(self._place)
        self._place |= {each.labels: known + place for place, each in enumerate(candidates)}
        self._probabilities = np.concatenate([self._probabilities, probabilities])
        self._digit_score = np.concatenate([self._digit_score, digit_score])


def cut_tiles(extracted: Ink, labels: Labels, candidates: Sequence[Candidate]) -> Floats:
    """The candidates' own ink, each normalised: ``[n, 28, 28, 1]`` float32."""
    tiles = np.zeros((len(candidates), tile.SIDE, tile.SIDE, 1), np.float32)
    for index, candidate in enumerate(candidates):
        tiles[index, ..., 0] = tile.normalise(_own_ink(extracted, labels, candidate))
    return tiles


def _own_ink(extracted: Ink, labels: Labels, candidate: Candidate) -> NDArray[np.uint8]:
    """The strength inside the candidate's box, soft edges included, other pieces left out."""
    x, y, width, height = candidate.box
    window = (slice(max(y - 1, 0), y + height + 1), slice(max(x - 1, 0), x + width + 1))
    nearby = labels[window]
    own = layout.any_of(nearby, candidate.labels)
    near = cv2.dilate(own.view(np.uint8), AROUND)
    near &= (own | (nearby == 0)).view(np.uint8)
    faint = (
        int(
            extracted.threshold[
                min(y + height // 2, extracted.threshold.shape[0] - 1),
                min(x + width // 2, extracted.threshold.shape[1] - 1),
            ]
        )
        // 2
    )
    strength = cv2.subtract(extracted.strength[window] * near, (faint,))
    return tile.crop(strength, threshold=int(strength.max()) * 40 // 255)


def _in_reading_order(arranged: Layout, chosen: list[Choice]) -> list[tuple[int, Choice]]:
    """The chosen candidates with their rows, row by row and from left to right."""
    boxes = [arranged.candidates[choice.index].box for choice in chosen]
    return [
        (row, chosen[place]) for row, places in enumerate(rows.arrange(boxes)) for place in places
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
