"""What a run has to do: its pictures in chunks, listed once and kept beside the output.

A chunk becomes one Parquet file of the chunk's number. Because the list is kept, the chunks are the
same however often the run is started, and whatever was added to the input meanwhile.
"""

from __future__ import annotations

import json
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from digits.batch import entry as entries_
from digits.batch.entry import Entry
from digits.batch.output import Output
from digits.errors import DataError
from digits.settings import MIB

HEAD, LIST = "_plan.json", "_plan.jsonl"
"""The plan's files in OUT. What reads Parquet folders leaves out such names."""

PART = re.compile(r"part-(\d{6,})\.parquet")
FORMAT = 2

FEWEST, MOST = 16, 1000
"""Pictures of a chunk: few at first, so that even a small input keeps every worker busy."""

SHARE = 64
"""A chunk is no larger than this part of what comes before it."""

LARGEST = 64 * MIB
"""Bytes of the pictures of a chunk, which is what a worker does at a stretch."""

ASSUMED = 256 * 1024
"""Bytes of a picture whose size is not known beforehand."""


@dataclass(frozen=True)
class Chunk:
    """One Parquet file's pictures: where their line is in the list, and how many they are."""

    number: int
    begin: int
    length: int
    pictures: int

    @property
    def part(self) -> str:
        """The name of its file."""
        return f"part-{self.number:06d}.parquet"


@dataclass(frozen=True)
class Plan:
    """All chunks of a run.

    ``file`` holds their lines, ``base`` is the folder that relative paths in them start from, and
    ``done`` are the numbers of those that need no work.
    """

    chunks: tuple[Chunk, ...]
    file: Path
    base: str
    done: frozenset[int] = frozenset()

    @property
    def pictures(self) -> int:
        """How many there are."""
        return sum(chunk.pictures for chunk in self.chunks)

    @property
    def pictures_done(self) -> int:
        """How many of them are in the output already."""
        return sum(chunk.pictures for chunk in self.chunks if chunk.number in self.done)

    @property
    def left(self) -> list[Chunk]:
        """The chunks that are not in the output yet."""
        return [chunk for chunk in self.chunks if chunk.number not in self.done]

    def packed(self) -> Iterator[tuple[int, bytes]]:
        """The number and the packed entries of each chunk that is left, one after the other."""
        with self.file.open("rb") as lines:
            for chunk in self.left:
                lines.seek(chunk.begin)
                yield chunk.number, zlib.compress(lines.read(chunk.length), 1)


def unpack(packed: bytes) -> list[Entry]:
    """What `Plan.packed` packed."""
    return entries_.load(zlib.decompress(packed))


@contextmanager
def prepared(
    output: Output, *, given: str, base: str, model: str, listed: Iterable[Entry]
) -> Iterator[Plan]:
    """The plan of this output: the one that is there, else a new one of ``listed``.

    ``given`` is INPUT and ``model`` the hash of what reads; both must be what they were before.
    ``base`` is the folder that relative paths start from in a new plan.
    Raises DataError where the folder belongs to something else.
    """
    names = output.names()
    with tempfile.TemporaryDirectory(prefix="digits-plan-") as folder:
        file = Path(folder) / LIST
        if HEAD in names:
            head = json.loads(output.read(HEAD))
            chunks, base = _known(head, output, given=given, model=model), head["base"]
            output.clean()
            output.fetch(LIST, file)
        else:
            _refuse_foreign(names, output)
            chunks = write(listed, file)
            output.clean()
            output.adopt(LIST, file)
            rows = [[chunk.begin, chunk.length, chunk.pictures] for chunk in chunks]
            head = {"format": FORMAT, "input": given, "base": base, "model": model, "chunks": rows}
            output.write(HEAD, json.dumps(head).encode())
        yield Plan(chunks, file, base, frozenset(_numbers(names)))


def write(listed: Iterable[Entry], file: Path) -> tuple[Chunk, ...]:
    """Write the list, one chunk a line; the chunks."""
    chunks: list[Chunk] = []
    with file.open("wb") as lines:
        for pictures in cut(listed):
            line = entries_.dump(pictures)
            chunks.append(Chunk(len(chunks), lines.tell(), len(line), len(pictures)))
            lines.write(line + b"\n")
    return tuple(chunks)


def cut(listed: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in chunks of a bounded number and of a bounded size."""
    chunk: list[Entry] = []
    before, size = 0, 0
    for entry in listed:
        own = ASSUMED if entry.size is None else entry.size
        if chunk and (len(chunk) >= _most(before) or size + own > LARGEST):
            yield chunk
            before += len(chunk)
            chunk, size = [], 0
        chunk.append(entry)
        size += own
    if chunk:
        yield chunk


def _most(before: int) -> int:
    return max(FEWEST, min(MOST, before // SHARE))


def _known(head: dict[str, object], output: Output, *, given: str, model: str) -> tuple[Chunk, ...]:
    if head.get("format") != FORMAT:
        raise DataError(f"{output.where} was begun by another release: take another --out")
    if head["input"] != given:
        raise DataError(
            f"{output.where} holds the readings of {head['input']}: take another --out for {given}"
        )
    if head["model"] != model:
        raise DataError(
            f"{output.where} was begun with another model (sha256 {str(head['model'])[:12]}, now"
            f" {model[:12]}): take another --out, or that model again"
        )
    rows = head["chunks"]
    assert isinstance(rows, list)
    return tuple(Chunk(number, *row) for number, row in enumerate(rows))


def _refuse_foreign(names: list[str], output: Output) -> None:
    foreign = [name for name in names if not name.startswith(".") and name != LIST]
    if foreign:
        raise DataError(
            f"{output.where} is not empty ({', '.join(sorted(foreign)[:3])}): --out names a new"
            " folder, or one of a run that was stopped"
        )


def _numbers(names: Iterable[str]) -> Iterator[int]:
    for name in names:
        found = PART.fullmatch(name)
        if found:
            yield int(found[1])
