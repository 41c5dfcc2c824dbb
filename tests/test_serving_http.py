"""HTTP/1.1 as our server speaks it: what is well formed is answered, the rest is bounded."""

from __future__ import annotations

import json
import re
import resource
import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest
from own_server import everything, own_server, until
from samples import picture

from digits.serving.connection import MIN_RATE
from digits.serving.front import MAX_CONNECTIONS

GOOD = picture("digit_3.png")
MAX_BODY = 200_000
TIMEOUT_S = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http")
    with own_server(folder, timeout_s=TIMEOUT_S, max_body=MAX_BODY, max_bytes=MAX_BODY) as running:
        yield running


def post(
    body: bytes = GOOD, *headers: str, length: int | None = None, path: str = "/score"
) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: image/png", *headers]
    if length is not None or not any("hunked" in header for header in headers):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def replies(data: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Status, headers and body of each answer in what came back."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.get("content-length", 0))
        found.append((int(status.split()[1]), headers, rest[:size]))
        data = rest[size:]
    return found


def only(data: bytes) -> tuple[int, dict[str, str], bytes]:
    (reply,) = replies(data)
    return reply


def code(body: bytes) -> str:
    return json.loads(body)["error"]["code"]


def test_a_connection_is_kept_until_the_client_closes_it(server):
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(post())
            status, headers, body = only(receive_one(connection))
            assert status == 200
            assert "connection" not in headers


def receive_one(connection) -> bytes:
    """Exactly one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, rest = received.partition(b"\r\n\r\n")
    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(rest) < size:
        rest += connection.recv(65536)
    return head + b"\r\n\r\n" + rest


def test_requests_sent_at_once_are_answered_in_order(server):
    data = post(GOOD, "x-request-id: a") + post(b"", "x-request-id: b")
    data += post(GOOD, "x-request-id: c", "Connection: close")

    answers = replies(server.raw(data))

    assert [status for status, _, _ in answers] == [200, 400, 200]
    assert [headers["x-request-id"] for _, headers, _ in answers] == ["a", "b", "c"]


def test_a_body_in_chunks(server):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (GOOD[:100], GOOD[100:]))
    head = post(b"", "Transfer-Encoding: chunked", "Connection: close")

    status, _, body = only(server.raw(head + chunks + b"0\r\n\r\n"))

    assert (status, json.loads(body)["rows"]) == (200, ["3"])


def test_one_byte_at_a_time(server):
    with server.connect() as connection:
        for byte in post(GOOD, "Connection: close"):
            connection.sendall(bytes([byte]))
        status, _, body = only(everything(connection))

    assert (status, json.loads(body)["rows"]) == (200, ["3"])


def test_http_1_0_is_answered_and_closed(server):
    data = post().replace(b"HTTP/1.1", b"HTTP/1.0")

    status, headers, _ = only(server.raw(data))

    assert (status, headers["connection"]) == (200, "close")


def test_a_client_that_asks_first_is_told_to_go_on(server):
    with server.connect() as connection:
        head, body = post(GOOD, "Expect: 100-continue", "Connection: close").split(b"\r\n\r\n", 1)
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert only(everything(connection))[0] == 200


def test_a_client_that_asks_first_with_too_much_is_refused_at_once(server):
    head = post(b"", "Expect: 100-continue", length=MAX_BODY + 1)

    status, headers, body = only(server.raw(head))

    assert (status, code(body), headers["connection"]) == (413, "too_large", "close")


@pytest.mark.parametrize("path", ["/nowhere", "/health/live"])
def test_a_client_that_asks_first_in_vain_is_told_at_once(server, path):
    head = post(GOOD, "Expect: 100-continue").split(b"\r\n\r\n")[0]

    status, headers, _ = only(server.raw(head.replace(b"/score", path.encode()) + b"\r\n\r\n"))

    assert (status, headers["connection"]) == (404 if path == "/nowhere" else 405, "close")


def test_a_client_that_asks_behind_another_request_is_told_when_that_is_answered(server):
    head, body = post(GOOD, "Expect: 100-continue", "Connection: close").split(b"\r\n\r\n", 1)
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(post(GOOD) + head + b"\r\n\r\n")
        got = b""
        while not got.endswith(go_on):
            got += connection.recv(10_000)
        assert replies(got.removesuffix(go_on))[0][0] == 200
        connection.sendall(body)
        assert only(everything(connection))[0] == 200


def test_head_is_get_without_the_body(server):
    get = server.call("GET", "/health/live")
    head = server.call("HEAD", "/health/live")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


def test_a_client_that_stops_sending_still_gets_its_answer(server):
    with server.connect() as connection:
        connection.sendall(post())
        connection.shutdown(socket.SHUT_WR)
        assert only(everything(connection))[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST /score HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /score HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /score HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
    ids=["text", "version", "tls", "header", "negative", "two lengths", "both", "chunk"],
)
def test_what_is_not_http(server, data):
    status, headers, body = only(server.raw(data))

    assert (status, code(body), headers["connection"]) == (400, "bad_request", "close")


@pytest.mark.parametrize("size", [31_000, 32 * 1024 + 100, 1_000_000])
@pytest.mark.parametrize("where", ["one header", "many headers", "the path"])
def test_headers_are_bounded(server, size, where):
    if where == "one header":
        head = b"GET /health/live HTTP/1.1\r\nx: " + b"y" * size
    elif where == "the path":
        head = b"GET /health/live?" + b"y" * size + b" HTTP/1.1"
    else:
        lines = [b"x%d: %s" % (i, b"y" * 500) for i in range(size // 500)]
        head = b"\r\n".join([b"GET /health/live HTTP/1.1", *lines])

    data = server.raw(head + b"\r\nConnection: close\r\n\r\n")

    assert only(data)[0] == (200 if size == 31_000 else 431)


def poured(connection: socket.socket, part: bytes) -> bytes:
    """What comes back from a server that is sent a part over and over, as long as it takes any."""
    with suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(200):
            connection.sendall(part)
            time.sleep(0.001)
    return everything(connection)


def test_headers_without_end_are_bounded_too(server):
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nx: ")
        assert only(poured(connection, b"y" * 1000))[0] == 431


def test_101_headers_are_too_many(server):
    def send(count: int) -> int:
        lines = "".join(f"h{i}: v\r\n" for i in range(count - 1))
        request = f"GET /health/live HTTP/1.1\r\n{lines}connection: close\r\n\r\n"
        return only(server.raw(request.encode()))[0]

    assert send(100) == 200
    assert send(101) == 431


@pytest.mark.parametrize("declared", [MAX_BODY + 1, 10**15])
def test_a_body_declared_too_large_is_refused_before_it_is_sent(server, declared):
    status, headers, body = only(server.raw(post(b"", length=declared)))

    assert (status, code(body), headers["connection"]) == (413, "too_large", "close")


def test_a_body_in_chunks_is_cut_off_at_the_limit(server):
    head = post(b"", "Transfer-Encoding: chunked")
    part = b"10000\r\n" + b"y" * 0x10000 + b"\r\n"

    status, _, body = only(server.raw(head + part * (MAX_BODY // 0x10000 + 1)))

    assert (status, code(body)) == (413, "too_large")


def test_a_refused_body_that_is_small_does_not_cost_the_connection(server):
    with server.connect() as connection:
        connection.sendall(post(GOOD, path="/nowhere"))
        assert only(receive_one(connection))[0] == 404
        connection.sendall(post())
        assert only(receive_one(connection))[0] == 200


def test_a_length_that_promises_too_much_runs_into_the_time_limit(server):
    began = time.monotonic()

    status, _, body = only(server.raw(post(GOOD, length=len(GOOD) + 10)))

    assert (status, code(body)) == (504, "timeout")
    assert time.monotonic() - began >= TIMEOUT_S


def test_slow_clients_hold_nobody_up_and_are_sent_away(server):
    slow = [server.connect() for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"POST /score HTTP/1.1\r\nContent-Le")
        assert server.score(GOOD).status == 200
        for connection in slow:
            status, _, body = only(everything(connection))
            assert (status, code(body)) == (504, "timeout")
    finally:
        for connection in slow:
            connection.close()


def test_a_length_that_promises_too_little(server):
    data = post(GOOD, "Connection: close", length=len(GOOD) - 150)

    status, _, body = only(server.raw(data))

    assert (status, code(body)) == (422, "unreadable_image")


def test_a_request_to_switch_protocols_is_answered_as_it_is(server):
    data = b"GET /health/live HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"

    with server.connect() as connection:
        connection.sendall(data)
        assert only(receive_one(connection))[0] == 200


def test_a_proposal_to_speak_http2_costs_nothing_of_what_follows(server):
    proposal = (
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    )
    head = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"

    data = server.raw(3 * (head + proposal + b"\r\n") + head + b"Connection: close\r\n\r\n")

    assert [status for status, _, _ in replies(data)] == [200] * 4


@pytest.mark.parametrize("chunked", [False, True])
def test_the_body_of_a_request_that_proposes_http2_is_its_body(server, chunked):
    """Taken for a request of its own, it would be smuggled past whatever stands in front."""
    proposal = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    inner = b"GET /model HTTP/1.1\r\nHost: x\r\n\r\n"
    for body, expected in ((GOOD, 200), (inner, 415)):
        if chunked:
            head = post(b"", *proposal, "Transfer-Encoding: chunked")
            data = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            data = post(body, *proposal)
        answers = replies(server.raw(data + post(GOOD, "Connection: close")))
        assert [status for status, _, _ in answers] == [expected, 200]


def test_a_tunnel_is_refused(server):
    data = server.raw(b"CONNECT x:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /")

    assert [status for status, _, _ in replies(data)] == [405]


def test_a_body_in_too_many_small_pieces_is_refused(server):
    head = post(b"", "Transfer-Encoding: chunked")

    status, _, body = only(server.raw(head + b"2\r\nab\r\n" * 20_000))

    assert (status, code(body)) == (400, "bad_request")


def test_very_many_requests_at_once_are_answered_in_order(server):
    """Not all of them are taken in before the first answer."""
    count = 5000
    last = post(GOOD, "Connection: close")
    with server.connect(timeout=60) as connection:
        data = b"GET /health/live HTTP/1.1\r\n\r\n" * count + last
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        answers = replies(everything(connection))
        sender.join()

    assert [status for status, _, _ in answers] == [200] * (count + 1)
    assert json.loads(answers[-1][2])["rows"] == ["3"]


def body_bytes(server) -> int:
    (line,) = [
        line
        for line in server.get("/metrics").body.splitlines()
        if line.startswith(b"digits_body_bytes ")
    ]
    return int(line.split()[1])


def test_what_follows_a_refused_request_is_not_held(server):
    """The refusal ends the connection; what came with it in one piece is thrown away."""
    refused = post(b"", "Transfer-Encoding: chunked", path="/nowhere") + b"0\r\n\r\n"

    for _ in range(5):
        status, headers, _ = only(server.raw(refused + post(b"x" * 60_000)))
        assert (status, headers["connection"]) == (404, "close")

    until(lambda: body_bytes(server) == 0)


def test_what_follows_the_last_request_is_not_held(server):
    data = server.raw(post(GOOD, "Connection: close") + post(b"x" * 60_000) * 2)

    assert only(data)[0] == 200
    until(lambda: body_bytes(server) == 0)


def test_answers_that_are_not_taken_count_as_bodies_do(tmp_path):
    """The page sends the picture back: whoever takes none of it holds memory all the same."""
    large = GOOD + bytes(8 * 2**20)  # what follows the last chunk of a PNG is nobody's
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + large
    request = post(form + b"\r\n--x--\r\n", path="/predict")
    request = request.replace(b"image/png", b"multipart/form-data; boundary=x", 1)
    with own_server(tmp_path) as server, ExitStack() as open_ones:
        for _ in range(3):
            connection = open_ones.enter_context(server.connect())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(request)
        # Less than the bodies, which are there at first: the kernel takes some of each answer.
        until(lambda: 2 * len(large) < body_bytes(server) < 3 * len(large))
        open_ones.close()
        until(lambda: body_bytes(server) == 0)
        assert server.score(GOOD).status == 200


@pytest.mark.parametrize("part", [b"X-Trailer: " + b"a" * 1000, b"a" * 1000])
def test_trailers_are_bounded(server, part):
    with server.connect() as connection:
        connection.sendall(post(b"", "Transfer-Encoding: chunked") + b"0\r\nX-T: ")
        assert only(poured(connection, part))[0] == 431


def test_extensions_of_chunks_are_bounded(server):
    with server.connect() as connection:
        connection.sendall(post(b"", "Transfer-Encoding: chunked") + b"5;")
        assert only(poured(connection, b"a" * 1000))[0] == 431


def test_a_body_in_many_pieces_is_no_head(server):
    """However little of it each chunk and each packet brings."""
    body = b"".join(b"1\r\n%c\r\n" % byte for byte in GOOD) + b"0\r\n\r\n"
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(post(b"", "Transfer-Encoding: chunked"))
        for start in range(0, len(body), 97):
            connection.sendall(body[start : start + 97])
            time.sleep(0.0005)
        assert only(receive_one(connection))[0] == 200


def test_a_head_in_two_pieces_is_counted_once(server):
    head = b"GET /health/live HTTP/1.1\r\nConnection: close\r\n" + 40 * (
        b"x: " + b"y" * 500 + b"\r\n"
    )
    with server.connect() as connection:
        connection.sendall(head[: len(head) * 3 // 4])
        time.sleep(0.1)
        connection.sendall(head[len(head) * 3 // 4 :] + b"\r\n")
        assert only(everything(connection))[0] == 200


def test_what_was_sent_fast_is_no_credit_for_silence(server):
    with server.connect() as connection:
        connection.sendall(post(b"x" * 150_000, length=150_001))
        began = time.monotonic()
        status, _, body = only(everything(connection))

    assert (status, code(body)) == (504, "timeout")
    # By its average it would have had so many seconds more.
    assert time.monotonic() - began < 150_000 / MIN_RATE


def test_a_large_body_is_not_taken_where_there_is_none(server):
    for length in (65_537, 150_000):
        request = f"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
        status, headers, body = only(server.raw(request + b"x" * length))
        assert (status, code(body), headers["connection"]) == (400, "bad_request", "close")


def test_a_client_that_ends_its_side_gets_all_of_its_answers(server):
    with server.connect() as connection:
        connection.sendall(post() * 3)
        connection.shutdown(socket.SHUT_WR)
        assert [status for status, _, _ in replies(everything(connection))] == [200] * 3


def test_what_is_refused_at_the_door_is_counted_where_it_knocked(tmp_path):
    with own_server(tmp_path, api_key="k") as server:
        assert server.score(GOOD).status == 401
        metrics = server.get("/metrics", Authorization="Bearer k").body.decode()

    assert 'digits_requests_total{route="/score",status="401"} 1\n' in metrics
    assert '"route":"/score","status":401' in server.log.read_text()


@pytest.mark.parametrize("path", ["/health/live", "/health%2Flive", "http://x/health/live"])
def test_other_ways_to_write_a_path(server, path):
    data = f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()

    assert only(server.raw(data))[0] == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/score/", "//", "/static/../app.py", "/static/none.js", "/%00", "/é"]
)
def test_there_is_nothing_elsewhere(server, path):
    reply = server.call("GET", path.encode().decode("latin-1") if path != "/é" else "/%C3%A9")

    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/model"), ("PUT", "/score"), ("OPTIONS", "/score")]
)
def test_methods_that_a_route_is_not_for(server, method, path):
    reply = server.call(method, path, GOOD)

    assert (reply.status, reply.code) == (405, "method_not_allowed")
    assert method not in reply.headers["allow"]


def test_one_client_too_many_is_told_to_come_back(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this user may open {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(server.connect())
        status, headers, body = only(everything(stack.enter_context(server.connect())))

    assert (status, code(body), headers["retry-after"]) == (503, "overloaded", "1")
    until(lambda: server.score(GOOD).status == 200)


def test_a_client_that_leaves_is_forgotten(server):
    for _ in range(20):
        with server.connect() as connection:
            connection.sendall(post()[:-50])
    with server.connect() as connection:
        connection.sendall(post())

    until(lambda: b"\ndigits_body_bytes 0\n" in server.get("/metrics").body)
    # At most the one that asks for the metrics is left: a worker's numbers may be a moment older.
    until(lambda: bool(re.search(rb"\ndigits_connections [01]\n", server.get("/metrics").body)))
