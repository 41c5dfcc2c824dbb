"""Everything that decides what a training run makes, in one value that goes into the card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

QUICK_IMAGES = 6000


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The shape of a network, see `digits.training.architecture`.

    ``full``, ``half`` and ``quarter`` are the channels of the convolutions at each resolution;
    ``dropout`` is the share of the dense layer's units that are hidden at each step, and
    ``map_dropout`` that of whole feature maps at each resolution but the first.
    """

    name: str = "pooled-cnn"
    full: tuple[int, ...] = (16,)
    half: tuple[int, ...] = (32, 48)
    quarter: tuple[int, ...] = (64,)
    dense: int = 80
    dropout: float = 0.2
    map_dropout: float = 0.0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Architecture:
        """What `dataclasses.asdict` made; JSON has lists for tuples."""
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**plain)


FIRST = "first"

FURTHER = {
    "second": Architecture(
        name="second-cnn",
        full=(24,),
        half=(48, 48),
        quarter=(96, 96),
        dropout=0.3,
        map_dropout=0.1,
    ),
    "third": Architecture(
        name="third-cnn",
        full=(16, 24),
        half=(48, 64),
        quarter=(80, 80),
        dropout=0.3,
        map_dropout=0.1,
    ),
}
"""The networks that are asked about what the first one doubts, in their order, by what the card and
the ONNX file call them. They may take their time; another shape errs on other digits."""


@dataclass(frozen=True, kw_only=True)
class Unpooled:
    """The shape of a network of convolutions alone, without padding or pooling: An and others 2020
    (*An ensemble of simple convolutional neural network models for MNIST digit recognition*).

    ``channels`` are those of the convolutions, each of ``kernel`` pixels a side.
    """

    name: str
    kernel: int
    channels: tuple[int, ...]


PUPILS = {FIRST: Architecture(), **FURTHER}
"""All networks of a model folder, the first one first, in the shapes that a committee teaches."""

COMMITTEE = (
    Unpooled(name="unpooled-3", kernel=3, channels=tuple(range(32, 177, 16))),
    Unpooled(name="unpooled-5", kernel=5, channels=tuple(range(32, 161, 32))),
    Architecture(
        name="wide",
        full=(32, 48),
        half=(96, 128),
        quarter=(160, 160),
        dense=128,
        dropout=0.3,
        map_dropout=0.1,
    ),
)
"""The large networks that teach the others, and are shipped nowhere."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The choices of one run.

    ``images`` limits the training images used (None: all); ``learning_rate`` is the highest,
    reached after a share of ``warmup`` of all steps, then lowered along a cosine;
    ``average_decay`` is that of the moving average of the weights, which is what is kept;
    ``score_weight`` weighs "is it a digit" against "which one" in the loss; ``negatives_share``
    and ``plain_share`` are how many things that are no digit, and how many of MNIST's images at
    their own resolution, there are for every image, and ``as_is`` is the share of the latter that
    is not bent at all, see `digits.training.examples`.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 2e-3
    warmup: float = 0.05
    weight_decay: float = 2e-2
    average_decay: float = 0.999
    score_weight: float = 0.5
    negatives_share: float = 0.5
    plain_share: float = 0.4
    as_is: float = 0.5
    images: int | None = None
    seed: int = 1
    architecture: Architecture = field(default_factory=Architecture)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """What `to_dict` made. Raises KeyError or TypeError for anything else."""
        return cls(**{**values, "architecture": Architecture.from_dict(values["architecture"])})

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def quick(self) -> Recipe:
        """A tenth of the images, twice: a model that works, in less than a minute."""
        return replace(self, images=QUICK_IMAGES, epochs=2, average_decay=0.98)

    def command(self) -> str:
        """The command that runs this again; where data and model lie is the user's own matter."""
        default = Recipe().quick() if self.images == QUICK_IMAGES else Recipe()
        return _command(self, default, [])

    def differences(self, other: Recipe) -> list[str]:
        """Where this one differs from another, in words: ``epochs is 20, was 10``."""
        mine, others = self.to_dict(), other.to_dict()
        return [
            f"{name} is {mine[name]}, was {others[name]}"
            for name in mine
            if mine[name] != others[name]
        ]


REFINING = Recipe(
    epochs=4,
    learning_rate=2e-4,
    warmup=0.1,
    weight_decay=1e-3,
    average_decay=0.998,
    negatives_share=1.0,
)
"""How networks that are trained go on side by side, see `digits.training.refine`. Whatever shape
they have they keep."""


def refining(recipe: Recipe) -> str:
    """The command that refines by this recipe again."""
    default = REFINING.quick() if recipe.images == QUICK_IMAGES else REFINING
    return _command(recipe, default, ["--refine", "MODEL_DIR"])


@dataclass(frozen=True, kw_only=True)
class Teaching:
    """The choices of one run that makes the networks in ``PUPILS``.

    Each member of the ``committee`` learns for ``epochs`` epochs, then the networks in ``PUPILS``
    for ``patience`` times as many, all of them with ``batch_size`` images of MNIST in each step and
    ``worn_share`` times as many worn examples, of which there are ``worn_times`` for every image
    (`digits.training.worn`). ``temperature`` softens what the committee says to be learned.
    ``images``, ``learning_rate`` and ``warmup`` are as in `Recipe`; ``weight_decay`` and
    ``score_weight`` are those of the committee, ``taught_weight_decay`` and ``taught_score_weight``
    those of the networks it teaches: whom it restrains already, and who, unlike itself, will be
    asked what is a digit.
    """

    epochs: int = 67
    patience: float = 2.0
    batch_size: int = 192
    worn_share: float = 1.0
    worn_times: int = 8
    learning_rate: float = 2e-3
    warmup: float = 0.06
    weight_decay: float = 1e-2
    taught_weight_decay: float = 1e-3
    score_weight: float = 0.5
    taught_score_weight: float = 1.0
    temperature: float = 2.0
    images: int | None = None
    seed: int = 1
    committee: tuple[Architecture | Unpooled, ...] = COMMITTEE

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the shapes of the networks that are made."""
        made = {place: asdict(shape) for place, shape in PUPILS.items()}
        plain: dict[str, Any] = json.loads(json.dumps({**asdict(self), "pupils": made}))
        return plain

    def quick(self) -> Teaching:
        """A tenth of the images, twice, with one small teacher: networks that work."""
        small = Unpooled(name="small", kernel=7, channels=(8, 16, 32, 64))
        return replace(self, images=QUICK_IMAGES, epochs=2, worn_times=1, committee=(small,))

    def command(self) -> str:
        """The command that runs this again."""
        default = Teaching().quick() if self.images == QUICK_IMAGES else Teaching()
        return _command(self, default, ["--teach", "MODEL_DIR"])


def _command(recipe: Recipe | Teaching, default: Recipe | Teaching, options: Sequence[str]) -> str:
    given = [*options, *(["--quick"] if recipe.images == QUICK_IMAGES else [])]
    for name in ("epochs", "batch_size", "seed"):
        if getattr(recipe, name) != getattr(default, name):
            given += [f"--{name.replace('_', '-')}", str(getattr(recipe, name))]
    return " ".join(["uv run train.py", *given])
