"""What breaks around the server does not break the server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from http.client import HTTPException
from pathlib import Path

import live
import pytest
from client import Client
from own_server import everything, own_server, stop, until
from samples import blank, picture

from digits.serving.__main__ import main
from digits.settings import ROOT

GOOD = picture("digit_3.png")
PHOTO = picture("phone.jpg")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_worker_is_replaced_and_costs_only_what_it_held(tmp_path):
    with own_server(tmp_path, workers=2) as server:
        # No library of ours started a thread, or forking would not be safe.
        assert len(list(Path(f"/proc/{server.process.pid}/task").iterdir())) == 1
        first = server.workers()
        for _ in range(10):
            server.score(GOOD)
        with server.connect() as held, server.connect() as other:
            for connection in (held, other):
                connection.sendall(b"POST /score HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
            os.kill(first[0], signal.SIGKILL)
            until(lambda: len(server.workers()) == 2 and first[0] not in server.workers())
            for _ in range(20):
                assert server.score(GOOD).json["rows"] == ["3"]
        assert first[1] in server.workers()
        metrics = server.get("/metrics").body.decode()
        assert "\ndigits_worker_restarts_total 1\n" in metrics
        # What the dead one counted is not lost.
        assert 'digits_requests_total{route="/score",status="200"} 30\n' in metrics
        assert 'digits_read_total{digit="3"} 30\n' in metrics


def test_sigterm_answers_everything_that_was_accepted(tmp_path):
    results: Counter[str] = Counter()
    stopping = threading.Event()

    def ask(client: Client) -> None:
        while True:
            try:
                results[str(client.score(PHOTO, "image/jpeg").status)] += 1
            except ConnectionRefusedError:
                return
            except (OSError, HTTPException) as error:
                results[f"{type(error).__name__}, stopping: {stopping.is_set()}"] += 1
                return

    with own_server(tmp_path, workers=2) as server:
        askers = [threading.Thread(target=ask, args=[Client(server.port)]) for _ in range(8)]
        for asker in askers:
            asker.start()
        until(lambda: results["200"] > 10)
        stopping.set()
        status = stop(server)
        for asker in askers:
            asker.join(30)

    assert status == 0
    assert set(results) == {"200"}


@pytest.mark.slow
def test_while_it_stops_it_is_alive_but_not_ready(tmp_path):
    with own_server(tmp_path, workers=1) as server, server.connect() as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")
        connection.recv(1000)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: live.status(server.port, "/health/live") is None)
        connection.sendall(b"GET /health/ready HTTP/1.1\r\n\r\n")
        answer = everything(connection)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close\r\n" in answer
    assert b'"not_ready"' in answer
    lines = map(json.loads, (tmp_path / "server.log").read_text().splitlines())
    asked = [line for line in lines if line.get("route") == "/health/ready"]
    assert {(line["status"], line["level"]) for line in asked} == {(503, "info")}


@pytest.mark.slow
def test_ctrl_c_reaches_all_processes_and_ends_them_just_as_gently(tmp_path):
    port = live.unused_port()
    command = [sys.executable, "-m", "digits.serving", "--port", str(port), "--workers", "2"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log, start_new_session=True)
    until(lambda: live.status(port, "/health/ready") == 200)

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(timeout=60) == 0


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_master(tmp_path):
    with own_server(tmp_path, workers=2) as server:
        workers = server.workers()
        server.process.kill()
        until(lambda: not any(alive(pid) for pid in workers))


@pytest.mark.slow
def test_a_model_that_is_deleted_while_it_is_served_does_not_matter(tmp_path):
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "digits", model)
    with own_server(tmp_path, workers=1, model_dir=model) as server:
        before = server.get("/model").json
        shutil.rmtree(model)
        assert server.score(GOOD).json["rows"] == ["3"]
        os.kill(server.workers()[0], signal.SIGKILL)
        until(lambda: live.status(server.port, "/health/ready") == 200)
        assert server.score(GOOD).json["rows"] == ["3"]
        assert server.get("/model").json == before


@pytest.mark.parametrize(
    "log",
    [
        "closed",
        pytest.param("full disk", marks=pytest.mark.slow),
        pytest.param("pipe that nobody reads", marks=pytest.mark.slow),
    ],
)
def test_scoring_goes_on_when_the_log_cannot_be_written(tmp_path, log):
    port = live.unused_port()
    serve = f"{sys.executable} -m digits.serving --port {port} --workers 1"
    where = {"closed": "2>&-", "full disk": "2>/dev/full", "pipe that nobody reads": ""}[log]
    process = subprocess.Popen(
        ["sh", "-c", f"exec {serve} {where}"], cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        until(lambda: live.status(port, "/health/ready") == 200)
        client = Client(port)
        for _ in range(400):  # their log lines are more than a pipe holds
            client.call("POST", "/score", b"", {"x-request-id": "x" * 100})
        assert client.score(GOOD).json["rows"] == ["3"]
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_port_in_use_is_named(tmp_path):
    with own_server(tmp_path, workers=2) as server:
        command = [sys.executable, "-m", "digits.serving", "--port", str(server.port)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert second.returncode == 1
    assert f"port {server.port} of 127.0.0.1 is in use" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("arguments", "environ", "status", "says"),
    [
        (["--port", "70000"], {}, 2, "'70000' is not a port"),
        (["--workers", "0"], {}, 2, "'0' is not a whole number from 1 to 256"),
        (["--host", "203.0.113.7"], {}, 1, "cannot listen on 203.0.113.7"),
        (["--host", "no such host"], {}, 1, "is not an address of this machine"),
        ([], {"DIGITS_QUEUE": "0"}, 1, "DIGITS_QUEUE='0'"),
        ([], {"DIGITS_TIMEOUT_S": "soon"}, 1, "DIGITS_TIMEOUT_S='soon'"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_line(
    arguments, environ, status, says, monkeypatch, capfd
):
    for name, value in {"OPENBLAS_NUM_THREADS": "1", **environ}.items():
        monkeypatch.setenv(name, value)

    try:
        ended = main(["--port", str(live.unused_port()), *arguments])
    except SystemExit as left:
        ended = left.code

    assert ended == status
    assert says in capfd.readouterr().err


def test_a_model_that_is_not_there_is_said_in_a_line():
    command = [sys.executable, "-m", "digits.serving", "--port", str(live.unused_port())]
    environ = {**os.environ, "DIGITS_MODEL_DIR": "/nonexistent"}

    ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)

    assert ran.returncode == 1
    assert "/nonexistent is not a model folder" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_model_that_cannot_read_does_not_get_as_far_as_serving(tmp_path):
    from fabricate import model_folder

    command = [sys.executable, "-m", "digits.serving", "--port", str(live.unused_port())]
    environ = {**os.environ, "DIGITS_MODEL_DIR": str(model_folder(tmp_path / "model"))}

    ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)

    assert ran.returncode == 1
    assert "model.onnx is not a network" in ran.stderr


@pytest.mark.slow
def test_a_worker_whose_loop_stands_still_is_killed_and_replaced(tmp_path):
    with own_server(tmp_path, workers=1, timeout_s=1) as server:
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)
        until(lambda: worker not in server.workers(), within_s=90)
        until(lambda: live.status(server.port, "/health/ready") == 200)
        assert server.score(blank()).status == 200
