"""Corrected digits are cut out as the reader sees them; some corrections are kept for the gate."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from samples import picture

from digits.feedback.store import Kept
from digits.reader import Reader
from digits.settings import ROOT
from digits.training import feedback, fine_tune
from digits.training.data import Labelled
from digits.training.examples import NOT_A_DIGIT, Examples
from digits.wire.feedback import Correction

ROWS = ("528", "904")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(ROOT / "models" / "digits")


@pytest.fixture(scope="module")
def rows_picture() -> bytes:
    return picture("canvas_rows.png")


@pytest.fixture(scope="module")
def boxes(reader, rows_picture):
    """Where its six digits are."""
    return tuple(digit.box for digit in reader.read(rows_picture).digits)


def correction(data: bytes, rows, boxes=None, name: str = "some") -> Correction:
    return Correction(name, data, tuple(rows), boxes)


def test_digits_are_cut_out_at_the_boxes_that_were_sent(reader, rows_picture, boxes):
    tiles, labels = feedback.cut(correction(rows_picture, ("123", "456"), boxes), reader)
    assert labels == [1, 2, 3, 4, 5, 6]
    probabilities, score = reader.network.scores(tiles[..., None])
    assert "".join(map(str, probabilities.argmax(axis=1))) == "".join(ROWS)
    assert score.min() > 0.5


def test_without_boxes_they_are_where_the_reader_finds_as_many(reader, rows_picture, boxes):
    sent = feedback.cut(correction(rows_picture, ROWS, boxes), reader)
    found = feedback.cut(correction(rows_picture, ROWS), reader)
    assert np.array_equal(sent[0], found[0])
    assert sent[1] == found[1] == [5, 2, 8, 9, 0, 4]


@pytest.mark.parametrize("rows", [("5284",), ("528", "90"), ("52", "8904")])
def test_without_boxes_another_count_teaches_nothing(reader, rows_picture, rows):
    assert feedback.cut(correction(rows_picture, rows), reader) is None


def test_what_was_struck_out_is_no_digit(reader, rows_picture, boxes):
    tiles, labels = feedback.cut(correction(rows_picture, ("28", "904"), boxes[1:]), reader)
    assert labels == [2, 8, 9, 0, 4, NOT_A_DIGIT]
    assert reader.network.scores(tiles[..., None])[0].argmax(axis=1)[-1] == 5
    assert feedback.cut(correction(rows_picture, ()), reader)[1] == [NOT_A_DIGIT] * 6


def test_a_box_that_no_candidate_has_is_cut_out_as_it_is(reader, rows_picture, boxes):
    x, y, width, height = boxes[0]
    half = (x, y, width, height // 3)
    tiles, labels = feedback.cut(correction(rows_picture, ("7",), (half,)), reader)
    assert labels[0] == 7
    assert tiles[0].max() == 1


def test_a_box_around_nothing_teaches_nothing(reader, rows_picture, boxes):
    tiles, labels = feedback.cut(correction(rows_picture, ("7",), ((0, 0, 3, 3),)), reader)
    assert 7 not in labels
    assert len(tiles) == len(labels)


def test_a_picture_that_cannot_be_read_teaches_nothing(reader):
    assert feedback.cut(correction(b"no picture", ("7",)), reader) is None


def test_one_correction_in_five_is_held_out_always_the_same(reader, rows_picture, boxes):
    assert feedback.is_held_out("4")
    assert not feedback.is_held_out("1")
    share = np.mean([feedback.is_held_out(str(number)) for number in range(2000)])
    assert 0.15 < share < 0.25
    kept = [
        Kept(correction(rows_picture, ROWS, boxes, name="1"), 0),
        Kept(correction(rows_picture, ROWS, boxes, name="4"), 0),
        Kept(correction(rows_picture, ("1",), name="2"), 0),
    ]
    lesson = feedback.collect(kept, reader)
    assert lesson.digits.labels.tolist() == [5, 2, 8, 9, 0, 4]
    assert lesson.digits.images.shape == (6, 28, 28)
    assert lesson.digits.images.dtype == np.uint8
    assert [each.reading_id for each in lesson.held_out] == ["4"]
    assert (lesson.learned, lesson.unusable) == (1, 1)


def test_nothing_kept_is_an_empty_lesson(reader):
    lesson = feedback.collect([], reader)
    assert (len(lesson.digits), lesson.held_out) == (0, ())


def test_corrected_digits_are_in_every_batch_and_mnist_in_most_of_it(reader, rows_picture, boxes):
    tiles, labels = feedback.cut(correction(rows_picture, ("77", "7777"), boxes), reader)
    corrected = Labelled(np.uint8(tiles * 255), np.array(labels))
    usual = Examples(np.uint8(tiles[:1] * 255).repeat(640, 0), np.arange(640) % 7, seed=1)
    recipe = fine_tune.recipe(epochs=1, batch_size=64, seed=3, quick=True)
    mixed = pickle.loads(pickle.dumps(fine_tune.Mixed(usual, corrected, recipe)))
    batches = list(mixed.batches(0, 64))
    assert all(tiles.shape[1:] == (28, 28, 1) for tiles, _ in batches)
    sevens = [int((labels == 7).sum()) for _, labels in batches]
    assert all(mixed.added <= count for count in sevens)
    assert 0 < mixed.added <= 16
    assert len(mixed) == 64 * len(batches)
    again = list(mixed.batches(0, 64))
    assert all(np.array_equal(one[0], other[0]) for one, other in zip(batches, again, strict=True))
