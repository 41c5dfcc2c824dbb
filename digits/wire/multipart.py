"""The one file of a ``multipart/form-data`` body."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from digits.errors import BadRequest

MAX_PARTS = 32
"""Parts a form may have: one file and whatever fields come with it."""


def only_file(content_type: str, body: bytes) -> bytes:
    """The content of the one file in the form, under whatever name it came.

    Raises BadRequest: not a form, cut short, no file, several files.
    """
    found = files(content_type, body)
    if len(found) != 1:
        count = f"{len(found)} files" if found else "no file"
        raise BadRequest(f"the form has {count}; send exactly one: curl -F image=@picture.png")
    return found[0]


def files(content_type: str, body: bytes) -> list[bytes]:
    """The contents of all files in the form. Raises BadRequest: not a form, cut short."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadRequest(
            "multipart/form-data without a boundary; let the client set the Content-Type itself, "
            "as curl -F image=@picture.png does"
        )
    return [bytes(part.content) for part in _parts(boundary, body) if part.is_file]


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def is_file(self) -> bool:
        """A file has a name or says that it is a picture; an empty file input has neither."""
        _, options = parse_options_header(self.headers.get(b"content-disposition"))
        kind = self.headers.get(b"content-type", b"").lower()
        return bool(options.get(b"filename")) or kind.startswith(b"image/")


class _Collector:
    """Gathers the parts as the parser finds them."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.complete = False
        self._name = bytearray()
        self._value = bytearray()

    def on_part_begin(self) -> None:
        if len(self.parts) == MAX_PARTS:
            raise BadRequest(f"the form has more than {MAX_PARTS} parts; send exactly one file")
        self.parts.append(_Part())

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].content += memoryview(data)[start:end]

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self.parts[-1].headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def on_end(self) -> None:
        self.complete = True


def _parts(boundary: bytes, body: bytes) -> list[_Part]:
    collector = _Collector()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.on_part_begin,
                "on_part_data": collector.on_part_data,
                "on_header_field": collector.on_header_field,
                "on_header_value": collector.on_header_value,
                "on_header_end": collector.on_header_end,
                "on_end": collector.on_end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise BadRequest(
            "the form is not valid multipart/form-data; its parts are broken"
        ) from None
    if not collector.complete:
        raise BadRequest("the form is cut short: its closing boundary is missing")
    return collector.parts
