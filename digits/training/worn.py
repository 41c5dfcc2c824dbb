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

NEGATIVES_SHARE = 0.2
"""Things that are no digit, for every image: few, for which digit it is comes first;
`digits.training.refine` makes up for it."""


def make(digits: Labelled, *, seed: int, times: int, processes: int) -> Labelled:
    """Every image ``times`` times, each time worn anew, with drawn and printed digits and things
    that are no digit, labelled -1, among them. The same for the same seed, on however many
    ``processes``, of which each makes every image once at a time."""
    source = Examples(
        digits.images,
        digits.labels,
        seed=seed,
        negatives_share=NEGATIVES_SHARE,
        plain_share=0,
        mild_share=0,
    )
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        made = list(pool.map(_epoch, [source] * times, range(times)))
    images, labels = zip(*made, strict=True)
    return Labelled(np.concatenate(images), np.concatenate(labels))


def _epoch(source: Examples, epoch: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    tiles, labels = source.epoch(epoch)
    return np.asarray(np.rint(tiles[..., 0] * 255), np.uint8), labels
