"""Which fonts training draws from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from digits.errors import DataError
from digits.evaluation import lettering
from digits.training import glyphs

TAUGHT, KEPT = "kalam", "dancing-script"
"""Names of families: one to train with, and one that the hash keeps for evaluation."""


@pytest.fixture
def packages(tmp_path, monkeypatch) -> Iterator[Path]:
    """Two families as packages for the web have them, and no other fonts on this machine."""
    plain = ImageFont.load_default(20).path
    assert isinstance(plain, io.BytesIO)
    for family in (TAUGHT, KEPT):
        files = tmp_path / family / "files"
        files.mkdir(parents=True)
        for kind in ("latin-400-normal", "latin-700-normal", "cyrillic-400-normal"):
            (files / f"{family}-{kind}.woff2").write_bytes(plain.getvalue())
    monkeypatch.setattr(glyphs, "FONT_FOLDERS", ())
    monkeypatch.delenv(glyphs.MORE_FONTS, raising=False)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for cached in (glyphs.font_files, glyphs.training_fonts, glyphs.fingerprint):
        cached.cache_clear()


def test_one_upright_face_of_each_family_but_those_held_out(packages, monkeypatch):
    monkeypatch.setenv(glyphs.MORE_FONTS, str(packages))
    assert [path.name for path in glyphs.training_fonts()] == [f"{TAUGHT}-latin-400-normal.woff2"]


def test_they_are_drawn_from_and_evaluation_knows_nothing_of_them(packages, monkeypatch):
    rng = np.random.default_rng(5)
    monkeypatch.setattr(glyphs, "_draw_strokes", lambda rng, text: np.zeros((1, 1), np.uint8))
    assert not any(glyphs.draw(rng, "7").any() for _ in range(20))
    glyphs.training_fonts.cache_clear()
    monkeypatch.setenv(glyphs.MORE_FONTS, str(packages))
    assert any(glyphs.draw(rng, "7").any() for _ in range(20))
    assert glyphs.font_files(held_out=False) == glyphs.font_files(held_out=True) == ()
    lettering.fonts.cache_clear()
    with pytest.raises(DataError, match="no fonts"):
        lettering.fonts(held_out=False)


@pytest.mark.parametrize(
    ("folder", "said"), [(KEPT, "there is no font to train with in"), ("nowhere", "is no folder")]
)
def test_a_folder_without_fonts_to_train_with_is_refused(packages, monkeypatch, folder, said):
    monkeypatch.setenv(glyphs.MORE_FONTS, str(packages / folder))
    with pytest.raises(DataError, match=rf"DIGITS_FONTS: .*{said}") as refused:
        glyphs.training_fonts()
    assert str(packages / folder) in str(refused.value)


def test_other_fonts_are_told_apart_wherever_they_lie(packages, monkeypatch):
    none = glyphs.fingerprint()
    monkeypatch.setenv(glyphs.MORE_FONTS, str(packages))
    forget()
    some = glyphs.fingerprint()
    (packages / TAUGHT).rename(packages / "moved")
    forget()
    assert glyphs.fingerprint() == some != none


def test_a_family_is_held_out_however_its_file_is_named():
    for name in (
        "DancingScript-Regular.otf",
        "DancingScript[wght].ttf",
        "dancing-script-latin-400-normal.woff2",
    ):
        assert glyphs.is_held_out(Path(name))
    assert not glyphs.is_held_out(Path("kalam-latin-400-normal.woff2"))
