"""Load from wrk, and who used the processor meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cases import Case

SCRIPT = """
local file = io.open(os.getenv("BENCH_BODY"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = os.getenv("BENCH_KIND")
function done(summary, latency, requests)
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "failed": %d, "p50_ms": %f, "p99_ms": %f}\\n',
    summary.requests, summary.duration / 1e6,
    summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.status + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw. ``failed`` counts statuses over 399, broken connections and timeouts."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def drive(port: int, case: Case, *, seconds: float, connections: int = 32) -> Load:
    """Drive a server for a bounded time with one wrk thread."""
    with tempfile.TemporaryDirectory() as folder:
        script, body = Path(folder) / "script.lua", Path(folder) / "body"
        script.write_text(SCRIPT)
        body.write_bytes(case.body)
        ran = subprocess.run(
            [
                *("wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s"),
                *("-s", str(script), f"http://127.0.0.1:{port}/score"),
            ],
            env={**os.environ, "BENCH_BODY": str(body), "BENCH_KIND": case.kind},
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 90,
        )
    return Load(**json.loads(ran.stdout.splitlines()[-1]))


@dataclass
class Foreign:
    """Processor cores that neither the server nor this benchmark used, on average."""

    cores: float = 0.0


@contextmanager
def foreign_load(server_cpu_s: object) -> Iterator[Foreign]:
    """Measure it while the body runs; ``server_cpu_s`` is called for the server's own time."""
    assert callable(server_cpu_s)
    found = Foreign()
    began, busy, own = time.monotonic(), _busy_s(), server_cpu_s() + _own_s()
    yield found
    passed = time.monotonic() - began
    found.cores = (_busy_s() - busy - (server_cpu_s() + _own_s() - own)) / passed


def _busy_s() -> float:
    """Processor time of the whole machine, all but idle and waiting."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    """This process and what it has waited for, wrk above all."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
