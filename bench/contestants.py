"""The servers that are compared: how each is started, two workers each, and how it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from cases import Case

ROOT = Path(__file__).resolve().parent.parent
REMEMBERED = str(ROOT / "bench" / "remembered")
WORKERS = "2"
PATIENCE_S = 120
ISOLATED = ("uv", "run", "--isolated", "--frozen", "--no-dev")


@dataclass(frozen=True)
class Contestant:
    """``packages``: uv's options for its environment; ``json_only``: takes no raw bytes."""

    name: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...]
    json_only: bool = False

    def with_workers(self, workers: int) -> Contestant:
        """The same with another number of workers, where they are its last argument."""
        return replace(self, arguments=(*self.arguments[:-1], str(workers)))

    def python(self) -> str:
        """The interpreter that has what it needs; the environment stays for the whole run."""
        if not self.packages:
            return sys.executable
        return _environment(self.packages)


CONTESTANTS = (
    Contestant("ours", (), ("-m", "digits.serving", "--port", "{port}", "--workers", WORKERS)),
    Contestant(
        "azmlinfsrv",
        ("--extra", "azure-server"),
        (
            "-m",
            "azureml_inference_server_http",
            *("--entry_script", "score.py", "--port", "{port}", "--worker_count", WORKERS),
        ),
    ),
    Contestant(
        "FastAPI",
        ("--with", "fastapi", "--with", "uvicorn[standard]"),
        (
            *("-m", "uvicorn", "fastapi_app:app", "--app-dir", "bench/peers"),
            *("--port", "{port}", "--workers", WORKERS),
        ),
    ),
    Contestant(
        "LitServe",
        ("--with", "litserve"),
        ("bench/peers/litserve_app.py", "{port}"),
        json_only=True,
    ),
)
"""What each keeps of its defaults: its access log on; onnxruntime and OpenCV on one thread."""


@dataclass(frozen=True)
class Running:
    """A server that has answered."""

    name: str
    port: int
    pid: int
    cold_start_s: float

    def pids(self) -> list[int]:
        """The server's processes, all generations."""
        found, unseen = [], [self.pid]
        while unseen:
            pid = unseen.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                unseen += [int(child) for child in task.read_text().split()]
        return found

    def cpu_s(self) -> float:
        """Processor time of all its processes so far, those that have ended included."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> tuple[float, float]:
        """Resident and proportional memory of all its processes together."""
        resident = proportional = 0
        for pid in self.pids():
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            sizes = {line.split()[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
            resident += sizes["Rss:"]
            proportional += sizes["Pss:"]
        return resident / 1024, proportional / 1024


@contextmanager
def running(
    contestant: Contestant,
    *,
    first: Case,
    log: Path,
    remembered: bool = False,
    patient: bool = False,
) -> Iterator[Running]:
    """Start it, wait for its first right answer, stop it at the end with all its processes.

    With ``remembered`` the reader knows what it has read before: see bench/remembered. A
    ``patient`` server refuses nobody for lack of time: as the others, who have no limit.
    """
    port = _free_port()
    command = [contestant.python(), *(part.format(port=port) for part in contestant.arguments)]
    environ = {
        **os.environ,
        "PYTHONPATH": python_path(remembered=remembered),
        "AML_APP_ROOT": str(ROOT),
        "GUNICORN_CMD_ARGS": "--no-control-socket",
        **({"DIGITS_TIMEOUT_S": "60"} if patient else {}),
    }
    with log.open("wb") as stream:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            _wait(process, port, first, log)
            yield Running(contestant.name, port, process.pid, time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            # Some leave processes behind when they end.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def python_path(*, remembered: bool) -> str:
    """Where a process finds this project, and what makes its reader remember."""
    return os.pathsep.join([*([REMEMBERED] if remembered else []), str(ROOT)])


def ask(port: int, case: Case) -> tuple[int, bytes]:
    """One request to /score: status and answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/score", case.body, {"Content-Type": case.kind})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _wait(process: subprocess.Popen[bytes], port: int, first: Case, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args} does not answer: {log.read_text()[-2000:]}")
        try:
            if ask(port, first)[0] == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.01)


def _environment(packages: tuple[str, ...]) -> str:
    if packages not in _environments:
        keeper = subprocess.Popen(
            [
                *ISOLATED,
                *packages,
                *(
                    "python",
                    "-c",
                    "import sys; print(sys.executable, flush=True); sys.stdin.read()",
                ),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert keeper.stdout is not None
        # The environment lives as long as the process that sits in it.
        _environments[packages] = (keeper.stdout.readline().strip(), keeper)
    return _environments[packages][0]


_environments: dict[tuple[str, ...], tuple[str, subprocess.Popen[str]]] = {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
