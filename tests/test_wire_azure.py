"""Azure's entry script without Azure's server: init() and run() as that server calls them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass, field

import pytest
from samples import blank, picture

import score
from digits.settings import ROOT
from digits.wire import Request, Service


@dataclass
class FlaskLike:
    """What run() uses of Flask's request."""

    data: bytes = b""
    method: str = "POST"
    path: str = "/score"
    query_string: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "image/png"})

    def get_data(self, cache: bool = True) -> bytes:
        return self.data


@pytest.fixture(scope="module")
def run():
    score.init()
    yield score.run
    score._service = None


def test_a_picture(run):
    response = run(FlaskLike(picture("digit_3.png")))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.data)["rows"] == ["3"]


def test_a_mistake_is_returned_not_raised(run):
    response = run(FlaskLike(b"no picture", headers={"x-Request-ID": "abc"}))

    assert response.status_code == 415
    assert response.headers["x-request-id"] == "abc"
    assert json.loads(response.data)["error"]["id"] == "abc"


def test_options_come_from_the_query(run):
    response = run(FlaskLike(picture("canvas_rows.png"), query_string=b"single=1"))

    assert len(json.loads(response.data)["digits"]) == 1


def test_no_header_has_a_comma_which_azure_would_split(run):
    for request in (FlaskLike(blank()), FlaskLike(), FlaskLike(method="GET"), FlaskLike(b"x")):
        assert not any("," in value for value in run(request).headers.values())


def test_the_key_is_asked_for_as_by_our_own_server(monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_API_KEY", "a key")
    monkeypatch.setattr(score, "_service", None)
    score.init()
    good = {"Content-Type": "image/png", "Authorization": "Bearer a key"}

    refused = score.run(FlaskLike(picture("digit_3.png")))
    answered = score.run(FlaskLike(picture("digit_3.png"), headers=good))

    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert json.loads(refused.data)["error"]["code"] == "unauthorized"
    assert json.loads(answered.data)["rows"] == ["3"]
    # The command line needs none: whoever runs it has the model anyway.
    assert score.main([str(ROOT / "test_images" / "digit_3.png")]) == 0
    assert capsys.readouterr().out.endswith("digit_3.png\t3\n")


def test_run_before_init_says_so():
    code = "import score; score.run(None)"

    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert "init() has not been called" in ran.stderr


def test_our_own_bug_becomes_an_apology_with_the_stack_in_the_log(run, caplog, monkeypatch):
    def explode(*arguments, **options):
        raise ZeroDivisionError("secret detail")

    service = score._service
    assert isinstance(service, Service)
    monkeypatch.setattr(type(service.reader), "read", explode)
    with caplog.at_level(logging.ERROR):
        answer = service.score(
            Request("POST", "/score", "", {"content-type": "image/png"}, b"x", "abc")
        )

    assert answer.status == 500
    assert json.loads(answer.body)["error"]["code"] == "internal"
    assert b"secret" not in answer.body
    (record,) = caplog.records
    assert record.request_id == "abc"
    assert "secret detail" in str(record.exc_info)


def test_the_entry_script_stays_an_adapter():
    lines = (ROOT / "score.py").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 80
