"""``deploy.py`` makes an endpoint that reads, ends cleanly, and refuses one that cannot read."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import live
import pytest
from fabricate import model_folder

from digits.registry.local import LocalRegistry
from digits.settings import ROOT

UV = os.environ.get("UV") or "uv"
KEY = "s3cret-of-this-test"


@dataclasses.dataclass
class Deployed:
    """A running ``deploy.py`` that has said that it is ready."""

    process: subprocess.Popen[str]
    port: int
    said: list[str]

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def deployed(
    folder: Path, *options: str, key: str | None = None, launcher: Sequence[str] = (sys.executable,)
) -> Iterator[Deployed]:
    """Run ``deploy.py`` with one worker and a registry in ``folder`` until it is ready."""
    port = live.unused_port()
    command = [*launcher, "deploy.py", "--workers", "1", "--port", str(port)]
    command += ["--registry", str(folder / "registry"), *options]
    environ = {**os.environ, "DIGITS_API_KEY": key or ""}
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip("\n")]
        while said[-1] and said[-1] != "stop:    Ctrl-C":
            said.append(process.stdout.readline().rstrip("\n"))
        assert said[-1], (folder / "log").read_text()
        yield Deployed(process, port, said)
    finally:
        process.kill()
        process.communicate()
        log.close()


def deploy(folder: Path, model: Path) -> subprocess.CompletedProcess[str]:
    """Run ``deploy.py`` with a model that it is going to refuse."""
    command = [sys.executable, "deploy.py", "--workers", "1", "--port", "0"]
    environ = {
        **os.environ,
        "DIGITS_MODEL_DIR": str(model),
        "DIGITS_REGISTRY": str(folder / "registry"),
    }
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=200
    )


def test_serves_the_shipped_model_and_its_curl_line_works(tmp_path):
    with deployed(tmp_path, key=KEY) as endpoint:
        address = f"http://127.0.0.1:{endpoint.port}"
        assert endpoint.said[0] == f"digits:1 is ready at {address}"
        assert endpoint.said[2] == f"page:    {address}/"
        line = endpoint.said[1].removeprefix("try it:  ")
        assert KEY not in line
        environ = {**os.environ, "DIGITS_API_KEY": KEY}
        answer = subprocess.run(
            ["bash", "-c", line], cwd=ROOT, env=environ, capture_output=True, check=True
        ).stdout
        reading = json.loads(answer)
        assert reading["rows"] == ["528", "904"]
        assert reading["model"] == {"name": "digits", "version": "1"}
        assert endpoint.stop(signal.SIGINT) == 0
    assert [v.reference for v in LocalRegistry(tmp_path / "registry").versions()] == ["digits:1"]

    with deployed(tmp_path) as endpoint:
        assert endpoint.said[0].startswith("digits:1 is ready")
        assert endpoint.stop(signal.SIGTERM) == 0
    assert len(LocalRegistry(tmp_path / "registry").versions()) == 1


def test_a_request_in_flight_is_finished_when_told_to_stop(tmp_path):
    picture = (ROOT / "test_images" / "canvas_rows.png").read_bytes()
    head = (
        "POST /score HTTP/1.1\r\nHost: digits\r\nContent-Type: image/png\r\n"
        f"Content-Length: {len(picture)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with deployed(tmp_path) as endpoint:
        with socket.create_connection(("127.0.0.1", endpoint.port), timeout=60) as connection:
            connection.sendall(head.encode())
            # That it asks for the body says that it is at work on the request.
            assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
            endpoint.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 60
            while live.status(endpoint.port, "/health/live") is not None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            connection.sendall(picture)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["rows"] == ["528", "904"]
        assert endpoint.process.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not tell of a parent's end")
@pytest.mark.parametrize("launcher", [(sys.executable,), (UV, "run", "--no-sync")])
def test_nothing_listens_any_more_when_it_was_killed(tmp_path, launcher):
    with deployed(tmp_path, launcher=launcher) as endpoint:
        endpoint.process.kill()
        deadline = time.monotonic() + 60
        while live.status(endpoint.port, "/health/live") is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.slow
def test_azures_server_reads_and_ends_as_cleanly(tmp_path):
    with deployed(tmp_path, "--server", "azmlinfsrv") as endpoint:
        address = f"http://127.0.0.1:{endpoint.port}"
        assert endpoint.said[0] == f"digits:1 is ready at {address}"
        assert not [line for line in endpoint.said if line.startswith("page:")]
        line = endpoint.said[1].removeprefix("try it:  ")
        answer = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, check=True)
        assert json.loads(answer.stdout)["model"] == {"name": "digits", "version": "1"}
        log = (tmp_path / "log").read_text()
        assert "binds to all interfaces" in log
        assert "Inferencing HTTP server version: azmlinfsrv" in log
        assert endpoint.stop(signal.SIGTERM) == 0
        assert live.status(endpoint.port, "/") is None


def test_two_deployments_do_not_share_a_port(tmp_path):
    with deployed(tmp_path) as endpoint:
        command = [sys.executable, "deploy.py", "--port", str(endpoint.port)]
        second = subprocess.run(
            [*command, "--registry", str(tmp_path / "registry")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (second.returncode, second.stdout) == (1, "")
        assert f"port {endpoint.port} on 127.0.0.1 is in use" in second.stderr
        assert live.status(endpoint.port, "/health/ready") == 200


# Models that are what they say and yet cannot serve


def test_a_model_that_cannot_be_loaded_is_refused(tmp_path):
    done = deploy(tmp_path, model_folder(tmp_path / "trained"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "model.onnx is not a network" in done.stderr
    assert "the server ended with status 1 before it was ready" in done.stderr


def test_a_model_that_misreads_is_refused(tmp_path):
    model = tmp_path / "blind"
    shutil.copytree(ROOT / "models" / "digits", model)
    card = json.loads((model / "model.json").read_text())
    card["parameters"].setdefault("search", {})["least_score"] = 2.0  # nothing is ever so sure
    (model / "model.json").write_text(json.dumps(card))
    done = deploy(tmp_path, model)
    assert (done.returncode, done.stdout) == (1, "")
    assert "smoke test failed: the model reads canvas_rows.png as nothing" in done.stderr
