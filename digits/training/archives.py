"""The two forms in which MNIST travels, and whether what is in them is MNIST.

Keras's ``mnist.npz`` holds four arrays; the original distribution is four gzip-compressed IDX
files. Both end as the same four arrays, so their bytes are what is hashed, not their packing.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from digits.errors import DataError

logger = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[np.uint8]]

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
"""The names of the arrays in ``mnist.npz``, and the original file that holds each."""

MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
"""Of the bytes of each array of MNIST itself."""


def read_npz(content: bytes, name: str) -> Arrays:
    """The four arrays of an ``mnist.npz``; ``name`` is what errors call it. Raises DataError."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {array: archive[array] for array in IDX_FILES}
    except KeyError as error:
        raise DataError(f"{name} has no array {error}: expected {', '.join(IDX_FILES)}") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # What numpy says of a damaged file is advice to load it as a pickle.
        logger.debug("%s: %r", name, error)
        raise DataError(
            f"{name} is no usable NumPy archive: damaged, or not MNIST as Keras packs it; delete "
            "it, or leave --data and DIGITS_DATA out to have it downloaded"
        ) from None
    return _checked(arrays, name)


def read_idx(contents: Mapping[str, bytes], name: str) -> Arrays:
    """The four arrays from four IDX files, compressed or not, by array. Raises DataError."""
    arrays = {}
    for array, content in contents.items():
        try:
            arrays[array] = parse_idx(_plain(content))
        except (OSError, ValueError, EOFError, zlib.error) as error:
            file = IDX_FILES[array]
            raise DataError(f"{file} in {name} is no usable IDX file: {error}") from None
    return _checked(arrays, name)


def parse_idx(content: bytes) -> NDArray[np.uint8]:
    """An IDX file of bytes: two zeros, 8, the number of axes, their lengths, then the values.

    Raises ValueError when it holds another type or its length does not match its header.
    """
    start = 4 + 4 * content[3] if len(content) > 3 else 4
    if len(content) < start or content[:3] != b"\x00\x00\x08":
        raise ValueError("it does not begin as an IDX file of bytes does")
    shape = np.frombuffer(content[4:start], ">u4").astype(np.int64)
    if len(content) != start + int(shape.prod()):
        raise ValueError(f"its length, {len(content)} bytes, does not match its header")
    values: NDArray[np.uint8] = np.frombuffer(content, np.uint8, offset=start)
    return values.reshape(tuple(shape.tolist()))


def hashes(arrays: Arrays) -> dict[str, str]:
    """sha256 of the bytes of each array."""
    return {
        name: hashlib.sha256(np.ascontiguousarray(arrays[name]).tobytes()).hexdigest()
        for name in IDX_FILES
    }


def _plain(content: bytes) -> bytes:
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _checked(arrays: Arrays, name: str) -> Arrays:
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
            raise DataError(
                f"x_{part} in {name} is {images.dtype} {images.shape}, expected uint8 (n, 28, 28)"
            )
        if labels.shape != images.shape[:1] or not len(labels):
            raise DataError(
                f"y_{part} in {name} has shape {labels.shape}, expected one label for each of the "
                f"{len(images)} images"
            )
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 9:
            raise DataError(f"y_{part} in {name} holds something else than digits from 0 to 9")
    return arrays
