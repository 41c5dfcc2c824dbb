"""Files here and in object storage. fsspec is loaded where a URL is met, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from digits.errors import DataError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SCHEME = "://"
FILE = "file://"
AZURE = ("abfs", "abfss", "az")


def is_url(name: str) -> bool:
    """Whether this is a URL rather than a file of this machine."""
    return SCHEME in name


def local(name: str) -> str:
    """``file://`` URLs as the plain paths they are; anything else as it is."""
    return name[len(FILE) :] if name.startswith(FILE) else name


@lru_cache(maxsize=8)
def filesystem(protocol: str) -> AbstractFileSystem:
    """The file system behind URLs that begin so, with the credentials of the environment."""
    import fsspec

    try:
        # It would keep the names of every folder that was listed.
        return fsspec.filesystem(protocol, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise DataError(
            f"{protocol}:// cannot be opened: {error}. It is abfs:// for Azure and s3:// for"
            " Amazon; their credentials are taken from the environment"
        ) from None


def opened(url: str) -> tuple[AbstractFileSystem, str]:
    """The file system of a URL, and the path in it. Raises DataError."""
    if (wrong := misnamed(url)) is not None:
        raise DataError(wrong)
    system = filesystem(url.partition(SCHEME)[0])
    return system, system._strip_protocol(url)


def misnamed(url: str) -> str | None:
    """What is wrong with a URL wherever it is used, if anything is."""
    protocol, _, place = url.partition(SCHEME)
    if protocol in AZURE and "@" in place.partition("/")[0]:
        return (
            f"{url}: the account is taken from the environment (AZURE_STORAGE_ACCOUNT_NAME or"
            f" AZURE_STORAGE_CONNECTION_STRING): write {protocol}{SCHEME}CONTAINER/PATH"
        )
    import fsspec

    if protocol not in fsspec.available_protocols():
        return f"{url}: there is no storage of this kind; it is abfs:// for Azure, s3:// for Amazon"
    return None


@contextmanager
def stream(name: str) -> Iterator[IO[bytes]]:
    """Open a file, here or behind a URL, for reading. Raises DataError."""
    try:
        if not is_url(name):
            with Path(name).open("rb") as file:
                yield file
            return
        system, path = opened(name)
        with system.open(path, "rb") as file:
            yield file
    except FileNotFoundError:
        raise DataError(f"{name}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read: {error}") from None


def said(error: Exception) -> str:
    """What went wrong, in one line, whatever package speaks to that storage."""
    return " ".join(str(error).split())[:500] or type(error).__name__
