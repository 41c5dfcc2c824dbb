"""The network's shape: a small convolutional network with two answers.

Four 3x3 convolutions, two of them with a stride of two instead of pooling, then a dense layer that
sees all 7x7 places, so that it knows *where* a stroke is: that tells a cut-off 9 from a 1.
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
    x = _convolution(image, architecture.full)
    x = _convolution(x, architecture.half_in, strides=2)
    x = _convolution(x, architecture.half)
    x = _convolution(x, architecture.quarter, strides=2)
    x = _convolution(x, architecture.narrow, size=1)
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
    x: keras.KerasTensor, channels: int, *, size: int = 3, strides: int = 1
) -> keras.KerasTensor:
    """Convolution, batch normalisation (folded into it at export) and ReLU."""
    x = layers.Conv2D(channels, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
