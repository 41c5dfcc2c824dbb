"""The store of corrections: one table, in SQLite or PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from digits.errors import StoreUnavailable
from digits.feedback.address import engine
from digits.wire.feedback import Correction

DAY_S = 24 * 3600

_METADATA = MetaData()
_CORRECTIONS = Table(
    "corrections",
    _METADATA,
    Column("reading_id", String(64), primary_key=True),
    Column("kept_at", BigInteger, nullable=False, index=True),
    Column("picture", LargeBinary, nullable=False),
    Column("rows", Text, nullable=False),
    Column("boxes", Text),
)


@dataclass(frozen=True)
class Kept:
    """A correction in the store, and since when it is there (seconds since 1970)."""

    correction: Correction
    kept_at: int


class Store:
    """Corrections by the id of their reading. Safe for several threads and processes.

    All methods raise StoreUnavailable when the database cannot be reached or written.
    """

    def __init__(self, opened: Engine) -> None:
        self._engine = opened

    @classmethod
    def open(cls, location: str) -> Store:
        """The store in a folder or at a database URL; its table is made if it is not there."""
        store = cls(engine(location))
        store._make()
        return store

    @classmethod
    def join(cls, location: str) -> Store:
        """The same for a store that has been opened before: touches nothing yet."""
        return cls(engine(location))

    def add(self, correction: Correction, *, days: int, now: float | None = None) -> None:
        """Keep a correction, in place of an earlier one of that reading.

        Those older than ``days`` are deleted with it.
        """
        kept_at = int(time.time() if now is None else now)
        boxes = None if correction.boxes is None else json.dumps(correction.boxes)
        values = {
            "kept_at": kept_at,
            "picture": correction.picture,
            "rows": "/".join(correction.rows),
            "boxes": boxes,
        }
        insert = self._insert(_CORRECTIONS).values(reading_id=correction.reading_id, **values)
        with self._transaction() as connection:
            old = _CORRECTIONS.c.kept_at < kept_at - days * DAY_S
            gone = connection.execute(delete(_CORRECTIONS).where(old)).rowcount
            key = [_CORRECTIONS.c.reading_id]
            connection.execute(insert.on_conflict_do_update(index_elements=key, set_=values))
        if gone:
            self._overwrite()

    def delete(self, reading_id: str) -> bool:
        """Delete what is kept of a reading; whether there was anything."""
        return self._delete(_CORRECTIONS.c.reading_id == reading_id) > 0

    def purge(self, *, before: int) -> int:
        """Delete all that was kept before this time (seconds since 1970); how many those were."""
        return self._delete(_CORRECTIONS.c.kept_at < before)

    def count(self) -> int:
        """How many corrections there are."""
        with self._transaction() as connection:
            return int(
                connection.execute(select(func.count()).select_from(_CORRECTIONS)).scalar_one()
            )

    def all(self) -> Iterator[Kept]:
        """All corrections, from old to new, read one by one."""
        ids = select(_CORRECTIONS.c.reading_id).order_by(
            _CORRECTIONS.c.kept_at, _CORRECTIONS.c.reading_id
        )
        with self._transaction() as connection:
            names = list(connection.execute(ids).scalars())
        for name in names:
            with self._transaction() as connection:
                found = select(_CORRECTIONS).where(_CORRECTIONS.c.reading_id == name)
                row = connection.execute(found).one_or_none()
            if row is not None:  # else it was deleted meanwhile
                yield _kept(row)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def _make(self) -> None:
        for attempt in (1, 2):
            try:
                with self._transaction() as connection:
                    connection.execute(CreateTable(_CORRECTIONS, if_not_exists=True))
                    for index in _CORRECTIONS.indexes:
                        connection.execute(CreateIndex(index, if_not_exists=True))
                return
            except StoreUnavailable:
                if attempt == 2:  # the first may have met another process that makes it as well
                    raise

    @property
    def _insert(self) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
        """The two databases say "or replace" in the same words, SQLAlchemy in two modules."""
        return sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert

    def _delete(self, condition: ColumnElement[bool]) -> int:
        with self._transaction() as connection:
            gone = connection.execute(delete(_CORRECTIONS).where(condition)).rowcount
        if gone:
            self._overwrite()
        return int(gone)

    def _overwrite(self) -> None:
        """Bring a deletion from SQLite's log into its file, where deleted bytes are overwritten."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._errors(), self._engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            # Neither the statement nor the URL goes out: they hold the picture, or a password.
            reason = " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())
            raise StoreUnavailable(
                f"the store of corrections cannot be used: {reason[:200]}"
            ) from error


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    boxes = row.boxes and tuple(tuple(box) for box in json.loads(row.boxes))
    rows = tuple(row.rows.split("/")) if row.rows else ()
    return Kept(Correction(row.reading_id, bytes(row.picture), rows, boxes), row.kept_at)
