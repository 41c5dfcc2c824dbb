"""Ink is found whatever the paper, the light and the pen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import ink


def page(*, paper: int = 220, pen: int = 40, thickness: int = 4) -> np.ndarray:
    """A ring and a stroke on even paper, 200x320."""
    grey = np.full((200, 320), paper, np.uint8)
    cv2.circle(grey, (90, 100), 40, (pen,), thickness, cv2.LINE_AA)
    cv2.line(grey, (220, 50), (230, 150), (pen,), thickness, cv2.LINE_AA)
    return grey


def truth(grey: np.ndarray, paper: int, pen: int) -> np.ndarray:
    return np.abs(grey.astype(int) - paper) > abs(paper - pen) / 2


def agreement(mask: np.ndarray, wanted: np.ndarray) -> float:
    """Intersection over union, one pixel of edge forgiven."""
    grown = cv2.dilate(wanted.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inside = (mask > 0) & grown
    return float(inside.sum() / ((mask > 0) | wanted).sum())


@pytest.mark.parametrize(("paper", "pen"), [(220, 40), (30, 220), (250, 0), (128, 100)])
def test_ink_is_found_in_both_polarities(paper, pen):
    found = ink.extract(page(paper=paper, pen=pen))

    assert found.polarity == ("dark_on_light" if pen < paper else "light_on_dark")
    assert agreement(found.mask, truth(page(paper=paper, pen=pen), paper, pen)) > 0.85


def test_inverting_a_picture_changes_nothing_but_the_polarity():
    first, second = ink.extract(page()), ink.extract(255 - page())

    assert first.polarity != second.polarity
    assert agreement(second.mask, first.mask > 0) > 0.95


@pytest.mark.parametrize("invert", [False, True])
def test_where_a_table_surrounds_the_page_its_polarity_is_in_doubt(invert):
    laid = cv2.copyMakeBorder(page(), 90, 90, 120, 120, cv2.BORDER_CONSTANT, value=(20,))

    assert ink.find_polarity(255 - laid if invert else laid)[1]
    assert not ink.find_polarity(255 - page() if invert else page())[1]


@pytest.mark.parametrize("polarity", ["dark_on_light", "light_on_dark"])
@pytest.mark.parametrize("height", [240, 1200])
def test_polarity_is_what_it_is_told_to_be(polarity, height):
    large = cv2.resize(page(), None, fx=height / 240, fy=height / 240)

    assert ink.extract(large, polarity=polarity).polarity == polarity
    coarse = ink.coarse(large, polarity=polarity)
    assert coarse is None if height == 240 else coarse.polarity == polarity


def test_a_shadow_across_the_page_leaves_no_ink_behind():
    light = np.linspace(1.0, 0.35, 320)[None, :]
    shaded = (page() * light).astype(np.uint8)

    found = ink.extract(shaded)

    assert agreement(found.mask, truth(page(), 220, 40)) > 0.85


@pytest.mark.parametrize("light", [0.7, 0.6, 0.45])
@pytest.mark.parametrize("thickness", [4, 12])
def test_the_hard_edge_of_a_shadow_across_ink_leaves_none_behind(light, thickness):
    clean = page(thickness=thickness)
    shaded = clean.astype(np.float64)
    shaded[:, 90:225] *= light

    found = ink.extract(cv2.GaussianBlur(shaded, (0, 0), 1.0).astype(np.uint8))

    assert agreement(found.mask, truth(clean, 220, 40)) > 0.85


def test_what_is_grain_on_a_dark_table_is_no_ink():
    rng = np.random.default_rng(4)
    grey = cv2.resize(page(), (960, 600), interpolation=cv2.INTER_AREA).astype(np.float64)
    grey[420:] = 50
    grey = cv2.GaussianBlur(grey + rng.normal(0, 3, grey.shape), (0, 0), 1.0)

    assert ink.extract(grey.astype(np.uint8)).mask[425:].mean() < 0.001


@pytest.mark.parametrize(("level", "deviation"), [(14, 0), (20, 2), (8, 4)])
def test_what_is_darker_than_any_paper_is_no_ink_of_itself(level, deviation):
    rng = np.random.default_rng(4)
    grey = cv2.resize(page(), (960, 600), interpolation=cv2.INTER_AREA).astype(np.float64)
    grey[420:] = level
    grey = np.clip(grey + rng.normal(0, deviation, grey.shape), 0, 255)

    assert not ink.extract(grey.astype(np.uint8)).mask[428:].any()


def test_a_photo_in_the_dark_has_ink():
    """Paper may be darker than any that is divided by."""
    clean = page()
    found = ink.extract(np.asarray(clean * 0.09, np.uint8))
    assert agreement(found.mask, truth(clean, 220, 40)) > 0.85


@pytest.mark.parametrize("paper", [0, 128, 255])
def test_blank_paper_has_no_ink(paper):
    assert not ink.extract(np.full((120, 160), paper, np.uint8)).mask.any()


def test_noisy_paper_has_hardly_any_ink():
    rng = np.random.default_rng(0)
    noisy = np.clip(200 + rng.normal(0, 6, (300, 400)), 0, 255).astype(np.uint8)

    assert ink.extract(noisy).mask.mean() < 0.001


@pytest.mark.parametrize("deviation", [8.0, 25.0, 40.0])
def test_ink_is_found_in_noise_that_nearly_reaches_it(deviation):
    clean = page(thickness=6)
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, deviation, clean.shape), 0, 255)

    found = ink.extract(noisy.astype(np.uint8))

    assert agreement(found.mask, truth(clean, 220, 40)) > 0.7
    assert found.mask[:, 150:200].mean() < 0.01


@pytest.mark.parametrize("deviation", [0.0, 5.0, 20.0])
def test_noise_is_told_from_edges_and_slopes(deviation):
    light = np.linspace(0.5, 1.0, 320)[None, :]
    noisy = page() * light + np.random.default_rng(2).normal(0, deviation, (200, 320))

    grey = np.clip(noisy, 0, 255).astype(np.uint8)
    assert ink.noise(grey, 48) == pytest.approx(deviation, abs=1.5)


def test_a_picture_with_little_noise_is_left_as_sharp_as_it_is():
    noisy = page() + np.random.default_rng(3).normal(0, 3, (200, 320))
    grey = np.clip(noisy, 0, 255).astype(np.uint8)
    never_blurred = ink.InkParameters(most_noise=255.0)
    always_blurred = ink.InkParameters(most_noise=1.0)

    sharp = ink.extract(grey, never_blurred).strength

    assert np.array_equal(ink.extract(grey).strength, sharp)
    assert not np.array_equal(ink.extract(grey, always_blurred).strength, sharp)


@pytest.mark.parametrize("invert", [False, True])
def test_dark_corners_are_no_ink(invert):
    """A tight crop through a lens that keeps little of the light in the corners."""
    y, x = np.linspace(-1, 1, 200)[:, None], np.linspace(-1, 1, 140)[None, :]
    light = 1 / (1 + 0.8 * (x * x + y * y) / 2) ** 2
    clean = np.full((200, 140), 250, np.uint8)
    cv2.circle(clean, (70, 100), 40, (40,), 6, cv2.LINE_AA)
    lit = (clean * light).astype(np.uint8)

    found = ink.extract(255 - lit if invert else lit)

    assert agreement(found.mask, truth(clean, 250, 40)) > 0.95


@pytest.mark.parametrize(("paper", "pen"), [(220, 40), (60, 250)])
def test_dark_corners_leave_no_doubt_which_is_the_ink(paper, pen):
    y, x = np.linspace(-1, 1, 240)[:, None], np.linspace(-1, 1, 320)[None, :]
    light = 1 / (1 + (x * x + y * y) / 2) ** 2
    written = np.full((240, 320), paper, np.uint8)
    for place, digit in enumerate("3816"):
        left = (20 + 72 * place, 170)
        cv2.putText(written, digit, left, cv2.FONT_HERSHEY_SIMPLEX, 3.2, (pen,), 10, cv2.LINE_AA)

    polarity, doubtful = ink.find_polarity((written * light).astype(np.uint8))

    assert polarity == ("dark_on_light" if pen < paper else "light_on_dark")
    assert not doubtful


def test_faint_pencil_is_found_beside_black_marker():
    grey = np.full((300, 900), 230, np.uint8)
    cv2.line(grey, (100, 60), (100, 240), (0,), 10)
    cv2.line(grey, (800, 60), (800, 240), (190,), 4)

    mask = ink.extract(grey).mask

    assert mask[150, 100] == 1
    assert mask[150, 800] == 1


def test_a_large_picture_is_worked_on_at_a_bounded_size():
    found = ink.extract(np.full((3000, 4000), 255, np.uint8))

    bound = ink.InkParameters().working_pixels
    assert found.strength.size <= bound * 1.01
    assert found.scale == pytest.approx((bound / 12_000_000) ** 0.5)


SMALL = ink.InkParameters(working_pixels=4000, coarse_pixels=3000, small_side=0)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 20, 77])
@pytest.mark.parametrize("width", [60, 101, 4000, 20_001, 300_000])
def test_whatever_its_shape_a_picture_is_worked_on_at_a_bounded_size(height, width, turned):
    rng = np.random.default_rng(7)
    grey = rng.integers(0, 256, (width, height) if turned else (height, width), np.uint8)

    fine, coarse = ink.extract(grey, SMALL), ink.coarse(grey, SMALL)

    assert fine.mask.shape == fine.strength.shape == fine.threshold.shape
    # Up to 1.4 times as many where shrinking would cost more than it saves.
    assert fine.mask.size <= 1.4 * SMALL.working_pixels
    assert coarse is None or coarse.mask.size <= SMALL.coarse_pixels
    assert max(fine.mask.shape) == pytest.approx(fine.scale * max(height, width), abs=1)


@pytest.mark.parametrize(
    "shape", [(1, 20_000), (3, 90_000), (20, 3000), (20_000, 1), (1_200_000, 1)]
)
def test_in_a_thread_nothing_is_written(shape):
    """Had it the area of a picture that is worked on, it would be less than 6 pixels high."""
    grey = np.resize(np.uint8([255] * 9 + [0] * 8), shape)

    assert not ink.extract(grey, SMALL).mask.any()
    assert ink.coarse(grey, SMALL) is None
    for polarity in ("dark_on_light", "light_on_dark"):
        assert ink.extract(grey, SMALL, polarity=polarity).polarity == polarity


def test_what_is_hardly_higher_than_a_thread_is_written_on():
    row = np.full((20, 1240), 220, np.uint8)
    row[4:16, 20::40] = row[4:16, 21::40] = row[4:16, 22::40] = row[4:16, 23::40] = 40

    assert ink.extract(row, SMALL).mask.any()


def test_a_row_of_writing_is_no_thread_however_long():
    row = np.full((8, 7000), 220, np.uint8)
    row[1:7, 20::100] = row[1:7, 21::100] = 40

    assert ink.extract(row).mask[4, 20::100].all()


def test_the_integral_image_of_all_that_is_worked_on_fits_into_32_bits():
    """The tiles' ink is averaged by it."""
    bound = ink.InkParameters().hardly_more * ink.InkParameters().working_pixels
    assert bound * 255 < 2**31


