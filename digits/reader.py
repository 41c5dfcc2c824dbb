"""The reader: a picture goes in, a `Reading` comes out. The whole pipeline is on this screen."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import ink, layout, model, picture, rows, search, tile
from digits.ink import Ink
from digits.layout import Candidate, Layout
from digits.model import ModelFolder
from digits.network import Network
from digits.parameters import Parameters
from digits.picture import Limits, Picture
from digits.reading import Box, Digit, Milliseconds, Reading
from digits.search import Choice
from digits.settings import Settings
from digits.trace import Trace

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Reader:
    """Reads pictures with one model. Holds nothing that a reading changes: safe to share."""

    folder: ModelFolder
    version: str
    network: Network
    parameters: Parameters = field(default_factory=Parameters)
    limits: Limits = field(default_factory=Limits)

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
        cv2.setNumThreads(1)  # one picture, one thread: processes share the cores better
        return cls(
            folder,
            model.version_of(folder.path, os.environ),
            Network(folder),
            Parameters.from_dict(folder.card.parameters),
            limits or Limits(),
        )

    def read(self, data: bytes, *, single: bool = False, trace: Trace | None = None) -> Reading:
        """Read an encoded picture; ``single`` takes all of it as one digit.

        ``trace`` collects a picture of every stage. Raises TooLarge, UnsupportedMediaType or
        UnreadableImage; a picture without digits is a reading without digits.
        """
        started = time.perf_counter()
        decoded = picture.decode(data, self.limits)
        found_from = time.perf_counter()
        # Enlarging helps to part what is close; what is one digit is left as it is.
        extracted = ink.extract(decoded.grey, self.parameters.ink, enlarge=not single)
        finder = layout.find_single if single else layout.find
        arranged = finder(extracted, self.parameters.layout)
        tiles = cut_tiles(extracted, arranged)
        classified_from = time.perf_counter()
        probabilities, digit_score = self.network.scores(tiles)
        chooser = search.choose_single if single else search.choose
        chosen = chooser(arranged, probabilities, digit_score, self.parameters.search)
        finished = time.perf_counter()
        placed = _in_reading_order(arranged, chosen)
        digits = self._digits(decoded, extracted, arranged, placed, probabilities)
        if trace is not None:
            seen = tiles[[choice.index for _, choice in placed]]
            trace.record(decoded, extracted, arranged, seen, digits)
        return Reading(
            digits=digits,
            width=decoded.width,
            height=decoded.height,
            polarity=extracted.polarity,
            model_name=self.folder.card.name,
            model_version=self.version,
            ms=_milliseconds(started, found_from, classified_from, finished),
        )

    def _digits(
        self,
        decoded: Picture,
        extracted: Ink,
        arranged: Layout,
        placed: list[tuple[int, Choice]],
        probabilities: Floats,
    ) -> tuple[Digit, ...]:
        threshold = self.folder.card.thresholds.get("uncertain", 0.5)
        digits = []
        for row, choice in placed:
            ten = probabilities[choice.index]
            confidence = float(ten.max()) * choice.score
            digits.append(
                Digit(
                    digit=int(ten.argmax()),
                    confidence=confidence,
                    probabilities=_rounded(ten),
                    box=_picture_box(arranged.candidates[choice.index].box, decoded, extracted),
                    row=row,
                    uncertain=confidence < threshold,
                )
            )
        return tuple(digits)


def cut_tiles(extracted: Ink, arranged: Layout) -> Floats:
    """The candidates' own ink, each normalised: ``[n, 28, 28, 1]`` float32."""
    tiles = np.zeros((len(arranged.candidates), tile.SIDE, tile.SIDE, 1), np.float32)
    for index, candidate in enumerate(arranged.candidates):
        tiles[index, ..., 0] = tile.normalise(_own_ink(extracted, arranged, candidate))
    return tiles


def _own_ink(extracted: Ink, arranged: Layout, candidate: Candidate) -> NDArray[np.uint8]:
    """The strength inside the candidate's box, soft edges included, other pieces left out."""
    x, y, width, height = candidate.box
    window = (slice(max(y - 1, 0), y + height + 1), slice(max(x - 1, 0), x + width + 1))
    labels = arranged.labels[window]
    own = labels == candidate.labels[0]
    for label in candidate.labels[1:]:
        own |= labels == label
    near = cv2.dilate(own.view(np.uint8), np.ones((3, 3), np.uint8))
    near &= (own | (labels == 0)).view(np.uint8)
    faint = (
        int(
            extracted.threshold[
                min(y + height // 2, extracted.threshold.shape[0] - 1),
                min(x + width // 2, extracted.threshold.shape[1] - 1),
            ]
        )
        // 2
    )
    strength = cv2.subtract(extracted.strength[window], (faint,)) * near
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


def _rounded(probabilities: Floats) -> tuple[float, ...]:
    """Ten plain floats that sum to 1 to the last printed digit."""
    exact = probabilities.astype(np.float64)
    exact /= exact.sum()
    rounded = np.round(exact, 6)
    rounded[rounded.argmax()] += 1 - rounded.sum()
    return tuple(float(value) for value in np.round(rounded, 6))


def _milliseconds(
    started: float, found_from: float, classified_from: float, finished: float
) -> Milliseconds:
    return Milliseconds(
        decode=(found_from - started) * 1000,
        find=(classified_from - found_from) * 1000,
        classify=(finished - classified_from) * 1000,
        total=(finished - started) * 1000,
    )
