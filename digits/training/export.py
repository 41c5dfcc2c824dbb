"""From Keras to ONNX: calibrated, named, any batch size, and checked before anybody sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

import keras
import numpy as np
import onnx
import onnxruntime as ort
import tensorflow as tf
import tf2onnx
from numpy.typing import NDArray

from digits.errors import ModelError
from digits.training.architecture import DIGIT_LOGIT, INPUT, LOGITS
from digits.training.calibration import Calibration
from digits.training.fit import scorer
from digits.training.validation import Scorer, Validation

logger = logging.getLogger(__name__)

OPSET = 17
"""Old enough for every runtime in use, new enough for what the network needs."""

PARITY = 1e-5
HALVED_PARITY = 0.005
"""Of an output, between weights in 32 and in 16 bits: where a network wavers, it shows most."""
WORTH_HALVING = 256
"""Numbers in a weight array from which its size matters."""
OUTPUTS = {"probabilities": ["batch", 10], "digit_score": ["batch"]}


def calibrated(
    model: keras.Model, validation: Validation, *, name: str
) -> tuple[bytes, Calibration]:
    """A trained network, calibrated on the validation split, as ONNX that was held against it."""
    score = scorer(model)
    calibration = validation.calibrate(score)
    notes = {"name": name, "calibration": json.dumps(calibration.to_dict())}
    content = to_onnx(model, calibration, notes)
    difference = check(content, score, calibration, validation.hard[:512])
    logger.info("exported %d bytes, at most %.1g from Keras", len(content), difference)
    return content, calibration


def halved(content: bytes, tiles: NDArray[np.float32]) -> bytes:
    """The same network with its weights in 16 bits, half the size; it computes in 32 as before.

    Raises ModelError when an output on ``tiles`` differs by more than `HALVED_PARITY`.
    """
    model = onnx.load_from_string(content)
    weights = [each for each in model.graph.initializer if np.prod(each.dims) >= WORTH_HALVING]
    for weight in weights:
        array = onnx.numpy_helper.to_array(weight)
        if array.dtype != np.float32:
            continue
        name = weight.name
        stored = onnx.numpy_helper.from_array(array.astype(np.float16), f"{name}/half")
        weight.CopyFrom(stored)
        # Runtimes fold it when they load the file.
        cast = onnx.helper.make_node("Cast", [stored.name], [name], to=onnx.TensorProto.FLOAT)
        model.graph.node.insert(0, cast)
    onnx.checker.check_model(model, full_check=True)
    made: bytes = model.SerializeToString()
    before, after = (
        ort.InferenceSession(each, providers=["CPUExecutionProvider"]).run(
            list(OUTPUTS), {INPUT: tiles}
        )
        for each in (content, made)
    )
    difference = max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True))
    if not difference <= HALVED_PARITY:
        raise ModelError(f"with 16-bit weights the network differs by {difference:.2g}")
    logger.info("halved to %d bytes, at most %.1g from before", len(made), difference)
    return made


def to_onnx(model: keras.Model, calibration: Calibration, metadata: Mapping[str, str]) -> bytes:
    """``image`` ``[batch, 28, 28, 1]`` to ``probabilities`` ``[batch, 10]`` and ``digit_score``
    ``[batch]``, with the calibration inside and ``metadata`` attached."""

    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model(image, training=False)
        score = calibration.score_scale * outputs[DIGIT_LOGIT] + calibration.score_bias
        return {
            "probabilities": tf.nn.softmax(outputs[LOGITS] / calibration.temperature),
            "digit_score": tf.reshape(tf.sigmoid(score), [-1]),
        }

    signature = [tf.TensorSpec((None, 28, 28, 1), tf.float32, INPUT)]
    # tf2onnx's own from_keras loses the outputs of Keras 3 models.
    graph, _ = tf2onnx.convert.from_function(
        tf.function(serve), input_signature=signature, opset=OPSET
    )
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.helper.set_model_props(graph, dict(metadata))
    graph.graph.name = "digits"
    graph.graph.doc_string = ""  # numbers the functions of this process: the same run, other bytes
    onnx.checker.check_model(graph, full_check=True)
    content: bytes = graph.SerializeToString()
    return content


def check(
    content: bytes, score: Scorer, calibration: Calibration, tiles: NDArray[np.float32]
) -> float:
    """Hold the ONNX network against the Keras one on ``tiles``; the largest difference.

    Raises ModelError when a name, the shape or the batch is not as promised, or an output differs
    by more than `PARITY`.
    """
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    inputs = {value.name: value.shape for value in session.get_inputs()}
    outputs = {value.name: value.shape for value in session.get_outputs()}
    if inputs != {INPUT: ["batch", 28, 28, 1]} or outputs != OUTPUTS:
        raise ModelError(f"the exported network has inputs {inputs} and outputs {outputs}")
    names = list(OUTPUTS)
    together = session.run(names, {INPUT: tiles})
    alone = session.run(names, {INPUT: tiles[:1]})
    keras_outputs = score(tiles)
    expected = (
        calibration.probabilities(keras_outputs.logits),
        calibration.digit_score(keras_outputs.digit_logit),
    )
    difference = max(
        float(np.abs(got - wanted).max())
        for got, wanted in (
            *zip(together, expected, strict=True),
            *zip(alone, (part[:1] for part in expected), strict=True),
        )
    )
    if not difference <= PARITY:
        raise ModelError(f"the exported network differs from the trained one by {difference:.2g}")
    return difference
