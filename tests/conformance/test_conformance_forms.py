"""Every way a picture may arrive, on both servers: the same reading each time."""

from __future__ import annotations

import base64
import json
import math

import pytest
from client import JSON, OCTETS, Reply
from samples import as_base64, blank, form, labelled, picture

ROWS = labelled()
NAME = "canvas_rows.png"
DATA = picture(NAME)


def reading(reply: Reply) -> dict:
    """A reading without what differs each time."""
    assert reply.status == 200, reply.body
    return {name: value for name, value in reply.json.items() if name not in ("id", "ms")}


@pytest.fixture(scope="module")
def expected(server) -> dict:
    read = reading(server.score(DATA, "image/png"))
    assert "/".join(read["rows"]) == ROWS[NAME]
    return read


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "IMAGE/X-ANY", OCTETS])
def test_bytes_of_any_picture_type(server, expected, kind):
    assert reading(server.score(DATA, kind)) == expected


@pytest.mark.parametrize("field", ["image", "file", "whatever you like", ""])
def test_a_form_with_one_file_under_any_name(server, expected, field):
    kind, body = form((field, DATA), fields={"comment": "not a file"})

    assert reading(server.score(body, kind)) == expected


def test_json_with_base64(server, expected):
    assert reading(server.image(DATA)) == expected


def test_json_with_a_data_url(server, expected):
    url = f"data:image/png;base64,{as_base64(DATA)}"

    assert reading(server.score_json({"image": url})) == expected


def test_json_with_a_character_set(server, expected):
    body = json.dumps({"image": as_base64(DATA)}).encode()

    assert reading(server.score(body, "application/json; charset=utf-8")) == expected


def test_several_pictures_in_one_request(server, expected):
    reply = server.score_json({"images": [as_base64(DATA), as_base64(blank())]})

    assert reply.status == 200
    first, second = reply.json["readings"]
    assert reading(Reply(200, {}, json.dumps(first).encode())) == expected
    assert second["digits"] == []


def test_one_bad_picture_spoils_no_other(server):
    good = as_base64(picture("digit_3.png"))
    bad = ["%%%", as_base64(b"not a picture"), as_base64(DATA[:-900]), 7]

    reply = server.score_json({"images": [good, *bad, good]})

    assert reply.status == 200
    readings = reply.json["readings"]
    assert [each.get("rows") for each in readings] == [["3"], None, None, None, None, ["3"]]
    assert [each["error"]["code"] for each in readings[1:5]] == [
        "bad_request",
        "unsupported_media_type",
        "unreadable_image",
        "bad_request",
    ]
    assert {each["error"]["id"] for each in readings[1:5]} == {reply.headers["x-request-id"]}


@pytest.mark.parametrize(
    ("text", "case"),
    [
        (as_base64(DATA), "one line"),
        (base64.encodebytes(DATA).decode(), "lines as base64.encodebytes makes them"),
        (f"data:image/png;base64,{as_base64(DATA)}", "a data: URL"),
    ],
    ids=lambda value: value if len(value) < 50 else "",
)
def test_a_json_string_gets_the_bare_digits(server, text, case):
    reply = server.score_json(text)

    assert reply.status == 200
    assert reply.json == [int(digit) for digit in ROWS[NAME].replace("/", "")]


def test_line_breaks_as_a_shell_leaves_them(server):
    body = b'"' + base64.encodebytes(DATA) + b'"'

    assert server.score(body, JSON).json == [int(each) for each in ROWS[NAME] if each != "/"]


def test_a_picture_without_digits_is_no_error(server):
    reply = server.score(blank())

    assert reply.status == 200
    assert (reply.json["digits"], reply.json["rows"], reply.json["text"]) == ([], [], "")
    assert server.score_json(as_base64(blank())).json == []


def test_single_reads_the_whole_picture_as_one_digit(server):
    assert len(server.score(DATA).json["digits"]) > 1
    assert len(server.score(DATA, query="?single=1").json["digits"]) == 1
    assert len(server.score(DATA, query="?single=0").json["digits"]) > 1


def test_explain_adds_a_picture_of_every_stage(server):
    reply = server.score(DATA, query="?explain=1")

    assert list(reply.json["stages"])[0] == "grey"
    assert {"background_removed", "ink", "boxes", "tiles"} < set(reply.json["stages"])
    for url in reply.json["stages"].values():
        head, encoded = url.split(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(encoded).startswith(b"\x89PNG")
    assert "stages" not in server.score(DATA).json


def test_the_fields_of_a_reading(server):
    reply = server.score(picture("digit_3.png"))

    assert set(reply.json) == {"id", "rows", "text", "digits", "image", "model", "ms"}
    (digit,) = reply.json["digits"]
    assert set(digit) == {"digit", "confidence", "probabilities", "box", "row", "uncertain"}
    assert (digit["digit"], digit["row"]) == (3, 0)
    assert len(digit["probabilities"]) == 10
    assert math.isclose(sum(digit["probabilities"]), 1, abs_tol=1e-6)
    assert max(digit["probabilities"]) == digit["probabilities"][3]
    assert 0 < digit["confidence"] <= 1
    x, y, width, height = digit["box"]
    assert min(x, y) >= 0
    assert max(x + width, y + height) <= 28
    assert reply.json["image"] == {"width": 28, "height": 28, "polarity": "light_on_dark"}
    assert set(reply.json["model"]) == {"name", "version"}
    assert set(reply.json["ms"]) == {"decode", "find", "classify", "total"}


def test_every_reading_has_an_id_of_its_own(server):
    ids = {server.score(blank()).json["id"] for _ in range(3)}

    assert len(ids) == 3


def test_the_clients_request_id_comes_back(server):
    reply = server.score(b"", **{"x-request-id": "order-66.b:7"})

    assert reply.headers["x-request-id"] == "order-66.b:7"
    assert reply.code == "bad_request"


def test_without_one_each_answer_gets_its_own(server):
    ids = {server.score(blank()).headers["x-request-id"] for _ in range(2)}

    assert len(ids) == 2
