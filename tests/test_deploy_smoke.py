"""The smoke test lets only an endpoint pass that reads the picture with the deployed model."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from digits.deployment.address import Address
from digits.deployment.smoke import Sample, check, first_sample
from digits.errors import DeploymentError

PICTURE = b"the bytes of a picture"


class Endpoint(HTTPServer):
    """An endpoint with one fixed answer, which remembers what it was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), AnswerOnce)
        self.answer = status, body
        self.asked: list[tuple[str, dict[str, str], bytes]] = []


class AnswerOnce(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body))
        status, answer = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "rows.png").write_bytes(PICTURE)
    return Sample(picture=tmp_path / "rows.png", rows=("12", "3"))


def run_check(sample: Sample, body: object, *, status: int = 200, key: str | None = None):
    """Check an endpoint that answers so; what it was asked."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with Endpoint(status, raw) as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.01,))
        thread.start()
        try:
            address = Address("127.0.0.1", endpoint.server_port)
            check(address, sample, version="3", api_key=key, timeout_s=5)
        finally:
            endpoint.shutdown()
            thread.join()
    return endpoint.asked


def reading(*rows: str, version: str = "3") -> dict[str, object]:
    return {"rows": list(rows), "model": {"name": "digits", "version": version}}


def test_passes_on_the_right_rows_and_version(sample):
    [(path, headers, body)] = run_check(sample, reading("12", "3"))
    assert (path, body) == ("/score", PICTURE)
    assert headers["Content-Type"] == "image/png"
    assert "Authorization" not in headers


def test_sends_the_key(sample):
    [(_, headers, _)] = run_check(sample, reading("12", "3"), key="s3cret")
    assert headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("rows", "read"), [((), "nothing"), (("123",), "123"), (("12", "8"), "12/8"), (("12",), "12")]
)
def test_refuses_a_model_that_misreads(sample, rows, read):
    with pytest.raises(DeploymentError, match=rf"reads rows\.png as {read}, but it holds 12/3"):
        run_check(sample, reading(*rows))


def test_refuses_an_answer_from_another_model(sample):
    with pytest.raises(DeploymentError, match="from model version 2, not 3: does another server"):
        run_check(sample, reading("12", "3", version="2"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", {"rows": ["12", "3"]}])
def test_refuses_an_answer_that_is_no_reading(sample, body):
    with pytest.raises(DeploymentError, match="smoke test failed: POST /score answered with some"):
        run_check(sample, body)


def test_passes_on_what_the_endpoint_says_is_wrong(sample):
    body = {"error": {"code": "unauthorized", "message": "no key"}}
    with pytest.raises(DeploymentError, match=r"answered rows\.png with 401: .*no key"):
        run_check(sample, body, status=401)


def test_refuses_silence(sample, free_port):
    with pytest.raises(DeploymentError, match="got no answer: ConnectionRefusedError"):
        check(Address("127.0.0.1", free_port), sample, version="3", api_key=None, timeout_s=5)


# Which picture


def manifest(folder, text):
    (folder / "manifest.csv").write_text(text, encoding="utf-8")
    return folder / "manifest.csv"


def test_takes_the_first_picture_with_several_rows(tmp_path):
    (tmp_path / "b.jpg").touch()
    path = manifest(tmp_path, "file,kind,rows,notes\na.png,x,7,\nb.jpg,x,10/2,\nc.png,x,1/1,\n")
    sample = first_sample(path)
    assert (sample.picture, sample.rows) == (tmp_path / "b.jpg", ("10", "2"))
    assert sample.content_type == "image/jpeg"


def test_the_projects_own_manifest_has_one(repo_root):
    sample = first_sample(repo_root / "test_images" / "manifest.csv")
    assert sample.picture.is_file()
    assert len(sample.rows) > 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file,kind,rows,notes\na.png,x,7,\n", "names no picture with several rows"),
        ("file,kind,rows,notes\ngone.png,x,7/8,\n", r"picture .*gone\.png is missing"),
        ("name,digits\na.png,7\n", "with the columns file and rows"),
    ],
)
def test_a_manifest_without_a_picture_to_use_is_an_error(tmp_path, text, reason):
    with pytest.raises(DeploymentError, match=reason):
        first_sample(manifest(tmp_path, text))


def test_a_missing_manifest_is_an_error(tmp_path):
    with pytest.raises(DeploymentError, match=r"needs .*manifest\.csv .*FileNotFoundError"):
        first_sample(tmp_path / "manifest.csv")
