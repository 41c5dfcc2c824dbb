"""Pages of a hundred digits, and how they are counted."""

from __future__ import annotations

import cv2
import numpy as np
from samples import ReadsAlways

from digits.evaluation import pages
from digits.evaluation.pages import Outcome
from digits.training.data import Labelled


def part() -> Labelled:
    """Ten discs and rings, which stand for digits."""
    images = np.zeros((10, 28, 28), np.uint8)
    for label, image in enumerate(images):
        cv2.circle(image, (14, 14), 9, (255,), 2 if label % 2 else cv2.FILLED)
    return Labelled(images, np.arange(10))


def rows_of_ink(picture: bytes) -> int:
    """How many stretches of lines have ink on them."""
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    inked = (grey < 0.7 * np.median(grey)).sum(axis=1) > 3
    return int((np.diff(inked.astype(int)) == 1).sum())


def test_pages_are_the_same_for_the_same_seed_and_have_a_hundred_digits():
    few = list(pages.pages(part(), seed=4, count=1))
    again = list(pages.pages(part(), seed=4, count=1))

    assert few == again
    assert few != list(pages.pages(part(), seed=5, count=1))
    assert [page.pitch for page in few] == list(pages.PITCHES)
    assert all([len(row) for row in page.rows] == [10] * 10 for page in few)


def test_rows_stand_apart_until_they_touch():
    wide, *_, close = pages.pages(part(), seed=9, count=1)

    assert rows_of_ink(wide.picture) == 10
    assert rows_of_ink(close.picture) < 10


def test_what_is_tuned_on_is_not_what_is_reported():
    assert pages.TUNE_SEED != pages.HELD_OUT_SEED


def test_each_row_counts_once():
    reader = ReadsAlways("12", "34", "12", "9")

    outcome = pages.read(reader, pages.Page(1.1, b"", ("12", "34", "56")))

    assert outcome == Outcome(1.1, exact=2, found=7)


def test_figures_are_shares_of_rows():
    measured = pages.figures([Outcome(1.6, 10, 100), Outcome(1.6, 9, 99), Outcome(1.0, 2, 60)])

    assert (measured["rows"]["hits"], measured["rows"]["of"]) == (21, 30)
    assert measured["pitches"]["1.6"]["hits"] == 19
    assert measured["pitches"]["1.1"]["share"] is None
    assert measured["digits"]["1.6"] == {"written": 200, "found": 199}
