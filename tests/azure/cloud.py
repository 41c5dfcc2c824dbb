"""A small control plane of Azure, as far as the SDKs of this project go: TLS, on this machine.

It keeps what it is told, checks what Azure checks and can be checked here, takes its time for what
takes Azure time, and records every call. A *fault* makes it misbehave at a chosen call.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from serving import Crashed, Instance, Machines
from storage import SUFFIX, Storage

WHEN = "2026-01-02T03:04:05Z"
CREATED = {"createdAt": WHEN, "createdBy": "t", "lastModifiedAt": WHEN}

UNHEALTHY = {"code": "Unhealthy", "message": "the container did not become ready"}

CUT_BYTES = 20_000
"""More than a handshake, less than any model."""

Json = dict[str, Any]
Reply = tuple[int, object, dict[str, str]]
"""Status, body (JSON, bytes or nothing) and headers."""

Route = tuple[str, tuple[str, ...], Callable[..., Reply]]
"""What the path matches, the methods, and what is called with the groups of the match."""


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message}}


@dataclass
class Fault:
    """Misbehave at the calls whose ``METHOD path`` and body match, ``times`` times.

    ``status`` is answered instead of doing it; with 0 the call is held, before it is done or
    after, until the one who made it is killed.
    """

    call: str
    status: int = 0
    times: int = 1
    body: str = ""
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def meets(self, call: Call) -> bool:
        line, body = f"{call.method} {call.path}", call.body.decode(errors="replace")
        return self.times > 0 and bool(re.search(self.call, line) and re.search(self.body, body))


@dataclass(frozen=True)
class Call:
    """One request that reached the control plane."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Message
    body: bytes

    @property
    def json(self) -> Json:
        return dict(json.loads(self.body or b"{}"))


def unsigned_token() -> str:
    """An access token like Azure's, which SDK v1 looks into; nobody checks its signature here."""
    claims = {"exp": int(time.time()) + 86_400, "oid": "o", "tid": "t", "upn": "tests"}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(
        [*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "none"]
    )


