"""Examples made in another process: the same ones, its errors, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DataError
from digits.training.examples import Examples
from digits.training.feed import Batch, batches_ahead


@dataclass(frozen=True)
class Numbers:
    """Batches that say which they are; ``fails_at`` one of them, or lets its process die there."""

    count: int
    fails_at: int | None = None
    dies_at: int | None = None

    def batches(self, epoch: int, batch_size: int) -> Iterator[Batch]:
        for number in range(self.count):
            if number == self.fails_at:
                raise DataError(f"no batch {number}")
            if number == self.dies_at:
                os._exit(1)
            value = 100 * epoch + number
            yield np.full((batch_size, 28, 28, 1), value, np.float32), np.array([number])


def firsts(batches: Iterator[Batch]) -> list[float]:
    return [float(tiles[0, 0, 0, 0]) for tiles, _ in batches]


def test_all_batches_arrive_in_order():
    assert firsts(batches_ahead(Numbers(count=4), epoch=2, batch_size=64)) == [200, 201, 202, 203]
    assert active_children() == []


def test_examples_are_the_same_as_made_here():
    images = np.zeros((6, 28, 28), np.uint8)
    images[:, 5:22, 12:16] = 255
    source = Examples(images, np.arange(6), seed=4)
    here = list(source.batches(3, 4))
    there = list(batches_ahead(source, 3, 4))
    assert len(there) == len(here) == 3
    for (tiles, labels), (expected_tiles, expected_labels) in zip(there, here, strict=True):
        assert np.array_equal(tiles, expected_tiles)
        assert np.array_equal(labels, expected_labels)


def test_what_the_source_raises_is_raised_here():
    batches = batches_ahead(Numbers(count=3, fails_at=1), epoch=0, batch_size=1)
    assert next(batches)[1] == [0]
    with pytest.raises(DataError, match="no batch 1"):
        next(batches)
    assert active_children() == []


def test_the_death_of_its_process_is_noticed():
    batches = batches_ahead(Numbers(count=3, dies_at=1), epoch=0, batch_size=1)
    next(batches)
    with pytest.raises(RuntimeError, match="the process that makes training examples died"):
        next(batches)


def test_its_process_ends_when_nobody_wants_more():
    batches = batches_ahead(Numbers(count=1000), epoch=0, batch_size=64)
    next(batches)
    assert len(active_children()) == 1
    batches.close()
    assert active_children() == []


ABANDONED = """
import time
from multiprocessing import active_children
from test_training_feed import Numbers
from digits.training.feed import batches_ahead
if __name__ == "__main__":
    batches = batches_ahead(Numbers(count=100_000), epoch=0, batch_size=256)
    next(batches)
    print(active_children()[0].pid, flush=True)
    time.sleep(60)
"""


def test_its_process_ends_when_training_is_killed(tmp_path, repo_root):
    script = tmp_path / "train.py"
    script.write_text(ABANDONED)
    paths = os.pathsep.join([str(repo_root), str(repo_root / "tests")])
    training = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    with training:
        assert training.stdout is not None
        child = int(training.stdout.readline())
        training.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    """A process that ended but that nobody has waited for runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
