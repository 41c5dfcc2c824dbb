"""Pages for people, and the files that belong to them: nothing is loaded from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from digits.errors import NotFound
from digits.serving.routes import Exchange
from digits.wire import Answer
from digits.wire.message import TEXT

HERE = Path(__file__).parent
FOLDERS = ("page", "static")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""A page may use this server and nothing else, and nobody may frame it."""

GUARDED = (
    ("content-security-policy", POLICY),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
)


async def home(exchange: Exchange) -> Answer:
    """The page for a browser; for anything else ``Healthy``, as Azure's server answers."""
    if "text/html" in exchange.request.headers.get("accept", ""):
        return page("page/index.html", exchange)
    return Answer(200, TEXT, b"Healthy", (("x-request-id", exchange.request.id),))


async def docs(exchange: Exchange) -> Answer:
    """A page to try the interface with."""
    return page("static/docs.html", exchange)


async def static(exchange: Exchange) -> Answer:
    """A file that a page uses. Raises NotFound."""
    return page(exchange.request.path.removeprefix("/"), exchange)


def page(name: str, exchange: Exchange) -> Answer:
    """A file of the package as an answer. Raises NotFound."""
    files = _files()
    if name not in files:
        raise NotFound("there is no such file")
    headers = (("x-request-id", exchange.request.id), *GUARDED)
    return Answer(200, TYPES[Path(name).suffix], files[name], headers)


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    """All of them, read once: a page asked for later does not depend on the disk."""
    return {
        f"{folder}/{path.name}": path.read_bytes()
        for folder in FOLDERS
        for path in (HERE / folder).iterdir()
        if path.suffix in TYPES
    }
