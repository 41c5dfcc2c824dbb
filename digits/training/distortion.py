"""MNIST's images distorted where the network learns, as part of its graph: no processor has to
keep up with an accelerator.

As `digits.training.augmentation` does it to one image at a time: affine and elastic distortion
after Simard, Steinkraus and Platt 2003, another pressure on the pen, and parts that are hidden
(DeVries and Taylor 2017, *cutout*).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

SIDE = 28
TURN, SHEAR, STRETCH = 0.14, 0.18, 0.12
"""Standard deviations at an amount of 1: in radians, in slope, in the logarithm of a side."""
BEND = 0.7
"""That of the elastic displacement in pixels, on a grid of 5x5 points."""
AS_IS = 0.15
"""Share of the images that are not bent or moved."""
PRESSED = 0.25
"""Share of those written thicker, and of those written thinner, by up to `PRESSURE` of a pixel."""
PRESSURE = 0.6
HIDDEN_FROM, HIDDEN_TO = 3.0, 8.0
"""Sides in pixels of what is hidden."""


class Distorted(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """Ink ``[count, 28, 28, 1]`` from 0 to 1 in, each image distorted at random out.

    ``amount`` scales all distortion, ``shift`` is the standard deviation of the position in
    pixels, ``hidden`` the share of the images of which a part is hidden.
    """

    def __init__(
        self, *, amount: float, shift: float, hidden: float, count: int, seed: int
    ) -> None:
        super().__init__(dtype="float32")
        self.amount, self.shift, self.hidden = amount, shift, hidden
        self.count = count
        self.seeds = keras.random.SeedGenerator(seed)

    def call(self, ink: Any) -> Any:
        """The images, distorted."""
        ink = ops.reshape(ink, (self.count, SIDE, SIDE, 1))
        bent = self._sampled(ink, self._places())
        pressed = self._pressed(ops.where(self._uniform(1, 1, 1) < AS_IS, ink, bent))
        return self._part_hidden(pressed) if self.hidden else pressed

    def _places(self) -> tuple[Any, Any]:
        """Where each pixel's ink is looked for: x and y ``[n, 28, 28]`` in pixels from the
        middle."""
        line = ops.arange(SIDE, dtype="float32") - (SIDE - 1) / 2
        y, x = ops.meshgrid(line, line, indexing="ij")
        angle = self._normal(TURN * self.amount)
        cos, sin = ops.cos(angle), ops.sin(angle)
        slanted = x + self._normal(SHEAR * self.amount) * y
        wide = ops.exp(self._normal(STRETCH * self.amount))
        high = ops.exp(self._normal(STRETCH * self.amount))
        grid = keras.random.normal((self.count, 5, 5, 2), 0.0, BEND * self.amount, seed=self.seeds)
        field = ops.image.resize(grid, (SIDE, SIDE), "bicubic")
        return (
            (cos * slanted - sin * y) * wide + self._normal(self.shift) + field[..., 0],
            (sin * slanted + cos * y) * high + self._normal(self.shift) + field[..., 1],
        )

    def _sampled(self, ink: Any, places: tuple[Any, Any]) -> Any:
        """Bilinear in an image twice as large: in one as large as the result, it would blur."""
        large = ops.clip(ops.image.resize(ink, (2 * SIDE, 2 * SIDE), "bicubic"), 0.0, 1.0)
        column, row = (2 * place + (2 * SIDE - 1) / 2 for place in places)
        which = ops.arange(self.count, dtype="float32")[:, None, None] + ops.zeros_like(row)
        sampled = ops.image.map_coordinates(
            large[..., 0], ops.stack([which, row, column]), order=1, fill_mode="constant"
        )
        return sampled[..., None]

    def _pressed(self, ink: Any) -> Any:
        """Thicker or thinner: part of the way to the darkest, or the lightest, neighbour."""
        thick = ops.max_pool(ink, 3, 1, "same")
        thin = -ops.max_pool(-ink, 3, 1, "same")
        way = PRESSURE * self._uniform(1, 1, 1)
        choice = self._uniform(1, 1, 1)
        aim = ops.where(choice < PRESSED, thick, ops.where(choice < 2 * PRESSED, thin, ink))
        return ink + way * (aim - ink)

    def _part_hidden(self, ink: Any) -> Any:
        line = ops.arange(SIDE, dtype="float32")[None]

        def inside() -> Any:
            size = HIDDEN_FROM + (HIDDEN_TO - HIDDEN_FROM) * self._uniform(1)
            middle = SIDE * (1 / 6 + 2 / 3 * self._uniform(1))
            return ops.abs(line - middle) < size / 2

        chosen = self._uniform(1, 1) < self.hidden
        gone = inside()[:, :, None] & inside()[:, None, :] & chosen
        return ops.where(gone[..., None], 0.0, ink)

    def _normal(self, deviation: float) -> Any:
        return keras.random.normal((self.count, 1, 1), 0.0, deviation, seed=self.seeds)

    def _uniform(self, *shape: int) -> Any:
        return keras.random.uniform((self.count, *shape), seed=self.seeds)
