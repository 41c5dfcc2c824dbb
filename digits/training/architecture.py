"""The network's shape: a small convolutional network with two answers.

Four 3x3 convolutions, pooled twice, then a dense layer that sees all 6x6 places, so that it knows
*where* a stroke is: that tells a cut-off 9 from a 1. The third convolution takes no padding: what
lies outside the outermost pixels of a tile is known to be empty.
"""

from __future__ import annotations

import keras
from keras import layers

from digits.training.recipe import Architecture

INPUT = "image"
LOGITS = "logits"
DIGIT_LOGIT = "digit_logit"

MOMENTUM = 0.9
"""Of batch normalisation's statistics: short, since the weights' average smooths them anyway."""


def build(architecture: Architecture) -> keras.Model:
    """A fresh network: ``image`` ``[n, 28, 28, 1]`` to ``logits`` ``[n, 10]`` and ``digit_logit``
    ``[n, 1]``."""
    image = keras.Input((28, 28, 1), name=INPUT)
    x = layers.MaxPooling2D()(_convolution(image, architecture.full))
    x = _convolution(x, architecture.half_in)
    x = layers.MaxPooling2D()(_convolution(x, architecture.half, padding="valid"))
    x = _convolution(x, architecture.quarter)
    x = layers.Flatten()(x)
    x = layers.Dense(architecture.dense, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
    x = layers.Dropout(architecture.dropout)(x)
    outputs = {
        LOGITS: layers.Dense(10, name=LOGITS)(x),
        DIGIT_LOGIT: layers.Dense(1, name=DIGIT_LOGIT)(x),
    }
    return keras.Model(image, outputs, name=architecture.name.replace("-", "_"))


def _convolution(
    x: keras.KerasTensor, channels: int, *, padding: str = "same"
) -> keras.KerasTensor:
    """3x3 convolution, batch normalisation (folded into it at export) and ReLU."""
    x = layers.Conv2D(channels, 3, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
