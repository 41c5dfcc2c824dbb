"""Every mistake a client can make, on both servers: its status, its code, a message that helps."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from client import JSON, OCTETS
from limits import MAX_BODY, MAX_BYTES, MAX_PIXELS
from PIL import Image
from samples import (
    as_base64,
    blank,
    encoded,
    endless_jpeg,
    form,
    huge_png,
    long_gif,
    looping_tiff,
    picture,
)

GOOD = picture("digit_3.png")
FORM = form(("image", GOOD))


@pytest.mark.parametrize("kind", [None, OCTETS, JSON, "image/png", FORM[0]])
def test_no_body(server, kind):
    reply = server.score(b"", kind)

    assert (reply.status, reply.code) == (400, "bad_request")
    assert "no body" in reply.message


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b'{"image": NaN}', "not valid JSON"),
        (b"null", "none of"),
        (b"7", "none of"),
        (b"[]", "none of"),
        (b"{}", "none of"),
        (b'{"picture": "AAAA"}', "none of"),
        (b'{"image": "AAAA", "images": ["AAAA"]}', "none of"),
        (b'{"image": 7}', "must be a string"),
        (b'{"image": null}', "must be a string"),
        (b'{"image": ""}', "empty string"),
        (b'""', "empty string"),
        (b'"AAA"', "not valid base64"),
        (b'"not base64!"', "not valid base64"),
        ('"Ziffer ä"'.encode(), "not valid base64"),
        (b'{"image": "data:image/png,AAAA"}', "data: URL"),
        (b'{"images": []}', "1 to 64"),
        (b'{"images": "AAAA"}', "must be a list"),
    ],
)
def test_json_that_says_nothing_to_read(server, body, says):
    reply = server.score(body, JSON)

    assert (reply.status, reply.code) == (400, "bad_request")
    assert says in reply.message


def test_64_pictures_are_read_and_65_are_not(server):
    tiny = as_base64(encoded(Image.new("L", (8, 8), 255)))

    assert len(server.score_json({"images": [tiny] * 64}).json["readings"]) == 64
    reply = server.score_json({"images": [tiny] * 65})
    assert (reply.status, reply.code) == (400, "bad_request")
    assert "65" in reply.message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (form(fields={"image": "text, not a file"}), "no file"),
        (form(("one", GOOD), ("two", GOOD)), "2 files"),
        (form(*[("file", GOOD)] * 40), "parts"),
        ((FORM[0], FORM[1][:-8]), "cut short"),
        ((FORM[0], b"no boundary in here"), "broken"),
        (("multipart/form-data", FORM[1]), "boundary"),
    ],
    ids=["no file", "two files", "many parts", "cut short", "nonsense", "no boundary"],
)
def test_forms_without_exactly_one_file(server, content, says):
    kind, body = content

    reply = server.score(body, kind)

    assert (reply.status, reply.code) == (400, "bad_request")
    assert says in reply.message


def test_a_file_input_left_empty_is_no_file(server):
    kind, body = form(("image", b""))
    body = body.replace(b'filename="a.png"', b'filename=""').replace(b"image/png", OCTETS.encode())

    assert "no file" in server.score(body, kind).message


@pytest.mark.parametrize("query", ["?single=maybe", "?explain=2"])
def test_options_that_are_neither_1_nor_0(server, query):
    reply = server.score(GOOD, query=query)

    assert (reply.status, reply.code) == (400, "bad_request")
    assert query[1:7] in reply.message


def test_options_it_does_not_know_are_left_alone(server):
    assert server.score(GOOD, query="?utm_source=x&single=1").status == 200


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "application/xml", None]
)
def test_body_types_that_are_not_read_get_the_line_that_works(server, kind, tmp_path):
    reply = server.score(GOOD, kind)

    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    _, _, line = reply.message.partition("this works: ")
    (tmp_path / "picture.png").write_bytes(GOOD)
    ran = subprocess.run(
        [*shlex.split(line), "-sS"], cwd=tmp_path, capture_output=True, check=True, timeout=30
    )
    assert json.loads(ran.stdout)["rows"] == ["3"]


@pytest.mark.parametrize(
    "data",
    [b"hello", b"%PDF-1.7\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 5000],
    ids=["text", "pdf", "svg", "zeros"],
)
def test_what_is_no_picture(server, data):
    reply = server.score(data)

    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    assert "PNG, JPEG, GIF, BMP, TIFF or WebP" in reply.message
    assert server.image(data).code == "unsupported_media_type"


@pytest.mark.parametrize("name", ["canvas_rows.png", "phone.jpg", "digit_6.gif", "drawing_5.webp"])
def test_pictures_cut_short(server, name):
    data = picture(name)

    reply = server.score(data[: len(data) * 2 // 3])

    assert (reply.status, reply.code) == (422, "unreadable_image")


def test_one_pixel_less_is_read_and_one_more_is_not(server):
    width = 2000
    assert server.score(blank(width, MAX_PIXELS // width)).status == 200

    reply = server.score(blank(width, MAX_PIXELS // width + 1))

    assert (reply.status, reply.code) == (413, "too_large")
    assert f"{MAX_PIXELS:,}" in reply.message
    assert "DIGITS_MAX_PIXELS" in reply.message


def padded(size: int) -> bytes:
    """A good picture of exactly so many bytes: what follows a PNG's end is ignored."""
    return GOOD + b"\0" * (size - len(GOOD))


