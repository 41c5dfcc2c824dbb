"""The code an endpoint on Azure gets: score.py and what it imports, and nothing else.

Which files these are is said once, in .amlignore: it is what ``az ml`` goes by as well.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from digits.settings import ROOT

IGNORE_FILE = ROOT / ".amlignore"
KEPT = "!/"
"""How a line of .amlignore begins that keeps files."""


def files() -> list[str]:
    """The files, relative to the project, in a fixed order."""
    lines = IGNORE_FILE.read_text(encoding="utf-8").splitlines()
    patterns = [line.removeprefix(KEPT) for line in lines if line.startswith(KEPT)]
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def stage(folder: Path) -> None:
    """Copy the files into ``folder``."""
    for name in files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)


def sha256() -> str:
    """The content of all the files as one hash."""
    lines = [f"{name} {hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}" for name in files()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def size() -> int:
    """Bytes of all the files."""
    return sum((ROOT / name).stat().st_size for name in files())
