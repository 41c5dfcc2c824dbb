"""The log: one JSON object a line, all of it true, none of it the client's picture or text."""

from __future__ import annotations

import json
import logging
import os
import sys

import pytest
from own_server import own_server, stop
from samples import as_base64, picture

from digits.serving.logs import MAX_HELD, DirectWriter, JsonHandler, LogWriter, timestamp

GOOD = picture("digit_3.png")


def test_a_line_for_each_request_and_nothing_of_the_client_but_its_id(tmp_path):
    with own_server(tmp_path) as server:
        server.score(GOOD, **{"x-request-id": "mine-1"})
        server.score_json({"images": [as_base64(GOOD), as_base64(picture("phone.jpg"))]})
        server.score(b"", **{"x-request-id": "<script>\u00e9"})
        server.get("/nowhere?secret=hunter2", **{"User-Agent": 'x"\\ evil'})
        server.get("/health/live")
        assert stop(server) == 0
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]

    requests = [line for line in lines if line["message"] == "request"]
    # While it started it may have said once or twice that it was not ready.
    one, many, empty, nowhere = (line for line in requests if line["route"] != "/health/ready")
    assert one["id"] == "mine-1"
    assert (one["method"], one["route"], one["status"]) == ("POST", "/score", 200)
    assert (one["bytes"], one["pictures"], one["pixels"], one["digits"]) == (len(GOOD), 1, 784, 1)
    assert set(one["ms"]) == {"answer", "decode", "find", "classify"}
    assert one["ms"]["answer"] >= one["ms"]["find"] > 0
    assert (many["pictures"], many["status"]) == (2, 200)
    assert many["pixels"] > 784
    assert (empty["status"], empty["bytes"]) == (400, 0)
    assert (nowhere["route"], nowhere["status"]) == ("other", 404)
    text = server.log.read_text()
    for private in ("hunter2", "evil", "script", as_base64(GOOD)[:40]):
        assert private not in text
    assert all(line["time"].endswith("Z") and line["level"] for line in lines)


def test_what_libraries_print_is_json_too(tmp_path):
    broken = bytearray(picture("canvas_4.png"))
    broken[len(broken) // 2] ^= 0xFF
    with own_server(tmp_path) as server:
        for size in range(60, len(GOOD), 20):
            server.score(GOOD[:size] + b"\xff" * (len(GOOD) - size))
        server.score(bytes(broken))
        assert stop(server) == 0
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]

    assert any("libpng" in line["message"] for line in lines)


def test_records_of_the_logging_module_become_lines_too():
    entries: list[dict] = []
    logger = logging.Logger("test")
    logger.addHandler(JsonHandler(entries.append))
    try:
        1 // 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("it went %s", "wrong\nhere", extra={"request_id": "r"})

    (entry,) = entries
    assert entry["message"] == "it went wrong\nhere"
    assert (entry["level"], entry["logger"], entry["id"]) == ("error", "test", "r")
    assert "ZeroDivisionError" in str(entry["stack"])
    assert b"\n" not in json.dumps(entry).encode()


def test_lines_arrive_in_order():
    reading, writing = os.pipe()
    writer = LogWriter(writing, lost=lambda count: None)
    for number in range(500):
        writer.write({"n": number})
    writer.close()
    os.close(writing)
    with os.fdopen(reading) as stream:
        assert [json.loads(line)["n"] for line in stream] == list(range(500))


def test_what_nobody_takes_is_dropped_and_counted():
    reading, writing = os.pipe()
    lost: list[int] = []
    writer = LogWriter(writing, lost=lost.append)
    written = 0
    while not lost:
        writer.write({"padding": "x" * 50})
        written += 1
    # As many are kept for later, and at most as many again are on their way.
    assert MAX_HELD < written <= 2 * MAX_HELD + 2000
    os.close(reading)  # whoever waits in write() is released, and loses the rest
    writer.close(patience_s=10)
    os.close(writing)
    assert sum(lost) > MAX_HELD


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_counted():
    lost: list[int] = []
    descriptor = os.open("/dev/full", os.O_WRONLY)
    writer = LogWriter(descriptor, lost=lost.append)
    writer.write({"a": 1})
    writer.close(patience_s=10)
    os.close(descriptor)
    assert lost == [1]


def test_the_master_never_waits_for_a_reader():
    reading, writing = os.pipe()
    writer = DirectWriter(writing)
    for _ in range(5000):
        writer.write({"padding": "x" * 50})
    os.close(reading)
    writer.write({"after": "the reader left"})
    os.close(writing)
    writer.write({"after": "the pipe is closed"})


def test_times_are_utc_with_milliseconds():
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_700_000_000.5678) == "2023-11-14T22:13:20.567Z"
