"""The further networks, taught by a committee of large ones that is made for that alone.

Minutes on a GPU; for two cores a day's work. So each stage is kept, and a run begun on one machine
goes on on another, under any of Keras's backends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from digits.training import worn
from digits.training.data import Labelled
from digits.training.recipe import FURTHER, Architecture, Further, Unpooled
from digits.training.stages import Stages, named, weights

if TYPE_CHECKING:
    import keras

WORN, TAUGHT = "worn", "taught"
"""Names of stages; those of the committee's members are theirs."""


def learn(
    recipe: Further, train: Labelled, stages: Stages, *, processes: int
) -> dict[str, keras.Model]:
    """The networks in ``FURTHER``, by their names there."""
    import keras

    keras.utils.set_random_seed(recipe.seed)
    digits = train.part(0, recipe.images)
    made = stages.kept(WORN, lambda: _worn(recipe, digits, processes))
    examples = worn.Worn(made["tiles"], made["labels"])
    learned = stages.kept(TAUGHT, lambda: _taught(recipe, digits, examples, stages))
    networks = {place: _fresh(shape) for place, shape in FURTHER.items()}
    for place, network in networks.items():
        network.set_weights(weights(learned, place))
    return networks


def _worn(recipe: Further, digits: Labelled, processes: int) -> dict[str, NDArray[Any]]:
    made = worn.make(digits, seed=recipe.seed, times=recipe.worn_times, processes=processes)
    return {"tiles": made.tiles, "labels": made.labels}


def _taught(
    recipe: Further, digits: Labelled, examples: worn.Worn, stages: Stages
) -> dict[str, NDArray[Any]]:
    from digits.training.lessons import learn

    with _fast():
        committee = []
        for number, shape in enumerate(recipe.committee):

            def member(shape: Architecture | Unpooled = shape, number: int = number) -> Any:
                network = _fresh(shape)
                learn([network], digits, examples, recipe, seed=recipe.seed + number)
                return named(network.get_weights())

            committee.append(_fresh(shape))
            committee[-1].set_weights(weights(stages.kept(shape.name, member)))
        networks = {place: _fresh(shape) for place, shape in FURTHER.items()}
        learn(
            list(networks.values()),
            digits,
            examples,
            recipe,
            teachers=committee,
            seed=recipe.seed + len(committee),
        )
    return {
        name: weight
        for place, network in networks.items()
        for name, weight in named(network.get_weights(), place).items()
    }


def _fresh(shape: Architecture | Unpooled) -> keras.Model:
    from digits.training.architecture import build, unpooled

    return build(shape) if isinstance(shape, Architecture) else unpooled(shape)


@contextmanager
def _fast() -> Iterator[None]:
    """Half the bits for what is computed where there is a GPU; weights have 32 in any case."""
    import keras

    policy = keras.config.dtype_policy()
    if not all(name.lower().startswith("cpu") for name in keras.distribution.list_devices()):
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
