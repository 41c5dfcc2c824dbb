"""Does the reading stay when the picture changes and the writing does not?

Over pictures that are read right to begin with: each is changed in many ways and read again, and
the rows must be the same. No truth is needed beyond that, so every picture counts, whoever wrote
it (Chen, Cheung and Yiu 1998).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from digits import ink
from digits.errors import DigitsError
from digits.evaluation import scenes, transforms
from digits.evaluation.labelled import Item
from digits.evaluation.scenes import Grey
from digits.evaluation.share import Share
from digits.picture import decode
from digits.reader import Reader
from digits.reading import Reading

LEAST_DIGIT = 12
"""Pixels: how high the reader's boxes stay when a picture is made smaller."""

LEAST_STROKE = 4.0
"""Pixels: how broad strokes are at least where the pen is changed by one."""


@dataclass(frozen=True)
class Subject:
    """A picture as the reader sees it before it is changed, and its own reading."""

    name: str
    grey: Grey
    reading: Reading


Change = Callable[[Subject], "Grey | None"]
"""The changed picture, or None where the change does not apply to the picture."""


@dataclass(frozen=True)
class Relation:
    """One way to change a picture; relations of one family differ by how much."""

    family: str
    name: str
    change: Change


@dataclass(frozen=True)
class Outcome:
    """A picture under one relation: whether its rows stayed, and what was read if not."""

    file: str
    relation: str
    family: str
    unchanged: bool
    read: str


def check(reader: Reader, item: Item) -> list[Outcome]:
    """Put a picture through every relation; none where it is not read right to begin with."""
    subject = _subject(reader, item)
    if subject is None:
        return []
    return list(_outcomes(reader, subject))


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The share unchanged, by family and by relation, and which pictures changed."""
    return {
        "pictures": len({outcome.file for outcome in outcomes}),
        "families": {
            family: Share.count(
                outcome.unchanged for outcome in outcomes if outcome.family == family
            ).to_dict()
            for family in dict.fromkeys(relation.family for relation in RELATIONS)
        },
        "relations": {
            relation.name: Share.count(
                outcome.unchanged for outcome in outcomes if outcome.relation == relation.name
            ).to_dict()
            for relation in RELATIONS
        },
        "changed": [
            {"file": outcome.file, "relation": outcome.relation, "read": outcome.read}
            for outcome in outcomes
            if not outcome.unchanged
        ],
    }


def _subject(reader: Reader, item: Item) -> Subject | None:
    try:
        data = item.path.read_bytes()
        reading = reader.read(data)
    except (DigitsError, OSError):
        return None
    if "/".join(reading.rows) != item.rows:
        return None
    return Subject(item.path.name, full_size(data), reading)


def full_size(data: bytes) -> Grey:
    """The upright grey picture, large JPEGs too at all of their size."""
    grey = decode(data).grey
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    larger = whole is not None and whole.size > grey.size
    return np.asarray(whole, np.uint8) if larger else grey


def _outcomes(reader: Reader, subject: Subject) -> Iterator[Outcome]:
    wanted = subject.reading.rows
    for relation in RELATIONS:
        changed = relation.change(subject)
        if changed is None or changed.size > reader.limits.max_pixels:
            continue
        rows = reader.read(scenes.bmp(changed)).rows
        yield Outcome(subject.name, relation.name, relation.family, rows == wanted, "/".join(rows))


def _scale(factor: float, subject: Subject) -> Grey | None:
    heights = [digit.box[3] for digit in subject.reading.digits]
    if factor < 1 and min(heights, default=LEAST_DIGIT / factor) * factor < LEAST_DIGIT:
        return None
    return transforms.scaled(subject.grey, factor)


def _noise(sigma: float, subject: Subject) -> Grey:
    rng = np.random.default_rng(zlib.crc32(subject.name.encode()))
    return transforms.noisy(subject.grey, sigma, rng)


def _narrow(share: float, subject: Subject) -> Grey | None:
    return transforms.narrowed(subject.grey, share, [digit.box for digit in subject.reading.digits])


def _pen(pixels: int, subject: Subject) -> Grey | None:
    if thinnest_stroke(subject) < LEAST_STROKE:
        return None
    dark_ink = subject.reading.polarity == "dark_on_light"
    return transforms.pen_changed(subject.grey, pixels, dark_ink=dark_ink)


def thinnest_stroke(subject: Subject) -> float:
    """Width in pixels of the strokes of the digit that has the finest; 0 without digits.

    Over a stroke of width w the distance to its edge is w/4 on average, and half a pixel more
    since it is measured to the middle of the first pixel outside.
    """
    found = ink.extract(subject.grey)
    depth = cv2.distanceTransform(found.mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    widths = []
    for digit in subject.reading.digits:
        x, y, width, height = (round(value * found.scale) for value in digit.box)
        inside = depth[y : y + height, x : x + width]
        inked = inside[inside > 0]
        widths.append(4 * (float(inked.mean()) - 0.5) / found.scale if len(inked) else 0.0)
    return min(widths, default=0.0)


def _plain(change: Callable[..., Grey], *values: float, **options: bool) -> Change:
    return lambda subject: change(subject.grey, *values, **options)


RELATIONS: tuple[Relation, ...] = (
    Relation("inverted", "inverted", _plain(transforms.inverted)),
    *(
        Relation("scaled", f"scaled {factor:g}x", partial(_scale, factor))
        for factor in (0.35, 0.5, 0.7, 0.85, 1.25, 1.6, 2.2, 3.0)
    ),
    *(
        Relation("turned", f"turned {degrees:+d}°", _plain(transforms.turned, degrees))
        for degrees in (-8, -5, -2, 2, 5, 8)
    ),
    *(
        Relation(
            "brightness and contrast",
            f"brightness {levels:+d}",
            _plain(transforms.brightened, levels),
        )
        for levels in (-40, 40)
    ),
    *(
        Relation(
            "brightness and contrast",
            f"contrast {factor:g}x",
            _plain(transforms.contrasted, factor),
        )
        for factor in (0.6, 1.4)
    ),
    Relation("JPEG quality 30", "JPEG quality 30", _plain(transforms.compressed, 30)),
    Relation("noise of 5 levels", "noise of 5 levels", partial(_noise, 5.0)),
    Relation("margin", "margin +10 %", _plain(transforms.widened, 0.1)),
    Relation("margin", "margin -10 %", partial(_narrow, 0.1)),
    Relation("shadow", "shadow across", _plain(transforms.shaded, 0.5, across=True)),
    Relation("shadow", "shadow down", _plain(transforms.shaded, 0.5, across=False)),
    Relation("strokes", "strokes 1 px thinner", partial(_pen, -1)),
    Relation("strokes", "strokes 1 px thicker", partial(_pen, 1)),
)
"""What may be done to a picture, and by how much."""
