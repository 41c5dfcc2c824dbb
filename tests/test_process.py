"""What a reading process asks of its libraries."""

from __future__ import annotations

import subprocess
import sys

import cv2
import pytest

from digits import process
from digits.settings import ROOT

FAULTS = """
import resource, sys
from pathlib import Path
from digits.reader import Reader

reader = Reader.open("models/digits")
photo = Path("test_images/phone.jpg").read_bytes()

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        reader.read(photo)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults(3)
print(faults(5) / 5)
"""


def test_one_thread_reads_a_picture() -> None:
    cv2.setNumThreads(3)
    process.prepare()
    assert cv2.getNumThreads() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the C library is told on Linux only")
def test_a_picture_is_read_in_the_memory_that_the_last_one_was_read_in() -> None:
    """Otherwise the kernel hands a thousand pages and more to every reading of such a photo."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 100


@pytest.mark.skipif(sys.platform != "linux", reason="nothing else is told")
def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.ctypes, "CDLL", lambda name: object())
    process.prepare()
