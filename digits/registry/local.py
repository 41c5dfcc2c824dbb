"""A registry in a folder, for one machine or a shared disk.

``<root>/<name>/<version>/model/`` is the model folder as it was registered and
``<root>/<name>/<version>/version.json`` what is known of it. A version is prepared in a hidden
folder beside, and appears by one rename: a registration that is killed leaves nothing but that
hidden folder, which the next one clears away. One lock for each name keeps writers apart; readers
need none. ``last-version`` remembers the highest number given, so that none is given twice even if
somebody deletes the newest version; ``stages.json`` says which version each stage points at, and
``stages-before.json`` which ones it pointed at before.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from digits.errors import ModelError, RegistryError
from digits.model import ModelFolder
from digits.registry.files import copy_tree, hash_tree, locked, seal_tree, sync
from digits.registry.home import (
    MODEL,
    earlier,
    numbers,
    point,
    read_version,
    stages,
    step_back,
    take_number,
    verify,
    write_record,
)
from digits.registry.protocol import ModelVersion
from digits.registry.reference import Reference, checked_word

logger = logging.getLogger(__name__)

STAGING = ".staging-"


class LocalRegistry:
    """The registry in the folder ``root``, which is made when something is first registered."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    @property
    def where(self) -> str:
        """The registry for people."""
        return str(self.root)

    def register(
        self,
        folder: ModelFolder,
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        stage: str | None = None,
    ) -> ModelVersion:
        """Add a new version, named as the card says unless ``name`` is given.

        Either the whole version is there afterwards or nothing of it.
        Raises RegistryError when it cannot be written or ``folder`` changes meanwhile.
        """
        name = checked_word(folder.card.name if name is None else name, "model")
        if stage is not None:
            checked_word(stage, "stage")
        home = self.root / name
        if home.resolve().is_relative_to(folder.path.resolve()):
            raise RegistryError(f"the registry {self.root} must not lie inside {folder.path}")
        with self._reporting(), locked(home):
            number = _add(home, folder, dict(tags or {}))
            if stage is not None:
                point(home, stage=stage, number=number)
            return read_version(home, number)

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """All versions (of one name), by name and from old to new; damaged ones are left out."""
        found = []
        with self._reporting():
            homes = self._homes() if name is None else [self.root / checked_word(name, "model")]
            for home in homes:
                for number in numbers(home):
                    try:
                        found.append(read_version(home, number))
                    except RegistryError as error:
                        logger.warning("%s:%s left out: %s", home.name, number, error)
        return found

    def resolve(self, reference: str) -> ModelVersion:
        """The version a reference means, its files compared with what was registered.

        Raises RegistryError when there is none, or when a file was changed since.
        """
        with self._reporting():
            wanted = Reference.parse(reference)
            version = read_version(self.root / wanted.name, self._number(wanted))
            verify(version)
            return version

    def promote(self, reference: str, *, stage: str) -> ModelVersion:
        """Give a version the stage, taking it from the version that had it."""
        checked_word(stage, "stage")
        version = self.resolve(reference)
        home = self.root / version.name
        with self._reporting(), locked(home):
            point(home, stage=stage, number=version.version)
            return read_version(home, version.version)

    def number(self, reference: str) -> int:
        """The number of the version that a reference means now, its files not looked at.

        Raises RegistryError when there is none.
        """
        with self._reporting():
            return self._number(Reference.parse(reference))

    def rollback(self, reference: str) -> tuple[ModelVersion, ModelVersion]:
        """Give the stage in ``NAME@STAGE`` back to the version that had it before: from, to.

        Raises RegistryError when there is no such version, or its files were changed since.
        """
        wanted = Reference.parse(reference)
        if wanted.stage is None:
            raise RegistryError(f"only a stage can be rolled back, as in NAME@STAGE: {reference!r}")
        home, stage = self.root / wanted.name, wanted.stage
        given_up = self._number(wanted)
        with self._reporting(), locked(home):
            before = earlier(home, stage=stage)
            if not before:
                raise RegistryError(
                    f"{reference} is {wanted.name}:{given_up} and has been no other version before"
                    " that is still registered"
                )
            verify(read_version(home, before[-1]))
            number = step_back(home, stage=stage)
            return read_version(home, given_up), read_version(home, number)

    def _number(self, wanted: Reference) -> int:
        home = self.root / wanted.name
        present = numbers(home)
        if not present:
            known = ", ".join(entry.name for entry in self._homes() if numbers(entry))
            raise RegistryError(
                f"no model {wanted.name!r} is registered in {self.root} (registered:"
                f" {known or 'nothing yet'}); `uv run register.py` registers one"
            )
        number = _staged(home, wanted.stage) if wanted.stage else wanted.version or present[-1]
        if number not in present:
            held = ", ".join(map(str, present))
            raise RegistryError(
                f"{wanted.name} has no version {number} in {self.root}; it has {held}"
            )
        return number

    def _homes(self) -> list[Path]:
        if not self.root.exists():
            return []
        return sorted(entry for entry in self.root.iterdir() if entry.is_dir())

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = str(error)
            if self.root.exists() and not self.root.is_dir():
                reason = "it is a file; name a folder with --registry or DIGITS_REGISTRY"
            raise RegistryError(f"the registry {self.root} cannot be used: {reason}") from error


def _add(home: Path, folder: ModelFolder, tags: dict[str, str]) -> int:
    """Copy the model folder in under the next number. The caller holds the lock."""
    _clear_abandoned(home)
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=home))
    try:
        copy_tree(folder.path, staging / MODEL)
        _check_copy(staging / MODEL, folder)
        number = take_number(home)
        write_record(staging, _record(home.name, number, folder, tags, hash_tree(staging / MODEL)))
        seal_tree(staging)
        staging.rename(home / str(number))
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    sync(home)
    return number


def _record(
    name: str, number: int, folder: ModelFolder, tags: dict[str, str], files: dict[str, str]
) -> dict[str, object]:
    return {
        "name": name,
        "version": number,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "sha256": folder.sha256,
        "files": files,
        "tags": tags,
        "metrics": folder.card.metrics,
    }


def _check_copy(copy: Path, folder: ModelFolder) -> None:
    try:
        unchanged = ModelFolder.open(copy).sha256 == folder.sha256
    except ModelError:
        unchanged = False
    if not unchanged:
        raise RegistryError(
            f"{folder.path} was changed while it was copied: nothing is registered, try again"
        )


def _clear_abandoned(home: Path) -> None:
    """Remove what killed writers left: nobody else is at work here while we hold the lock."""
    for entry in home.glob(f"{STAGING}*"):
        shutil.rmtree(entry)
    for entry in home.glob(".new-*"):
        entry.unlink()


def _staged(home: Path, stage: str) -> int:
    pointers = stages(home)
    if stage not in pointers:
        known = ", ".join(sorted(pointers)) or "none"
        raise RegistryError(f"no version of {home.name} has the stage {stage!r} (stages: {known})")
    return pointers[stage]
