"""Keys, other origins' pages, and what every answer says to browsers."""

from __future__ import annotations

import re

import pytest
from own_server import own_server
from samples import picture

from digits.errors import Unauthorized
from digits.serving.guard import Cors
from digits.serving.pages import FOLDERS, HERE
from digits.wire.key import KeyCheck

GOOD = picture("digit_3.png")
KEY = "correct horse battery staple"
ORIGIN = "https://app.example.org"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guard")
    with own_server(
        folder, api_key=KEY, cors_origins=f"{ORIGIN}, http://localhost:3000"
    ) as running:
        yield running


@pytest.mark.parametrize(
    "header",
    [None, "", KEY, f"Basic {KEY}", "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", "Bearer ü"],
)
def test_without_the_key_nothing_is_read(header):
    headers = {} if header is None else {"authorization": header}

    with pytest.raises(Unauthorized):
        KeyCheck(KEY)(headers)


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer {KEY}", f"Bearer   {KEY} "])
def test_with_the_key(header):
    KeyCheck(KEY)({"authorization": header})
    KeyCheck(None)({})


def test_the_key_is_asked_for_before_the_body_is_sent(server):
    reply = server.score(GOOD)

    assert (reply.status, reply.code) == (401, "unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in reply.message
    assert server.score(GOOD, Authorization=f"Bearer {KEY}").json["rows"] == ["3"]


@pytest.mark.parametrize("path", ["/model", "/metrics", "/v2", "/v2/models/digits"])
def test_what_tells_of_the_model_needs_the_key(server, path):
    assert server.get(path).status == 401
    assert server.get(path, Authorization=f"Bearer {KEY}").status == 200


@pytest.mark.parametrize(
    "path", ["/", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready", "/docs"]
)
def test_probes_and_pages_need_no_key(server, path):
    assert server.get(path).status == 200


def test_the_key_is_nowhere_in_the_log(server):
    server.score(GOOD, Authorization=f"Bearer {KEY}")
    server.score(GOOD, Authorization=f"Bearer {KEY} or so")

    assert KEY not in server.log.read_text()


def test_a_configured_origin_may_ask_and_call(server):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight = server.call("OPTIONS", "/score", headers=asked)
    called = server.score(GOOD, Authorization=f"Bearer {KEY}", Origin=ORIGIN)
    refused = server.score(GOOD, Origin=ORIGIN)

    assert preflight.status == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert preflight.headers["access-control-allow-methods"] == "GET, POST, DELETE"
    assert called.json["rows"] == ["3"]
    for reply in (preflight, called, refused):
        assert reply.headers["access-control-allow-origin"] == ORIGIN
        assert reply.headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in reply.headers
    assert refused.code == "unauthorized"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "*", f"{ORIGIN}.evil.example"])
def test_any_other_origin_may_not(server, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    assert server.call("OPTIONS", "/score", headers=asked).status == 405
    called = server.score(GOOD, Authorization=f"Bearer {KEY}", Origin=origin)
    assert "access-control-allow-origin" not in called.headers


def test_where_none_is_configured_nothing_is_said():
    assert Cors(()).headers(ORIGIN) == ()
    assert not Cors(()).is_preflight(
        "OPTIONS", {"origin": ORIGIN, "access-control-request-method": "POST"}
    )


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_may_load_nothing_from_elsewhere(server, path):
    reply = server.get(path, Accept="text/html")

    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    for address in re.findall(r'(?:src|href|action)="([^"]+)"', reply.body.decode()):
        assert re.match(r"#|/(?!/)", address)
        if address.startswith("/static/"):
            assert server.get(address).status == 200


def test_no_file_of_the_pages_loads_from_another_server():
    for path in (path for folder in FOLDERS for path in (HERE / folder).iterdir()):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""(src|href|action|url|import|fetch)\W*["'(]\s*(https?:)?//""", text)
        assert not re.search(r"\son\w+=\"|<style|<script>|innerHTML|eval\(", text)


def test_every_answer_is_taken_as_what_it_says_and_kept_by_nobody(server):
    for path in ("/", "/docs", "/health/live", "/nowhere", "/static/docs.js"):
        reply = server.get(path)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-request-id"]


def test_a_browser_gets_the_page_and_anything_else_healthy(server):
    assert b"<form" in server.get("/", Accept="text/html,*/*;q=0.8").body
    assert server.get("/").body == b"Healthy"
    assert server.get("/", Accept="*/*").body == b"Healthy"
