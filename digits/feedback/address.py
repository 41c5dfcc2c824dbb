"""Where a store is: a folder, which gets an SQLite file, or the URL of a database."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from digits.errors import ConfigurationError

FILE = "feedback.sqlite"
BUSY_MS = 10_000
"""How long a writer waits for another one."""

PATIENCE = {
    "connect_timeout": "5",  # s
    "tcp_user_timeout": "10000",  # ms: what has been sent and nobody has acknowledged
}
"""A thread does not wait for a database that is gone. What the URL says of these counts instead."""
STATEMENT_MS = 10_000


def engine(location: str) -> Engine:
    """An engine for ``location``; connects to nothing yet.

    Raises ConfigurationError: a folder that cannot be made, a kind of database that is not known.
    """
    if "://" in location:
        return _database(location)
    folder = Path(location).expanduser()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # pictures are nobody else's business
    except OSError as error:
        raise ConfigurationError(f"DIGITS_FEEDBACK={location!r} cannot be used: {error}") from None
    url = URL.create("sqlite", database=str(folder.resolve() / FILE))
    # A connection for each piece of work: nothing is shared by processes that are forked.
    made = create_engine(url, poolclass=NullPool)
    event.listen(made, "connect", _prepare)
    return made


def _database(location: str) -> Engine:
    try:
        url = make_url(location)
    except ArgumentError:
        raise ConfigurationError("DIGITS_FEEDBACK is no valid database URL") from None
    if url.get_backend_name() != "postgresql":
        raise ConfigurationError(
            f"DIGITS_FEEDBACK names a database of kind {url.get_backend_name()!r}; use a folder or "
            "postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    url = url.set(drivername="postgresql+psycopg")
    given = {name: value for name, value in PATIENCE.items() if name not in url.query}
    try:
        made = create_engine(url, pool_pre_ping=True, connect_args=given)
    except ImportError:
        raise ConfigurationError(
            "PostgreSQL needs its driver: run with `uv run --extra postgres …`"
        ) from None
    event.listen(made, "connect", _bound)
    return made


def _bound(connection: Any, record: object) -> None:
    """Said once connected, since poolers take no options before."""
    connection.execute(f"SET statement_timeout = {STATEMENT_MS}")
    connection.commit()


def _prepare(connection: sqlite3.Connection, record: object) -> None:
    """WAL lets readers and one writer go on together; what is deleted is overwritten."""
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
