"""Times are ratios of medians of rounds in turns; which photos are timed."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.evaluation import labelled, speed
from digits.settings import ROOT


@pytest.fixture
def clock(monkeypatch):
    """Processor time that passes only as the work says."""
    now = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: now[0])

    def passing(*seconds: float):
        each = iter(seconds)
        return lambda: now.__setitem__(0, now[0] + next(each))

    return passing


def test_the_ratio_is_the_median_of_the_rounds(clock):
    warm = (9.0,) * speed.WARMING
    ours, theirs = clock(*warm, 4, 6, 8, 6, 60), clock(*warm, 2, 2, 2, 2, 2)
    timing = speed.timing("a thing", ours, "another", theirs, rounds=5)
    assert (timing.ms, timing.against_ms, timing.ratio) == (6000, 2000, 3.0)
    assert (timing.low, timing.high) == (2.0, 30.0)
    assert timing.rounds == 5


def test_the_time_is_that_of_each_thing_of_a_batch(clock):
    ones = (1.0,) * (speed.WARMING + 3)
    timing = speed.timing("x", clock(*ones), "y", clock(*ones), rounds=3, each=4)
    assert (timing.ms, timing.ratio) == (250, 1.0)


def test_the_interval_of_many_rounds_is_narrow(clock):
    warm = (1.0,) * speed.WARMING
    ours, ones = clock(*warm, *np.arange(1.0, 101.0)), clock(*warm, *np.ones(100))
    timing = speed.timing("x", ours, "y", ones, rounds=100)
    # Ranks 41 and 60 of 100: the sign test's interval.
    assert (timing.low, timing.high) == (41.0, 60.0)


def pictures(folder: Path) -> list[labelled.Item]:
    listed = [
        ("lying.png", (1280, 960), "01234/56789"),
        ("standing.png", (960, 1280), "0123456789"),
        ("nine.png", (1280, 960), "012345678"),
        ("small.png", (640, 480), "0123456789"),
        ("large.png", (3400, 2600), "7"),
        ("empty.png", (3400, 2600), ""),
    ]
    with (folder / "labels.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "kind", "rows"])
        for name, size, rows in listed:
            Image.new("1", size).save(folder / name)
            table.writerow([name, "photo_multi" if rows else "negative", rows])
    return labelled.load(folder / "labels.csv")


def test_photos_are_chosen_by_size_and_digits(tmp_path):
    items = pictures(tmp_path)
    assert list(speed.ten_digits(items)) == ["lying.png", "standing.png"]
    assert list(speed.large(items)) == ["large.png"]


def test_this_project_has_one_photo_to_time_and_it_can_be_enlarged():
    (photo,) = speed.ten_digits(labelled.load(ROOT / "test_images" / "manifest.csv")).values()
    grown = speed.enlarged(photo)
    assert grown.startswith(b"\xff\xd8")
    assert len(grown) > 5 * len(photo)
