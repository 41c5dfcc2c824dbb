"""What only processors can make, made beforehand: a store of worn digits and of what is none.

Examples as `digits.training.examples` makes them, for networks that learn too fast to wait for
them.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from digits.training.data import Labelled
from digits.training.examples import Examples

FONT_SHARE = 0.15
"""Digits from fonts, for every image."""
DRAWN_SHARE = 0.5
"""Digits drawn from scratch, for every image."""
NEGATIVES_SHARE = 1.0
"""Things that are no digit, for every image."""
PARTS = 4
"""Of the images, each made in one go: enough for many processors to share in."""


def make(digits: Labelled, *, seed: int, times: int, processes: int) -> Labelled:
    """Every image ``times`` times, each time worn anew, with drawn and printed digits and things
    that are no digit, labelled -1, among them. The same for the same seed, on however many
    ``processes``."""
    parts = np.array_split(np.arange(len(digits)), PARTS)
    sources = [
        Examples(
            digits.images[part],
            digits.labels[part],
            seed=seed * PARTS + number,
            font_share=FONT_SHARE,
            drawn_share=DRAWN_SHARE,
            negatives_share=NEGATIVES_SHARE,
            plain_share=0,
            mild_share=0,
        )
        for number, part in enumerate(parts)
    ]
    jobs = [(source, epoch) for epoch in range(times) for source in sources]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=context) as pool:
        made = list(pool.map(_epoch, *zip(*jobs, strict=True)))
    images, labels = zip(*made, strict=True)
    return Labelled(np.concatenate(images), np.concatenate(labels))


def _epoch(source: Examples, epoch: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    tiles, labels = source.epoch(epoch)
    return np.asarray(np.rint(tiles[..., 0] * 255), np.uint8), labels
