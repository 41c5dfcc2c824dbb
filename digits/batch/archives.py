"""Pictures within a zip or tar: where each lies, and its bytes from there.

Members are read by their place in the archive, so workers need neither its table of contents nor
the archive as a whole: the same for a file here and for one in object storage.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from digits.batch.entry import Entry, Location
from digits.errors import DataError, DigitsError, TooLarge, UnreadableImage

SUFFIXES = (".zip", ".tar")
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".gz", ".7z")

ReadRange = Callable[[str, int, int], bytes]
"""Reads so many bytes (or what there is of them) of a file from a place in it."""

LOCAL_HEADER = struct.Struct("<4s22xHH")
"""What a zip has before each member: signature, then the lengths of the name and of extra data."""

SIGNATURE = b"PK\x03\x04"
SLACK = 1024
"""More than the name and the extra data of a member take, as a rule."""

ENCRYPTED = 1

BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    ValueError,
    struct.error,
    NotImplementedError,  # a zip that says it is of a later version
)
"""What Python's readers raise at archives that are damaged, or of a kind they do not know."""


def members(archive: str, stream: IO[bytes], wanted: Callable[[str], bool]) -> Iterator[Entry]:
    """The wanted pictures in an open archive called ``archive``, in its own order.

    Raises DataError if it is no such archive, or cut short.
    """
    reader = _zip_members if archive.lower().endswith(".zip") else _tar_members
    try:
        yield from reader(archive, stream, wanted)
    except BROKEN as error:
        raise DataError(
            f"{archive} cannot be read as an archive ({error}): was it copied completely?"
        ) from None


def read(within: Location, read_range: ReadRange, *, max_bytes: int) -> bytes:
    """The bytes of a member. Raises UnreadableImage or TooLarge."""
    archive, begin, length, deflated = within
    if not archive.lower().endswith(".zip"):
        return read_range(archive, begin, length)
    # However small it says it is. What cannot be deflated grows by 5 bytes in every 16 kB.
    if length > max_bytes + max_bytes // 1000 + SLACK:
        raise too_large(None, max_bytes)
    blob = read_range(archive, begin, LOCAL_HEADER.size + SLACK + length)
    if len(blob) < LOCAL_HEADER.size or blob[:4] != SIGNATURE:
        raise UnreadableImage(f"{archive} was changed since its pictures were listed")
    _, name, extra = LOCAL_HEADER.unpack_from(blob)
    start = LOCAL_HEADER.size + name + extra
    data = blob[start : start + length]
    if len(data) < length:
        data += read_range(archive, begin + start + len(data), length - len(data))
    return _inflated(data, max_bytes) if deflated else data


def _zip_members(archive: str, stream: IO[bytes], wanted: Callable[[str], bool]) -> Iterator[Entry]:
    with zipfile.ZipFile(stream) as opened:
        for info in opened.infolist():
            if info.is_dir() or not wanted(info.filename):
                continue
            name, size = f"{archive}/{info.filename}", info.file_size
            if info.flag_bits & ENCRYPTED:
                yield Entry(name, size, wrong="it is encrypted within its archive: unpack that")
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                wrong = "it is compressed within its archive in a way that is not read: unpack that"
                yield Entry(name, size, wrong=wrong)
            else:
                deflated = info.compress_type == zipfile.ZIP_DEFLATED
                yield Entry(name, size, (archive, info.header_offset, info.compress_size, deflated))


def _tar_members(archive: str, stream: IO[bytes], wanted: Callable[[str], bool]) -> Iterator[Entry]:
    with tarfile.open(fileobj=stream, mode="r:") as opened:
        while (info := opened.next()) is not None:
            opened.members.clear()  # type: ignore[attr-defined]  # it would keep them all
            if info.isreg() and wanted(info.name):
                place = (archive, info.offset_data, info.size, False)
                yield Entry(f"{archive}/{info.name}", info.size, place)
        # At a damaged header Python's reader ends as it does at the empty block after the last one.
        stream.seek(opened.offset)
        end = stream.read(tarfile.BLOCKSIZE)
        if len(end) < tarfile.BLOCKSIZE or any(end):
            raise tarfile.ReadError("it ends in the middle, or is damaged there")


def _inflated(data: bytes, max_bytes: int) -> bytes:
    """Stops at the limit: a few bytes can claim to be very many."""
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        inflated = inflater.decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise UnreadableImage(f"it is corrupt within its archive ({error})") from None
    if len(inflated) > max_bytes:
        raise too_large(None, max_bytes)
    return inflated


def too_large(size: int | None, max_bytes: int) -> DigitsError:
    """What a picture over the limit on bytes gets instead of being fetched."""
    found = "more" if size is None else f"{size:,} bytes"
    return TooLarge(f"the picture has {found}; the limit is {max_bytes:,} bytes (DIGITS_MAX_BYTES)")
