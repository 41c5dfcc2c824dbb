"""Pictures without digits: what is in them, where their letters come from, that they stay."""

from __future__ import annotations

import collections
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DataError
from digits.evaluation import doodles, lettering, negatives, scenes, surfaces
from digits.evaluation.negatives import Negative, Outcome
from digits.reader import Reader
from digits.settings import ROOT
from digits.training import glyphs

LOOK_LIKE_DIGITS = set("OoIl|SsZz0123456789")


def made(*, held_out: bool, seed: int) -> list[Negative]:
    """The pictures, whether or not some of this machine's fonts look written by hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lettering, "by_hand", lambda files, handwritten: list(files))
        try:
            return negatives.made(lettering.fonts(held_out=held_out), seed)
        except DataError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def held_out() -> list[Negative]:
    return made(held_out=True, seed=negatives.HELD_OUT_SEED)


@pytest.fixture(scope="module")
def tune() -> list[Negative]:
    return made(held_out=False, seed=negatives.TUNE_SEED)


def test_there_are_200_of_every_kind(held_out, tune):
    wanted = {category: count for category, count, _ in negatives.CATEGORIES}
    assert sum(wanted.values()) == 200
    for pictures in (held_out, tune):
        assert collections.Counter(negative.category for negative in pictures) == wanted


@pytest.mark.slow
def test_they_are_the_same_every_time(held_out):
    again = made(held_out=True, seed=negatives.HELD_OUT_SEED)
    assert negatives.fingerprint(again) == negatives.fingerprint(held_out)


def test_no_picture_is_in_both_sets(held_out, tune):
    pixels = [negative.grey.tobytes() for negative in held_out + tune]
    assert len(set(pixels)) == 400


def test_every_picture_shows_something_but_blank_paper(held_out):
    for negative in held_out:
        if negative.category not in ("gradient", "ruled or squared paper"):
            assert np.ptp(negative.grey) > 20, negative.category


def test_fonts_held_out_share_no_family_with_those_trained_on():
    try:
        kept = lettering.fonts(held_out=True)
    except DataError as error:
        pytest.skip(str(error))
    trained = glyphs.font_files(held_out=False)
    families = [{lettering.family(file) for file in files} for files in (kept, trained)]
    assert families[0]
    assert families[1]
    assert not families[0] & families[1]


def test_without_fonts_there_are_no_pictures(monkeypatch):
    lettering.fonts.cache_clear()
    monkeypatch.setattr(glyphs, "font_files", lambda held_out: ())
    with pytest.raises(DataError, match=r"docs/evaluation\.md"):
        negatives.held_out()
    lettering.fonts.cache_clear()


@pytest.mark.parametrize(("handwritten", "said"), [(True, "written by hand"), (False, "printed")])
def test_print_alone_is_not_what_the_figure_is_of(monkeypatch, handwritten, said):
    files = (Path("a.ttf"), Path("b.ttf"))
    monkeypatch.setattr(lettering, "fonts", lambda held_out: files)
    monkeypatch.setattr(
        lettering, "by_hand", lambda files, *, handwritten: [] if handwritten is missing else files
    )
    missing = handwritten
    for pictures in (negatives.held_out, negatives.tune):
        with pytest.raises(DataError, match=f"none of 2 fonts looks {said}: install"):
            pictures()


def test_nothing_is_written_that_is_a_digit_in_some_hand():
    files = glyphs.font_files(held_out=True) + glyphs.font_files(held_out=False)
    if not files:
        pytest.skip("no fonts here")
    rng = np.random.default_rng(0)
    for file in files[::5]:
        text = lettering.text(rng, file, 40)
        assert len(text.split()) == 40
        assert not set(text) & LOOK_LIKE_DIGITS
        assert lettering.letter(rng, file) not in LOOK_LIKE_DIGITS
    assert not set(lettering.LETTERS + lettering.SYMBOLS) & LOOK_LIKE_DIGITS


@pytest.mark.parametrize("symbol", lettering.DRAWN)
def test_a_symbol_is_drawn_as_large_as_asked(symbol):
    ink = lettering.symbol_by_hand(np.random.default_rng(1), symbol, height=60)
    assert max(ink.shape) == pytest.approx(60, rel=0.45)
    assert 0 < ink.mean() < 1


@pytest.mark.parametrize("which", range(len(doodles.DOODLES)))
def test_a_doodle_is_drawn_within_its_square(which):
    ink = doodles.draw(np.random.default_rng(which), which, 120)
    assert ink.shape == (120, 120)
    assert ink.max() == 1
    assert 0.005 < ink.mean() < 0.6


@pytest.mark.parametrize(
    "make",
    [
        *surfaces.MATERIALS,
        *surfaces.PAPERS,
        *surfaces.SHAPES,
        *surfaces.NOISES,
        *surfaces.GRADIENTS,
    ],
)
def test_a_surface_fills_the_picture(make):
    page = make(np.random.default_rng(4), (300, 200))
    assert page.shape == (200, 300)
    assert np.isfinite(page).all()


def test_what_is_read_is_counted_by_category():
    reader = Reader.open(ROOT / "models" / "digits")
    plain = Negative("gradient", scenes.levels(scenes.plain((120, 90), 0.6)))
    outcome = negatives.read(reader, plain)
    assert outcome == Outcome("gradient", "")
    figures = negatives.figures([plain, plain], [outcome, Outcome("symbol", "4/1")])
    assert figures["left_alone"]["hits"] == 1
    assert figures["categories"]["symbol"]["share"] == 0
    assert figures["read"] == {"1": "4/1"}
