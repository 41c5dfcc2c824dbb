"""The typed client, waiting and awaited, against the server and against a moody one."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import live
import pytest
from own_server import OwnServer, own_server
from PIL import Image
from samples import picture

from digits.client import AsyncClient, Client, ScoringError, Unavailable, exchange
from digits.client.shrink import fitted
from digits.feedback.store import Store

KEY = "key-of-this-test"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Iterator[OwnServer]:
    logs = tmp_path_factory.mktemp("server")
    with own_server(logs, api_key=KEY, feedback=store, timeout_s=60) as running:
        yield running


@pytest.fixture
def client(server: OwnServer) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}", key=KEY) as made:
        yield made


def test_bytes_and_paths_give_the_same_reading(client: Client, repo_root: Path) -> None:
    path = repo_root / "test_images" / "canvas_rows.png"
    readings = [client.read(each) for each in (path.read_bytes(), path, str(path))]
    assert [reading.rows for reading in readings] == [("528", "904")] * 3
    first = readings[0]
    assert first.text == "528\n904"
    assert [digit.digit for digit in first.digits] == [5, 2, 8, 9, 0, 4]
    assert [digit.row for digit in first.digits] == [0, 0, 0, 1, 1, 1]
    assert all(len(digit.probabilities) == 10 for digit in first.digits)
    assert {reading.digits for reading in readings} == {first.digits}
    with Image.open(path) as opened:
        assert (first.width, first.height) == opened.size
    assert first.stages == {}


def test_options_and_many(client: Client) -> None:
    explained = client.read(picture("digit_3.png"), single=True, explain=True)
    assert explained.rows == ("3",)
    assert explained.stages["tiles"].startswith("data:image/png;base64,")
    three, wrong, eight = client.read_many([picture("digit_3.png"), b"?", picture("digit_8.png")])
    assert not isinstance(three, ScoringError)
    assert not isinstance(eight, ScoringError)
    assert (three.rows, eight.rows) == (("3",), ("8",))
    assert isinstance(wrong, ScoringError)
    assert wrong.code == "unsupported_media_type"


def test_the_endpoints_own_words_are_raised(client: Client, server: OwnServer) -> None:
    with pytest.raises(ScoringError, match="not a picture") as caught:
        client.read(b"hello")
    assert (caught.value.status, caught.value.code) == (415, "unsupported_media_type")
    assert len(caught.value.request_id) == 24
    with (
        Client(f"http://127.0.0.1:{server.port}") as keyless,
        pytest.raises(ScoringError, match="key") as refused,
    ):
        keyless.read(picture("digit_3.png"))
    assert refused.value.code == "unauthorized"


def test_corrections_are_kept_and_forgotten(client: Client, store: Path) -> None:
    data = picture("digit_3.png")
    reading = client.read(data)
    client.correct(reading, data, "3", boxes=[reading.digits[0].box])
    (kept,) = [each.correction for each in Store.join(str(store)).all()]
    assert (kept.reading_id, kept.picture, kept.rows) == (reading.id, data, ("3",))
    assert kept.boxes == (reading.digits[0].box,)
    client.forget(reading)
    assert Store.join(str(store)).count() == 0


def test_the_awaited_client_does_the_same_at_once(server: OwnServer, store: Path) -> None:
    data = picture("digit_8.png")

    async def talk() -> list[tuple[str, ...]]:
        async with AsyncClient(f"http://127.0.0.1:{server.port}", key=KEY) as client:
            readings = await asyncio.gather(*(client.read(data) for _ in range(4)))
            (many,) = await client.read_many([data])
            assert not isinstance(many, ScoringError)
            await client.correct(many, data, "8")
            await client.forget(many)
            with pytest.raises(ScoringError, match="not a picture"):
                await client.read(b"hello")
            return [reading.rows for reading in [*readings, many]]

    assert asyncio.run(talk()) == [("8",)] * 5
    assert Store.join(str(store)).count() == 0


@contextmanager
def moody(*statuses: int, retry_after: str = "0") -> Iterator[tuple[str, list[str]]]:
    """An endpoint that answers with these statuses in turn, then with a reading."""
    left, asked = list(statuses), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.path)
            status = left.pop(0) if left else 200
            value: object = READING
            if status != 200:
                value = {"error": {"code": "overloaded", "message": "busy", "id": "x"}}
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("retry-after", retry_after)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


READING = {
    "id": "x",
    "rows": ["7"],
    "digits": [
        {
            "digit": 7,
            "confidence": 0.9,
            "probabilities": [0.0] * 7 + [1.0, 0.0, 0.0],
            "box": [10, 20, 30, 40],
            "row": 0,
            "uncertain": False,
        }
    ],
    "image": {"width": 100, "height": 200, "polarity": "dark_on_light"},
    "model": {"name": "digits", "version": "1"},
    "ms": {"total": 1.0},
}


def test_a_busy_endpoint_is_asked_again() -> None:
    with moody(503, 503) as (url, asked), Client(url) as client:
        assert client.read(picture("digit_3.png")).rows == ("7",)
        assert len(asked) == 3
    with moody(503, 503) as (url, asked):

        async def talk() -> None:
            async with AsyncClient(url) as client:
                assert (await client.read(picture("digit_3.png"))).rows == ("7",)

        asyncio.run(talk())
        assert len(asked) == 3


@pytest.mark.parametrize(
    ("status", "attempts", "requests"), [(503, 2, 2), (502, 2, 2), (504, 5, 1), (500, 5, 1)]
)
def test_attempts_are_bounded_and_only_for_what_passes(
    status: int, attempts: int, requests: int
) -> None:
    with moody(*[status] * 9) as (url, asked), Client(url, attempts=attempts) as client:
        with pytest.raises(ScoringError, match="busy") as caught:
            client.read(picture("digit_3.png"))
        assert isinstance(caught.value, Unavailable) == (status in (502, 503))
        assert len(asked) == requests


def test_an_endpoint_that_is_not_there_is_said_so() -> None:
    url = f"http://127.0.0.1:{live.unused_port()}"
    with Client(url, attempts=2) as client, pytest.raises(Unavailable) as caught:
        client.read(picture("digit_3.png"))
    assert (caught.value.status, caught.value.code) == (0, "unreachable")


def test_the_wait_grows_is_never_equal_and_at_least_what_was_asked_for() -> None:
    waits = [[exchange.delay(attempt, None) for _ in range(50)] for attempt in range(1, 9)]
    for attempt, found in enumerate(waits, 1):
        longest = min(8.0, 0.25 * 2 ** (attempt - 1))
        assert longest / 2 <= min(found) < max(found) <= longest
    asked = httpx.Response(503, headers={"retry-after": "3"})
    assert 3.125 <= exchange.delay(1, asked) <= 3.25
    nonsense = httpx.Response(503, headers={"retry-after": "soon"})
    assert exchange.delay(1, nonsense) <= 0.25


def photo(width: int, height: int, *, orientation: int = 1) -> bytes:
    noise = Image.effect_noise((width, height), 80)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    noise.save(stream, "JPEG", quality=95, exif=exif)
    return stream.getvalue()


def test_only_what_is_too_large_is_scaled_down() -> None:
    data = photo(600, 400)
    same = fitted(data, max_bytes=len(data), max_pixels=240_000)
    assert (same.data, same.scale) == (data, (1.0, 1.0))
    for limits in (
        {"max_bytes": len(data) - 1, "max_pixels": 240_000},
        {"max_bytes": 10**7, "max_pixels": 239_999},
    ):
        parcel = fitted(data, **limits)
        assert len(parcel.data) <= limits["max_bytes"]
        with Image.open(io.BytesIO(parcel.data)) as smaller:
            assert smaller.width * smaller.height <= limits["max_pixels"]
            assert smaller.width * parcel.scale[0] == pytest.approx(600)
            assert smaller.height * parcel.scale[1] == pytest.approx(400)


def test_what_is_scaled_down_stands_upright_and_keeps_its_ink() -> None:
    turned = fitted(photo(600, 400, orientation=6), max_bytes=10_000, max_pixels=240_000)
    with Image.open(io.BytesIO(turned.data)) as upright:
        assert upright.width < upright.height
    clear = Image.new("RGBA", (300, 300))
    clear.paste((0, 0, 0, 255), (100, 100, 200, 200))
    stream = io.BytesIO()
    clear.save(stream, "PNG")
    laid = fitted(stream.getvalue(), max_bytes=10**6, max_pixels=300 * 300 - 1)
    with Image.open(io.BytesIO(laid.data)) as paper:
        assert paper.getpixel((5, 5)) == (255, 255, 255)
        assert paper.convert("L").getpixel((150, 150)) < 8
    assert fitted(b"hello", max_bytes=1, max_pixels=1).data == b"hello"


def test_boxes_are_those_of_the_picture_that_was_given() -> None:
    with moody() as (url, _), Client(url, max_pixels=20_000) as client:
        box = client.read(photo(200, 400)).digits[0].box
    assert box == (20, 40, 60, 80)
