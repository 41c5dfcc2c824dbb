"""From ONNX back to Keras, so that a network can go on learning from the model folder alone.

A model folder holds no Keras weights, and the code that shapes new networks changes; the ONNX file
says all there is to know of its own. Only what our exports consist of is understood: convolutions,
pooling, ReLU and dense layers, ending in one softmax and one sigmoid. What batch normalisation did
is part of the weights by then, and so is the calibration: the logits are calibrated already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import onnx
from keras import layers
from numpy.typing import NDArray

from digits.errors import ModelError
from digits.training.architecture import DIGIT_LOGIT, INPUT, LOGITS
from digits.training.calibration import Calibration
from digits.training.export import check
from digits.training.fit import scorer

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Affine:
    """``inputs @ kernel + bias``, not a layer yet: what follows may be part of it."""

    inputs: keras.KerasTensor
    kernel: Floats
    bias: Floats


Value = Any
"""Of a node: a KerasTensor (of four axes: always channels last), an Affine, an array, or None for
what only computes a shape."""


def rebuild(content: bytes, tiles: Floats) -> keras.Model:
    """A Keras model with the shape and the weights of an ONNX file of ours.

    It has the outputs of `digits.training.architecture.build`, calibrated, and is held against
    the file on ``tiles`` ``[n, 28, 28, 1]``. Raises ModelError when it cannot be had.
    """
    graph = onnx.load_from_string(content).graph
    image = keras.Input((28, 28, 1), name=INPUT)
    values: dict[str, Value] = {
        each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer
    }
    values[INPUT] = image
    heads: dict[str, keras.KerasTensor] = {}
    for node in graph.node:
        inputs = [values.get(name) for name in node.input]
        if node.op_type in HEADS:
            heads[HEADS[node.op_type]] = _head(inputs[0], HEADS[node.op_type])
            values[node.output[0]] = None  # what is left only lays the answer out
        else:
            values[node.output[0]] = _follow(node, inputs)
    if set(heads) != set(HEADS.values()):
        raise ModelError("the network does not end in a softmax and a sigmoid: it is none of ours")
    model = keras.Model(image, heads)
    check(content, scorer(model), Calibration(), tiles)
    return model


def _follow(node: onnx.NodeProto, inputs: list[Value]) -> Value:
    if node.op_type == "Cast" and isinstance(inputs[0], np.ndarray):
        return inputs[0].astype(np.float32)  # a weight that is stored in 16 bits
    if not any(isinstance(each, keras.KerasTensor | Affine) for each in inputs):
        return None
    if node.op_type not in STEPS:
        raise ModelError(
            f"the network has a step {node.op_type!r}, which cannot be turned back into Keras: "
            "train a new one instead"
        )
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return STEPS[node.op_type](inputs, attributes)


def _tensor(value: Value) -> keras.KerasTensor:
    if isinstance(value, Affine):
        return _dense(value)
    if isinstance(value, keras.KerasTensor):
        return value
    raise ModelError("the network feeds a constant where a picture should be: it is none of ours")


def _dense(affine: Affine, name: str | None = None) -> keras.KerasTensor:
    layer = layers.Dense(affine.kernel.shape[1], name=name)
    made = layer(affine.inputs)
    layer.set_weights([affine.kernel, affine.bias])
    return made


def _head(value: Value, name: str) -> keras.KerasTensor:
    if not isinstance(value, Affine):
        raise ModelError("the network does not end in dense layers: it is none of ours")
    return _dense(value, name)


def _convolution(inputs: list[Value], attributes: Mapping[str, Any]) -> keras.KerasTensor:
    image, kernel = _tensor(inputs[0]), inputs[1].transpose(2, 3, 1, 0)
    bias = inputs[2] if len(inputs) > 2 else np.zeros(kernel.shape[3], np.float32)
    strides = tuple(attributes.get("strides", (1, 1)))
    layer = layers.Conv2D(
        kernel.shape[3],
        kernel.shape[:2],
        strides=strides,
        padding=_padding(image, kernel.shape[:2], strides, attributes),
    )
    made = layer(image)
    layer.set_weights([kernel, bias])
    return made


def _pool(inputs: list[Value], attributes: Mapping[str, Any]) -> keras.KerasTensor:
    image, size = _tensor(inputs[0]), tuple(attributes["kernel_shape"])
    strides = tuple(attributes.get("strides", (1, 1)))
    padding = _padding(image, size, strides, attributes)
    return layers.MaxPooling2D(size, strides=strides, padding=padding)(image)


def _padding(
    image: keras.KerasTensor,
    size: tuple[int, ...],
    strides: tuple[int, ...],
    attributes: Mapping[str, Any],
) -> str:
    """Keras's word for the padding that the node spells out."""
    pads = list(attributes.get("pads", [0, 0, 0, 0]))
    totals = [
        max(0, (-(-side // step) - 1) * step + reach - side)
        for side, reach, step in zip(image.shape[1:3], size, strides, strict=True)
    ]
    if pads == [total // 2 for total in totals] + [total - total // 2 for total in totals]:
        return "same"
    if not any(pads):
        return "valid"
    raise ModelError(f"the network pads by {pads}, which Keras has no word for")


def _reshape(inputs: list[Value], attributes: Mapping[str, Any]) -> keras.KerasTensor:
    """Channels go last by themselves here; what remains is to lay the picture flat."""
    value = _tensor(inputs[0])
    return value if value.name == INPUT or len(value.shape) == 2 else layers.Flatten()(value)


def _same(inputs: list[Value], attributes: Mapping[str, Any]) -> Value:
    return inputs[0]


def _relu(inputs: list[Value], attributes: Mapping[str, Any]) -> keras.KerasTensor:
    return layers.ReLU()(_tensor(inputs[0]))


def _product(inputs: list[Value], attributes: Mapping[str, Any]) -> Affine:
    kernel = inputs[1].T if attributes.get("transB") else inputs[1]
    bias = inputs[2] if len(inputs) > 2 else np.zeros(kernel.shape[1], np.float32)
    return Affine(_tensor(inputs[0]), kernel, bias)


def _scaled(inputs: list[Value], attributes: Mapping[str, Any]) -> Affine:
    affine, factor = _affine_and_constant(inputs)
    return Affine(affine.inputs, affine.kernel * factor, affine.bias * factor)


def _shifted(inputs: list[Value], attributes: Mapping[str, Any]) -> Affine:
    affine, shift = _affine_and_constant(inputs)
    return Affine(affine.inputs, affine.kernel, affine.bias + shift)


def _affine_and_constant(inputs: list[Value]) -> tuple[Affine, Floats]:
    first, second = inputs if isinstance(inputs[0], Affine) else inputs[::-1]
    if isinstance(first, Affine) and isinstance(second, np.ndarray):
        return first, second
    raise ModelError("the network adds or multiplies where ours do not: train a new one instead")


HEADS = {"Softmax": LOGITS, "Sigmoid": DIGIT_LOGIT}
STEPS: Mapping[str, Callable[[list[Value], Mapping[str, Any]], Value]] = {
    "Add": _shifted,
    "Cast": _same,
    "Conv": _convolution,
    "Gemm": _product,
    "MatMul": _product,
    "MaxPool": _pool,
    "Mul": _scaled,
    "Relu": _relu,
    "Reshape": _reshape,
    "Shape": lambda inputs, attributes: None,
    "Transpose": _same,
}