@pytest.mark.parametrize("way", ["bytes", "form", "json", "string", "lines", "data url"])
def test_the_limit_on_a_picture_holds_however_it_travels(server, way):
    def send(data: bytes):
        if way == "bytes":
            return server.score(data)
        if way == "form":
            kind, body = form(("image", data))
            return server.score(body, kind)
        text = as_base64(data)
        if way == "json":
            return server.score_json({"image": text})
        if way == "lines":
            return server.score_json("\n".join(text[i : i + 76] for i in range(0, len(text), 76)))
        return server.score_json(f"data:image/png;base64,{text}" if way == "data url" else text)

    assert send(padded(MAX_BYTES)).status == 200
    reply = send(padded(MAX_BYTES + 1))
    assert (reply.status, reply.code) == (413, "too_large")
    assert f"{MAX_BYTES + 1:,}" in reply.message
    assert f"{MAX_BYTES:,}" in reply.message


def test_the_limit_on_a_body(server):
    def send(size: int):
        start, end = b'{"images": ["', b'"]}'
        return server.score(start + b"A" * (size - len(start) - len(end)) + end, JSON)

    allowed = send(MAX_BODY)
    assert (allowed.status, allowed.json["readings"][0]["error"]["code"]) == (200, "too_large")
    reply = send(MAX_BODY + 1)
    assert (reply.status, reply.code) == (413, "too_large")
    assert "DIGITS_MAX_BODY" in reply.message


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_only_post_scores(server, method):
    reply = server.call(method, "/score")

    assert reply.status == 405
    assert "POST" in reply.headers["allow"]
    if method == "GET" and server.name == "own":
        assert reply.code == "method_not_allowed"


def test_bombs_are_refused_or_read_but_never_go_off(server):
    assert server.score(huge_png(60_000, 60_000)).code == "too_large"
    assert server.score(b"[" * 100_000, JSON).code == "bad_request"
    assert server.score(b'{"image":' * 50_000, JSON).code == "bad_request"
    assert server.score(b'{"images": [' + b"[]," * 300_000 + b"0]}", JSON).code == "bad_request"
    assert server.image(as_base64(GOOD).encode()).code == "unsupported_media_type"
    assert server.score(b"\r\n--x" * 100_000, "multipart/form-data; boundary=x").status == 400
    assert server.score(long_gif(10_000)).json["rows"] == []
    assert server.score(looping_tiff()).json["rows"] == []
    assert server.score(endless_jpeg(1000, 10_000)).code == "unreadable_image"
    assert server.score(GOOD).json["rows"] == ["3"]


def test_fifty_megabytes_of_an_empty_form(server):
    part = b'--x\r\nContent-Disposition: form-data; name="nothing"\r\n\r\n\r\n'

    refused = refusal(server, part * (50_000_000 // len(part)), "multipart/form-data; boundary=x")

    assert refused in (None, (413, "too_large"))
    assert server.score(GOOD).json["rows"] == ["3"]


def test_a_megabyte_of_headers(server):
    refused = refusal(server, GOOD, OCTETS, {"x": "y" * 1_000_000})

    # Azure's server has a page of its own for it.
    assert refused in (None, (431, "headers_too_large"), (400, None), (431, None))
    assert server.score(GOOD).json["rows"] == ["3"]


def refusal(
    server, body: bytes, kind: str, headers: dict[str, str] | None = None
) -> tuple[int, str | None] | None:
    """Status and code; None where the server hung up on what was still being sent."""
    try:
        reply = server.score(body, kind, **(headers or {}))
    except (BrokenPipeError, ConnectionResetError):
        return None
    return reply.status, reply.code if reply.body.startswith(b"{") else None


def test_nothing_of_the_server_shows(server):
    for reply in (
        server.score(picture("phone.jpg")[:5000]),
        server.score(b"II*\0" + b"\xff" * 500),
        server.score(b"{" * 2000, JSON),
        server.score(b"x", "multipart/form-data; boundary=" + "y" * 500),
    ):
        assert 400 <= reply.status < 500
        for telling in (b"Traceback", b"/site-packages/", b".py", b"digits/"):
            assert telling not in reply.body
