"""The light on a page: one smooth surface, where there is one that all of the paper follows.

A lamp to one side, a lens that is darker towards the corners (vignetting): where such light falls
off steeply it is least known to an average of what is nearby, which has nothing to go by beyond the
border, and a corner looks like ink. So a polynomial is fitted to the whole page first, in
logarithms, since light multiplies. Ink only counts where it is all there is: each sample is the
brightest of a block, which on a slope is brighter than its middle, but by no more than an average
can take after it. What does not follow the surface is taken for what it should be there, and fitted
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Samples = NDArray[np.float64]
Surface = NDArray[np.float32]


@dataclass(frozen=True)
class LightParameters:
    """Light that varies by less than a factor of ``even`` is left to the average, and what varies
    by more than ``steep`` is none. A share of ``covered`` of the samples is ``alike`` to the
    surface, within about that fraction, and off by about ``close`` of it on average.

    ``degree`` is that of the polynomial: what light loses in the corners through a lens goes by the
    fourth power of a cosine, and with two or three the corners of tight crops were ink. There are
    about so many ``blocks`` along the long side, each of ``narrowest`` pixels at least, which is
    more than the strokes of most pictures: where one is all ink, it does not follow the light. The
    polynomial is fitted in so many ``rounds``: after the last one what does not follow hardly bends
    it.
    """

    even: float = 1.5
    steep: float = 6.0
    covered: float = 0.97
    alike: float = 0.07
    close: float = 0.02
    degree: int = 4
    blocks: int = 16
    narrowest: int = 4
    rounds: int = 3


def surface(small: Grey, parameters: LightParameters) -> Surface | None:
    """The light on a small picture ``[h, w]`` uint8 with dark ink: ``[h, w]`` float32, 1 where it
    is brightest. None where it is even, where the picture is not of one page in one light, and
    where it is too small or too narrow to tell."""
    block = max(small.shape) // parameters.blocks
    if block < parameters.narrowest or min(small.shape) < (parameters.degree + 1) * block:
        return None
    brightest = _brightest(small, block)
    if brightest.max() < parameters.even * brightest.min():
        return None
    coefficients = _fitted(np.log(np.maximum(brightest, 1.0)), small.shape, block, parameters)
    if coefficients is None:
        return None
    down, across = (_at_pixels(side, parameters.degree) for side in small.shape)
    light = np.exp((down @ coefficients @ across.T).astype(np.float32))
    most = light.max()
    if not parameters.even <= most / light.min() <= parameters.steep:
        return None
    return np.asarray(light / most, np.float32)


def _brightest(small: Grey, block: int) -> Grey:
    """The greatest of every block of so many pixels each way, noise smoothed over first."""
    smooth = cv2.GaussianBlur(small, (3, 3), 0)
    down, across = (_starts(side, block) for side in small.shape)
    rows = cv2.dilate(smooth, np.ones((block, 1), np.uint8), anchor=(0, 0))[down]
    return np.asarray(
        cv2.dilate(rows, np.ones((1, block), np.uint8), anchor=(0, 0))[:, across], np.uint8
    )


def _fitted(
    samples: Samples, shape: tuple[int, ...], block: int, parameters: LightParameters
) -> Samples | None:
    """The coefficients of the polynomial that most of the ``samples`` ``[rows, columns]`` follow:
    in each row those of one power of the row ``[degree + 1, degree + 1]``. None if they do not."""
    basis, inverse = _basis(*shape, block, parameters.degree)
    wanted = known = samples.ravel()
    for _ in range(parameters.rounds):
        powers = inverse @ known
        fitted = basis @ powers
        off = np.abs(wanted - fitted)
        alike = off < parameters.alike
        known = np.where(alike, wanted, fitted)
    covered = np.count_nonzero(alike)
    if covered < parameters.covered * len(off) or off[alike].sum() > parameters.close * covered:
        return None
    coefficients = np.zeros((parameters.degree + 1,) * 2)
    coefficients[_terms(parameters.degree)] = powers
    return coefficients


@lru_cache(maxsize=64)
def _basis(height: int, width: int, block: int, degree: int) -> tuple[Samples, Samples]:
    """The terms of the polynomial in the middle of every block ``[blocks, terms]``, and the
    pseudoinverse of that, which makes the least squares' coefficients of samples."""
    down, across = (
        _powers(_starts(side, block) + block / 2, side, degree) for side in (height, width)
    )
    of_row, of_column = _terms(degree)
    every = np.einsum("ri,cj->rcij", down, across)
    basis = every[:, :, of_row, of_column].reshape(len(down) * len(across), -1)
    return basis, np.linalg.pinv(basis)


@lru_cache(maxsize=4)
def _terms(degree: int) -> tuple[NDArray[np.intp], ...]:
    """The powers of row and column whose sum is no more than the degree."""
    degrees = np.arange(degree + 1)
    return np.nonzero(np.add.outer(degrees, degrees) <= degree)


@lru_cache(maxsize=64)
def _starts(side: int, block: int) -> NDArray[np.intp]:
    """Where blocks begin that cover a side, overlapping by a little if they do not fit it."""
    return np.linspace(0, side - block, round(side / block)).astype(np.intp)


@lru_cache(maxsize=64)
def _at_pixels(side: int, degree: int) -> Samples:
    return _powers(np.arange(side) + 0.5, side, degree)


def _powers(places: NDArray[np.floating], side: int, degree: int) -> Samples:
    """Powers ``[n, degree + 1]`` of places along a side, which goes from -1 to 1."""
    along = (2 * places / side - 1).astype(np.float64)
    return np.vander(along, degree + 1, increasing=True)
