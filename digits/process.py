"""What a process that reads pictures asks of its libraries, once, for all of its threads."""

from __future__ import annotations

import ctypes
import sys

import cv2

from digits.settings import MIB

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""As in glibc's malloc.h."""

KEPT = 24 * MIB
"""Freed memory that is kept: a photo of a megapixel takes half of it."""

LARGE = 8 * MIB
"""What is larger is given back at once: the pixels of a picture of very many."""


def prepare() -> None:
    """Let a picture be read by one thread, in memory that the last one was read in.

    Processes share the cores better than threads do. And a reading takes and frees megabytes many
    times over: given back to the kernel each time, as glibc does unless told otherwise, they come
    back page by page, which takes a fifth of the time that a photo takes. The threads share one
    heap, so that they do not each keep some. Other C libraries are left as they are.
    """
    cv2.setNumThreads(1)
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, KEPT)
        mallopt(M_ARENA_MAX, 1)
