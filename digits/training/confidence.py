"""Teaching the small network of `digits.confidence` when the reader errs."""

from __future__ import annotations

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from keras import layers
from numpy.typing import NDArray

from digits.confidence import EVIDENCE, INPUT, OUTPUT
from digits.training.export import OPSET

Floats = NDArray[np.float32]

MEMBERS = 4
"""Networks whose mean is taken: each alone is moved too much by where it began."""
HIDDEN = 24
EPOCHS = 40
BATCH = 512
WEIGHT_DECAY = 2e-4
LEARNING_RATE = 3e-3
RARE = 0.002
"""Evidence is held within what all but so many of the examples have, on either side: beyond,
nothing was learned."""


def fit(evidence: Floats, right: NDArray[np.bool_], *, seed: int) -> bytes:
    """``confidence.onnx``: ``evidence`` ``[n, 25]`` to the probability ``[n]`` of being right.

    ``right`` ``[n]`` says whether each digit was. The loss is the cross-entropy, so what comes out
    is a probability as far as other digits are like these.
    """
    keras.utils.set_random_seed(seed)
    low, high = np.quantile(evidence, (RARE, 1 - RARE), axis=0).astype(np.float32)
    held = np.clip(evidence, low, high)
    mean, spread = held.mean(axis=0), held.std(axis=0) + np.float32(1e-3)
    inputs = (held - mean) / spread
    members = [_member() for _ in range(MEMBERS)]
    for member in members:
        member.fit(inputs, right.astype(np.float32), BATCH, EPOCHS, verbose=0)

    def serve(evidence: tf.Tensor) -> dict[str, tf.Tensor]:
        seen = (tf.clip_by_value(evidence, low, high) - mean) / spread
        answers = [member(seen, training=False) for member in members]
        return {OUTPUT: tf.reshape(tf.add_n(answers) / len(answers), [-1])}

    signature = [tf.TensorSpec((None, len(EVIDENCE)), tf.float32, INPUT)]
    model, _ = tf2onnx.convert.from_function(
        tf.function(serve), input_signature=signature, opset=OPSET
    )
    model.graph.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def _member() -> keras.Model:
    steps = keras.Sequential(
        [
            keras.Input((len(EVIDENCE),)),
            layers.Dense(
                HIDDEN, activation="relu", kernel_regularizer=keras.regularizers.L2(WEIGHT_DECAY)
            ),
            layers.Dense(
                1, activation="sigmoid", kernel_regularizer=keras.regularizers.L2(WEIGHT_DECAY)
            ),
        ]
    )
    steps.compile(keras.optimizers.Adam(LEARNING_RATE), "binary_crossentropy")
    return steps
