"""A grey picture to its ink: noise, polarity, background, threshold.

The picture is divided by the brightness of its paper (`digits.paper`), which takes shadows and
uneven light out; what their edges leave is taken off by `digits.shade`. The threshold follows the
strongest ink nearby, so that faint pencil and black marker live on one page, and never falls to the
paper's own noise.

A large picture is looked at with its sides halved first: most photos have pens broad enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import levels, light, paper, shade
from digits.components import Runs
from digits.light import LightParameters
from digits.paper import PaperParameters
from digits.pyramid import Pyramid
from digits.reading import Polarity
from digits.shade import ShadeParameters

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class PolarityParameters:
    """Polarity is found in a picture with a long side of ``side`` pixels, in neighbourhoods that
    are a ``narrow`` and a ``wide`` fraction of it. Detail of up to ``least_detail`` grey levels
    does not count, and of a sum of ``doubt`` grey levels half does.
    """

    side: int = 80
    narrow: float = 0.1
    wide: float = 0.5
    least_detail: float = 8.0
    doubt: float = 1000.0


@dataclass(frozen=True)
class PeakParameters:
    """The strongest ink nearby is looked for in a picture with a long side of ``side`` pixels, but
    no more than ``most_step`` times smaller: of a long thin one it is larger, since what a step
    costs grows with it. It is looked for over ``least_window`` pixels of that at least. Pictures
    with a long side of more than ``sharp`` pixels are smoothed before.
    """

    side: int = 160
    most_step: int = 64
    least_window: int = 3
    sharp: int = 160


@dataclass(frozen=True)
class InkParameters:
    """``working_pixels`` bounds the picture's area while finding, but for one of up to
    ``hardly_more`` times as many: shrinking that costs more than it saves. ``coarse_pixels`` bounds
    that of a coarse look, where the usual stroke, along every ``stroke_rows``-th row, is at least
    ``coarse_stroke`` pixels wide. A picture whose short side would be less than ``thread`` pixels
    in that area is not looked at coarsely, and has nothing written in it if the other area makes it
    so thin. One whose long side is below ``small_side`` is made ``larger`` times as large.

    Noise, measured in about ``noise_rows`` rows, is blurred away if it is more than ``most_noise``
    grey levels. The brightness of the paper is found in a picture with a long side of
    ``paper_side`` pixels, where the windows are ``least_background`` and ``least_paper`` pixels
    wide at least. Paper is taken for no darker than the grey level ``darkest``, or noise would be
    ink. The paper's own noise is measured in a picture with a short side of about ``floor_side``.

    The others are fractions: ``most_blur`` and ``background_window`` of the short side,
    ``paper_window`` and ``peak_window`` of the long side, ``relative_threshold`` of the nearby
    peak, ``least_contrast`` of full ink; ``noise_factor`` counts standard deviations of the paper.
    """

    working_pixels: int = 1_300_000
    hardly_more: float = 1.4
    coarse_pixels: int = 800_000
    coarse_stroke: float = 4.0
    stroke_rows: int = 4
    thread: float = 6.0
    small_side: int = 100
    larger: float = 2.0
    paper_side: int = 160
    background_window: float = 0.33
    least_background: int = 5
    paper_window: float = 0.12
    least_paper: int = 9
    darkest: int = 24
    peak_window: float = 0.08
    relative_threshold: float = 0.38
    least_contrast: float = 0.07
    noise_factor: float = 5.0
    noise_rows: int = 48
    floor_side: int = 128
    most_noise: float = 5.0
    most_blur: float = 0.02
    polarity: PolarityParameters = field(default_factory=PolarityParameters)
    light: LightParameters = field(default_factory=LightParameters)
    paper: PaperParameters = field(default_factory=PaperParameters)
    shade: ShadeParameters = field(default_factory=ShadeParameters)
    peaks: PeakParameters = field(default_factory=PeakParameters)


@dataclass(frozen=True)
class Ink:
    """``strength`` is ``[h, w]`` uint8, 0 paper to 255 full ink; ``mask`` is 1 where it is ink and
    ``threshold`` the strength from which it is. ``scale`` is working pixels per pixel of ``grey``,
    ``noise`` the deviation of the working picture's, in grey levels.
    """

    strength: Grey
    mask: Grey
    threshold: Grey
    scale: float
    polarity: Polarity
    noise: float = 0.0


def extract(
    picture: Grey | Pyramid,
    parameters: InkParameters | None = None,
    *,
    enlarge: bool = True,
    polarity: Polarity | None = None,
) -> Ink:
    """Find the ink of a picture ``[h, w]`` uint8, of this ``polarity`` (see `find_polarity`) if it
    is told; a small one is enlarged unless told not to. A thread is one blank pixel."""
    parameters = parameters or InkParameters()
    pyramid = Pyramid.of(picture)
    if _is_thread(pyramid.grey, parameters.working_pixels, parameters):
        polarity = polarity or find_polarity(pyramid, parameters)[0]
        return _blank(1 / max(pyramid.grey.shape), polarity)
    working, scale = _working_size(pyramid, parameters, enlarge=enlarge)
    return _extracted(working, scale, parameters, polarity)


def coarse(
    picture: Grey | Pyramid,
    parameters: InkParameters | None = None,
    *,
    polarity: Polarity | None = None,
) -> Ink | None:
    """Find the ink of a large picture ``[h, w]`` uint8, its sides halved until it is not large.

    Whatever goes over all pixels takes a quarter of the time then, or less. None for a picture that
    is not large or is a thread, and where strokes are too fine to be seen so.
    """
    parameters = parameters or InkParameters()
    pyramid = Pyramid.of(picture)
    height, width = pyramid.grey.shape
    times = 0
    while (height >> times) * (width >> times) > parameters.coarse_pixels:
        times += 1
    if not times or _is_thread(pyramid.grey, parameters.coarse_pixels, parameters):
        return None
    found = _extracted(pyramid.halved(times), 1 / 2**times, parameters, polarity)
    stroke = usual_stroke(found.mask[:: parameters.stroke_rows])
    return found if stroke >= parameters.coarse_stroke else None


def usual_stroke(mask: Grey) -> float:
    """The median length in pixels of ink along the rows of a mask, 0 without any.

    Unlike the mean it is not moved by what is no stroke, as the dark edge of a table, nor by lines
    along the rows: these are few runs, however long.
    """
    lengths = Runs.of(mask).lengths()
    return float(np.median(lengths)) if len(lengths) else 0.0


def _is_thread(grey: Grey, pixels: int, parameters: InkParameters) -> bool:
    """Whether a picture of that shape is too thin to write in: by its short side with an area of
    so many ``pixels``."""
    return bool(min(grey.shape) * pixels < parameters.thread**2 * max(grey.shape))


def _blank(scale: float, polarity: Polarity) -> Ink:
    """A pixel without ink."""
    strength, mask = np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.uint8)
    return Ink(strength, mask, np.full((1, 1), 255, np.uint8), scale, polarity)


def _extracted(
    pyramid: Pyramid, scale: float, parameters: InkParameters, polarity: Polarity | None
) -> Ink:
    spread = noise(pyramid.grey, parameters.noise_rows)
    pyramid = _denoised(pyramid, spread, parameters)
    working, small = pyramid.grey, pyramid.shrunk(parameters.paper_side)
    polarity = polarity or find_polarity(small, parameters)[0]
    if polarity == "light_on_dark":
        working, small = (np.asarray(cv2.bitwise_not(each), np.uint8) for each in (working, small))
    background = _background(small, parameters)
    strength = _divided(working, background, parameters.darkest)
    seen = Pyramid(strength).shrunk(parameters.shade.side, quick=True)
    strength = shade.remove(strength, seen, parameters.shade)
    mask, threshold = _threshold(strength, background, parameters)
    return Ink(strength, mask, threshold, scale, polarity, spread)


def _denoised(pyramid: Pyramid, spread: float, parameters: InkParameters) -> Pyramid:
    """Noise of this ``spread`` blurred until about ``most_noise`` is left, by ``most_blur`` at
    most."""
    if spread <= parameters.most_noise:
        return pyramid
    # White noise of deviation s has s / (2 sqrt(pi) sigma) after a Gaussian blur.
    sigma = spread / (2 * np.sqrt(np.pi) * parameters.most_noise)
    sigma = min(sigma, parameters.most_blur * min(pyramid.grey.shape))
    return Pyramid(np.asarray(cv2.GaussianBlur(pyramid.grey, (0, 0), sigma), np.uint8))


def noise(grey: Grey, rows: int) -> float:
    """The standard deviation of white noise in a picture, in grey levels.

    From the median absolute second difference along about so many of its ``rows``: edges, of which
    there are few, hardly move it, and slopes have none.
    """
    if grey.shape[1] < 3:
        return 0.0
    lines = np.ascontiguousarray(grey[:: max(1, grey.shape[0] // rows)])
    second = cv2.filter2D(lines, cv2.CV_16S, np.array([[1, -2, 1]], np.float32))
    counts = levels.histogram(cv2.convertScaleAbs(second[:, 1:-1]))
    return float(1.4826 * levels.quantile(counts, 0.5) / np.sqrt(6))


def find_polarity(
    picture: Grey | Pyramid, parameters: InkParameters | None = None
) -> tuple[Polarity, bool]:
    """Dark ink on light paper or the reverse: paper is what most of any neighbourhood is.

    Dark corners are neither, so a smooth light on the page is taken out first. Looked at in a
    narrow and a wide neighbourhood: the narrow one is not misled by shadows, the wide one not by
    thick strokes, and of the two the more decided is believed. Whether that is in doubt, because
    they disagree, is told too: in the wide one the paper may be a table.
    """
    parameters = parameters or InkParameters()
    even, _ = _evenly_lit(Pyramid.of(picture).shrunk(parameters.paper_side), parameters.light)
    small = Pyramid(even).shrunk(parameters.polarity.side)
    windows = (parameters.polarity.narrow, parameters.polarity.wide)
    decisions = [
        _darkness(small, _odd(max(small.shape) * part), parameters.polarity) for part in windows
    ]
    doubtful = min(decisions) < 0 < max(decisions)
    believed = min(decisions, key=lambda d: -abs(d))
    return "light_on_dark" if believed < 0 else "dark_on_light", doubtful


def _evenly_lit(
    small: Grey, parameters: LightParameters
) -> tuple[Grey, NDArray[np.float32] | None]:
    """The picture without the light on it, and that light; as it is, and None, if that is even."""
    lit = light.surface(small, parameters)
    if lit is None:
        return small, None
    return np.asarray(cv2.divide(small.astype(np.float32), lit, dtype=cv2.CV_8U), np.uint8), lit


def _darkness(small: Grey, window: int, parameters: PolarityParameters) -> float:
    """From -1 to 1: how much more of the detail is darker than its neighbourhood's median."""
    paper = cv2.medianBlur(small, window)
    dark, light = (
        float(cv2.threshold(detail, parameters.least_detail, 255, cv2.THRESH_TOZERO)[1].sum())
        for detail in (cv2.subtract(paper, small), cv2.subtract(small, paper))
    )
    return (dark - light) / (dark + light + parameters.doubt)


