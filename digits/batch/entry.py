"""One picture of a run, and where its bytes are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

Location = tuple[str, int, int, bool]
"""The archive's file or URL, where the member begins, its bytes there, whether it is deflated."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``path`` is what the output calls it, and where it is unless it is ``within`` an archive.

    ``size`` is its length in bytes as a picture, where that is known; ``wrong`` says why it cannot
    be read, where the listing has found that out.
    """

    path: str
    size: int | None = None
    within: Location | None = None
    wrong: str | None = None


def dump(entries: Iterable[Entry]) -> bytes:
    """Entries as one line of JSON, without the line's end."""
    # Unlike faster ones, this JSON takes names that are no text.
    return json.dumps([_row(entry) for entry in entries], separators=(",", ":")).encode()


def load(line: bytes) -> list[Entry]:
    """The entries of such a line."""
    return [_entry(*row) for row in json.loads(line)]


def _row(entry: Entry) -> list[object]:
    if entry.wrong is not None:
        return [entry.path, entry.size, entry.wrong]
    return [entry.path, entry.size, *(entry.within or ())]


def _entry(path: str, size: int | None, *rest: object) -> Entry:
    if len(rest) == 1:
        return Entry(path, size, wrong=str(rest[0]))
    return Entry(path, size, tuple(rest) or None)  # type: ignore[arg-type]