class Cloud:
    """All that Azure knows, and two servers in front of it: one with TLS, one a proxy to it."""

    token = unsigned_token()

    def __init__(
        self,
        *,
        certificates: Path,
        blobs: Storage,
        machines: Machines,
        routes: list[Route],
        free: tuple[Callable[..., Reply], ...],
    ) -> None:
        self.blobs = blobs
        self.machines = machines
        self.routes = routes
        self.free = free
        self.resources: dict[str, Json] = {}
        self.operations: dict[str, Json] = {}
        self.instances: dict[str, Instance] = {}
        self.crashed: dict[str, str] = {}
        """The log of each deployment whose server ended before it was ready."""
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.outside: list[str] = []
        self.cut_uploads = 0
        """How many connections to the storage are still to be cut in the middle of an upload."""
        self.lock = threading.RLock()
        self._servers = [_serve(self, certificates), _serve(self, None)]
        self.port, self.proxy_port = (server.server_address[1] for server in self._servers)
        self.url = f"https://localhost:{self.port}"

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self.machines.stop()

    def reset(self) -> None:
        """Forget faults and records; let go of whoever is still held."""
        for fault in self.faults:
            fault.over.set()
        self.faults, self.calls, self.outside = [], [], []
        self.cut_uploads = 0

    def answer(self, call: Call) -> Reply:
        """Do what is asked, or what a fault says instead."""
        self.calls.append(call)
        fault = next((fault for fault in self.faults if fault.meets(call)), None)
        if fault is None:
            return self._dispatch(call)
        fault.times -= 1
        if fault.status:
            code = {"error": {"code": "Fault", "message": "a fault of this test"}}
            return fault.status, code, fault.headers
        reply = self._dispatch(call) if fault.after else (503, None, {})
        fault.reached.set()
        fault.over.wait(timeout=300)
        return reply

    def _dispatch(self, call: Call) -> Reply:
        try:
            for pattern, methods, handle in self.routes:
                found = re.fullmatch(pattern, call.path)
                if found and call.method in methods:
                    if handle not in self.free:
                        self._check_token(call)
                    return handle(self, call, *found.groups())
            raise Refused(404, "NotFound", f"no route for {call.method} {call.path}")
        except Refused as refused:
            return refused.status, refused.body, {}

    def _check_token(self, call: Call) -> None:
        if call.headers.get("Authorization") != f"Bearer {self.token}":
            raise Refused(401, "AuthenticationFailed", "the access token is not valid")

    def get(self, path: str) -> Json:
        if path not in self.resources:
            raise Refused(404, "ResourceNotFound", f"{path} was not found")
        return self.resources[path]

    def children(self, path: str) -> list[Json]:
        return [
            resource
            for key, resource in list(self.resources.items())
            if key.startswith(f"{path}/") and "/" not in key[len(path) + 1 :]
        ]

    def keep(self, path: str, body: Json, **properties: object) -> Json:
        resource = {**body, "id": path, "name": path.rpartition("/")[2], "type": "x"}
        resource["systemData"] = CREATED
        resource["properties"] = {**body.get("properties", {}), **properties}
        self.resources[path] = resource
        return resource

    def begin(self, work: Callable[[], None], **told: str) -> dict[str, str]:
        """Do something that takes Azure time; the headers that say where to ask for it."""
        name = f"operation-{len(self.operations)}"
        self.operations[name] = {"name": name, "status": "InProgress", **told}

        def run() -> None:
            try:
                work()
                outcome: Json = {"status": "Succeeded"}
            except (Crashed, AssertionError):
                outcome = {"status": "Failed", "error": UNHEALTHY}
            except Exception as error:  # a mistake of ours must not look like a long wait
                outcome = {"status": "Failed", "error": {"code": "Bug", "message": repr(error)}}
            self.operations[name] = {"name": name, **told, **outcome}

        threading.Thread(target=run, daemon=True).start()
        where = f"{self.url}/operations/{name}"
        return {"Azure-AsyncOperation": where, "Location": where, "Retry-After": "1"}


class Handler(BaseHTTPRequestHandler):
    """Reads a request for the cloud of its server, and writes the answer."""

    protocol_version = "HTTP/1.1"
    cloud: Cloud

    def log_message(self, *arguments: object) -> None:
        pass

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        path = unquote(re.sub("/+", "/", parts.path))
        query = parse_qs(parts.query)
        call = Call(self.command, path, query, self.headers, self.rfile.read(length))
        status, body, headers = self.cloud.answer(call)
        content = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = handle_any  # noqa: N815

    def do_CONNECT(self) -> None:
        """Lead what is asked of Azure's hosts to this machine, and nothing anywhere else."""
        host = self.path.rpartition(":")[0]
        if host.endswith(f".blob.{SUFFIX}"):
            port = self.cloud.blobs.port
        elif host == "mcr.microsoft.com":
            port = self.cloud.port
        else:
            self.cloud.outside.append(self.path)
            self.send_error(502)
            return
        with socket.create_connection(("127.0.0.1", port)) as beyond:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(beyond, self.connection), daemon=True)
            back.start()
            limit = CUT_BYTES if self.cloud.cut_uploads > 0 and host.endswith(SUFFIX) else None
            if _pump(self.connection, beyond, limit=limit):
                self.cloud.cut_uploads -= 1
            back.join(5)
        self.close_connection = True


class Server(ThreadingHTTPServer):
    """Quiet about clients that go away: the tests kill some."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def _serve(cloud: Cloud, certificates: Path | None) -> Server:
    server = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"cloud": cloud}))
    if certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def _pump(source: socket.socket, target: socket.socket, limit: int | None = None) -> bool:
    """Pass on what comes, up to ``limit`` bytes if that is given; whether it was cut there."""
    passed = 0
    try:
        while data := source.recv(65536):
            passed += len(data)
            if limit is not None and passed > limit:
                source.shutdown(socket.SHUT_RDWR)
                return True
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return False
