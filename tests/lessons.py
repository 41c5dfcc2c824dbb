"""What a committee teaches, measured where TensorFlow is: ``test_training_lessons.py`` runs
this in the environment of ``train.py`` and looks at the figures, which are printed as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import keras
import numpy as np

from digits.training import distortion, lessons
from digits.training.architecture import DIGIT_LOGIT, LOGITS, unpooled
from digits.training.calibration import softmax
from digits.training.data import Labelled
from digits.training.distortion import Distorted
from digits.training.recipe import Teaching, Unpooled

COUNT = 40
SMALL = Unpooled(name="small", kernel=5, channels=(8, 16, 24))
RECIPE = replace(Teaching(), epochs=4, batch_size=COUNT)


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
    plain = distorted(soft)
    held = np.isclose(plain, soft, atol=0.06).all(axis=(1, 2, 3))
    heavier = plain.sum(axis=(1, 2, 3)) / soft.sum(axis=(1, 2, 3))
    return {
        "neither_thicker_nor_thinner": float(held.mean()),
        "lightest": float(heavier.min()),
        "heaviest": float(heavier.max()),
        "least": float(min(each.min() for each in (bent, moved, hidden))),
        "most": float(max(each.max() for each in (bent, moved, hidden))),
        "changed_by_bending": float(np.abs(bent - soft).mean()),
        "ink_after_bending": float(bent.sum() / soft.sum()),
        "moved_by": float((middles[1] - middles[0]).std()),
        "ink_after_hiding": float(hidden.sum() / soft.sum()),
        "alike": float(np.abs(bent[0] - bent[10]).mean()),
    }


def elastic(ink: np.ndarray) -> float:
    """How much the elastic part alone changes, with all that is affine left out."""
    kept = distortion.TURN, distortion.SHEAR, distortion.STRETCH, distortion.PRESSED
    distortion.TURN = distortion.SHEAR = distortion.STRETCH = distortion.PRESSED = 0.0
    bent = distorted(ink, amount=1.0)
    still = distorted(ink)
    distortion.TURN, distortion.SHEAR, distortion.STRETCH, distortion.PRESSED = kept
    return float(np.abs(bent - still).mean())


def untouched(ink: np.ndarray) -> float:
    """Share of the images that large distortion leaves where they are, pressure aside."""
    moved = distorted(ink, amount=3.0, shift=4.0)
    middle = [(each[..., 0].sum(axis=1) * np.arange(28.0)).sum(axis=1) for each in (ink, moved)]
    weight = [each.sum(axis=(1, 2, 3)) for each in (ink, moved)]
    apart = np.abs(middle[0] / weight[0] - middle[1] / np.maximum(weight[1], 1e-6))
    return float((apart < 0.02).mean())


def mixtures(ink: np.ndarray) -> dict[str, float]:
    """How far `Lessons` mixes each image with another one."""
    lesson = lessons.Lessons([], [], RECIPE, count=COUNT, worn_count=1, seed=6)
    mixed = keras.ops.convert_to_numpy(lesson._mixed(ink))
    other = ink[::-1]
    share = [
        float(((made - one) * (two - one)).sum() / max(((two - one) ** 2).sum(), 1e-6))
        for made, one, two in zip(mixed, ink, other, strict=True)
        if (one != two).any()
    ]
    return {"most": max(share), "mixed": float(np.mean(np.array(share) > 1e-3))}


def committee_says(teachers: list[keras.Model], ink: np.ndarray) -> float:
    """How far what `Lessons` teaches is from the mean of its teachers, softened."""
    lesson = lessons.Lessons([], teachers, RECIPE, count=COUNT, worn_count=1, seed=6)
    said = keras.ops.convert_to_numpy(lesson._said(ink))
    each = [softmax(teacher.predict(ink, verbose=0)[LOGITS] / 2) for teacher in teachers]
    return float(np.abs(said - np.mean(each, axis=0)).max())


def told_apart(network: keras.Model, worn: Labelled) -> float:
    """Accuracy of "is it a digit"."""
    logit = network.predict(worn.tiles(), verbose=0)[DIGIT_LOGIT][:, 0]
    return float(((logit > 0) == (worn.labels >= 0)).mean())


def accuracy(network: keras.Model, digits: Labelled) -> float:
    said = network.predict(digits.tiles(), verbose=0)[LOGITS]
    return float((said.argmax(axis=1) == digits.labels).mean())


def epochs(digits: Labelled, worn: Labelled) -> dict[str, object]:
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
    # Of what is worn, a third is no digit: crosses of two bars.
    crosses = np.maximum(digits.images[:50], digits.images[5:55])
    worn = Labelled(
        np.concatenate([digits.images[:100], crosses]),
        np.concatenate([digits.labels[:100], np.full(50, -1)]),
    )
    ink = digits.tiles()[:COUNT]
    teacher = unpooled(SMALL)
    lessons.learn([teacher], digits, worn, RECIPE, seed=1)
    before = [weight.copy() for weight in teacher.get_weights()]
    pupils = [unpooled(replace(SMALL, name=name)) for name in ("one", "two")]
    # Wrong labels: whoever is taught must not look at them.
    wrong = Labelled(digits.images, (digits.labels + 1) % 10)
    lessons.learn(pupils, wrong, worn, RECIPE, teachers=[teacher], seed=2)
    figures = {
        "distortions": distortions(digits.tiles()[:COUNT]),
        "elastic": elastic(ink),
        "untouched": untouched(ink),
        "mixtures": mixtures(ink),
        "score_weights": [
            lessons.Lessons([], taught, RECIPE, count=COUNT, worn_count=1, seed=6).score_weight
            for taught in ([], [teacher])
        ],
        "committee": committee_says([teacher, unpooled(replace(SMALL, name="raw"))], ink),
        "told_apart": [told_apart(network, worn) for network in (teacher, *pupils)],
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
