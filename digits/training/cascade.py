"""Several networks in one ONNX file: further ones are asked about what the first one doubts.

A first network that is sure of a tile, or sure that it is no digit, is believed. Of the others
both answers, which digit it is and whether it is one, move towards a mean of all, the more the
greater the doubt, and only those are shown to a second and a third network at all. Classifiers in a
row, the cheap one first, are after Viola and Jones 2001 (*Rapid object detection using a boosted
cascade of simple features*).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from digits.errors import ModelError
from digits.training.calibration import sigmoid, softmax
from digits.training.export import halved
from digits.training.recipe import FURTHER
from digits.training.validation import Outputs, Scorer

Floats = NDArray[np.float32]
Answers = tuple[Floats, Floats]
"""Of one network, as in the file: ``probabilities`` ``[n, 10]`` and ``digit_score`` ``[n]``."""

SURE = 0.9
"""Confidence (that it is exactly one digit, and this one) from which the first is believed."""
DOUBTFUL = 0.85
"""Confidence at which, and below which, the mean is what counts."""
HARDLY_A_DIGIT, PERHAPS_A_DIGIT = 0.2, 0.4
"""Digit scores up to which the second is not asked, and from which it counts fully."""
WORTH = 2.0
"""How much each further one counts in the mean, against the first: on MNIST's held-out images it
is better alone. These were chosen there. Believing the first one from 0.9 makes the same mistakes
among 5,000 images and 15,000 bent ones as from 0.97, and asks about half as many of them; what else
was tried between 0.6 and 0.9 made no more than one or two mistakes' difference in 5,000."""

FIRST = "first/"
PREFIXES = tuple(f"{place}/" for place in FURTHER)
"""Before the names of what is each network's own, in the file and in its notes."""
INPUT, DOUBTFUL_INPUT = "image", "doubtful_image"
OUTPUTS = ("probabilities", "digit_score")
PARITY = 1e-5
LEAST = 1e-9
"""Probabilities below it count as much."""


def join(first: bytes, *others: bytes) -> bytes:
    """One network of two or three: the same input and outputs as each has.

    What the first network's file says of itself stays, that of the others is added with a prefix.
    """
    one, *more = (onnx.load_from_string(content) for content in (first, *others))
    prefixes = PREFIXES[: len(more)]
    ends = [
        _prefixed(each, prefix, DOUBTFUL_INPUT) for each, prefix in zip(more, prefixes, strict=True)
    ]
    start = _prefixed(one, FIRST, INPUT)
    before, after, constants = _choosing(prefixes)
    graph = helper.make_graph(
        [*start.node, *before, *(node for end in ends for node in end.node), *after],
        one.graph.name,
        one.graph.input,
        one.graph.output,
        [
            *start.initializer,
            *(weight for end in ends for weight in end.initializer),
            *constants,
        ],
    )
    model = helper.make_model(graph, opset_imports=one.opset_import, ir_version=one.ir_version)
    notes = {each.key: each.value for each in one.metadata_props}
    for each, prefix in zip(more, prefixes, strict=True):
        notes |= {prefix + note.key: note.value for note in each.metadata_props}
    helper.set_model_props(model, notes)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def joined(first: bytes, others: Sequence[bytes], tiles: Floats) -> bytes:
    """The first network alone if there are no others; else all in one file, the others with their
    weights in 16 bits, checked on ``tiles``. Raises ModelError."""
    if not others:
        return first
    parts = [first, *(halved(each, tiles) for each in others)]
    content = join(*parts)
    check(content, parts, tiles)
    return content


def split(content: bytes) -> list[bytes]:
    """The networks in a file, the first one first; one that was never joined is all there is."""
    model = onnx.load_from_string(content)
    there = [
        prefix
        for prefix in PREFIXES
        if any(node.name.startswith(prefix) for node in model.graph.node)
    ]
    if not there:
        return [content]
    further = [_extracted(model, prefix, DOUBTFUL_INPUT) for prefix in there]
    return [_extracted(model, FIRST, INPUT), *further]