def _background(small: Grey, parameters: InkParameters) -> Grey:
    """The brightness of the paper: of one that is evenly lit, times the light on it."""
    even, lit = _evenly_lit(small, parameters.light)
    if lit is None:
        return _paper(even, parameters)
    uneven = cv2.multiply(_paper(even, parameters), lit, dtype=cv2.CV_8U)
    return np.asarray(uneven, np.uint8)


def _paper(small: Grey, parameters: InkParameters) -> Grey:
    return paper.brightness(
        small,
        parameters.paper,
        closing=_odd(
            min(small.shape) * parameters.background_window, at_least=parameters.least_background
        ),
        window=_odd(max(small.shape) * parameters.paper_window, at_least=parameters.least_paper),
    )


def _divided(grey: Grey, background: Grey, darkest: int) -> Grey:
    """Strength of dark ink, 0 to 255, relative to the paper around it; ``background`` is
    enlarged, and no darker than ``darkest``."""
    size = (grey.shape[1], grey.shape[0])
    whole = cv2.resize(np.maximum(background, darkest), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.bitwise_not(cv2.divide(grey, whole, scale=255)), np.uint8)


def _threshold(strength: Grey, background: Grey, parameters: InkParameters) -> tuple[Grey, Grey]:
    height, width = strength.shape
    long, of_peaks = max(height, width), parameters.peaks
    smooth = cv2.GaussianBlur(strength, (3, 3), 0) if long > of_peaks.sharp else strength
    step = min(max(1, round(long / of_peaks.side)), of_peaks.most_step)
    peaks = _strongest(smooth, step)
    window = _odd(max(peaks.shape) * parameters.peak_window, at_least=of_peaks.least_window)
    peaks = cv2.dilate(peaks, np.ones((window, window), np.uint8))
    peaks = cv2.blur(peaks, (window, window))
    floor = _noise_floor(strength, background, parameters)
    floor = cv2.resize(floor, peaks.shape[::-1], interpolation=cv2.INTER_LINEAR)
    level = np.clip(peaks * np.float32(parameters.relative_threshold), floor, 255)
    threshold = cv2.resize(level.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    mask = (smooth > threshold).view(np.uint8)
    return mask, np.asarray(threshold, np.uint8)


def _strongest(strength: Grey, step: int) -> Grey:
    """The greatest of so many pixels each way, around every so many-th: row by row first, since
    then there are fewer to look at."""
    rows = cv2.dilate(strength, np.ones((step, 1), np.uint8))[::step]
    return np.asarray(cv2.dilate(rows, np.ones((1, step), np.uint8))[:, ::step], np.uint8)


def _noise_floor(
    strength: Grey, background: Grey, parameters: InkParameters
) -> NDArray[np.float32]:
    """The strength that paper alone does not reach, in the size of the ``background``: its median
    plus some standard deviations, and more where it is darker. Noise of light goes by the root of
    it, so relative to paper that is four times darker it is twice as strong. What is darker than
    ``darkest`` is as strong as it is against that, and has no ink but what is stronger."""
    step = max(1, min(strength.shape) // parameters.floor_side)
    median, spread = levels.middle_and_spread(levels.histogram(strength[::step, ::step]))
    noise = max(parameters.noise_factor * spread, 255 * parameters.least_contrast)
    usual = np.float32(levels.quantile(levels.histogram(background), 0.5))
    # There are 256 levels of brightness, and many more pixels.
    level = np.arange(256, dtype=np.float32)
    darker = np.maximum(usual / np.maximum(level, 1), 1)
    of_itself = 255 * (1 - level / parameters.darkest)
    floor = (np.maximum(median, of_itself) + noise * np.sqrt(darker)).astype(np.float32)
    return np.asarray(cv2.LUT(background, floor), np.float32)


def _working_size(
    pyramid: Pyramid, parameters: InkParameters, *, enlarge: bool
) -> tuple[Pyramid, float]:
    height, width = pyramid.grey.shape
    scale = 1.0
    if height * width > parameters.hardly_more * parameters.working_pixels:
        scale = float((parameters.working_pixels / (height * width)) ** 0.5)
    elif enlarge and max(height, width) < parameters.small_side:
        scale = parameters.larger
    if scale == 1.0:
        return pyramid, scale
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale > 1:
        resized = cv2.resize(pyramid.grey, size, interpolation=cv2.INTER_CUBIC)
    else:
        # Averaging whole blocks is fast, and the rest is less than a half: for that, blurring will
        # do.
        smooth = cv2.GaussianBlur(pyramid.averaged(int(1 / scale)), (3, 3), 0)
        resized = cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)
    return Pyramid(np.asarray(resized, np.uint8)), scale


def _odd(value: float, *, at_least: int = 3, at_most: int = 255) -> int:
    return int(min(max(value, at_least), at_most)) | 1
