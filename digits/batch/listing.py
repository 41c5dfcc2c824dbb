"""INPUT to the pictures it means, one after the other: never all of them in memory.

A folder (with those below it), a glob, a list of files, a zip or tar, a single picture; each of
them on this machine or behind a URL of object storage.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from digits.batch import archives, storage
from digits.batch.entry import Entry
from digits.errors import DataError

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
LISTS = (".txt", ".lst", ".list")
WILD = "*?["


def entries(given: str) -> Iterator[Entry]:
    """The pictures that INPUT means, in an order that is the same each time.

    In folders and archives these are the files with a picture's suffix, and in folders those
    within archives as well; what a glob or a list names is taken as it is. An archive among them
    that cannot be read, or not to its end, is an entry that says so, and so is a folder below INPUT
    or a name in a list. Raises DataError if there is nothing, or if INPUT itself cannot be read.
    """
    given = storage.local(given)
    found = _remote(given) if storage.is_url(given) else _local(given)
    return _at_least_one(found, given)


def _at_least_one(found: Iterator[Entry], given: str) -> Iterator[Entry]:
    empty = True
    for entry in found:
        empty = False
        yield entry
    if empty:
        raise DataError(f"{given} holds no pictures ({', '.join(PICTURES)})")


def _local(given: str) -> Iterator[Entry]:
    if Path(given).is_dir():
        return _folder(given)
    if Path(given).is_file():
        return _file(given, _size(given))
    if any(sign in given for sign in WILD):
        return _glob(given)
    raise DataError(f"{given}: there is no such file or folder")


def _folder(folder: str) -> Iterator[Entry]:
    """Depth first, by name; what is hidden is left out, and links to folders are not followed."""
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
    except OSError as error:
        raise DataError(f"{folder} cannot be listed: {error.strerror}") from None
    for item in items:
        if item.name.startswith("."):
            continue
        if item.is_dir(follow_symlinks=False):
            yield from _among_others(item.path, _folder(item.path))
        elif is_picture(item.name):
            yield Entry(item.path, _size(item.path))
        elif item.name.lower().endswith(archives.SUFFIXES):
            yield from _among_others(item.path, _archive(item.path))


def _among_others(path: str, found: Iterator[Entry]) -> Iterator[Entry]:
    """What a folder or archive means that is not all of INPUT: broken, it must not cost the others.

    ``found`` are the pictures in it.
    """
    try:
        yield from found
    except DataError as error:
        yield Entry(path, wrong=str(error))


def _glob(pattern: str) -> Iterator[Entry]:
    for path in sorted(glob.iglob(pattern, recursive=True)):  # noqa: PTH207  # takes any root
        if Path(path).is_file():
            yield from _named(path, _size(path))


def _file(path: str, size: int | None) -> Iterator[Entry]:
    """What a single file given as INPUT means."""
    if path.lower().endswith(archives.COMPRESSED):
        raise DataError(f"{path} is compressed as a whole, which is not read here: unpack it first")
    if path.lower().endswith(LISTS):
        return _list(path)
    if path.lower().endswith(archives.SUFFIXES):
        return _archive(path)
    return iter([Entry(path, size)])


def _named(path: str, size: int | None) -> Iterator[Entry]:
    """What a file named in a glob or a list means."""
    if path.lower().endswith(archives.SUFFIXES):
        yield from _among_others(path, _archive(path))
    else:
        yield Entry(path, size)


def _archive(path: str) -> Iterator[Entry]:
    with storage.stream(path) as opened:
        yield from archives.members(path, opened, is_picture)


def _list(path: str) -> Iterator[Entry]:
    """One name a line; relative ones start from the list's folder, else from the present one."""
    with storage.stream(path) as lines:
        for line in lines:
            name = line.decode(errors="surrogateescape").strip()
            if name:
                place = _beside(path, name)
                if storage.is_url(place):
                    yield from _listed(place)
                else:
                    yield from _named(place, _size(place))


def _listed(url: str) -> Iterator[Entry]:
    """What a URL in a list means; whether its storage answers is seen when it is read."""
    if (wrong := storage.misnamed(url)) is not None:
        yield Entry(url, wrong=wrong)
    else:
        yield from _named(url, None)


def _beside(path: str, name: str) -> str:
    name = storage.local(name)
    if storage.is_url(name) or Path(name).is_absolute():
        return name
    if storage.is_url(path):
        return f"{path.rpartition('/')[0]}/{name}"
    beside = str(Path(path).parent / name)
    return name if _size(beside) is None else beside


def _remote(url: str) -> Iterator[Entry]:
    system, path = storage.opened(url)
    protocol = url.partition(storage.SCHEME)[0]

    def named(name: str) -> str:
        return f"{protocol}{storage.SCHEME}{name.lstrip('/')}"

    try:
        if any(sign in path for sign in WILD):
            for name, info in sorted(system.glob(path, detail=True).items()):
                if info["type"] == "file":
                    yield from _named(named(name), info.get("size"))
        elif system.isfile(path):
            yield from _file(url, system.info(path).get("size"))
        elif not system.isdir(path):
            raise DataError(f"{url}: there is no such file or folder")
        else:
            closed: list[Exception] = []  # what else would be left out without a word
            for _, _, files in system.walk(path, detail=True, on_error=closed.append):
                for _, info in sorted(files.items()):
                    name = named(info["name"])
                    if is_picture(name):
                        yield Entry(name, info.get("size"))
                    elif name.lower().endswith(archives.SUFFIXES):
                        yield from _among_others(name, _archive(name))
            if closed:
                raise closed[0]
    except DataError:
        raise
    except Exception as error:  # of whatever package speaks to that storage
        raise DataError(f"{url} cannot be listed: {storage.said(error)}") from error


def is_picture(name: str) -> bool:
    """Whether a file of a folder or an archive is one to read, by its name alone."""
    path = PurePosixPath(name)
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def _size(path: str) -> int | None:
    """None where there is none: the picture's row will say why."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):  # the latter where the name cannot be one
        return None
