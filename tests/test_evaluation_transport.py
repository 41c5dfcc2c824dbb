"""Orientations and transports are alike, and a reader for which they are not is found out."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from digits import picture
from digits.evaluation import orientation, transport
from digits.evaluation.labelled import Item
from digits.reader import Reader
from digits.settings import ROOT

OWN = ROOT / "test_images"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(ROOT / "models" / "digits")


def item(file: str, rows: str = "") -> Item:
    return Item(OWN / file, "any", rows, "")


@pytest.mark.parametrize("value", range(1, 9))
def test_the_table_of_turns_is_exifs(value):
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    stored = np.ascontiguousarray(orientation.TURNS[value](grey))
    png = Image.open(io.BytesIO(orientation.tagged_png(stored, value)))
    assert np.array_equal(np.asarray(png), stored)
    assert np.array_equal(np.asarray(ImageOps.exif_transpose(png)), grey)
    jpeg = Image.open(io.BytesIO(orientation.tagged_jpeg(stored, value)))
    assert jpeg.getexif()[0x0112] == value
    assert ImageOps.exif_transpose(jpeg).size == (3, 2)


def test_every_orientation_is_read_alike(reader):
    outcomes = orientation.check(reader, item("drawing_2.png"))
    assert len(outcomes) == 8 + 7
    figures = orientation.figures(outcomes)
    assert figures["same"]["share"] == 1
    assert figures["differing"] == []


def test_a_reader_that_ignores_the_tag_is_found_out(reader, monkeypatch):
    monkeypatch.setattr(picture, "_orientation", lambda image: 1)
    outcomes = orientation.check(reader, item("drawing_2.png"))
    assert [outcome.same for outcome in outcomes][:3] == [True, False, False]
    assert not any(outcome.same for outcome in outcomes[1:])


def test_every_transport_is_read_alike(reader):
    outcomes = transport.check(reader, item("canvas_rows.png"))
    assert [outcome.transport for outcome in outcomes] == list(transport.TRANSPORTS)
    assert transport.figures(outcomes)["same"]["share"] == 1


def test_an_answer_that_depends_on_chance_is_found_out(reader):
    class Restless(Reader):
        """Sees one pixel more each time."""

        def read(self, data, **options):
            seen.append(1)
            reading = super().read(data, **options)
            return dataclasses.replace(reading, width=reading.width + len(seen))

    seen: list[int] = []
    restless = Restless(reader.folder, reader.version, reader.network, reader.parameters)
    outcomes = transport.check(restless, item("canvas_4.png"))
    # The bare list of digits has no width to differ in.
    assert [outcome.transport for outcome in outcomes if outcome.same] == ["JSON string"]
    figures = transport.figures(outcomes)
    assert len(figures["differing"]) == len(outcomes) - 1


def test_what_cannot_be_read_is_left_out(reader, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    for check in (orientation.check, transport.check):
        assert check(reader, Item(broken, "any", "1", "")) == []
