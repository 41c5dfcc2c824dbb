"""Light is put on pictures as it says: as dark at the darkest place, the same every time."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from digits.evaluation import labelled
from digits.evaluation.suite import OWN
from digits.reader import Reader
from digits.settings import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import light as bench  # a script beside the package


@pytest.mark.parametrize("name", bench.KINDS)
def test_light_is_as_dark_as_it_says_and_the_same_every_time(name):
    grey = np.full((90, 160), 250, np.uint8)

    picture = bench.lit(grey, name, "a.png")

    assert picture == bench.lit(grey, name, "a.png")
    seen = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert seen.min() / 250 == pytest.approx(bench.KINDS[name][1], abs=0.02)
    assert seen.max() >= 200  # the lamp may be beside the picture


def test_what_is_read_as_before_is_counted_of_what_was_read_right():
    reader = Reader.open(ROOT / "models" / "digits")
    items = [
        item for item in labelled.load(OWN) if item.path.name in ("digit_8.png", "digit_6.gif")
    ]

    counted = bench.measured(reader, items)

    assert set(counted) == set(bench.KINDS)
    assert all(each == {"kept": 2, "of": 2} for each in counted.values())
