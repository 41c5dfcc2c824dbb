"""The network: tiles in, probabilities out, on one onnxruntime thread."""

from __future__ import annotations

import logging

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from digits.errors import ModelError
from digits.model import NETWORK, WAY_OUT, ModelFolder

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]

BATCH = 64
"""Tiles run at once: larger batches gain nothing on one thread and cost memory."""


class Network:
    """A digit network in memory.

    Raises ModelError when the file is not the network that the model folder's contract describes:
    input ``image``, outputs ``probabilities`` and ``digit_score``.
    """

    def __init__(self, folder: ModelFolder, name: str = NETWORK) -> None:
        outputs = {"probabilities", "digit_score"}
        self._session = session(folder, name, inputs=["image"], outputs=outputs)

    def scores(self, tiles: Floats) -> tuple[Floats, Floats]:
        """Score ``[n, 28, 28, 1]`` float32 tiles, 0 to 1.

        Returns ``probabilities`` ``[n, 10]``, calibrated, which digit it is given that it is one,
        and ``digit_score`` ``[n]``, the probability that it is exactly one digit.
        """
        if not len(tiles):
            return np.zeros((0, 10), np.float32), np.zeros(0, np.float32)
        outputs = [
            self._session.run(
                ["probabilities", "digit_score"], {"image": tiles[start : start + BATCH]}
            )
            for start in range(0, len(tiles), BATCH)
        ]
        return (
            np.concatenate([output[0] for output in outputs]),
            np.concatenate([output[1].reshape(-1) for output in outputs]),
        )


def on_one_thread(content: bytes) -> ort.InferenceSession:
    """A network in memory, to be run on one thread. Raises what ONNX Runtime does."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def session(
    folder: ModelFolder, name: str, *, inputs: list[str], outputs: set[str]
) -> ort.InferenceSession:
    """One of a model folder's networks in memory, to be run on one thread.

    Raises ModelError when it cannot be loaded, or has not these inputs and outputs.
    """
    try:
        loaded = on_one_thread(folder.onnx(name))
    except Exception as error:  # onnxruntime raises its own types, all of them about the file
        logger.debug("%s: %s", folder.path / name, error)
        raise ModelError(
            f"{folder.path / name} is not a network that ONNX Runtime can load; {WAY_OUT}"
        ) from None
    has_inputs = [value.name for value in loaded.get_inputs()]
    has_outputs = {value.name for value in loaded.get_outputs()}
    if has_inputs != inputs or not outputs <= has_outputs:
        raise ModelError(
            f"{folder.path / name} has inputs {has_inputs} and outputs {sorted(has_outputs)}; "
            f"expected {' and '.join(inputs)}, and {' and '.join(sorted(outputs, reverse=True))}"
        )
    return loaded
