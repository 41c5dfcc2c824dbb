"""What each stage of a long run made, kept in its workspace: a stopped run goes on after the last.

The files hold arrays alone, so that a run may be begun on one machine and go on on another: where
there is a GPU, say.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.errors import DataError
from digits.training import origin
from digits.training.workspace import Workspace

logger = logging.getLogger(__name__)

RUN = "stages.json"
SUFFIX = ".stage.npz"


class Stages:
    """The stages of the run that ``identity`` tells from others."""

    def __init__(self, workspace: Workspace, identity: Mapping[str, Any], *, resume: bool) -> None:
        """Begin, or go on. Raises DataError where another run's stages are, or none to resume."""
        self._workspace = workspace
        self._run = workspace.path / RUN
        self.made: dict[str, Any] = {}
        """Of each stage that is done: how long it took, where, and the sha256 of its file."""
        if resume:
            self.made = _checked(self._run, identity)["made"]
        else:
            workspace.begin()
        self._identity = dict(identity)
        self._note()

    def kept(
        self,
        name: str,
        make: Callable[[], Mapping[str, NDArray[Any]]],
        *,
        where: Callable[[], str] = origin.machine,
    ) -> Mapping[str, NDArray[Any]]:
        """What ``make`` gives; if this stage is done, what it gave then. ``where`` names the
        machine that makes it, for the record."""
        path = self._workspace.path / (name + SUFFIX)
        if name in self.made:
            return _read(path, self.made[name]["sha256"])
        started = time.monotonic()
        made = dict(make())
        packed = io.BytesIO()
        np.savez_compressed(packed, allow_pickle=False, **made)
        self._workspace.write(path.name, packed.getvalue())
        self.made[name] = {
            "seconds": round(time.monotonic() - started),
            "machine": where(),
            "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
        }
        self._note()
        logger.info("%s: done", name)
        return made

    def _note(self) -> None:
        said = {**self._identity, "made": self.made}
        self._workspace.write(self._run.name, json.dumps(said).encode())


def named(weights: Sequence[NDArray[Any]], prefix: str = "") -> dict[str, NDArray[Any]]:
    """The weights of a network as a stage keeps them."""
    return {f"{prefix}{place:03d}": weight for place, weight in enumerate(weights)}


def weights(arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> list[NDArray[Any]]:
    """The weights that `named` named with this prefix."""
    return [arrays[name] for name in sorted(arrays) if name.startswith(prefix)]


def _checked(path: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the run in ``path``, if it is this one."""
    try:
        before: dict[str, Any] = {"made": {}, **json.loads(path.read_text())}
    except FileNotFoundError:
        raise DataError(
            f"there is nothing to resume in {path.parent}: no such run was begun, or it has "
            "finished; leave --resume out to begin one"
        ) from None
    except (OSError, ValueError, TypeError) as error:
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
    return before


def _read(path: Path, sha256: str) -> dict[str, NDArray[Any]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(
            f"{path} is damaged: delete {path.parent} to begin anew, or put back what was there"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
