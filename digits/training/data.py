"""MNIST: where it is found, and which part is for what.

The training part is split once and for all: its last twelfth (5,000 images) is held out, and every
choice is made on that. The test part is read for the final figures alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.errors import DataError
from digits.training.archives import IDX_FILES, MNIST_SHA256, Arrays, hashes, read_idx, read_npz
from digits.training.download import ARCHIVE, cached

logger = logging.getLogger(__name__)

HELD_OUT = 12
"""One in so many training images is held out for validation."""


@dataclass(frozen=True)
class Labelled:
    """``images`` ``[n, 28, 28]`` uint8, ink 255, and the digit ``labels`` ``[n]`` of each."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)

    def part(self, start: int, stop: int | None = None) -> Labelled:
        """Images ``start`` to ``stop``, as a view."""
        return Labelled(self.images[start:stop], self.labels[start:stop])

    def tiles(self) -> NDArray[np.float32]:
        """The images as the network wants them: ``[n, 28, 28, 1]`` float32, 0 to 1."""
        return np.asarray(self.images[..., None] / np.float32(255), np.float32)


@dataclass(frozen=True)
class Mnist:
    """The three parts, and the sha256 of the four arrays they were made from."""

    train: Labelled
    validation: Labelled
    test: Labelled
    sha256: Mapping[str, str]


def load(folder: Path | None, *, cache: Path) -> Mnist:
    """MNIST from ``folder`` if one is named, else from ``cache``, else from a public mirror.

    Raises DataError saying what is wrong and what to do.
    """
    arrays = cached(cache) if folder is None else _from_folder(folder)
    sha256 = hashes(arrays)
    if sha256 != MNIST_SHA256:
        logger.warning("%s holds other images than MNIST's; the model's card will say so", folder)
    return split(arrays, sha256)


def split(arrays: Arrays, sha256: Mapping[str, str]) -> Mnist:
    """Hold the last twelfth of the training part out for validation."""
    train = Labelled(arrays["x_train"], arrays["y_train"].astype(np.int64))
    kept = len(train) - len(train) // HELD_OUT
    if kept == len(train):
        raise DataError(
            f"{len(train)} training images are too few: none could be held out for validation"
        )
    return Mnist(
        train=train.part(0, kept),
        validation=train.part(kept),
        test=Labelled(arrays["x_test"], arrays["y_test"].astype(np.int64)),
        sha256=dict(sha256),
    )


def _from_folder(folder: Path) -> Arrays:
    try:
        if (folder / ARCHIVE).is_file():
            return read_npz((folder / ARCHIVE).read_bytes(), str(folder / ARCHIVE))
        found = _idx_paths(folder)
        if len(found) == len(IDX_FILES):
            contents = {name: path.read_bytes() for name, path in found.items()}
            return read_idx(contents, str(folder))
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read: {error.strerror}") from None
    raise DataError(
        f"{folder} {'holds no MNIST' if folder.is_dir() else 'is no folder'}: name one with "
        f"{ARCHIVE} (in Keras's layout) or the four files {', '.join(IDX_FILES.values())} in it, "
        "or leave --data and DIGITS_DATA out to have MNIST downloaded"
    )


def _idx_paths(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name, file in IDX_FILES.items():
        for path in (folder / file, folder / file.removesuffix(".gz")):
            if path.is_file():
                found.setdefault(name, path)
    return found
