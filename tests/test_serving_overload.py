"""Too much at once: the rest is told so, at once, and nothing else suffers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest
from own_server import OwnServer, own_server, until
from samples import as_base64, endless_jpeg, picture

GOOD = picture("digit_3.png")
SLOW = endless_jpeg(4000, 40)
"""Small to send, more than half a second to read."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """Two may wait."""
    with own_server(tmp_path_factory.mktemp("overload"), queue=2, timeout_s=60) as running:
        yield running


def test_beyond_the_queue_it_is_503_with_a_time_to_come_back(server):
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: server.score(SLOW), range(12)))
        alive = server.get("/health/live")

    # One at work, two waiting; the first may be done before the last has come.
    statuses = sorted(reply.status for reply in replies)
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 3
    for reply in replies:
        if reply.status == 503:
            assert reply.code == "overloaded"
            assert int(reply.headers["retry-after"]) >= 1
            assert "DIGITS_QUEUE" in reply.message
    assert alive.status == 200
    assert server.score(GOOD).json["rows"] == ["3"]


def test_small_pictures_and_probes_are_answered_while_a_large_one_is_read(server):
    with ThreadPoolExecutor(1) as pool:
        large = pool.submit(server.score, SLOW)
        answered = 0
        while not large.done():
            assert server.score(GOOD).json["rows"] == ["3"]
            assert server.get("/health/live").status == 200
            answered += 1
        assert large.result().status == 200
    assert answered > 3


def test_a_request_of_many_is_let_in_whole_when_nobody_waits(server):
    reply = server.score_json({"images": [as_base64(GOOD)] * 10})

    assert [each["rows"] for each in reply.json["readings"]] == [["3"]] * 10


def test_what_takes_too_long_is_504_and_what_never_ends_costs_the_worker(tmp_path: Path):
    with own_server(tmp_path, timeout_s=0.3) as server:
        reply = server.score(endless_jpeg(6000, 190))  # takes six seconds

        assert (reply.status, reply.code) == (504, "timeout")
        assert "DIGITS_TIMEOUT_S" in reply.message
        until(lambda: "ended with status 3; replacing it" in server.log.read_text())

        def goes_on() -> bool:
            try:
                return server.score(GOOD).status == 200
            except (OSError, HTTPException):
                return False  # whoever comes while one worker follows the other

        until(goes_on)


def test_more_bodies_than_memory_is_set_aside_for_are_turned_away(tmp_path: Path):
    size = 100_000
    with own_server(tmp_path, max_body=size, max_bytes=size, timeout_s=5) as server:
        head = f"POST /score HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode()
        held = [server.connect() for _ in range(4)]
        for connection in held:
            connection.sendall(head + b"x" * (size - 1))
        reply = server.score(GOOD + b"\0" * 50_000)
        for connection in held:
            connection.close()

        assert (reply.status, reply.code) == (503, "overloaded")
        assert "memory" in reply.message
