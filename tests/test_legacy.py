"""The older systems' clients, played byte for byte, against the server."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import live
import pytest
from PIL import Image

ORIGIN = "https://notebook.example"


class Got(NamedTuple):
    status: int
    type: str
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Iterator[int]:
    number = live.unused_port()
    command = [sys.executable, "-m", "digits.serving", "--workers", "1", "--port", str(number)]
    environ = {**os.environ, "DIGITS_CORS_ORIGINS": ORIGIN}
    log = tmp_path_factory.mktemp("legacy") / "log"
    with live.endpoint(command, port=number, cwd=repo_root, log=log, environ=environ):
        yield number


@pytest.fixture(scope="module")
def pictures(repo_root: Path) -> Path:
    return repo_root / "test_images"


def ask(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Got:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, named["content-type"], named, response.read())
    finally:
        connection.close()


def form(*files: tuple[str, str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A form as browsers and Python's requests write it."""
    mark = "b1946ac92492d2347c6235b4d2611184"
    body = b"".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, file, content in files
    )
    kind = f"multipart/form-data; boundary={mark}"
    return body + f"--{mark}--\r\n".encode(), {"Content-Type": kind}


@pytest.mark.parametrize(
    ("name", "digit"), [("digit_3.png", 3), ("digit_8.png", 8), ("photo_9.jpg", 9)]
)
def test_upload_with_slash_answers_digit_and_ten_strings(
    port: int, pictures: Path, name: str, digit: int
) -> None:
    got = ask(port, "POST", "/upload/", *form(("any", name, (pictures / name).read_bytes())))
    assert got.status == 200
    strings = r'"[01]\.\d{5}"'
    assert re.fullmatch(rf"\[{digit}, \[{strings}(, {strings}){{9}}\]\]", got.body.decode())
    ten = [float(each) for each in json.loads(got.body)[1]]
    assert ten.index(max(ten)) == digit
    assert sum(ten) == pytest.approx(1, abs=1e-4)


def test_upload_with_slash_says_its_three_sentences(port: int, pictures: Path) -> None:
    picture = (pictures / "digit_3.png").read_bytes()
    two = form(("a", "a.png", picture), ("b", "b.png", picture))
    cases = [
        (form(), b"No files uploaded !"),
        ((b"", {}), b"No files uploaded !"),
        (form(("a", "", b"")), b"No files uploaded !"),
        (two, b"Mutliple file uploads not allowed !"),
        (form(("a", "a.txt", b"hello")), b"Sorry, uploaded image file not understood !!"),
        (form(("a", "a.png", picture[:100])), b"Sorry, uploaded image file not understood !!"),
    ]
    for (body, headers), sentence in cases:
        got = ask(port, "POST", "/upload/", body, headers)
        assert (got.status, got.body) == (200, sentence)
        assert got.type.startswith("text/plain")


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=UTF-8", "text/plain", "image/png", None]
)
def test_upload_takes_a_data_url_of_any_content_type(
    port: int, pictures: Path, kind: str | None
) -> None:
    encoded = base64.b64encode((pictures / "digit_3.png").read_bytes())
    headers = {"Content-Type": kind} if kind else {}
    got = ask(port, "POST", "/upload", b"data:image/png;base64," + encoded, headers)
    assert (got.status, got.type, got.body) == (200, "application/json", b'{"result": "3"}')


def test_upload_says_in_json_what_is_wrong(port: int) -> None:
    for body, status, code in [
        (b"data:image/png;base64,***", 400, "bad_request"),
        (b"", 400, "bad_request"),
        (b"data:image/png;base64," + base64.b64encode(b"hello"), 415, "unsupported_media_type"),
    ]:
        got = ask(port, "POST", "/upload", body)
        assert (got.status, json.loads(got.body)["error"]["code"]) == (status, code)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
def test_score_takes_a_json_string_with_and_without_line_breaks(
    port: int, pictures: Path, encode: object
) -> None:
    assert callable(encode)
    text = encode((pictures / "number_line.jpg").read_bytes()).decode("utf-8")
    headers = {"Content-Type": "application/json"}
    got = ask(port, "POST", "/score", json.dumps(text).encode(), headers)
    assert got.status == 200
    assert json.loads(got.body) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_predict_offers_a_form_and_shows_the_digit(port: int, pictures: Path) -> None:
    page = ask(port, "GET", "/predict")
    assert (page.status, page.type) == (200, "text/html; charset=utf-8")
    assert b'method="post" action="/predict" enctype="multipart/form-data"' in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name, kind in [("digit_3.png", "png"), ("photo_4.jpg", "jpeg"), ("digit_0.tiff", "png")]:
        picture = (pictures / name).read_bytes()
        got = ask(port, "POST", "/predict", *form(("img", name, picture)))
        text = got.body.decode()
        assert got.status == 200
        digit = re.search(r"\d", name)
        assert digit is not None
        assert re.findall(r'id="digit">([^<]*)<', text) == [digit.group()]
        assert f'src="data:image/{kind};base64,' in text
        assert len(re.findall(r'<rect width="[\d.]+"', text)) == 10


def test_predict_says_what_is_wrong_in_the_form_that_is_wanted(port: int) -> None:
    body, headers = form(("img", "x.txt", b"<script>hello</script>"))
    browser = ask(port, "POST", "/predict", body, {**headers, "Accept": "text/html,*/*"})
    assert (browser.status, browser.type) == (415, "text/html; charset=utf-8")
    assert b'role="alert"' in browser.body
    program = ask(port, "POST", "/predict", body, headers)
    assert json.loads(program.body)["error"]["code"] == "unsupported_media_type"


@pytest.mark.parametrize(("name", "digit"), [("canvas_4.png", "4"), ("canvas_7.png", "7")])
def test_the_canvas_answers_with_a_json_string_to_its_own_origin(
    port: int, pictures: Path, name: str, digit: str
) -> None:
    body, headers = form(("image", "blob", (pictures / name).read_bytes()))
    got = ask(port, "POST", "/digit-classifier-api", body, {**headers, "Origin": ORIGIN})
    assert (got.status, got.type, got.body) == (200, "application/json", f'"{digit}"'.encode())
    assert got.headers["access-control-allow-origin"] == ORIGIN
    other = ask(port, "POST", "/digit-classifier-api", body, {**headers, "Origin": "https://x.org"})
    assert "access-control-allow-origin" not in other.headers


def test_a_picture_without_a_digit_is_no_digit(port: int) -> None:
    empty = io.BytesIO()
    Image.new("L", (64, 64), 255).save(empty, "PNG")
    blank = empty.getvalue()
    body, headers = form(("image", "blank.png", blank))
    assert ask(port, "POST", "/digit-classifier-api", body, headers).body == b'""'
    said = ask(port, "POST", "/upload/", body, headers).body
    assert said == b"Sorry, uploaded image file not understood !!"
    page = ask(port, "POST", "/predict", body, headers).body
    assert b'<b id="digit">none</b>' in page
    url = b"data:image/png;base64," + base64.b64encode(blank)
    assert ask(port, "POST", "/upload", url).body == b'{"result": ""}'


def test_too_large_a_body_is_refused_on_the_old_routes_as_well(port: int) -> None:
    for path in ("/upload/", "/upload", "/predict", "/digit-classifier-api"):
        got = ask(port, "POST", path, b"", {"Content-Length": str(64 * 1024 * 1024)})
        assert got.status == 413