@pytest.mark.parametrize(("shape", "scale"), [((800, 1200), 0.5), ((2401, 3200), 0.25)])
def test_a_coarse_look_takes_a_quarter_of_the_pixels_until_they_are_few(shape, scale):
    grey = cv2.resize(page(thickness=8), shape[::-1], interpolation=cv2.INTER_LINEAR)

    found = ink.coarse(grey)

    assert found is not None
    assert found.scale == scale
    assert found.mask.shape == (int(shape[0] * scale), int(shape[1] * scale))
    wanted = cv2.resize(grey, found.mask.shape[::-1], interpolation=cv2.INTER_AREA)
    assert agreement(found.mask, truth(wanted, 220, 40)) > 0.85


def test_what_is_small_or_finely_drawn_or_blank_is_not_looked_at_coarsely():
    fine = np.full((800, 1200), 220, np.uint8)
    cv2.circle(fine, (300, 400), 160, (40,), 2, cv2.LINE_AA)

    assert ink.coarse(page(thickness=8)) is None
    assert ink.coarse(fine) is None
    assert ink.coarse(np.full((800, 1200), 220, np.uint8)) is None
    assert ink.coarse(fine, ink.InkParameters(coarse_stroke=1.0)) is not None


def test_the_usual_stroke_is_not_that_of_rules_or_of_the_edge_of_a_table():
    mask = np.zeros((200, 300), np.uint8)
    for x in range(20, 200, 20):
        mask[20:160, x : x + 5] = 1

    assert ink.usual_stroke(mask) == 5
    mask[170:] = mask[10:13] = 1
    assert ink.usual_stroke(mask) == 5
    assert ink.usual_stroke(np.zeros((200, 300), np.uint8)) == 0
    assert ink.usual_stroke(np.ones((200, 300), np.uint8)) == 300


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (28, 28)])
def test_tiny_pictures_do_not_break_it(shape):
    found = ink.extract(np.zeros(shape, np.uint8))

    assert found.mask.shape == found.strength.shape == found.threshold.shape


