"""Corrections over HTTP: kept only of what was corrected, deleted by id, refused in words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from client import Reply
from own_server import OwnServer, own_server, stop, until
from samples import as_base64

from digits.feedback.store import Store
from digits.serving.feedback import MOST_UNDER_WAY

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "feedback"


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    logs = tmp_path_factory.mktemp("server")
    with own_server(logs, workers=2, feedback=folder, max_bytes=100_000) as running:
        yield running


@pytest.fixture(scope="module")
def picture(repo_root: Path) -> bytes:
    return (repo_root / "test_images" / "canvas_rows.png").read_bytes()


def send(server: OwnServer, **correction: object) -> Reply:
    return server.call("POST", "/feedback", json.dumps(correction).encode(), JSON)


def kept(folder: Path) -> dict[str, tuple[bytes, tuple[str, ...], object]]:
    store = Store.join(str(folder))
    found = (each.correction for each in store.all())
    return {each.reading_id: (each.picture, each.rows, each.boxes) for each in found}


def test_a_correction_is_kept_and_deleted_and_nothing_else_is(
    server: OwnServer, folder: Path, picture: bytes
) -> None:
    reading = server.score(picture).json
    assert kept(folder) == {}
    boxes = [digit["box"] for digit in reading["digits"]]
    correction = {"id": reading["id"], "image": as_base64(picture), "digits": "528/904"}
    first = send(server, **correction, boxes=boxes)
    assert (first.status, first.json) == (201, {"id": reading["id"], "kept_days": 365})
    expected = (picture, ("528", "904"), tuple(tuple(box) for box in boxes))
    assert kept(folder) == {reading["id"]: expected}

    again = send(server, **{**correction, "digits": ""})
    assert again.status == 201
    assert kept(folder) == {reading["id"]: (picture, (), None)}

    path = f"/feedback/{reading['id']}"
    assert (server.call("DELETE", path).status, kept(folder)) == (204, {})
    gone = server.call("DELETE", path)
    assert (gone.status, gone.code) == (404, "not_found")
    data = b"".join(file.read_bytes() for file in folder.iterdir())
    assert picture[100:400] not in data


def test_an_id_of_somebody_else_is_unknown(server: OwnServer, picture: bytes) -> None:
    issued = server.score(picture).json["id"]
    forged = ("A" if issued[0] != "A" else "B") + issued[1:]
    for wrong in ("", "x", forged, issued + "A", "ü" * 28):
        got = send(server, id=wrong, image=as_base64(picture), digits="1")
        assert (got.status, got.code) == (404, "unknown_reading")
    assert server.call("DELETE", f"/feedback/{forged}").code == "unknown_reading"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"id": 7}, 400, "bad_request"),
        ({"digits": 7}, 400, "bad_request"),
        ({"digits": "12a"}, 400, "bad_request"),
        ({"digits": "1//2"}, 400, "bad_request"),
        ({"digits": "/1"}, 400, "bad_request"),
        ({"digits": "٣"}, 400, "bad_request"),
        ({"digits": "1" * 1001}, 400, "bad_request"),
        ({"image": None}, 400, "bad_request"),
        ({"image": "***"}, 400, "bad_request"),
        ({"image": as_base64(b"hello")}, 415, "unsupported_media_type"),
        ({"image": as_base64(b"\x89PNG\r\n\x1a\nhello")}, 422, "unreadable_image"),
        ({"image": as_base64(b"x" * 100_001)}, 413, "too_large"),
        ({"boxes": [[0, 0, 9, 9]]}, 400, "bad_request"),
        ({"boxes": [[0, 0, 9, 9], [0, 0, 9, 0]]}, 400, "bad_request"),
        ({"boxes": [[0, 0, 9, 9], [-1, 0, 9, 9]]}, 400, "bad_request"),
        ({"boxes": [[0, 0, 9, 9], [0, 0, 9, 99999]]}, 400, "bad_request"),
        ({"boxes": [[0, 0, 9, 9], [0, 0, 9, 1.5]]}, 400, "bad_request"),
        ({"boxes": "all"}, 400, "bad_request"),
        ({"boxes": [[0, 0, 9, 9], json.loads("[" * 900 + "]" * 900)]}, 400, "bad_request"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    server: OwnServer,
    folder: Path,
    picture: bytes,
    change: dict[str, object],
    status: int,
    code: str,
) -> None:
    before = kept(folder)
    correction = {"id": server.score(picture).json["id"], "image": as_base64(picture)}
    got = send(server, **{**correction, "digits": "12", **change})
    assert (got.status, got.code) == (status, code)
    assert kept(folder) == before


def test_a_correction_is_json(server: OwnServer) -> None:
    got = server.call("POST", "/feedback", b"{}", {"Content-Type": "text/plain"})
    assert (got.status, got.code) == (415, "unsupported_media_type")
    assert server.call("POST", "/feedback", b"[]", JSON).code == "bad_request"
    assert server.call("POST", "/feedback", b"", JSON).code == "bad_request"
    assert server.get("/feedback").status == 405


def test_the_model_page_says_how_long_corrections_are_kept(server: OwnServer) -> None:
    assert server.get("/model").json["feedback"] == {"days": 365}


def test_a_store_that_is_busy_or_broken_answers_503_and_scoring_goes_on(
    tmp_path: Path, picture: bytes
) -> None:
    folder = tmp_path / "broken"
    with own_server(tmp_path, feedback=folder) as server:
        reading = server.score(picture).json
        with sqlite3.connect(folder / "feedback.sqlite") as database:
            database.execute("DROP TABLE corrections")
        got = send(server, id=reading["id"], image=as_base64(picture), digits="1")
        assert (got.status, got.code) == (503, "store_unavailable")
        assert "retry-after" in got.headers
        assert "INSERT" not in got.message
        assert "no such table" not in got.message
        assert server.score(picture).status == 200
        assert stop(server) == 0
        # What the database says is the operator's to read, under the request's id.
        said = [json.loads(line) for line in server.log.read_text().splitlines()]
    [entry] = [line for line in said if line["level"] == "error"]
    assert "no such table" in entry["message"]
    assert entry["id"] == got.headers["x-request-id"]


def test_without_a_store_feedback_is_off(tmp_path: Path, picture: bytes) -> None:
    with own_server(tmp_path, feedback="") as server:
        reading = server.score(picture).json
        got = send(server, id=reading["id"], image=as_base64(picture), digits="1")
        assert (got.status, got.code) == (404, "feedback_off")
        assert server.call("DELETE", f"/feedback/{reading['id']}").code == "feedback_off"
        assert server.get("/model").json["feedback"] is None


def test_a_store_that_hangs_is_given_no_more_than_it_can_hold(
    tmp_path: Path, picture: bytes
) -> None:
    folder = tmp_path / "slow"
    with own_server(tmp_path, feedback=folder, timeout_s=0.5) as server:
        reading = server.score(picture).json
        with sqlite3.connect(folder / "feedback.sqlite") as database:
            database.execute("BEGIN IMMEDIATE")  # nobody else writes until this is over
            asked = {"id": reading["id"], "image": as_base64(picture), "digits": "1"}
            codes = [send(server, **asked).code for _ in range(MOST_UNDER_WAY + 2)]
            database.rollback()
        assert codes == ["timeout"] * MOST_UNDER_WAY + ["store_unavailable"] * 2
        until(lambda: send(server, **asked).status == 201)
