"""Changes to a picture that leave the writing alone: they do what their names say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits.evaluation import metamorphic, transforms
from digits.evaluation.labelled import Item
from digits.evaluation.metamorphic import Subject
from digits.evaluation.scenes import png
from digits.reader import Reader
from digits.settings import ROOT

OWN = ROOT / "test_images"


def page(*, stroke: int = 8, height: int = 80, width: int = 120) -> np.ndarray:
    """A dark upright stroke, 40 pixels high, on light paper."""
    grey = np.full((height, width), 230, np.uint8)
    grey[20:60, 50 : 50 + stroke] = 20
    return grey


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(ROOT / "models" / "digits")


def subject(reader: Reader, grey: np.ndarray) -> Subject:
    return Subject("made", grey, reader.read(png(grey)))


def test_inverting_twice_changes_nothing():
    grey = page()
    assert transforms.inverted(grey)[0, 0] == 25
    assert np.array_equal(transforms.inverted(transforms.inverted(grey)), grey)


@pytest.mark.parametrize(("factor", "shape"), [(0.35, (28, 42)), (1, (80, 120)), (3, (240, 360))])
def test_scaling_changes_the_size(factor, shape):
    assert transforms.scaled(page(), factor).shape == shape


def test_turning_keeps_all_of_the_picture_and_fills_with_its_border():
    grey = page()
    turned = transforms.turned(grey, 8)
    cos, sin = np.cos(np.deg2rad(8)), np.sin(np.deg2rad(8))
    assert turned.shape == (round(80 * cos + 120 * sin), round(120 * cos + 80 * sin))
    assert turned[0, 0] == turned[-1, -1] == 230
    dark = (turned < 125).sum()
    assert dark == pytest.approx((grey < 125).sum(), rel=0.05)
    x, y, width, height = cv2.boundingRect((turned < 125).astype(np.uint8))
    assert width == pytest.approx(8 * cos + 40 * sin, abs=2)
    assert height == pytest.approx(40 * cos + 8 * sin, abs=2)


def test_brightness_and_contrast_stop_at_black_and_white():
    grey = np.array([[0, 128, 220, 255]], np.uint8)
    assert transforms.brightened(grey, 40).tolist() == [[40, 168, 255, 255]]
    assert transforms.brightened(grey, -40).tolist() == [[0, 88, 180, 215]]
    assert transforms.contrasted(grey, 0.5).tolist() == [[64, 128, 174, 192]]
    assert transforms.contrasted(grey, 2).tolist() == [[0, 128, 255, 255]]


def test_noise_has_its_deviation():
    grey = np.full((200, 200), 128, np.uint8)
    noisy = transforms.noisy(grey, 5, np.random.default_rng(0)).astype(float)
    assert noisy.std() == pytest.approx(5, abs=0.1)
    assert noisy.mean() == pytest.approx(128, abs=0.1)


def test_a_shadow_falls_off_evenly():
    grey = np.full((3, 5), 200, np.uint8)
    assert transforms.shaded(grey, 0.5, across=True)[0].tolist() == [200, 175, 150, 125, 100]
    assert transforms.shaded(grey, 0.5, across=False)[:, 0].tolist() == [200, 150, 100]


def test_margins_grow_and_shrink_but_never_into_a_digit():
    grey = page()
    assert transforms.widened(grey, 0.1).shape == (96, 144)
    assert transforms.narrowed(grey, 0.1, [(50, 20, 8, 40)]).shape == (64, 96)
    near = transforms.narrowed(grey, 0.1, [(6, 20, 100, 40)])
    assert near.shape == (64, 120 - 2 - 10)
    assert transforms.narrowed(grey, 0.1, [(1, 1, 118, 78)]) is None


@pytest.mark.parametrize("dark_ink", [True, False])
@pytest.mark.parametrize("pixels", [-1, 1])
def test_the_pen_changes_by_one_pixel(dark_ink, pixels):
    grey = page() if dark_ink else transforms.inverted(page())
    changed = transforms.pen_changed(grey, pixels, dark_ink=dark_ink)
    inked = changed < 125 if dark_ink else changed > 125
    _, _, width, height = cv2.boundingRect(inked.astype(np.uint8))
    assert (width, height) == (8 + pixels, 40 + pixels)


@pytest.mark.parametrize("stroke", [3, 5, 9])
def test_the_width_of_a_stroke_is_measured(reader, stroke):
    made = subject(reader, page(stroke=stroke, height=300, width=200))
    assert made.reading.rows == ("1",)
    assert metamorphic.thinnest_stroke(made) == pytest.approx(stroke, abs=1)


def test_a_picture_is_not_shrunk_until_its_digits_are_too_small(reader):
    grey = page(stroke=6)
    made = subject(reader, grey)
    relations = {relation.name: relation for relation in metamorphic.RELATIONS}
    assert made.reading.digits[0].box[3] == pytest.approx(40, abs=2)
    assert relations["scaled 0.35x"].change(made).shape == (28, 42)
    small = subject(reader, transforms.scaled(grey, 0.7))
    assert relations["scaled 0.35x"].change(small) is None
    assert relations["scaled 3x"].change(small).shape == (168, 252)


def test_only_broad_strokes_are_made_thinner(reader):
    relations = {relation.name: relation for relation in metamorphic.RELATIONS}
    thinner = relations["strokes 1 px thinner"]
    assert thinner.change(subject(reader, page(stroke=2))) is None
    assert thinner.change(subject(reader, page(stroke=8))) is not None


def test_a_picture_read_right_goes_through_all_that_applies(reader):
    item = Item(OWN / "drawing_2.png", "drawing_single", "2", "")
    outcomes = metamorphic.check(reader, item)
    assert {outcome.relation for outcome in outcomes} == {
        relation.name for relation in metamorphic.RELATIONS
    }
    figures = metamorphic.figures(outcomes)
    assert figures["pictures"] == 1
    assert figures["families"]["scaled"]["of"] == 8
    assert len(figures["changed"]) == sum(not outcome.unchanged for outcome in outcomes)


def test_a_picture_that_is_misread_anyway_does_not_count(reader):
    assert metamorphic.check(reader, Item(OWN / "drawing_2.png", "drawing_single", "7", "")) == []
    assert metamorphic.check(reader, Item(OWN / "gone.png", "drawing_single", "7", "")) == []
