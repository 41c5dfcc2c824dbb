"""What is wide and faint is no ink: the shade that dividing by the paper leaves.

Where the paper changes within less than the window in which its brightness is averaged, at the
edge of a sheet, of a shadow, of a border that a program added, something is left that is much
fainter than the pen and much wider. A morphological opening wider than the strokes finds it
(the white top-hat, Meyer 1979), and it is taken off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components, levels

Strength = NDArray[np.uint8]


@dataclass(frozen=True)
class ShadeParameters:
    """Shade is at least ``widths`` strokes wide, on average at most ``faint`` times as strong as
    the strongest ink, and covers a share of ``area`` of the picture in one piece. It is looked for
    where strokes are narrower than ``fine``, a fraction of the long side: larger ones are hard to
    tell from it.

    That is seen in a picture with a long side of ``side`` pixels, two by two of them at a time:
    there nothing narrower than ``narrowest`` is shade, nor weaker than a strength of ``least``.
    Noise and grain are smoothed over with a deviation of the width that is looked for over
    ``smooth``. The strongest ink is what a share of ``peak`` of all pixels reaches at most, and a
    stroke what has a fraction of ``strong`` of that.
    """

    widths: float = 3.0
    faint: float = 0.5
    area: float = 0.01
    fine: float = 0.012
    side: int = 640
    narrowest: int = 5
    least: int = 8
    smooth: float = 6.0
    peak: float = 0.999
    strong: float = 0.5


def remove(strength: Strength, small: Strength, parameters: ShadeParameters) -> Strength:
    """``strength`` ``[h, w]`` uint8, 0 paper to 255 full ink, without shade.

    ``small`` is the same with a long side of at most ``parameters.side``.
    """
    small = _least_of_four(small)
    scale = max(small.shape) / max(strength.shape)
    least_area = parameters.area * small.size
    if not least_area:
        return strength
    # Most pictures have none, and this is how that is seen soonest.
    opened = _opened(small, parameters.narrowest, parameters)
    if np.count_nonzero(opened >= parameters.least) < least_area:
        return strength
    sampled = max(1, 2 * max(strength.shape) // parameters.side)
    counts = levels.histogram(strength[::sampled, ::sampled])
    peak = levels.quantile(counts, parameters.peak)
    width = _stroke_width(strength[::sampled], int(parameters.strong * peak))
    widest = int(max(parameters.widths * width * scale, parameters.narrowest)) | 1
    if width > parameters.fine * max(strength.shape) or widest >= min(small.shape):
        return strength
    opened = _opened(small, widest, parameters)
    shade = _faint(opened, parameters.least, parameters.faint * peak, least_area)
    if shade is None:
        return strength
    # Smoothing took the shade's edges down.
    reach = max(widest // 2, parameters.narrowest) | 1
    shade = np.asarray(cv2.dilate(shade, np.ones((reach, reach), np.uint8)), np.uint8)
    shade = np.asarray(
        cv2.resize(shade, strength.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8
    )
    return np.asarray(cv2.subtract(strength, shade), np.uint8)


def _least_of_four(small: Strength) -> Strength:
    """The least of every two by two pixels: averaged, close writing would be as even as shade."""
    return np.ascontiguousarray(cv2.erode(small, np.ones((2, 2), np.uint8))[1::2, 1::2])


def _opened(small: Strength, width: int, parameters: ShadeParameters) -> Strength:
    """What is at least ``width`` pixels wide and high, noise and grain smoothed over first."""
    smooth = cv2.GaussianBlur(small, (0, 0), width / parameters.smooth)
    kernel = np.ones((width, width), np.uint8)
    # Nothing beyond the border counts: what meets it is as wide as any.
    return np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_OPEN, kernel), np.uint8)


def _stroke_width(lines: Strength, weak: int) -> float:
    """How wide the strong ink is, in pixels, on average over all directions; 0 without any.

    Measured along some rows, by what is stronger than ``weak``: what is w wide and turned at random
    is cut 4 w / pi long.
    """
    strong = np.greater(lines, np.uint8(weak))
    begins = np.count_nonzero(strong[:, 1:] > strong[:, :-1])
    return float(np.pi / 4 * np.count_nonzero(strong) / max(int(begins), 1))


def _faint(shade: Strength, least: int, strongest: float, least_area: float) -> Strength | None:
    """The pieces of ``least`` strength and area, and on average at most as strong as that, if there
    are any: where strokes cross or lie close something small is left too, and a blot is ink."""
    kept = np.zeros_like(shade)
    dark = np.asarray(shade >= least).view(np.uint8)
    for component in components.find(dark, least_size=math.ceil(math.sqrt(least_area))):
        window = components.window(component.box)
        own = component.mask()
        if np.count_nonzero(own) < least_area or shade[window][own].mean() > strongest:
            continue
        np.copyto(kept[window], shade[window], where=own)
    return kept if kept.any() else None