def lined(*, paper: int = 225, pen: int = 60) -> np.ndarray:
    """Fine writing on the right of a large page, 600x800."""
    grey = np.full((600, 800), paper, np.uint8)
    for x in range(420, 780, 30):
        grey[330:500, x : x + 3] = pen
    return grey


@pytest.mark.parametrize("light", [0.72, 0.8])
def test_a_soft_shadow_along_the_border_is_no_ink(light):
    """It is narrower than the window in which paper is averaged."""
    grey = lined().astype(np.float64)
    grey[:60] *= light
    grey[:250] = cv2.GaussianBlur(grey[:250], (0, 0), 10)

    mask = ink.extract(grey.astype(np.uint8)).mask

    assert not mask[:250].any()
    assert mask[400, 420:780].mean() == pytest.approx(0.1, abs=0.02)


def test_noise_in_a_low_picture_does_not_blur_its_ink_away():
    """By a fiftieth of its short side at most, which is a pixel or so."""
    clean = np.full((60, 600), 150, np.uint8)
    clean[10:50] = np.resize(np.uint8([50] * 4 + [150] * 4), 600)
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 70, clean.shape), 0, 255)

    strength = ink.extract(noisy.astype(np.uint8), polarity="dark_on_light").strength[14:46]
    columns = strength.mean(axis=0)[:592].reshape(-1, 8).mean(axis=0)

    assert np.ptp(columns) > 40
    assert strength.std() < 60


