"""What lies around a sheet is painted over, and only around a sheet."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import sheet
from digits.sheet import SheetParameters

PAPER, TABLE, PEN = 220, 60, 30
CORNERS = ((100, 60), (520, 80), (540, 400), (90, 380))
SIZE = (640, 480)


def picture(
    corners: tuple[tuple[int, int], ...] = CORNERS,
    *,
    paper: int = PAPER,
    table: int = TABLE,
    rings: tuple[int, ...] = (180, 260, 340, 420),
) -> np.ndarray:
    """A sheet with rings of ink on a table."""
    grey = np.full(SIZE[::-1], table, np.uint8)
    cv2.fillPoly(grey, [np.array(corners)], (paper,))
    for x in rings:
        cv2.circle(grey, (x, 220), 28, (PEN if paper > table else 255 - PEN,), 8)
    return grey


def inside(margin: int, corners: tuple[tuple[int, int], ...] = CORNERS) -> np.ndarray:
    """What is so far inside the sheet."""
    drawn = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillPoly(drawn, [np.array(corners)], (1,))
    return cv2.erode(drawn, np.ones((2 * margin + 1,) * 2, np.uint8)).view(np.bool_)


@pytest.mark.parametrize(("paper", "table"), [(PAPER, TABLE), (TABLE, PAPER)])
def test_a_sheet_is_kept_and_its_brightness_goes_on_around_it(paper, table):
    grey = picture(paper=paper, table=table)

    page = sheet.alone(grey)

    assert page is not None
    assert np.array_equal(page[inside(16)], grey[inside(16)])
    around = page[~inside(0)].astype(int)
    assert np.abs(around - paper).max() <= 3


def test_a_sheet_that_is_seen_at_a_slant_is_no_rectangle():
    corners = ((200, 40), (440, 40), (620, 440), (20, 440))
    grey = picture(corners, rings=(260, 320, 380))

    page = sheet.alone(grey)

    assert page is not None
    assert np.array_equal(page[inside(16, corners)], grey[inside(16, corners)])
    assert np.abs(page[~inside(0, corners)].astype(int) - PAPER).max() <= 3


def test_what_is_between_a_sheet_and_the_border_of_the_picture_is_painted_over():
    grey = picture(((12, 12), (628, 12), (628, 468), (12, 468)))

    page = sheet.alone(grey)

    assert page is not None
    assert page[:, [0, 639]].min() >= PAPER - 3
    assert page[[0, 479]].min() >= PAPER - 3


def test_a_sheet_may_be_cut_by_the_border_of_the_picture():
    corners = ((-50, 60), (520, 80), (540, 600), (-50, 600))
    grey = picture(corners)

    page = sheet.alone(grey)

    assert page is not None
    assert np.array_equal(page[inside(16, corners)], grey[inside(16, corners)])
    assert page[:20].min() >= PAPER - 3


def test_a_shadow_on_the_sheet_goes_on_beyond_it():
    grey = picture()
    grey[:, 320:] = (grey[:, 320:] * 0.5).astype(np.uint8)

    page = sheet.alone(grey)

    assert page is not None
    assert np.abs(page[440, [60, 600]].astype(int) - (PAPER, PAPER // 2)).max() <= 5
    assert np.array_equal(page[inside(16)], grey[inside(16)])


def test_all_sheets_that_lie_on_a_table_are_kept():
    left, right = (
        ((40, 80), (300, 80), (300, 400), (40, 400)),
        ((340, 70), (600, 90), (590, 410), (345, 390)),
    )
    rings = (120, 200, 420, 520)
    grey = np.maximum(picture(left, rings=rings), picture(right, rings=rings))
    on_either = inside(16, left) | inside(16, right)

    page = sheet.alone(grey)

    assert page is not None
    assert np.array_equal(page[on_either], grey[on_either])
    assert np.abs(page[[40, 440, 240], [20, 620, 320]].astype(int) - PAPER).max() <= 3


def test_what_is_beside_a_strip_is_no_sheet():
    strip = ((200, -9), (440, -9), (450, 500), (190, 500))

    page = sheet.alone(picture(strip, rings=(280, 360)))

    assert page is not None
    assert page[:, [5, 100, 540, 635]].min() >= PAPER - 3


def test_a_stroke_across_the_edge_of_a_sheet_is_kept():
    grey = picture()
    cv2.line(grey, (300, 150), (300, 60), (PEN,), 26)

    page = sheet.alone(grey)

    assert page is not None
    assert np.array_equal(page[110:150, 280:320], grey[110:150, 280:320])


def test_grain_of_the_table_is_gone():
    rng = np.random.default_rng(4)
    grain = rng.normal(0, 14, SIZE[::-1])
    grey = np.clip(picture() + np.where(inside(0), 0, grain), 0, 255).astype(np.uint8)

    page = sheet.alone(grey)

    assert page is not None
    assert np.abs(page[~inside(0)].astype(int) - PAPER).max() <= 6


def test_a_sheet_is_found_in_a_picture_full_of_noise():
    """In one that is no larger than that in which it is looked for: nothing averages the noise."""
    small = cv2.resize(picture(), (160, 120), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(5).normal(0, 45, small.shape)

    page = sheet.alone(np.clip(small + noise, 0, 255).astype(np.uint8))

    assert page is not None
    # Around it there is what is usual on it, and not what a few of its pixels are.
    around = page[:10].astype(int)
    assert around.std() < 5
    assert around.mean() == pytest.approx(PAPER, abs=12)


def test_a_sheet_is_found_in_a_low_picture():
    page = sheet.alone(picture(((60, 10), (580, 14), (570, 120), (70, 124)), rings=())[:136])

    assert page is not None
    assert np.abs(page[:, [5, 630]].astype(int) - PAPER).max() <= 3


@pytest.mark.parametrize("invert", [False, True])
def test_a_sheet_on_what_is_between_it_and_the_rest_in_brightness_is_found(invert):
    """What it lies on differs from the rest by more than from the sheet, and is no sheet."""
    grey = np.full(SIZE[::-1], 10, np.uint8)
    cv2.ellipse(grey, (320, 240), (310, 225), 0, 0, 360, (150,), -1)
    cv2.rectangle(grey, (200, 130), (440, 350), (220,), -1)

    page = sheet.alone(255 - grey if invert else grey)

    assert page is not None
    assert np.abs(page[[5, 240], [5, 100]].astype(int) - (35 if invert else 220)).max() <= 3


def test_around_each_of_two_sheets_it_is_as_bright_as_that():
    grey = picture(((40, 80), (300, 80), (300, 400), (40, 400)), rings=())
    cv2.rectangle(grey, (340, 70), (600, 410), (170,), -1)

    page = sheet.alone(grey)

    assert page is not None
    assert page[240, [10, 630]].tolist() == [PAPER, 170]


def test_a_wide_dent_is_no_part_of_a_sheet():
    grey = picture(rings=())
    cv2.rectangle(grey, (280, 40), (340, 110), (TABLE,), -1)

    page = sheet.alone(grey)

    assert page is not None
    assert page[80:96, 300:320].min() >= PAPER - 5


def test_a_gap_between_a_sheet_and_the_border_of_the_picture_is_no_part_of_it_however_narrow():
    page = sheet.alone(picture(((6, 6), (634, 6), (634, 474), (6, 474)), rings=()))

    assert page is not None
    assert page.min() >= PAPER - 3


def scribbled_over() -> np.ndarray:
    """A sheet of which more than half is one blot."""
    grey = picture(((100, 60), (500, 60), (500, 420), (100, 420)), rings=())
    cv2.rectangle(grey, (130, 90), (470, 320), (PEN,), -1)
    return grey


def half_soft() -> np.ndarray:
    """A sheet with hard edges on one side only: to the other, the table is lit as it is."""
    grey = picture(rings=())
    soft = cv2.GaussianBlur(grey, (0, 0), 60)
    grey[:, 320:] = soft[:, 320:]
    return grey


SLANTED = ((200, 60), (300, 60), (380, 290), (280, 290))
"""Its box is large and what it covers is not."""


def written() -> np.ndarray:
    return picture(((-9, -9), (700, -9), (700, 500), (-9, 500)))


def sloped() -> np.ndarray:
    """Light that falls off, softly but far."""
    return (written() * np.linspace(1, 0.2, SIZE[0])).astype(np.uint8)


def noisy() -> np.ndarray:
    noise = np.random.default_rng(5).normal(0, 60, SIZE[::-1])
    return cv2.resize(np.clip(sloped() + noise, 0, 255).astype(np.uint8), (160, 120))


def round_blob() -> np.ndarray:
    grey = np.full(SIZE[::-1], TABLE, np.uint8)
    cv2.ellipse(grey, (320, 240), (120, 210), 0, 0, 360, (PAPER,), -1)
    return grey


def bent() -> np.ndarray:
    """A region with a bay."""
    grey = np.full(SIZE[::-1], TABLE, np.uint8)
    cv2.fillPoly(grey, [np.array([(60, 40), (580, 40), (580, 440), (320, 160), (60, 440)])], (220,))
    return grey


@pytest.mark.parametrize(
    "grey",
    [
        written(),
        sloped(),
        noisy(),
        round_blob(),
        bent(),
        picture(((280, 200), (360, 200), (360, 260), (280, 260))),  # too small
        picture(((240, 170), (400, 170), (400, 270), (240, 270)), rings=()),  # nearly large enough
        picture(SLANTED, rings=()),
        scribbled_over(),
        half_soft(),
        picture(table=PAPER - 40),  # hardly darker
        cv2.GaussianBlur(picture(), (0, 0), 60),  # no edge
        np.full((480, 640), 128, np.uint8),
        cv2.resize(picture(), (156, 117), interpolation=cv2.INTER_AREA),
        np.zeros((1, 1), np.uint8),
        np.tile(np.uint8([[0, 255]]), (3, 2)),
    ],
    ids=[
        "page",
        "slope",
        "noise",
        "round",
        "bay",
        "small",
        "smallish",
        "slanted",
        "scribbled",
        "half soft",
        "faint",
        "soft",
        "blank",
        "few pixels",
        "pixel",
        "tiny",
    ],
)
def test_what_is_no_sheet_is_left_alone(grey):
    assert sheet.alone(grey) is None


def test_the_parameters_decide():
    assert sheet.alone(round_blob(), SheetParameters(square=0.7)) is not None
    assert sheet.alone(bent(), SheetParameters(convex=0.6)) is not None
    assert sheet.alone(picture(), SheetParameters(most=0.3)) is None
    assert sheet.alone(picture(SLANTED, rings=()), SheetParameters(least=0.03)) is not None
    assert sheet.alone(scribbled_over(), SheetParameters(blank=0.3)) is not None
    assert sheet.alone(half_soft(), SheetParameters(hard=0.3)) is not None
    assert sheet.alone(picture(), SheetParameters(blank=0.97)) is None
    assert sheet.alone(picture(table=PAPER - 40), SheetParameters(contrast=30)) is not None
    soft = cv2.GaussianBlur(picture(), (0, 0), 25)
    assert sheet.alone(soft, SheetParameters(edge=5)) is not None


def test_a_sheet_covers_a_twelfth_of_the_picture_and_more():
    assert sheet.alone(picture(((220, 150), (420, 150), (420, 320), (220, 320)))) is not None
