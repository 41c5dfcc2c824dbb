"""MNIST from its public mirrors into a cache folder, checked before it is kept."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from digits.errors import DataError
from digits.training.archives import IDX_FILES, MNIST_SHA256, Arrays, hashes, read_idx, read_npz

logger = logging.getLogger(__name__)

ARCHIVE = "mnist.npz"

MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://azureopendatastorage.blob.core.windows.net/mnist/",
)
"""An ``.npz``, or a folder (ending in a slash) with the four IDX files."""

TIMEOUT_S = 30
LARGEST_BYTES = 64 * 1024 * 1024


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where downloads are kept: ``digits`` in ``XDG_CACHE_HOME``, else in ``~/.cache``."""
    root = environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(root) if root else Path.home() / ".cache") / "digits"


def cached(
    folder: Path,
    *,
    mirrors: Sequence[str] = MIRRORS,
    expected: Mapping[str, str] = MNIST_SHA256,
    timeout_s: float = TIMEOUT_S,
) -> Arrays:
    """MNIST from ``folder``, or from the first mirror that has it, kept in ``folder`` from then on.

    ``expected`` is the sha256 of each array. Raises DataError, with each mirror's reason and the
    way out, when no mirror helps.
    """
    path = folder / ARCHIVE
    reasons = []
    if path.is_file():
        try:
            return _matching(read_npz(path.read_bytes(), str(path)), str(path), expected)
        except (DataError, OSError) as error:
            logger.warning("%s; fetching it again", error)
            reasons.append(str(error))
    for mirror in mirrors:
        try:
            arrays = _matching(_fetch(mirror, timeout_s), mirror, expected)
        except (DataError, OSError, http.client.HTTPException) as error:
            reasons.append(f"{mirror}: {_reason(error)}")
        else:
            _keep(arrays, path)
            return arrays
    raise DataError(_no_mirror(path, reasons))


def _matching(arrays: Arrays, source: str, expected: Mapping[str, str]) -> Arrays:
    wrong = [name for name, sha256 in hashes(arrays).items() if sha256 != expected[name]]
    if wrong:
        raise DataError(f"{source} is not MNIST: the checksum of {', '.join(wrong)} is wrong")
    return arrays


def _fetch(mirror: str, timeout_s: float) -> Arrays:
    if not mirror.endswith("/"):
        return read_npz(_get(mirror, timeout_s), mirror)
    return read_idx(
        {name: _get(mirror + file, timeout_s) for name, file in IDX_FILES.items()}, mirror
    )


def _get(url: str, timeout_s: float) -> bytes:
    chunks = []
    got = 0
    with urllib.request.urlopen(url, timeout=timeout_s) as answer:
        announced = int(answer.headers.get("Content-Length") or 0)
        with tqdm(
            total=announced or None, unit="B", unit_scale=True, desc=url, disable=None, leave=False
        ) as bar:
            while chunk := answer.read(1 << 18):
                chunks.append(chunk)
                got += len(chunk)
                bar.update(len(chunk))
                if got > LARGEST_BYTES:
                    raise DataError(f"it sends more than {LARGEST_BYTES} bytes")
    if got < announced:
        raise DataError(f"it broke off after {got} of {announced} bytes")
    return b"".join(chunks)


def _keep(arrays: Arrays, path: Path) -> None:
    """Into the cache by one rename; a cache that cannot be written costs the next download only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    except OSError as error:
        logger.warning("MNIST is not kept for the next time: %s", error)
        return
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        Path(scratch).replace(path)
    except OSError as error:
        logger.warning("MNIST is not kept for the next time: %s", error)
    finally:
        with contextlib.suppress(OSError):
            Path(scratch).unlink()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    return str(error) or type(error).__name__


def _no_mirror(path: Path, reasons: Sequence[str]) -> str:
    listed = "".join(f"\n  {reason}" for reason in reasons)
    return (
        f"MNIST is neither in {path} nor could it be downloaded:{listed}\n"
        f"Without a network, fetch {MIRRORS[0]} (11 MB) on another machine and put it there, or "
        "name the folder that holds it with --data or DIGITS_DATA."
    )
