"""Compare servers around the same reader, by processor time for each request.

    uv run bench/serving.py [--rounds N] [--seconds S] [--servers NAME...] [--out FILE]

Starts each server in turn on this machine, two workers each, checks its answers, drives it with
wrk (Debian: apt-get install wrk), and writes a table: medians over the rounds, ratios taken within
a round. Requests a second on a machine that others use say little; processor time for a request
says more, and what a server adds to the in-process limit does not depend on the model. That is
timed a second time with a reader that remembers what it has read: the difference of two large
numbers, both uncertain, is then one of two small ones. With photos, where even
the readings' own time varies more than that, both are timed in turns. Takes about six minutes a
round.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from cases import Case, cases
from contestants import CONTESTANTS, ROOT, Contestant, Running, ask, python_path, running
from load import Load, drive, foreign_load
from report import OURS, table
from tqdm import tqdm

TIMED = ("small", "canvas", "photo")
REMEMBERED = TIMED
"""Cases that are also timed with a reader that remembers: what remains is the server's own."""

ALONE = " remembered"

PHOTOS_LONGER = 3
"""Photos are timed for so many times as long: what is in flight at the end must not matter."""

TURNS = 5
"""How often our server and the in-process limit are timed in turns with photos, in each round."""


@dataclass(frozen=True)
class Timing:
    """One server, one case, one round."""

    load: Load
    cpu_us: float
    foreign_cores: float


@dataclass(frozen=True)
class Visit:
    """One server in one round."""

    timings: dict[str, Timing]
    cold_start_s: float
    rss_mib: float
    pss_mib: float
    idle_cpu: float
    p99_alone_ms: float
    p99_beside_ms: float
    large_s: float
    large_failed: int
    photo_shares: list[float]


Round = tuple[dict[str, float], dict[str, Visit]]
"""The in-process limit of each case in processor microseconds, and each server's visit."""


def main() -> int:
    """Run the rounds and write the table."""
    arguments = _arguments()
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 1
    chosen = [each for each in CONTESTANTS if each.name in arguments.servers]
    sent = cases()
    truth = {name: _in_process(case, "0", "--answer") for name, case in sent.items()}
    rounds: list[Round] = []
    bar = tqdm(total=arguments.rounds * len(chosen), unit="server", disable=None)
    for number in range(arguments.rounds):
        limits = {name: _limit_us(sent[name], _seconds(name, arguments.seconds)) for name in TIMED}
        for name in REMEMBERED:
            limits[name + ALONE] = _limit_us(sent[name], arguments.seconds, remembered=True)
        visits = {}
        # Every other round goes backwards, so that nobody always follows the same neighbour.
        for contestant in chosen if number % 2 == 0 else reversed(chosen):
            visits[contestant.name] = visit(contestant, sent, truth, arguments.seconds)
            bar.update()
        rounds.append((limits, visits))
        arguments.out.with_suffix(".json").write_text(_dump(rounds))
    bar.close()
    text = table(rounds, seconds=arguments.seconds)
    arguments.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


def visit(
    contestant: Contestant, sent: dict[str, Case], truth: dict[str, dict], seconds: float
) -> Visit:
    """Start one server, check it, time it, stop it."""
    if contestant.json_only:
        sent = {name: case.as_json() for name, case in sent.items()}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(contestant, first=sent["small"], log=Path(folder) / "log", patient=True) as server,
    ):
        for name, case in sent.items():
            _check(server, case, truth[name]["rows"])
        drive(server.port, sent["small"], seconds=1)
        timings = {name: _time(server, sent[name], _seconds(name, seconds)) for name in TIMED}
        turns = TURNS if contestant.name == OURS else 0
        shares = [_share(server, sent["photo"], seconds) for _ in range(turns)]
        rss, pss = server.memory_mib()
        alone = drive(server.port, sent["small"], seconds=2 * seconds).p99_ms
        with _once_a_second(server.port, sent["large"]) as large:
            beside = drive(server.port, sent["small"], seconds=2 * seconds).p99_ms
        time.sleep(1)
        before = server.cpu_s()
        time.sleep(3)
        idle = (server.cpu_s() - before) / 3
    timings |= _time_remembered(contestant, sent, seconds)
    taken = [taken for status, taken in large if status == 200]
    return Visit(
        timings,
        cold_start_s=server.cold_start_s,
        rss_mib=rss,
        pss_mib=pss,
        idle_cpu=idle,
        p99_alone_ms=alone,
        p99_beside_ms=beside,
        large_s=median(taken) if taken else inf,
        large_failed=len(large) - len(taken),
        photo_shares=shares,
    )


