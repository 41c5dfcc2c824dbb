"""What a run leaves beside its model folder until it is done: checkpoints and metrics.

For ``--out models/digits`` it is ``models/digits.training/``: one ``epoch-007.npz`` after each
epoch, and ``metrics.jsonl`` with one line for each; a run in stages leaves a file for each of them
(`digits.training.stages`). Every file appears by one rename, so a run that is killed at any moment
can be resumed from its last complete epoch or stage.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from digits.errors import DataError
from digits.training.recipe import Recipe

Arrays = Mapping[str, NDArray[Any]]
History = list[dict[str, float]]

METRICS = "metrics.jsonl"
_META = "meta"
_KEPT = 2


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything to go on from after an epoch: ``arrays`` are the state of model and optimiser,
    ``history`` the metrics of the epochs so far, ``data`` the sha256 of each array of data."""

    recipe: Recipe
    data: Mapping[str, str]
    history: History
    arrays: Arrays

    @property
    def epoch(self) -> int:
        """Epochs done, from 1."""
        return len(self.history)


class Workspace:
    """The folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, out: Path) -> Workspace:
        """The one that belongs to the model folder ``out``."""
        return cls(out.with_name(out.name + ".training"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out. Raises DataError when there is one.

        The folder goes at the end unless there is something to go on from.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / ".gitignore").write_text("*\n")
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(
                    f"another training run is at work in {self.path}: wait for it, or choose "
                    "another --out"
                ) from None
            try:
                yield
            finally:
                if not self._unfinished():
                    shutil.rmtree(self.path)

    def begin(self) -> None:
        """Make sure that no unfinished run would be lost. Raises DataError when there is one."""
        if unfinished := self._unfinished():
            raise DataError(
                f"{self.path} holds a run that stopped after {_name(unfinished[-1])}: go on with "
                "--resume, or delete that folder to begin anew"
            )

    def finish(self) -> None:
        """Remove what there is to go on from: the model folder has all that is worth keeping."""
        for path in self._unfinished():
            path.unlink()

    def write(self, name: str, content: bytes) -> None:
        """A file that appears by one rename."""
        _write(self.path / name, content)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint and the metrics; earlier ones go, but for the best and the last."""
        _write_checkpoint(self._file(checkpoint.epoch), checkpoint)
        lines = "".join(json.dumps(metrics) + "\n" for metrics in checkpoint.history)
        _write(self.path / METRICS, lines.encode())
        keep = {best_epoch(checkpoint.history)}
        keep.update(range(checkpoint.epoch - _KEPT + 1, checkpoint.epoch + 1))
        for number in self._epochs():
            if number not in keep:
                self._file(number).unlink()

    def load(self, epoch: int) -> Checkpoint:
        """The checkpoint of an epoch. Raises DataError when it is missing or damaged."""
        path = self._file(epoch)
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            meta = json.loads(arrays.pop(_META).tobytes())
            recipe = Recipe.from_dict(meta["recipe"])
        except (OSError, EOFError, KeyError, ValueError, TypeError, BadZipFile) as error:
            raise DataError(
                f"{path} is no usable checkpoint ({error}): delete {self.path} to begin anew"
            ) from None
        return Checkpoint(recipe=recipe, data=meta["data"], history=meta["history"], arrays=arrays)

    def latest(self, recipe: Recipe, data: Mapping[str, str]) -> Checkpoint:
        """The last checkpoint, of a run with this recipe on this data.

        Raises DataError when there is none, or it belongs to another run.
        """
        epochs = self._epochs()
        if not epochs:
            raise DataError(
                f"there is nothing to resume in {self.path}: no run was begun, or it has finished; "
                "leave --resume out to begin one"
            )
        checkpoint = self.load(epochs[-1])
        different = recipe.differences(checkpoint.recipe)
        different += [
            f"{name} is not the same"
            for name in sorted({*data, *checkpoint.data})
            if data.get(name) != checkpoint.data.get(name)
        ]
        if different:
            raise DataError(
                f"the run in {self.path} was begun otherwise ({'; '.join(different)}): resume it "
                "with the same options, or delete that folder to begin anew"
            )
        return checkpoint

    def _unfinished(self) -> list[Path]:
        """What a run can go on from, in the order in which it was made."""
        return sorted(self.path.glob("*.npz"), key=lambda path: path.stat().st_mtime_ns)

    def _epochs(self) -> list[int]:
        return sorted(
            int(path.stem.removeprefix("epoch-")) for path in self.path.glob("epoch-*.npz")
        )

    def _file(self, epoch: int) -> Path:
        return self.path / f"epoch-{epoch:03d}.npz"


def best_epoch(history: Sequence[Mapping[str, float]]) -> int:
    """The epoch, from 1, with the least loss on the validation split; the earlier of equals."""
    losses = [metrics["validation_loss"] for metrics in history]
    return 1 + losses.index(min(losses))


def read_metrics(path: Path) -> History:
    """The lines of a ``metrics.jsonl``; none if there is no such file. Raises DataError."""
    try:
        return [json.loads(line) for line in path.read_text().splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def _name(path: Path) -> str:
    """``epoch-007.npz`` is epoch 7, ``worn.stage.npz`` is worn."""
    stem = path.name.split(".")[0]
    number = stem.removeprefix("epoch-")
    return f"epoch {int(number)}" if number != stem else stem


def _write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    meta = {
        "recipe": checkpoint.recipe.to_dict(),
        "data": dict(checkpoint.data),
        "history": checkpoint.history,
    }
    packed = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    scratch = path.with_suffix(".partial")
    with scratch.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_META: packed, **checkpoint.arrays})
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def _write(path: Path, content: bytes) -> None:
    scratch = path.with_suffix(".partial")
    scratch.write_bytes(content)
    scratch.replace(path)
