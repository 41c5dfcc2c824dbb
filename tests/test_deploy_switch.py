"""A running endpoint follows its stage to another version and back, and drops no request."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import live
import orjson
import pytest
from fabricate import model_folder
from samples import picture

from digits.model import ModelFolder
from digits.registry.local import LocalRegistry
from digits.settings import ROOT

PATIENCE_S = 240
WORKERS = 2


class Clients:
    """Some that ask on one connection for as long as they may, some on a new one each time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.failures: list[str] = []
        self.versions: Counter[str] = Counter()
        self._stop = threading.Event()
        chores = [self._score_on_one, self._score_on_one, self._score_anew, self._probe]
        self._threads = [threading.Thread(target=self._run, args=(chore,)) for chore in chores]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(PATIENCE_S)

    def until_served(self, version: str) -> None:
        """Wait until they have been answered by this version only, for a while."""
        deadline = time.monotonic() + PATIENCE_S
        others = -1
        while others != (others := sum(self.versions.values()) - self.versions[version]):
            seen = self.versions[version]
            while self.versions[version] < seen + 40:
                assert time.monotonic() < deadline, (version, self.versions, self.failures)
                time.sleep(0.05)

    def _run(self, chore: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                chore()
        except Exception as error:
            self.failures.append(f"{chore.__name__}: {error!r}")

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def _score_on_one(self) -> None:
        connection = self._connection()
        ended = False
        while not ended and not self._stop.is_set():
            ended = self._score(connection)
        connection.close()

    def _score_anew(self) -> None:
        connection = self._connection()
        self._score(connection)
        connection.close()

    def _score(self, connection: HTTPConnection) -> bool:
        """Whether the server ends the connection with its answer."""
        headers = {"Content-Type": "image/png"}
        connection.request("POST", "/score", picture("digit_3.png"), headers)
        response = connection.getresponse()
        answer = orjson.loads(response.read())
        if response.status == 200 and answer["rows"] == ["3"]:
            self.versions[answer["model"]["version"]] += 1
        else:
            self.failures.append(f"{response.status}: {answer}")
        return response.getheader("connection") == "close"

    def _probe(self) -> None:
        status = live.status(self.port, "/health/ready")
        if status != 200:
            self.failures.append(f"ready: {status}")
        time.sleep(0.02)


def command(registry: Path, *options: str) -> list[str]:
    return [sys.executable, "deploy.py", "--registry", str(registry), *options]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_follows_its_stage_there_and_back_without_dropping_a_request(
    tmp_path: Path, free_port: int
) -> None:
    registry = LocalRegistry(tmp_path / "registry")
    shipped = ModelFolder.open(ROOT / "models" / "digits")
    registry.register(shipped, stage="production")
    log = tmp_path / "log"
    serve = ["--model", "digits@production", "--port", str(free_port), "--workers", str(WORKERS)]
    with live.endpoint(
        command(registry.root, *serve),
        port=free_port,
        cwd=ROOT,
        log=log,
        announcement="stop:    Ctrl-C",
    ) as process:
        clients = Clients(free_port)
        with clients.at_work():
            clients.until_served("1")

            registry.register(shipped, stage="production")
            clients.until_served("2")
            assert served(free_port) == "2"

            # A version that cannot read is not switched to, whatever the stage says.
            broken = ModelFolder.open(model_folder(tmp_path / "broken"))
            registry.register(broken, stage="production")
            until_said(log, "not switching to digits@production")
            assert served(free_port) == "2"

            back = subprocess.run(
                command(registry.root, "--rollback"), cwd=ROOT, capture_output=True, text=True
            )
            assert (back.returncode, back.stdout) == (0, "digits:2\n"), back.stderr
            back = subprocess.run(command(registry.root, "--rollback"), cwd=ROOT, check=True)
            clients.until_served("1")
        # Version 1 answers as soon as its worker is there; all of it is said a moment later.
        until_said(log, "digits:1 is served now")
        assert clients.failures == []
        assert set(clients.versions) == {"1", "2"}
    assert process.returncode == 0, log.read_text(encoding="utf-8")
    said = log.read_text(encoding="utf-8")
    assert said.index("digits:2 is served now") < said.index("digits:1 is served now")
    assert "killing it" not in said
    assert "ended with status" not in said


def served(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", "/model")
    version = orjson.loads(connection.getresponse().read())["version"]
    connection.close()
    return str(version)


def until_said(log: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while text not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.05)
