# /// script
# requires-python = ">=3.10,<3.14"
# dependencies = ["digits", "onnx>=1.19"]
#
# [tool.uv.sources]
# digits = { path = "..", editable = true }
# ///
"""How fast the reader is, on one thread, against two yardsticks measured in the same minute.

    uv run bench/reader.py [--model DIR] [--rounds N] [--json]

*A digit*: the shipped network against a plain one of the shape that MNIST tutorials use
(convolutions of 32 and 64 3x3 filters, pooling, a dense layer of 128), random weights, same
runtime. *A photo*: the whole reading, decoding included, against `cv2.imdecode` to grey of the same
bytes. Photos are drawn here; where DIGITS_DATA has labelled pictures, five of those are read too.

Rounds alternate between the two, so that whatever else the machine does hits both. Times are
processor time of this process (on an idle machine the same as wall time), medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from digits.reader import Reader

ROOT = Path(__file__).resolve().parent.parent
BATCHES = (8, 16, 64)
PHOTO = (1280, 960)
LARGE = (3464, 2598)
FROM_DATA = (
    *(f"niraj-dudani__data-wild-{number}.jpeg" for number in range(1, 5)),
    "j-dong-cs__test_test2.jpg",
)
"""Four times ten digits on 1280x960, and a photo of 9 megapixels."""

Work = Callable[[], object]
Row = dict[str, object]


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "digits")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each measurement")
    args = parser.parse_args()
    reader = Reader.open(args.model)
    for row in [*network_rows(reader, args.rounds), *photo_rows(reader, args.rounds)]:
        print(json.dumps(row) if args.json else as_text(row))


def network_rows(reader: Reader, rounds: int) -> Iterator[Row]:
    """Time for each digit at several batch sizes."""
    reference = reference_session()
    rng = np.random.default_rng(0)
    for batch in BATCHES:
        tiles = rng.random((batch, 28, 28, 1), np.float32)
        ours, theirs = interleaved(
            lambda tiles=tiles: reader.network.scores(tiles),
            lambda tiles=tiles: reference.run(None, {"image": tiles}),
            rounds=rounds,
        )
        yield row(f"a digit, batch of {batch}", ours, theirs, "the reference network", per=batch)


def photo_rows(reader: Reader, rounds: int) -> Iterator[Row]:
    """Whole readings of photos."""
    for name, data in photos():
        pixels = np.frombuffer(data, np.uint8)
        read = reader.read(data)
        ours, theirs = interleaved(
            lambda data=data: reader.read(data),
            lambda pixels=pixels: cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE),
            rounds=rounds,
        )
        megapixels = read.width * read.height / 1e6
        yield row(
            f"{name}, {megapixels:.1f} MP, {len(read.digits)} digits", ours, theirs, "decoding"
        )


def photos() -> Iterator[tuple[str, bytes]]:
    """Pictures to read: two drawn here, and five of people's own where they are at hand."""
    page = ten_digits()
    yield "drawn photo", jpeg(page)
    large = cv2.resize(page, LARGE, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    large += np.random.default_rng(1).normal(0, 3, large.shape)
    yield "the same, large", jpeg(np.uint8(np.clip(large, 0, 255)))
    data = os.environ.get("DIGITS_DATA", "")
    for name in FROM_DATA if data else ():
        path = Path(data) / "pictures" / name
        if path.is_file():
            yield name, path.read_bytes()


def ten_digits() -> np.ndarray:
    """A photo of two rows of five digits: ``[960, 1280, 3]`` uint8."""
    sys.path.insert(0, str(ROOT / "test_images"))
    import scene
    from hand import Hand, draw, write

    rng = np.random.default_rng(7)
    hand = Hand(pen=0.07)
    strokes = [
        stroke
        for text, top in (("40719", 200), ("38526", 560))
        for stroke in write(text, at=(170, top), height=190, hand=hand, rng=rng)
    ]
    page = scene.sheet(PHOTO, (0.93, 0.92, 0.9), rng=rng)
    page = scene.ink(page, draw(strokes, size=PHOTO), scene.BALLPOINT, rng=rng)
    return scene.camera(scene.light(page, towards=(0.2, 0.1), falloff=0.5), rng=rng)


def jpeg(rgb: np.ndarray) -> bytes:
    """As phones save it."""
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return bytes(data)


def interleaved(ours: Work, theirs: Work, *, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round of both, one after the other."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 3):
        for work, kept in zip((ours, theirs), times, strict=True):
            began = time.process_time()
            work()
            if number >= 3:
                kept.append(time.process_time() - began)
    return times


def row(what: str, ours: list[float], theirs: list[float], against: str, *, per: int = 1) -> Row:
    """Medians, and the median of the rounds' own ratios, with their middle half."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {
        "what": what,
        "ms": round(statistics.median(ours) * 1000 / per, 4),
        "against": against,
        "against_ms": round(statistics.median(theirs) * 1000 / per, 4),
        "ratio": round(middle, 3),
        "ratio_quartiles": [round(low, 3), round(high, 3)],
        "rounds": len(ratios),
    }


def as_text(row: Row) -> str:
    """One line for people."""
    low, high = row["ratio_quartiles"]  # type: ignore[misc]
    return (
        f"{row['what']}: {row['ms']} ms; {row['against']}: {row['against_ms']} ms; "
        f"ratio {row['ratio']} (middle half {low} to {high})"
    )


def reference_session() -> ort.InferenceSession:
    """The reference network, with the options that the reader's own has."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    content = reference_network().SerializeToString()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def reference_network() -> onnx.ModelProto:
    """``[n, 28, 28, 1]`` to ten probabilities; weights are random, which takes no less time."""
    rng = np.random.default_rng(0)
    shapes = {
        "conv1": (32, 1, 3, 3),
        "conv2": (64, 32, 3, 3),
        "dense1": (12 * 12 * 64, 128),
        "dense2": (128, 10),
    }
    weights = {
        name: rng.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()
    }
    nodes = [
        helper.make_node("Transpose", ["image"], ["chw"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["chw", "conv1"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "conv2"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["e"], ["f"]),
        helper.make_node("MatMul", ["f", "dense1"], ["g"]),
        helper.make_node("Relu", ["g"], ["h"]),
        helper.make_node("MatMul", ["h", "dense2"], ["i"]),
        helper.make_node("Softmax", ["i"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "reference",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 28, 28, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


if __name__ == "__main__":
    main()
