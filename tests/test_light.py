"""The light on a page is one smooth surface, or none is said to be there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits.light import LightParameters, surface

PAPER, PEN = 240, 60
SIZE = (120, 160)


def page(light: np.ndarray, *, thickness: int = 2) -> np.ndarray:
    """Rings on a page that is lit like this."""
    ink = np.zeros(light.shape, np.uint8)
    for x in range(25, light.shape[1], 30):
        for y in (35, 80):
            cv2.circle(ink, (x, y), 10, (1,), thickness)
    return (np.where(ink, PEN, PAPER) * light).astype(np.uint8)


def places(height: int = SIZE[0], width: int = SIZE[1]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns from -1 to 1."""
    return np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]


def vignette(*shape: int, corner: float = 0.4) -> np.ndarray:
    """Darker towards the corners by the fourth power of the cosine, as through a lens."""
    y, x = places(*shape)
    return 1 / (1 + (corner**-0.5 - 1) * (x * x + y * y) / 2) ** 2


def lamp() -> np.ndarray:
    y, x = places()
    return 1 / (1 + ((x + 1.2) ** 2 + (y + 0.9) ** 2) / 4)


def slope() -> np.ndarray:
    y, x = places()
    return 0.65 + 0.3 * x + 0.05 * y


@pytest.mark.parametrize("light", [vignette(), lamp(), slope(), vignette(160, 107)])
def test_smooth_light_is_found_whatever_is_written(light):
    found = surface(page(light), LightParameters())

    assert found is not None
    # The brightest of a block is not in its middle.
    assert np.abs(found / (light / light.max()) - 1).max() < 0.1


def test_even_light_is_left_alone():
    assert surface(page(np.ones(SIZE)), LightParameters()) is None
    assert surface(page(vignette(corner=0.8)), LightParameters()) is None
    assert surface(page(vignette(corner=0.8)), LightParameters(even=1.1)) is not None


def test_light_that_falls_off_to_nothing_is_none():
    assert surface(page(vignette(corner=0.12)), LightParameters()) is None
    assert surface(page(vignette(corner=0.12)), LightParameters(steep=20.0)) is not None


def shadow() -> np.ndarray:
    """Hard, across a fifth of a page."""
    light = vignette()
    light[:, :32] *= 0.5
    return light


def clouds() -> np.ndarray:
    """Light and dark in turns, softly, all over."""
    noise = cv2.GaussianBlur(np.random.default_rng(8).uniform(size=SIZE), (0, 0), 8)
    return 0.3 + 0.7 * (noise - noise.min()) / np.ptp(noise)


@pytest.mark.parametrize("light", [shadow(), clouds()])
def test_what_is_not_one_page_in_one_light_has_no_surface(light):
    assert surface(page(light), LightParameters()) is None
    # Far from even as it is, it is the fit that says so.
    assert surface(page(light), LightParameters(covered=0.3, close=1.0, steep=99.0)) is not None


def rippled(depth: float) -> np.ndarray:
    """Light in waves of four blocks, which no such surface follows."""
    _, x = places()
    return slope() * (1 + depth * np.sin(8 * np.pi * x))


@pytest.mark.parametrize(
    ("light", "lenient"),
    [
        (rippled(0.1), LightParameters(close=0.06)),
        (np.where(clouds() > 0.78, 0.85, 1) * slope(), LightParameters(alike=0.21)),
        (shadow() / vignette() * slope(), LightParameters(covered=0.6, steep=20.0)),
    ],
    ids=["off by a little all over", "off by more in places", "followed in most places"],
)
def test_light_is_followed_closely_nearly_everywhere(light, lenient):
    assert surface((PAPER * light).astype(np.uint8), LightParameters()) is None
    assert surface((PAPER * light).astype(np.uint8), lenient) is not None


def test_the_few_places_that_do_not_follow_do_not_bend_it():
    light = vignette()
    grey = page(light)
    grey[50:70, 60:82] = PEN

    found = surface(grey, LightParameters())

    assert found is not None
    assert np.abs(found / light - 1).max() < 0.1
    assert surface(grey, LightParameters(covered=1.0)) is None


@pytest.mark.parametrize("shape", [(28, 28), (1, 160), (160, 3), (40, 160), (63, 63)])
def test_what_is_too_small_to_tell_has_none(shape):
    grey = np.linspace(60, 240, shape[0] * shape[1]).reshape(shape).astype(np.uint8)
    assert surface(grey, LightParameters()) is None


def test_black_has_none():
    assert surface(np.zeros(SIZE, np.uint8), LightParameters()) is None
