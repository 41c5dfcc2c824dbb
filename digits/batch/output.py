"""OUT: a folder here or behind a URL, whose files are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from digits.batch import storage
from digits.errors import DataError

TEMPORARY = ".tmp-"
"""How files begin that are being written. What reads Parquet folders leaves out such names."""


@dataclass(frozen=True)
class Output:
    """The folder. Making one changes nothing."""

    where: str

    @classmethod
    def at(cls, where: str) -> Output:
        """A folder's path or URL."""
        where = storage.local(where)
        return cls(where.rstrip("/") if storage.is_url(where) else str(Path(where).resolve()))

    @property
    def remote(self) -> bool:
        """Whether it is behind a URL."""
        return storage.is_url(self.where)

    def names(self) -> list[str]:
        """The files in it; none if it is not there yet. Raises DataError if it is a file."""
        if self.remote:
            system, path = storage.opened(self.where)
            system.invalidate_cache()
            try:
                found = system.ls(path, detail=False)
            except FileNotFoundError:
                return []
            return [name.rstrip("/").rpartition("/")[2] for name in found if name != path]
        try:
            return [file.name for file in Path(self.where).iterdir()]
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            raise DataError(f"{self.where} is a file; --out names a folder") from None

    def clean(self) -> None:
        """Make the folder, and delete what a killed run was still writing."""
        if self.remote:
            return
        Path(self.where).mkdir(parents=True, exist_ok=True)
        for name in self.names():
            if name.startswith(TEMPORARY):
                (Path(self.where) / name).unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """A file's content."""
        with storage.stream(f"{self.where}/{name}") as file:
            return file.read()

    def write(self, name: str, content: bytes) -> None:
        """Write a file, replacing it if it is there."""
        if self.remote:
            system, path = storage.opened(self.where)
            system.pipe_file(f"{path}/{name}", content)
            return
        temporary = Path(self.where) / f"{TEMPORARY}{os.getpid()}-{name}"
        temporary.write_bytes(content)
        temporary.replace(Path(self.where) / name)

    def adopt(self, name: str, file: Path) -> None:
        """Write a file that is too large for memory, from a local one."""
        if self.remote:
            system, path = storage.opened(self.where)
            system.put_file(str(file), f"{path}/{name}")
            return
        temporary = Path(self.where) / f"{TEMPORARY}{os.getpid()}-{name}"
        shutil.copyfile(file, temporary)
        temporary.replace(Path(self.where) / name)

    def fetch(self, name: str, file: Path) -> None:
        """Copy a file of it to a local one."""
        with storage.stream(f"{self.where}/{name}") as source, file.open("wb") as target:
            shutil.copyfileobj(source, target)
