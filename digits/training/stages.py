"""What each stage of a long run made, kept in its workspace: a stopped run goes on after the last.

The files hold arrays alone, so that a run may be begun on one machine and go on on another: where
there is a GPU, say.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from digits.errors import DataError
from digits.training.workspace import Workspace

logger = logging.getLogger(__name__)

RUN = "stages.json"
SUFFIX = ".stage.npz"


class Stages:
    """The stages of the run that ``identity`` tells from others."""

    def __init__(self, workspace: Workspace, identity: Mapping[str, Any], *, resume: bool) -> None:
        """Begin, or go on. Raises DataError where another run's stages are, or none to resume."""
        self.path = workspace.path
        said = self.path / RUN
        if resume:
            _check_same(said, identity)
        else:
            workspace.begin()
            workspace.write(RUN, json.dumps(identity).encode())
        self._workspace = workspace

    def kept(
        self, name: str, make: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        """What ``make`` gives; if this stage is done, what it gave then."""
        path = self.path / (name + SUFFIX)
        if path.is_file():
            return _read(path.read_bytes(), str(path))
        made = dict(make())
        packed = io.BytesIO()
        np.savez_compressed(packed, allow_pickle=False, **made)
        self._workspace.write(path.name, packed.getvalue())
        logger.info("%s: done", name)
        return made


def named(weights: Sequence[NDArray[Any]], prefix: str = "") -> dict[str, NDArray[Any]]:
    """The weights of a network as a stage keeps them."""
    return {f"{prefix}{place:03d}": weight for place, weight in enumerate(weights)}


def weights(arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> list[NDArray[Any]]:
    """The weights that `named` named with this prefix."""
    return [arrays[name] for name in sorted(arrays) if name.startswith(prefix)]


def _check_same(path: Any, identity: Mapping[str, Any]) -> None:
    try:
        before = json.loads(path.read_text())
    except FileNotFoundError:
        raise DataError(
            f"there is nothing to resume in {path.parent}: no such run was begun, or it has "
            "finished; leave --resume out to begin one"
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    different = [
        f"{name} is {value}, was {before.get(name)}"
        for name, value in identity.items()
        if before.get(name) != value
    ]
    if different:
        raise DataError(
            f"the run in {path.parent} was begun otherwise ({'; '.join(different)}): resume it "
            "with the same options, or delete that folder to begin anew"
        )


def _read(content: bytes, path: str) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}): delete it to make it again") from None
