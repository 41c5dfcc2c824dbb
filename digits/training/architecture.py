"""A network's shape: a convolutional network with two answers.

3x3 convolutions, pooled twice, then a dense layer that sees all 6x6 places, so that it knows
*where* a stroke is: that tells a cut-off 9 from a 1. The last convolution at half the resolution
takes no padding: what lies outside the outermost pixels of a tile is known to be empty.
"""

from __future__ import annotations

from collections.abc import Iterable

import keras
from keras import layers

from digits.training.recipe import Architecture, Unpooled

INPUT = "image"
LOGITS = "logits"
DIGIT_LOGIT = "digit_logit"

MOMENTUM = 0.9
"""Of batch normalisation's statistics: short, since the weights' average smooths them anyway."""


def build(architecture: Architecture) -> keras.Model:
    """A fresh network: ``image`` ``[n, 28, 28, 1]`` to ``logits`` ``[n, 10]`` and ``digit_logit``
    ``[n, 1]``."""
    image = keras.Input((28, 28, 1), name=INPUT)
    x = _convolutions(image, architecture.full)
    x = layers.MaxPooling2D()(x)
    *padded, last = architecture.half
    x = _convolution(_convolutions(x, padded), last, padding="valid")
    x = _hidden_maps(layers.MaxPooling2D()(x), architecture.map_dropout)
    x = _hidden_maps(_convolutions(x, architecture.quarter), architecture.map_dropout)
    x = layers.Flatten()(x)
    x = layers.Dense(architecture.dense, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
    x = layers.Dropout(architecture.dropout)(x)
    return _with_heads(image, x, architecture.name)


def unpooled(shape: Unpooled) -> keras.Model:
    """A fresh network with the inputs and outputs of `build`."""
    image = keras.Input((28, 28, 1), name=INPUT)
    x = image
    for channels in shape.channels:
        x = _convolution(x, channels, padding="valid", kernel=shape.kernel)
    return _with_heads(image, layers.Flatten()(x), shape.name)


def _with_heads(image: keras.KerasTensor, x: keras.KerasTensor, name: str) -> keras.Model:
    outputs = {
        LOGITS: layers.Dense(10, name=LOGITS)(x),
        DIGIT_LOGIT: layers.Dense(1, name=DIGIT_LOGIT)(x),
    }
    return keras.Model(image, outputs, name=name.replace("-", "_"))


def _convolutions(x: keras.KerasTensor, channels: Iterable[int]) -> keras.KerasTensor:
    for each in channels:
        x = _convolution(x, each)
    return x


def _hidden_maps(x: keras.KerasTensor, share: float) -> keras.KerasTensor:
    """Whole feature maps hidden while learning (Tompson and others 2015)."""
    return layers.SpatialDropout2D(share)(x) if share else x


def _convolution(
    x: keras.KerasTensor, channels: int, *, padding: str = "same", kernel: int = 3
) -> keras.KerasTensor:
    """Convolution, batch normalisation (folded into it at export) and ReLU."""
    x = layers.Conv2D(channels, kernel, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
