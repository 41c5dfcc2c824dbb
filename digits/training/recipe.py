"""Everything that decides what a training run makes, in one value that goes into the card."""

from __future__ import annotations

from collections.abc import Mapping
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


SECOND = Architecture(
    name="second-cnn",
    full=(24,),
    half=(48, 48),
    quarter=(96, 96),
    dropout=0.3,
    map_dropout=0.1,
)
"""Of the network that is asked about what the first one doubts: it may take its time."""

THIRD = replace(SECOND, name="third-cnn", full=(16, 24), half=(48, 64), quarter=(80, 80))
"""Of one more that is asked with the second: another shape errs on other digits."""

FURTHER = {"second": SECOND, "third": THIRD}
"""The networks beside the first one, in their order, by what the command line, the card and the
ONNX file call them."""


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

    @property
    def place(self) -> str | None:
        """Which of the `FURTHER` networks this makes; None for a first one."""
        places = (place for place, shape in FURTHER.items() if shape == self.architecture)
        return next(places, None)

    def command(self) -> str:
        """The command that runs this again; where data and model lie is the user's own matter."""
        options = [f"--{self.place}", "MODEL_DIR"] if self.place else []
        options += ["--quick"] if self.images == QUICK_IMAGES else []
        default = Recipe().quick() if self.images == QUICK_IMAGES else Recipe()
        for name in ("epochs", "batch_size", "seed"):
            if getattr(self, name) != getattr(default, name):
                options += [f"--{name.replace('_', '-')}", str(getattr(self, name))]
        return " ".join(["uv run train.py", *options])

    def differences(self, other: Recipe) -> list[str]:
        """Where this one differs from another, in words: ``epochs is 20, was 10``."""
        mine, others = self.to_dict(), other.to_dict()
        return [
            f"{name} is {mine[name]}, was {others[name]}"
            for name in mine
            if mine[name] != others[name]
        ]
