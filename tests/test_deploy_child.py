"""A server process is waited for, stopped with its requests finished, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection

import pytest

from digits.deployment.address import Address
from digits.deployment.child import StopRequested, running, stop_signals, wait_until_ready
from digits.errors import DeploymentError

SLOW_SERVER = """
import signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            print("got it", flush=True)
            time.sleep(0.5)
        self.send_response({"/ready": 200, "/slow": 200}.get(self.path, 503))
        self.end_headers()
        self.wfile.write(b"done")
    def log_message(self, *args):
        pass

ThreadingHTTPServer.daemon_threads = False
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
stop = lambda *_: threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, stop)
server.serve_forever(0.01)
server.server_close()
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys, time
from digits.deployment.child import running
with running(["sleep", "60"], os.environ, grace_s=5) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""


def python(script: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", script, *map(str, arguments)]


def wait_for_output(capfd: pytest.CaptureFixture[str], text: str) -> None:
    while text not in capfd.readouterr().err:
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be collected."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_waits_until_ready_and_finishes_requests_in_flight(free_port, capfd):
    address = Address("127.0.0.1", free_port)
    answers = []

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", free_port, timeout=10)
        connection.request("GET", "/slow")
        answers.append(connection.getresponse().read())
        connection.close()

    with running(python(SLOW_SERVER, free_port), os.environ, grace_s=10) as server:
        wait_until_ready(server, address, "/ready", patience_s=20)
        client = threading.Thread(target=ask)
        client.start()
        wait_for_output(capfd, "got it")
    client.join()
    assert answers == [b"done"]
    assert server.returncode == 0


def test_a_server_that_answers_otherwise_is_not_ready(free_port):
    address = Address("127.0.0.1", free_port)
    with running(python(SLOW_SERVER, free_port), os.environ, grace_s=10) as server:
        wait_until_ready(server, address, "/ready", patience_s=20)
        with pytest.raises(DeploymentError, match=r"is not ready after 0 s"):
            wait_until_ready(server, address, "/other", patience_s=0.2)


def test_a_server_that_ends_early_is_an_error_with_its_status(free_port):
    with (
        running(python("raise SystemExit(3)"), os.environ, grace_s=5) as server,
        pytest.raises(DeploymentError, match="ended with status 3 before it was ready"),
    ):
        wait_until_ready(server, Address("127.0.0.1", free_port), "/", patience_s=20)


def test_a_server_that_cannot_be_started_is_an_error(free_port, capfd):
    with (
        running(["/no-such-program"], os.environ, grace_s=5) as server,
        pytest.raises(DeploymentError, match="ended with status 127 before it was ready"),
    ):
        wait_until_ready(server, Address("127.0.0.1", free_port), "/", patience_s=20)
    assert "/no-such-program cannot be started: No such file" in capfd.readouterr().err


def test_a_server_that_will_not_stop_is_killed(capfd, caplog):
    with running(python(STUBBORN), os.environ, grace_s=0.1) as server:
        wait_for_output(capfd, "deaf")
    assert server.returncode == -signal.SIGKILL
    assert "is killed" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not tell of a parent's end")
def test_the_server_ends_when_its_parent_is_killed():
    parent = subprocess.Popen(python(PARENT), stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    assert is_running(server)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while is_running(server) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(server)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_asks_to_stop_once_and_what_was_before_is_restored(name):
    before = signal.getsignal(signal.Signals[name])
    with stop_signals():
        with pytest.raises(StopRequested, match=name):
            os.kill(os.getpid(), signal.Signals[name])
        os.kill(os.getpid(), signal.Signals[name])
    assert signal.getsignal(signal.Signals[name]) == before