def test_strong_noise_is_blurred_to_about_what_is_let_be():
    noisy = np.clip(np.random.default_rng(1).normal(128, 20, (600, 800)), 0, 255).astype(np.uint8)

    blurred = ink.extract(noisy).strength

    assert ink.noise(noisy, 48) == pytest.approx(20, abs=1)
    # Relative to paper, which is half as bright as can be.
    assert 0.5 * 10 < blurred[blurred > 0].std() < 1.5 * 10


@pytest.mark.parametrize("width", [1, 2])
def test_what_is_too_narrow_to_tell_has_no_noise(width):
    assert ink.noise(np.random.default_rng(0).integers(0, 256, (50, width), np.uint8), 48) == 0


def test_a_slope_has_no_noise_however_few_pixels_it_is_long():
    assert ink.noise(np.tile(np.uint8([0, 50, 100]), (60, 1)), 48) == 0


@pytest.mark.parametrize(("level", "inked"), [(11, False), (6, True)])
def test_in_the_dark_is_ink_what_is_darker_than_paper_may_be(level, inked):
    """Paper is divided by 24 at least, and half as bright makes twice the noise."""
    grey = np.full((240, 320), 12, np.uint8)
    grey[100:140, 60:260:40] = grey[100:140, 61:260:40] = grey[100:140, 62:260:40] = level

    mask = ink.extract(grey, polarity="dark_on_light").mask

    assert bool(mask.any()) == inked


def test_paper_that_is_darker_has_more_noise_and_no_more_than_that():
    """By the root of its brightness: four times darker, twice as much; brighter, no less."""
    background = np.uint8([[200, 200, 200, 50, 255]])
    floor = ink._noise_floor(np.zeros((9, 9), np.uint8), background, ink.InkParameters())

    assert floor[0, 3] == pytest.approx(2 * floor[0, 0], rel=0.01)
    assert floor[0, 4] == floor[0, 0] == pytest.approx(0.07 * 255, rel=0.01)


