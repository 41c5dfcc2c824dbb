"""How long the reader takes on one thread, in multiples of two yardsticks.

*A digit*: the model's network against a plain one of the shape that MNIST tutorials use, random
weights, same runtime. *A photo*: the whole reading, decoding included, against decoding the same
bytes to grey. The two are measured in turns, so that whatever else the machine does hits both, and
in processor time of this process, which on an idle machine is wall time.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import cv2
import numpy as np
from PIL import Image

from digits.evaluation.labelled import Item
from digits.network import Network
from digits.reader import Reader

ROUNDS = 40
WARMING = 3
"""Rounds before the first that counts."""
BATCHES = (8, 16, 64)

PHOTO, DIGITS = (1280, 960), 10
"""The photos that are timed, either way up: width, height, digits written."""
LARGE = (3464, 2598)
"""One of this project's own enlarged to nine megapixels: other people's are not everywhere."""
GRAIN = 3.0
"""Noise in grey levels that the enlarged one gets: enlarging leaves none, and a sensor has some."""
LEAST_LARGE = 8_500_000
"""Pixels of other people's large photos: about nine megapixels and more."""

JPEG_QUALITY = 90

Work = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Median milliseconds of ``what`` and of the yardstick, and the median of the rounds' ratios.

    ``low`` and ``high`` are the ratios between which the median lies with 95 % (the sign test's
    interval).
    """

    what: str
    ms: float
    against: str
    against_ms: float
    ratio: float
    low: float
    high: float
    rounds: int

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def timings(
    reader: Reader, own: Sequence[Item], others: Sequence[Item], *, rounds: int = ROUNDS
) -> dict[str, Iterator[Timing]]:
    """Everything there is to time, by group, measured as it is asked for: digits, and the photos
    of ten digits and the large ones among this project's ``own`` pictures and ``others``'."""
    photos = ten_digits(own)
    grown = {f"{name}, enlarged": enlarged(data) for name, data in photos.items()}
    return {
        "digits": digit_timings(reader.network, rounds=rounds),
        "photos_own": photo_timings(reader, photos, rounds=rounds),
        "photos_others": photo_timings(reader, ten_digits(others), rounds=rounds),
        "large_own": photo_timings(reader, grown, rounds=rounds),
        "large_others": photo_timings(reader, large(others), rounds=rounds),
    }


def digit_timings(network: Network, *, rounds: int = ROUNDS) -> Iterator[Timing]:
    """The time for each digit in batches of several sizes, against the plain network."""
    from digits.evaluation import reference  # needs onnx, which training's environment has

    plain = reference.session()
    rng = np.random.default_rng(0)
    for batch in BATCHES:
        tiles = rng.random((batch, 28, 28, 1), np.float32)
        ours = partial(network.scores, tiles)
        theirs = partial(plain.run, None, {"image": tiles})
        what = f"a digit, in a batch of {batch}"
        yield timing(what, ours, "the plain network", theirs, rounds=rounds, each=batch)


def photo_timings(
    reader: Reader, photos: Mapping[str, bytes], *, rounds: int = ROUNDS
) -> Iterator[Timing]:
    """The time of the whole reading of each photo, by name, against decoding it."""
    for name, data in photos.items():
        ours = partial(reader.read, data)
        theirs = partial(cv2.imdecode, np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        yield timing(name, ours, "decoding", theirs, rounds=rounds)


def ten_digits(items: Iterable[Item]) -> dict[str, bytes]:
    """The photos of ten digits on 1280x960 pixels, by file name."""
    return {
        item.path.name: item.path.read_bytes()
        for item in items
        if len(item.rows.replace("/", "")) == DIGITS and sorted(_size(item)) == sorted(PHOTO)
    }


def large(items: Iterable[Item]) -> dict[str, bytes]:
    """The photos of about nine megapixels and more with digits on them, by file name."""
    return {
        item.path.name: item.path.read_bytes()
        for item in items
        if item.rows and math.prod(_size(item)) >= LEAST_LARGE
    }


def enlarged(photo: bytes) -> bytes:
    """The same photo with nine megapixels, as a JPEG."""
    page = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
    grown = cv2.resize(page, LARGE, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    grown += np.random.default_rng(1).normal(0, GRAIN, grown.shape)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    done, data = cv2.imencode(".jpg", np.clip(grown, 0, 255).astype(np.uint8), options)
    assert done
    return bytes(data)


def timing(
    what: str, work: Work, against: str, yardstick: Work, *, rounds: int, each: int = 1
) -> Timing:
    """Both in turns, so many rounds; ``each`` is how many things one call of either does."""
    ours, theirs = _in_turns(work, yardstick, rounds=rounds)
    ratios = sorted(one / other for one, other in zip(ours, theirs, strict=True))
    low, high = _interval(ratios)
    return Timing(
        what=what,
        ms=statistics.median(ours) * 1000 / each,
        against=against,
        against_ms=statistics.median(theirs) * 1000 / each,
        ratio=statistics.median(ratios),
        low=low,
        high=high,
        rounds=rounds,
    )


def _in_turns(ours: Work, theirs: Work, *, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round of both."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + WARMING):
        for work, kept in zip((ours, theirs), times, strict=True):
            began = time.process_time()
            work()
            if number >= WARMING:
                kept.append(time.process_time() - began)
    return times


def _interval(ordered: list[float]) -> tuple[float, float]:
    """95 % of the median of what these are a sample of: how many are below it is binomial."""
    count = len(ordered)
    below = max(0, math.floor(count / 2 - 1.96 * math.sqrt(count) / 2))
    return ordered[below], ordered[-1 - below]


def _size(item: Item) -> tuple[int, int]:
    """Width and height in pixels, from the file's header."""
    with Image.open(item.path) as picture:
        return picture.width, picture.height
