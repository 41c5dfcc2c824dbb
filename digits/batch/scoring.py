"""A chunk of pictures to the bytes of a Parquet file: one row a picture, whatever is in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from digits import model
from digits.batch.entry import Entry
from digits.batch.fetch import Fetched, Fetcher
from digits.batch.journal import DEATHS, Journal
from digits.errors import DigitsError, UnreadableImage
from digits.model import ModelFolder
from digits.picture import Limits
from digits.reader import Reader
from digits.reading import Digit, Reading
from digits.settings import Settings
from digits.wire import Service
from digits.wire.ids import Signer
from digits.wire.names import shown
from digits.wire.options import Options

DIGIT = pa.struct(
    [
        ("digit", pa.int8()),
        ("confidence", pa.float32()),
        ("probabilities", pa.list_(pa.float32())),
        ("box", pa.list_(pa.int32())),
        ("row", pa.int32()),
        ("uncertain", pa.bool_()),
    ]
)
SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("rows", pa.list_(pa.string())),
        ("text", pa.string()),
        ("digits", pa.list_(DIGIT)),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("polarity", pa.string()),
        ("error", pa.struct([("code", pa.string()), ("message", pa.string())])),
        ("model_name", pa.string()),
        ("model_version", pa.string()),
        ("ms", pa.float32()),
    ]
)
"""The fields of a reading; where there is an error they are null, else it is."""


@dataclass(frozen=True)
class Part:
    """A finished chunk: the Parquet file's bytes, its pictures, and how many were not read.

    With a ``failure`` it is not finished: what the storage of its pictures said.
    """

    content: bytes
    pictures: int
    unread: int
    failure: str | None = None


@dataclass(frozen=True)
class Scoring:
    """All that a worker needs to read pictures, wherever it runs; can be sent there.

    ``base`` is the folder that relative paths start from, ``root`` the one that all pictures are in
    where INPUT is a folder of this machine.
    """

    folder: ModelFolder
    version: str
    settings: Settings
    base: str = ""
    root: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Scoring:
        """With the model that the settings and the environment name. Raises ModelError."""
        path = model.locate({**os.environ, "DIGITS_MODEL_DIR": str(settings.model_dir)})
        return cls(ModelFolder.open(path), model.version_of(path, os.environ), settings)

    def score(self, entries: Iterable[Entry], journal: Journal) -> Part:
        """Read the pictures. Raises DataError where their storage as a whole fails."""
        rows = []
        for place, (entry, fetched) in enumerate(self._fetcher.all(entries)):
            rows.append(self._row(entry, fetched if journal.at(place) else deadly()))
            journal.done()
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), sink, compression="zstd")
        unread = sum(row["error"] is not None for row in rows)
        return Part(sink.getvalue().to_pybytes(), len(rows), unread)

    def warm_up(self) -> None:
        """Read a first picture. Raises ModelError if that cannot be."""
        self._service.warm_up()

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher(self.settings.max_bytes, self.base, self.root)

    @cached_property
    def _service(self) -> Service:
        reader = Reader.of(self.folder, self.version, Limits.of(self.settings))
        return Service(reader, Signer.of(self.settings), self.settings.max_body)

    def _row(self, entry: Entry, fetched: Fetched) -> dict[str, object]:
        outcome = self._service.read(fetched, Options(), entry.path)
        row: dict[str, object] = {"path": shown(entry.path), "error": None}
        row |= {"model_name": self.folder.card.name, "model_version": self.version}
        if isinstance(outcome, DigitsError):
            return row | {"error": {"code": outcome.code, "message": shown(str(outcome))}}
        return row | _fields(outcome.reading)


def deadly() -> DigitsError:
    """What is wrong with a picture that workers died at."""
    return UnreadableImage(
        f"{DEATHS} processes died while they read this picture, so it was left out: it is broken in"
        " a way that nobody foresaw, or takes more memory than there is; save it again, smaller"
    )


def _fields(reading: Reading) -> dict[str, object]:
    return {
        "rows": reading.rows,
        "text": reading.text,
        "digits": [_digit(digit) for digit in reading.digits],
        "width": reading.width,
        "height": reading.height,
        "polarity": reading.polarity,
        "ms": reading.ms.total,
    }


def _digit(digit: Digit) -> dict[str, object]:
    return {
        "digit": digit.digit,
        "confidence": digit.confidence,
        "probabilities": digit.probabilities,
        "box": digit.box,
        "row": digit.row,
        "uncertain": digit.uncertain,
    }