def test_grey_over_all_of_the_paper_is_no_ink():
    """What half of all pixels have is not measured against, but noise on it is."""
    strength = np.full((90, 90), 40, np.uint8)
    strength[::2, ::2] = 44
    floor = ink._noise_floor(strength, np.uint8([[200]]), ink.InkParameters())

    assert floor[0, 0] >= 40 + 0.07 * 255


def test_noise_is_what_five_deviations_are():
    rng = np.random.default_rng(5)
    strength = np.clip(rng.normal(100, 8, (400, 400)), 0, 255).astype(np.uint8)
    floor = ink._noise_floor(strength, np.uint8([[200]]), ink.InkParameters())

    assert floor[0, 0] == pytest.approx(100 + 5 * 8, abs=6)


@pytest.mark.parametrize(("apart", "seen"), [(20, False), (300, True)])
def test_ink_is_measured_against_the_strongest_nearby(apart, seen):
    grey = np.full((300, 900), 230, np.uint8)
    grey[60:240, 100:110] = 0
    grey[60:240, 110 + apart : 114 + apart] = 170

    assert ink.extract(grey).mask[150, 112 + apart] == seen


def test_small_pictures_are_as_sharp_as_they_are():
    grey = np.full((100, 150), 220, np.uint8)
    grey[20:80, 75] = 40

    assert ink.extract(grey).mask[50].sum() == 1


def test_from_strong_ink_to_none_the_threshold_falls_slowly():
    grey = np.full((300, 900), 230, np.uint8)
    grey[60:240, 100:110] = 0

    along = ink.extract(grey).threshold[150].astype(int)

    assert along[105] > 90
    assert along[-1] < 20
    assert np.abs(np.diff(along)).max() <= 5


def test_strokes_of_several_pixels_are_seen_coarsely():
    grey = np.full((800, 1200), 220, np.uint8)
    for x in range(100, 1100, 100):
        grey[200:600, x : x + 12] = 40

    assert ink.coarse(grey) is not None


def test_what_is_enlarged_is_smooth():
    grey = np.full((40, 60), 220, np.uint8)
    grey[10:30, 20:24] = 40

    enlarged, as_it_is = ink.extract(grey), ink.extract(grey, enlarge=False)

    assert (enlarged.scale, as_it_is.scale) == (2.0, 1.0)
    assert enlarged.mask.shape == (80, 120)
    assert as_it_is.mask.shape == (40, 60)
    assert len(np.unique(enlarged.strength[40])) > 3
    assert ink.extract(cv2.resize(grey, (120, 80))).scale == 1.0


def test_a_large_picture_is_averaged_while_it_is_shrunk():
    """What is inked in every third column is grey then, and no pattern."""
    grey = np.full((1200, 1600), 220, np.uint8)
    grey[:, ::3] = 20
    small = ink.InkParameters(working_pixels=200_000)

    strength = ink.extract(grey, small, polarity="dark_on_light").strength

    assert strength[100:-100, 100:-100].std() < 8


def test_a_little_more_than_is_worked_on_is_left_as_large():
    bound = ink.InkParameters(working_pixels=10_000)
    assert ink.extract(np.full((110, 120), 255, np.uint8), bound).scale == 1.0
    assert ink.extract(np.full((110, 140), 255, np.uint8), bound).scale < 0.9


def test_thin_pictures_are_not_looked_at_coarsely():
    row = np.full((10, 400_000), 220, np.uint8)
    row[:, ::100] = row[:, 1::100] = 40
    assert ink.coarse(row, ink.InkParameters(coarse_stroke=0.0)) is None


@pytest.mark.parametrize("invert", [False, True])
def test_thick_strokes_are_ink_and_not_paper(invert):
    """In a narrow neighbourhood they are what most of it is."""
    grey = np.full((200, 320), 220, np.uint8)
    for x in (20, 100, 180, 260):
        grey[20:180, x : x + 40] = 40

    polarity, _ = ink.find_polarity(255 - grey if invert else grey)

    assert polarity == ("light_on_dark" if invert else "dark_on_light")


def test_grain_has_no_polarity_beside_faint_writing():
    grey = np.full((160, 160), 200, np.uint8)
    grey[::5, ::5] = 206
    grey[60:100, 40:120:20] = grey[60:100, 41:120:20] = 150

    assert ink.find_polarity(grey) == ("dark_on_light", False)
