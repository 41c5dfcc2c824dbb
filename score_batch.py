"""The driver of Azure's batch endpoints: files in, one line of JSON for each out.

Azure calls ``init()`` once in each process, and ``run(mini_batch)`` with the paths of some files at
a time. What ``run`` returns is appended to the job's output file: a reading with ``"file"`` added,
or ``{"file": …, "error": {…}}``, so that one bad picture is a line and fails no mini batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from digits.errors import BadRequest, DigitsError, NotFound
from digits.picture import check_bytes
from digits.settings import Settings
from digits.wire import Service
from digits.wire.names import shown
from digits.wire.options import DEFAULT

_service: Service | None = None


def init() -> None:
    """Load the model. Raises ModelError or ConfigurationError, which name what is wrong."""
    global _service
    _service = Service.load(Settings.from_env())


def run(mini_batch: Sequence[str]) -> list[str]:
    """Read the files; one line of JSON for each, in their order."""
    if _service is None:
        raise RuntimeError("init() has not been called")
    return [_line(_service, file) for file in mini_batch]


def _line(service: Service, file: str) -> str:
    name = shown(str(file))
    outcome = service.read(_content(service, Path(file)), DEFAULT, name)
    return orjson.dumps({"file": name, **service.item(outcome, name)}).decode()


def _content(service: Service, file: Path) -> bytes | DigitsError:
    try:
        check_bytes(file.stat().st_size, service.reader.limits)
        content = file.read_bytes()
    except DigitsError as error:
        return error
    except OSError as error:
        return NotFound(f"the file cannot be read: {error.strerror or error}")
    return content or BadRequest("the picture is empty (0 bytes); was it copied completely?")
