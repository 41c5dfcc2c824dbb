"""What further networks learn from, measured where TensorFlow is: ``test_training_lessons.py`` runs
this in the environment of ``train.py`` and looks at the figures, which are printed as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import keras
import numpy as np

from digits.training import lessons
from digits.training.architecture import LOGITS, unpooled
from digits.training.data import Labelled
from digits.training.distortion import Distorted
from digits.training.recipe import Further, Unpooled
from digits.training.worn import Worn

COUNT = 40
SMALL = Unpooled(name="small", kernel=5, channels=(8, 16, 24))
RECIPE = replace(Further(), epochs=4, batch_size=COUNT)


def bars() -> Labelled:
    """Ten kinds of bars of 3x14 pixels in the middle part: nothing of MNIST is needed."""
    labels = np.arange(400) % 10
    images = np.zeros((400, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        if label < 5:
            image[7:21, 5 + 4 * label : 8 + 4 * label] = 255
        else:
            image[5 + 4 * (label - 5) : 8 + 4 * (label - 5), 7:21] = 255
    return Labelled(images, labels.astype(np.int64))


def distorted(ink: np.ndarray, **choices: float) -> np.ndarray:
    layer = Distorted(
        **{"amount": 0.0, "shift": 0.0, "hidden": 0.0, **choices}, count=COUNT, seed=4
    )
    return keras.ops.convert_to_numpy(layer(ink))


def distortions(ink: np.ndarray) -> dict[str, float]:
    soft = keras.ops.convert_to_numpy(keras.ops.average_pool(ink, 3, 1, "same"))
    bent, moved, hidden = (
        distorted(soft, **choices) for choices in ({"amount": 1.0}, {"shift": 2.0}, {"hidden": 1.0})
    )
    place = np.arange(28.0)
    middles = [
        (each[..., 0].sum(axis=1) * place).sum(axis=1) / each[..., 0].sum(axis=(1, 2))
        for each in (soft, moved)
    ]
    return {
        "least": float(min(each.min() for each in (bent, moved, hidden))),
        "most": float(max(each.max() for each in (bent, moved, hidden))),
        "changed_by_bending": float(np.abs(bent - soft).mean()),
        "ink_after_bending": float(bent.sum() / soft.sum()),
        "moved_by": float((middles[1] - middles[0]).std()),
        "ink_after_hiding": float(hidden.sum() / soft.sum()),
        "alike": float(np.abs(bent[0] - bent[10]).mean()),
    }


def accuracy(network: keras.Model, digits: Labelled) -> float:
    said = network.predict(digits.tiles(), verbose=0)[LOGITS]
    return float((said.argmax(axis=1) == digits.labels).mean())


def epochs(digits: Labelled, worn: Worn) -> dict[str, object]:
    batches = lessons.Batches(digits, worn, RECIPE, seed=2)
    seen = []
    for _ in range(2):
        seen.append(np.concatenate([batches[place][0]["label"] for place in range(len(batches))]))
        batches.on_epoch_end()
    return {
        "counts": np.bincount(seen[0]).tolist(),
        "another_order": bool((seen[0] != seen[1]).any()),
        "worn": len(batches[0][0]["worn"]),
    }


def main() -> None:
    keras.utils.set_random_seed(1)
    digits = bars()
    worn = Worn(digits.images[:50], digits.labels[:50].astype(np.int8))
    teacher = unpooled(SMALL)
    lessons.learn([teacher], digits, worn, RECIPE, seed=1)
    before = [weight.copy() for weight in teacher.get_weights()]
    pupils = [unpooled(replace(SMALL, name=name)) for name in ("one", "two")]
    # Wrong labels: whoever is taught must not look at them.
    wrong = Labelled(digits.images, (digits.labels + 1) % 10)
    lessons.learn(pupils, wrong, worn, RECIPE, teachers=[teacher], seed=2)
    figures = {
        "distortions": distortions(digits.tiles()[:COUNT]),
        "epochs": epochs(digits, worn),
        "teacher": accuracy(teacher, digits),
        "pupils": [accuracy(pupil, digits) for pupil in pupils],
        "teacher_stays": all(
            np.array_equal(*pair) for pair in zip(before, teacher.get_weights(), strict=True)
        ),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