def mixed(first: Answers, others: Sequence[Answers]) -> tuple[Floats, Floats, Floats]:
    """What the cascade answers, in numpy: ``probabilities`` ``[n, 10]``, ``digit_score`` ``[n]``,
    and the share ``[n]`` of the further networks in both, from 0 where they are not asked."""
    share = np.asarray(_weight(len(others)) * doubt(*first), np.float32)
    probabilities, score = (
        np.mean(said, axis=0, dtype=np.float32) for said in zip(*others, strict=True)
    )
    return (
        first[0] + share[:, None] * (probabilities - first[0]),
        first[1] + share * (score - first[1]),
        share,
    )


def doubt(probabilities: Floats, digit_score: Floats) -> Floats:
    """How much the first network is in doubt, ``[n]`` from 0 (the others are not asked) to 1."""
    confidence = probabilities.max(axis=1) * digit_score
    unsure = np.clip((SURE - confidence) / (SURE - DOUBTFUL), 0, 1)
    perhaps = (digit_score - HARDLY_A_DIGIT) / (PERHAPS_A_DIGIT - HARDLY_A_DIGIT)
    return np.asarray(unsure * np.clip(perhaps, 0, 1), np.float32)


def _weight(others: int) -> float:
    """Of so many further networks in the mean, where the first one's doubt is full."""
    return WORTH * others / (1 + WORTH * others)


def together(outputs: Sequence[Outputs]) -> Outputs:
    """What one network says, or several that are joined; calibrated logits in, the same out."""
    first, *others = outputs
    if not others:
        return first
    probabilities, score, _ = mixed(_answered(first), [_answered(each) for each in others])
    return _as_logits(probabilities, score)


def scorer(content: bytes) -> Scorer:
    """A network's file as a plain function on arrays; its answers are calibrated already."""
    session = _session(content)

    def score(tiles: Floats) -> Outputs:
        return _as_logits(*_answers(session, tiles))

    return score


def _answered(outputs: Outputs) -> Answers:
    return softmax(outputs.logits), sigmoid(outputs.digit_logit)


def _as_logits(probabilities: Floats, digit_score: Floats) -> Outputs:
    likely = np.clip(digit_score.astype(np.float64), LEAST, 1 - LEAST)
    return Outputs(
        np.log(np.maximum(probabilities, LEAST)),
        np.asarray(np.log(likely / (1 - likely)), np.float32),
    )


def check(content: bytes, parts: Sequence[bytes], tiles: Floats) -> float:
    """Hold the joined network against its parts on ``tiles``; the largest difference.

    Raises ModelError when they differ by more than `PARITY`, alone or together.
    """
    joined, one, *others = (_session(each) for each in (content, *parts))
    probabilities, score, share = mixed(
        _answers(one, tiles), [_answers(each, tiles) for each in others]
    )
    surest, most_doubted = int(share.argmin()), int(share.argmax())
    difference = 0.0
    for chosen in (slice(None), [surest], [most_doubted]):
        got = _answers(joined, tiles[chosen])
        for mine, wanted in zip(got, (probabilities[chosen], score[chosen]), strict=True):
            difference = max(difference, float(np.abs(mine - wanted).max()))
    if not difference <= PARITY:
        raise ModelError(f"the joined network differs from its parts by {difference:.2g}")
    return difference


