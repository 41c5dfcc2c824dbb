"""The whole reader, with the shipped model, on this project's own pictures."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from digits.reader import Reader
from digits.settings import ROOT
from digits.trace import Trace

PICTURES = ROOT / "test_images"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(ROOT / "models" / "digits")


def png(grey: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    return stream.getvalue()


def grey_of(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def test_a_reading_says_all_that_the_contract_names(reader):
    reading = reader.read((PICTURES / "canvas_rows.png").read_bytes())

    assert reading.rows == ("528", "904")
    assert reading.text == "528\n904"
    assert reading.model_name == "digits"
    assert reading.model_version.startswith("sha256:")
    assert len(reading.model_version) == len("sha256:") + 12
    for digit in reading.digits:
        assert sum(digit.probabilities) == pytest.approx(1, abs=1e-5)
        assert digit.digit == int(np.argmax(digit.probabilities))
        assert 0 < digit.confidence <= max(digit.probabilities) + 1e-6
    assert [digit.row for digit in reading.digits] == [0, 0, 0, 1, 1, 1]
    assert reading.ms.total >= reading.ms.decode


def test_boxes_are_pixels_of_the_picture_even_if_it_was_read_smaller(reader):
    small = grey_of(PICTURES / "whiteboard.jpg")
    large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    data = cv2.imencode(".jpg", large)[1].tobytes()

    expected = reader.read((PICTURES / "whiteboard.jpg").read_bytes())
    reading = reader.read(data)

    assert (reading.width, reading.height) == (large.shape[1], large.shape[0])
    assert reading.rows == expected.rows
    for ours, wanted in zip(reading.digits, expected.digits, strict=True):
        assert np.allclose(ours.box, np.array(wanted.box) * 3, atol=12)


@pytest.mark.parametrize("name", ["shadow.jpg", "colours.jpg", "number_line.jpg", "ruled.jpg"])
def test_an_inverted_picture_reads_the_same(reader, name):
    grey = grey_of(PICTURES / name)

    upright, inverted = reader.read(png(grey)), reader.read(png(255 - grey))

    assert inverted.rows == upright.rows
    assert {upright.polarity, inverted.polarity} == {"dark_on_light", "light_on_dark"}


@pytest.mark.parametrize("side", [1, 2, 28, 400])
@pytest.mark.parametrize("paper", [0, 127, 255])
def test_blank_pictures_of_any_size_have_no_digits(reader, side, paper):
    data = png(np.full((side, side), paper, np.uint8))

    assert reader.read(data).digits == ()
    assert reader.read(data, single=True).digits == ()


def test_single_takes_the_whole_picture_as_one_digit(reader):
    reading = reader.read((PICTURES / "drawing_2.png").read_bytes(), single=True)
    several = reader.read((PICTURES / "number_line.jpg").read_bytes(), single=True)

    assert reading.rows == ("2",)
    assert len(several.digits) == 1


def test_a_trace_holds_a_picture_of_every_stage(reader):
    trace = Trace()

    reading = reader.read((PICTURES / "phone.jpg").read_bytes(), trace=trace)

    assert list(trace.stages) == [
        "grey",
        "background_removed",
        "ink",
        "candidates",
        "boxes",
        "tiles",
    ]
    assert all(stage.dtype == np.uint8 for stage in trace.stages.values())
    assert trace.stages["boxes"].ndim == 3
    assert trace.stages["tiles"].shape[1] == min(20, len(reading.digits)) * 30


def test_reading_twice_gives_the_same_answer(reader):
    data = (PICTURES / "squared.jpg").read_bytes()

    first, second = reader.read(data), reader.read(data)

    assert first.digits == second.digits
