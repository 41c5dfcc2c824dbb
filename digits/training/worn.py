"""What only processors can make, made beforehand: a store of worn digits and of what is none.

Examples as `digits.training.examples` makes them, for networks that learn too fast to wait for
them.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.training.data import Labelled
from digits.training.examples import Examples

NEGATIVES_SHARE = 0.2
"""Things that are no digit, for every image: further networks are not asked about those."""
AT_ONCE = 256


@dataclass(frozen=True)
class Worn:
    """``tiles`` ``[n, 28, 28]`` uint8, ink 255, and the digit ``labels`` ``[n]``, -1 for none."""

    tiles: NDArray[np.uint8]
    labels: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.tiles)


def make(digits: Labelled, *, seed: int, times: int, processes: int) -> Worn:
    """Every image ``times`` times, each time worn anew, with drawn and printed digits and things
    that are no digit among them. The same for the same seed, on however many ``processes``, of
    which each makes every image once at a time."""
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
    tiles, labels = zip(*made, strict=True)
    return Worn(np.concatenate(tiles), np.concatenate(labels))


def _epoch(source: Examples, epoch: int) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    tiles, labels = zip(*source.batches(epoch, AT_ONCE), strict=True)
    ink = np.concatenate(tiles)[..., 0]
    return np.asarray(np.rint(ink * 255), np.uint8), np.concatenate(labels).astype(np.int8)