def _choosing(
    further: Sequence[str],
) -> tuple[list[onnx.NodeProto], list[onnx.NodeProto], list[onnx.TensorProto]]:
    """The nodes between the first network and the ``further`` ones, those after them, and the
    constants of both."""
    make = helper.make_node
    numbers: dict[str, Floats | NDArray[np.int64]] = {
        "sure": np.float32(SURE),
        "per_confidence": np.float32(1 / (SURE - DOUBTFUL)),
        "hardly": np.float32(HARDLY_A_DIGIT),
        "per_score": np.float32(1 / (PERHAPS_A_DIGIT - HARDLY_A_DIGIT)),
        "zero": np.float32(0),
        "one": np.float32(1),
        "weight": np.float32(_weight(len(further))),
        "others": np.float32(len(further)),
        "first_axis": np.array([0], np.int64),
        "last_axis": np.array([1], np.int64),
    }
    before = [
        make("ReduceMax", [FIRST + "probabilities"], ["highest"], axes=[1], keepdims=0),
        make("Mul", ["highest", FIRST + "digit_score"], ["confidence"]),
        make("Sub", ["sure", "confidence"], ["short"]),
        make("Mul", ["short", "per_confidence"], ["short_scaled"]),
        make("Clip", ["short_scaled", "zero", "one"], ["unsure"]),
        make("Sub", [FIRST + "digit_score", "hardly"], ["above"]),
        make("Mul", ["above", "per_score"], ["above_scaled"]),
        make("Clip", ["above_scaled", "zero", "one"], ["perhaps"]),
        make("Mul", ["unsure", "perhaps"], ["doubt"]),
        make("Greater", ["doubt", "zero"], ["is_doubtful"]),
        make("NonZero", ["is_doubtful"], ["place_row"]),
        make("Transpose", ["place_row"], ["place_column"], perm=[1, 0]),
        make("Squeeze", ["place_row", "first_axis"], ["place"]),
        make("Gather", [INPUT, "place"], [DOUBTFUL_INPUT], axis=0),
    ]
    after = [
        make("Gather", ["doubt", "place"], ["doubt_there"], axis=0),
        make("Mul", ["doubt_there", "weight"], ["share"]),
        make("Unsqueeze", ["share", "last_axis"], ["share_column"]),
        *_moved("probabilities", further, share="share_column"),
        *_moved("digit_score", further, share="share"),
    ]
    constants = [
        numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()
    ]
    return before, after, constants


def _moved(output: str, further: Sequence[str], *, share: str) -> list[onnx.NodeProto]:
    """An output of the first network, moved by ``share`` towards the mean of the further ones where
    these were asked."""
    make = helper.make_node
    names = {name: f"{output}_{name}" for name in ("before", "sum", "mean", "apart", "by", "after")}
    return [
        make("Gather", [FIRST + output, "place"], [names["before"]], axis=0),
        make("Sum", [prefix + output for prefix in further], [names["sum"]]),
        make("Div", [names["sum"], "others"], [names["mean"]]),
        make("Sub", [names["mean"], names["before"]], [names["apart"]]),
        make("Mul", [names["apart"], share], [names["by"]]),
        make("Add", [names["before"], names["by"]], [names["after"]]),
        make("ScatterND", [FIRST + output, "place_column", names["after"]], [output]),
    ]


def _prefixed(model: onnx.ModelProto, prefix: str, image: str) -> onnx.GraphProto:
    """The graph with ``prefix`` before every name in it, but for its input, which is ``image``."""
    graph = onnx.compose.add_prefix(model, prefix).graph
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == prefix + INPUT:
                node.input[place] = image
        node.name = node.name or prefix + node.output[0]
    return graph


def _extracted(model: onnx.ModelProto, prefix: str, image: str) -> bytes:
    """The nodes with ``prefix`` as a model of their own, under the names that they came with."""
    nodes = [node for node in model.graph.node if node.name.startswith(prefix)]
    kept = []
    for node in nodes:
        copied = onnx.NodeProto()
        copied.CopyFrom(node)
        copied.name = node.name.removeprefix(prefix)
        for names in (copied.input, copied.output):
            for place, name in enumerate(names):
                names[place] = INPUT if name == image else name.removeprefix(prefix)
        kept.append(copied)
    weights = []
    for each in model.graph.initializer:
        if each.name.startswith(prefix):
            copied_weight = onnx.TensorProto()
            copied_weight.CopyFrom(each)
            copied_weight.name = each.name.removeprefix(prefix)
            weights.append(copied_weight)
    graph = helper.make_graph(
        kept, model.graph.name, model.graph.input, model.graph.output, weights
    )
    extracted = helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    helper.set_model_props(extracted, _notes(model, "" if prefix == FIRST else prefix))
    onnx.checker.check_model(extracted, full_check=True)
    content: bytes = extracted.SerializeToString()
    return content


def _notes(model: onnx.ModelProto, prefix: str) -> dict[str, str]:
    """What the file says of the network with that prefix; with none, of the first one."""
    return {
        each.key.removeprefix(prefix): each.value
        for each in model.metadata_props
        if each.key.startswith(prefix or PREFIXES) == bool(prefix)
    }


def _session(content: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(content, providers=["CPUExecutionProvider"])


def _answers(session: ort.InferenceSession, tiles: Floats) -> tuple[Floats, Floats]:
    probabilities, score = session.run(list(OUTPUTS), {INPUT: tiles})
    return probabilities, score
