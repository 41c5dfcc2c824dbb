"""Five times what the server can do, for a minute, from clients that do not wait for answers.

    uv run bench/overload.py [--seconds S] [--times N] [--workers N]

Measures the capacity with wrk, then sends photos at a multiple of it, each on a connection of its
own and whether or not the last were answered, at lower priority; meanwhile it asks for
/health/live and watches the memory. Prints what every request got and how long that took, and how
soon after the load the server is as fast as before. Takes about two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from cases import Case, cases
from contestants import CONTESTANTS, Running, ask, running
from load import drive

PROBE_S = 0.05
SETTLED = 1.5
"""The server is back to normal when it takes at most so many times its time before."""


@dataclass
class Seen:
    """What came back: how many of each status, and after how many seconds."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, status: str, seconds: float) -> None:
        """Count one answer, or the lack of one."""
        self.counts[status] += 1
        self.seconds.setdefault(status, []).append(seconds)

    def summary(self) -> dict[str, dict[str, float]]:
        """Count, 99th percentile and slowest of each status."""
        return {
            status: {
                "count": len(times),
                "p50_s": round(median(times), 3),
                "p99_s": round(percentile(times, 99), 3),
                "max_s": round(max(times), 3),
            }
            for status, times in sorted(self.seconds.items())
        }


def percentile(values: list[float], rank: int) -> float:
    """Of a list that may be short."""
    return quantiles(values, n=100)[rank - 1] if len(values) > 1 else values[0]


def main() -> int:
    """Measure, overload, watch the recovery; prints JSON."""
    arguments = _arguments()
    contestant = CONTESTANTS[0].with_workers(arguments.workers)
    sent = cases()
    with (
        TemporaryDirectory() as folder,
        running(contestant, first=sent["small"], log=Path(folder) / "log") as server,
    ):
        capacity = drive(server.port, sent["photo"], seconds=5, connections=8).per_s
        before = _typical(server.port, sent["small"])
        os.nice(10)
        rate = capacity * arguments.times
        print(f"capacity {capacity:.1f}/s, sending {rate:.0f}/s", file=sys.stderr)
        photos, probes, memory = asyncio.run(
            _overload(server, sent["photo"], rate, arguments.seconds)
        )
        recovered = _recovery(server.port, sent["small"], before)
        answered = {
            "capacity_per_s": round(capacity, 1),
            "sent_per_s": round(rate, 1),
            "photos": photos.summary(),
            "health_live": probes.summary(),
            "resident_mib": [round(each) for each in memory],
            "small_before_ms": round(before * 1000, 2),
            "back_to_normal_after_s": recovered,
        }
    print(json.dumps(answered, indent=1))
    return 0


async def _overload(
    server: Running, case: Case, rate: float, seconds: float
) -> tuple[Seen, Seen, list[float]]:
    photos, probes, memory = Seen(), Seen(), []
    head = (
        f"POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: {case.kind}\r\n"
        f"Content-Length: {len(case.body)}\r\nConnection: close\r\n\r\n"
    )
    photo = head.encode() + case.body
    probe = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    loop = asyncio.get_running_loop()
    began = loop.time()
    tasks: set[asyncio.Task[None]] = set()

    async def watch() -> None:
        while True:
            memory.append(server.memory_mib()[0])
            await asyncio.sleep(seconds / 10)

    watching = asyncio.ensure_future(watch())
    count = probed = 0
    while (passed := loop.time() - began) < seconds:
        while count < passed * rate:
            tasks.add(asyncio.ensure_future(_send(server.port, photo, photos)))
            count += 1
        while probed < passed / PROBE_S:
            tasks.add(asyncio.ensure_future(_send(server.port, probe, probes)))
            probed += 1
        tasks = {task for task in tasks if not task.done()}
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    watching.cancel()
    return photos, probes, memory


async def _send(port: int, data: bytes, seen: Seen) -> None:
    began = time.monotonic()
    status = "no answer"
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), 60)
        status = answer[9:12].decode() or status
        writer.close()
    except (OSError, asyncio.TimeoutError) as error:
        status = type(error).__name__
    seen.add(status, time.monotonic() - began)


def _typical(port: int, case: Case) -> float:
    """Seconds that one request takes alone."""
    times = []
    for _ in range(50):
        began = time.monotonic()
        ask(port, case)
        times.append(time.monotonic() - began)
    return median(times)


def _recovery(port: int, case: Case, before: float) -> float | None:
    """Seconds until ten requests in a row take no longer than before; None if over ten."""
    ended = time.monotonic()
    good = 0
    while time.monotonic() - ended < 10:
        began = time.monotonic()
        status, _ = ask(port, case)
        good = good + 1 if status == 200 and time.monotonic() - began < SETTLED * before else 0
        if good == 10:
            return round(time.monotonic() - ended, 2)
    return None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="of overload (%(default)s)")
    parser.add_argument("--times", type=float, default=5, help="the capacity (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="of the server (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
