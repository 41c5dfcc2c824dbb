"""One picture of a run, and where its bytes are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

Location = tuple[str, int, int, bool]
"""The archive's file or URL, where the member begins, its bytes there, whether it is deflated."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``path`` is what the output calls it, and where it is unless it is ``within`` an archive.

    ``size`` is its length in bytes as a picture, where that is known.
    """

    path: str
    size: int | None = None
    within: Location | None = None


def dump(entries: Iterable[Entry]) -> bytes:
    """Entries as one line of JSON, without the line's end."""
    return orjson.dumps([_row(entry) for entry in entries])


def load(line: bytes) -> list[Entry]:
    """The entries of such a line."""
    return [_entry(*row) for row in orjson.loads(line)]


def _row(entry: Entry) -> list[object]:
    return [entry.path, entry.size, *(entry.within or ())]


def _entry(path: str, size: int | None, *within: object) -> Entry:
    return Entry(path, size, tuple(within) or None)  # type: ignore[arg-type]
