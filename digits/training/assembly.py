"""Trained networks as one file: each calibrated, exported and checked, then joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from digits.training import cascade
from digits.training.export import calibrated
from digits.training.fit import scorer
from digits.training.recipe import FURTHER
from digits.training.validation import Validation

if TYPE_CHECKING:
    import keras


def assembled(
    models: Sequence[keras.Model], validation: Validation, *, name: str
) -> tuple[bytes, dict[str, object]]:
    """The content of ``model.onnx``, and the calibrations as the card has them: the first network's
    own, and under their names those of the further ones. Raises ModelError."""
    made = [calibrated(model, validation, name=name) for model in models]
    first, *others = [content for content, _ in made]
    calibration, *further = [each.to_dict() for _, each in made]
    content = cascade.joined(first, others, validation.hard[:512])
    return content, _by_place(calibration, further)


def measured(models: Sequence[keras.Model], validation: Validation) -> dict[str, object]:
    """The figures of each network alone on the validation split, as the card has them."""
    first, *further = [
        {f"validation_{name}": value for name, value in validation.measure(scorer(model)).items()}
        for model in models
    ]
    return _by_place(first, further)


def _by_place(first: Mapping[str, object], further: Sequence[object]) -> dict[str, object]:
    """What is said of the first network itself, and of the further ones under their names."""
    return {**first, **dict(zip(FURTHER, further, strict=False))}
