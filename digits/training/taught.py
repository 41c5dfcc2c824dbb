"""All networks of a model folder, taught by a committee of large ones that is made for that alone.

Minutes on a GPU; days on two cores. So each stage is kept, and a run begun on one machine goes
on on another, under Keras's TensorFlow or JAX.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from digits.training import origin, worn
from digits.training.data import Labelled
from digits.training.glyphs import training_fonts
from digits.training.recipe import PUPILS, Architecture, Teaching, Unpooled
from digits.training.stages import Stages, named, weights

if TYPE_CHECKING:
    import keras

WORN, TAUGHT = "worn", "taught"
"""Names of stages; those of the committee's members are theirs."""


def learn(
    recipe: Teaching, train: Labelled, stages: Stages, *, processes: int
) -> dict[str, keras.Model]:
    """The networks in ``PUPILS``, by their names there."""
    digits = train.part(0, recipe.images)

    @cache
    def examples() -> Labelled:
        made = stages.kept(WORN, lambda: _worn(recipe, digits, processes), where=_processors)
        return Labelled(**made)

    if not {*(shape.name for shape in recipe.committee), TAUGHT} <= stages.made.keys():
        examples()  # there are many: neither made nor read where no stage wants them any more
    with _fast():
        committee = [
            stages.kept(
                shape.name,
                partial(_member, shape, digits, examples, recipe, recipe.seed + number),
                where=_device,
            )
            for number, shape in enumerate(recipe.committee)
        ]
        pupils = partial(_taught, committee, digits, examples, recipe)
        learned = stages.kept(TAUGHT, pupils, where=_device)
    return {place: _with(weights(learned, place), shape) for place, shape in PUPILS.items()}


def _worn(recipe: Teaching, digits: Labelled, processes: int) -> dict[str, NDArray[Any]]:
    made = worn.make(digits, seed=recipe.seed, times=recipe.worn_times, processes=processes)
    return {"images": made.images, "labels": made.labels}


def _member(
    shape: Architecture | Unpooled,
    digits: Labelled,
    examples: Callable[[], Labelled],
    recipe: Teaching,
    seed: int,
) -> dict[str, NDArray[Any]]:
    """One of the committee, from the labels."""
    import keras

    from digits.training import lessons

    keras.utils.set_random_seed(seed)
    network = _fresh(shape)
    lessons.learn([network], digits, examples(), recipe, seed=seed)
    return named(network.get_weights())


def _taught(
    committee: Sequence[Mapping[str, NDArray[Any]]],
    digits: Labelled,
    examples: Callable[[], Labelled],
    recipe: Teaching,
) -> dict[str, NDArray[Any]]:
    """The networks that the committee, of which these are the weights, teaches: all at once."""
    import keras

    from digits.training import lessons

    seed = recipe.seed + len(committee)
    keras.utils.set_random_seed(seed)
    networks = {place: _fresh(shape) for place, shape in PUPILS.items()}
    teachers = [
        _with(weights(kept), shape) for kept, shape in zip(committee, recipe.committee, strict=True)
    ]
    pupils = list(networks.values())
    lessons.learn(pupils, digits, examples(), recipe, teachers=teachers, seed=seed)
    return {
        name: weight
        for place, network in networks.items()
        for name, weight in named(network.get_weights(), place).items()
    }


def _fresh(shape: Architecture | Unpooled) -> keras.Model:
    from digits.training.architecture import build, unpooled

    return build(shape) if isinstance(shape, Architecture) else unpooled(shape)


def _with(kept: Sequence[NDArray[Any]], shape: Architecture | Unpooled) -> keras.Model:
    network = _fresh(shape)
    network.set_weights(kept)
    return network


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


def _processors() -> str:
    """The machine and what it draws from."""
    return f"{origin.machine()}, {len(training_fonts())} fonts"


def _device() -> str:
    """The machine and what computes there: "Linux x86_64, 2 cores, tensorflow 2.22 on CPU:0"."""
    import keras

    devices = ", ".join(keras.distribution.list_devices())
    backend = keras.backend.backend()
    version = importlib.import_module(backend).__version__
    return f"{origin.machine()}, {backend} {version} on {devices}"
