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
    for cached in (glyphs.font_files, glyphs.training_fonts):
        cached.cache_clear()
    yield tmp_path
    for cached in (glyphs.font_files, glyphs.training_fonts):
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


def test_a_folder_without_fonts_is_refused(packages, monkeypatch):
    monkeypatch.setenv(glyphs.MORE_FONTS, str(packages / KEPT))
    with pytest.raises(DataError, match=f"DIGITS_FONTS: there are no fonts .*{KEPT}"):
        glyphs.training_fonts()


def test_a_family_is_held_out_however_its_file_is_named():
    for name in ("DancingScript-Regular.otf", "dancing-script-latin-400-normal.woff2"):
        assert glyphs.is_held_out(Path(name))
    assert not glyphs.is_held_out(Path("kalam-latin-400-normal.woff2"))
