"""Files that survive a power cut: locked, written in full or not at all, hashed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digits.errors import RegistryError

LOCK_PATIENCE_S = 60.0
"""A registration takes well under a second; whoever holds the lock this long is stuck."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of ``folder`` among all processes; the kernel frees it if we are killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while not _try_lock(lock.fileno()):
            if time.monotonic() > deadline:
                raise RegistryError(
                    f"{folder} has been locked by another process for {LOCK_PATIENCE_S:.0f} s:"
                    " see what became of it, and try again"
                )
            time.sleep(0.01)
        yield


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` so that readers see the old content or the new, never a part."""
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(0o644)
        sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def copy_tree(source: Path, target: Path) -> None:
    """Copy all files of ``source`` but hidden ones."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))


def hash_tree(top: Path) -> dict[str, str]:
    """The sha256 of each file below ``top`` that is not hidden, by its path with slashes."""
    return {
        path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(top.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(top).parts)
    }


def seal_tree(top: Path) -> None:
    """Make the files below ``top`` read-only for everybody, and see that they are on the disk."""
    for where, _, names in os.walk(top, topdown=False):
        for name in names:
            (Path(where) / name).chmod(0o444)
            sync(Path(where) / name)
        Path(where).chmod(0o755)
        sync(Path(where))


def sync(path: Path) -> None:
    """See that a file, or what was created or renamed in a folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