def _time_remembered(
    contestant: Contestant, sent: dict[str, Case], seconds: float
) -> dict[str, Timing]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(
            contestant, first=sent["small"], log=Path(folder) / "log", remembered=True
        ) as server,
    ):
        for name in REMEMBERED:
            # One after the other: 32 threads at once would all read what none remembers yet.
            for _ in range(20):
                ask(server.port, sent[name])
            drive(server.port, sent[name], seconds=1, connections=4)
        return {name + ALONE: _time(server, sent[name], seconds) for name in REMEMBERED}


def _seconds(name: str, seconds: float) -> float:
    return seconds * PHOTOS_LONGER if name == "photo" else seconds


def _time(server: Running, case: Case, seconds: float) -> Timing:
    with foreign_load(server.cpu_s) as foreign:
        before = server.cpu_s()
        load = drive(server.port, case, seconds=seconds)
        spent = server.cpu_s() - before
    return Timing(load, spent / max(load.requests, 1) * 1e6, foreign.cores)


def _share(server: Running, case: Case, seconds: float) -> float:
    """The part of the in-process limit that the server reaches, one right after the other."""
    limit = _limit_us(case, seconds)
    return limit / _time(server, case, seconds).cpu_us


def _check(server: Running, case: Case, rows: list[str]) -> None:
    status, body = ask(server.port, case)
    if status != 200 or json.loads(body)["rows"] != rows:
        raise RuntimeError(f"{server.name} answers {case.name} wrong: {status} {body[:300]!r}")


@contextmanager
def _once_a_second(port: int, case: Case) -> Iterator[list[tuple[int, float]]]:
    """Send one request every second, whether or not the last has been answered.

    Afterwards the list has the status of each, 0 for none, and the seconds it took.
    """
    stop = threading.Event()
    askers: list[threading.Thread] = []
    answers: list[tuple[int, float]] = []

    def send() -> None:
        began, status = time.monotonic(), 0
        with suppress(OSError, HTTPException):
            status, _ = ask(port, case)
        answers.append((status, time.monotonic() - began))

    def keep_sending() -> None:
        while not stop.wait(1 if askers else 0):
            askers.append(threading.Thread(target=send))
            askers[-1].start()

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        yield answers
    finally:
        stop.set()
        sender.join()
        for asker in askers:
            asker.join()


def _limit_us(case: Case, seconds: float, *, remembered: bool = False) -> float:
    """Processor microseconds for a request without a server, in two processes at once.

    Two, as the servers have: alone, one process has the caches for itself.
    """
    with ThreadPoolExecutor(2) as pool:
        measured = [
            pool.submit(_in_process, case, str(seconds), remembered=remembered) for _ in range(2)
        ]
    return sum(float(each.result()["cpu_us"]) for each in measured) / 2


def _in_process(case: Case, *arguments: str, remembered: bool = False) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile() as body:
        body.write(case.body)
        body.flush()
        ran = subprocess.run(
            [sys.executable, "bench/in_process.py", body.name, case.kind, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": python_path(remembered=remembered)},
            capture_output=True,
            text=True,
            check=True,
        )
    return dict(json.loads(ran.stdout))


def _dump(rounds: list[Round]) -> str:
    plain = [
        {"limits": limits, "visits": {name: asdict(each) for name, each in visits.items()}}
        for limits, visits in rounds
    ]
    return json.dumps(plain, indent=1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [each.name for each in CONTESTANTS]
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (%(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="of load each (%(default)s)")
    parser.add_argument("--servers", nargs="+", default=names, choices=names)
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "serving.md")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
