"""Trained networks as one file: each calibrated, exported and checked, then joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digits.training import cascade
from digits.training.export import calibrated
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
    return content, calibration | dict(zip(FURTHER, further, strict=False))
