"""Twenty minutes of mixed traffic: does it leak, does it fail?

    uv run bench/soak.py [--minutes M] [--clients N] [--workers N] [--out FILE]

Sends pictures of all sizes in every form, a tenth of them broken, from a few clients that keep
their connections. Every answer must have the status that its input explains. Reports requests by
status, and each worker's memory: after the first quarter it should grow by less than two percent.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cases import PICTURES, cases, wrapped
from contestants import CONTESTANTS, ROOT, Running, running
from tqdm import tqdm

SAMPLE_S = 10


@dataclass(frozen=True)
class Input:
    """A request and the status it deserves."""

    kind: str
    body: bytes
    status: int


@dataclass
class Tally:
    """What all clients saw together."""

    statuses: Counter[int] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: int, expected: int) -> None:
        """Count one answer."""
        with self.lock:
            self.statuses[status] += 1
            if status != expected:
                self.unexplained[f"{status} instead of {expected}"] += 1


def main() -> int:
    """Soak the server, print the report; exit status 1 if an answer was not explained."""
    arguments = _arguments()
    good, bad = _inputs()
    tally, memory = Tally(), []
    with (
        TemporaryDirectory() as folder,
        running(
            CONTESTANTS[0].with_workers(arguments.workers),
            first=cases()["small"],
            log=Path(folder) / "log",
        ) as server,
    ):
        stop = threading.Event()
        clients = [
            threading.Thread(target=_client, args=(server.port, good, bad, seed, tally, stop))
            for seed in range(arguments.clients)
        ]
        for client in clients:
            client.start()
        for _ in tqdm(range(int(arguments.minutes * 60 / SAMPLE_S)), unit="sample", disable=None):
            time.sleep(SAMPLE_S)
            memory.append(_resident_mib(server))
        stop.set()
        for client in clients:
            client.join()
    report = _report(tally, memory, arguments.minutes)
    arguments.out.write_text(json.dumps(report | {"memory": memory}, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return int(bool(tally.unexplained))


def _client(
    port: int, good: list[Input], bad: list[Input], seed: int, tally: Tally, stop: threading.Event
) -> None:
    chance = random.Random(seed)
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while not stop.is_set():
        sent = chance.choice(bad if chance.random() < 0.1 else good)
        try:
            connection.request("POST", "/score", sent.body, {"Content-Type": sent.kind})
            response = connection.getresponse()
            response.read()
            tally.add(response.status, sent.status)
        except (OSError, HTTPException):
            tally.add(0, sent.status)
            connection.close()
    connection.close()


def _inputs() -> tuple[list[Input], list[Input]]:
    sys.path.insert(0, str(ROOT / "tests"))
    from samples import form, huge_png, long_gif

    files = sorted(path for path in PICTURES.iterdir() if path.suffix not in (".py", ".csv"))
    pictures = [path.read_bytes() for path in files if path.is_file()]
    pictures += [case.picture for case in cases().values()]
    octets = "application/octet-stream"
    good = [Input(octets, picture, 200) for picture in pictures]
    good += [Input("application/json", wrapped(picture), 200) for picture in pictures[::3]]
    good += [Input(*form(("image", picture)), 200) for picture in pictures[::3]]
    good += [Input(octets, pictures[0], 200)] * len(good)  # small ones come most often
    jpegs = [picture for picture in pictures if picture.startswith(b"\xff\xd8")]
    bad = [Input(octets, jpeg[: len(jpeg) // 2], 422) for jpeg in jpegs]
    bad += [
        Input(octets, b"not a picture" * 100, 415),
        Input(octets, huge_png(60_000, 60_000), 413),
        Input(octets, long_gif(2000), 200),
        Input(octets, b"", 400),
        Input("application/json", b'{"image": "%%%"}', 400),
        Input("application/json", b"[" * 5000, 400),
        Input("text/plain", pictures[0], 415),
    ]
    return good, bad


def _resident_mib(server: Running) -> list[float]:
    """Of each worker, by process id."""
    found = []
    for pid in sorted(server.pids())[1:]:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found.append(round(pages * 4096 / 2**20, 1))
    return found


def _report(tally: Tally, memory: list[list[float]], minutes: float) -> dict[str, object]:
    quarter = max(1, len(memory) // 4)
    # The median over some minutes: at any moment a worker has the picture it is at on top.
    start = [median(worker) for worker in zip(*memory[quarter : 2 * quarter], strict=True)]
    end = [median(worker) for worker in zip(*memory[-quarter:], strict=True)]
    growth = [
        round((after / before - 1) * 100, 2) for before, after in zip(start, end, strict=True)
    ]
    return {
        "minutes": minutes,
        "requests": sum(tally.statuses.values()),
        "by_status": dict(sorted(tally.statuses.items())),
        "unexplained": dict(tally.unexplained),
        "mib_in_the_second_quarter": start,
        "mib_in_the_last_quarter": end,
        "growth_percent": growth,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20, help="how long (%(default)s)")
    parser.add_argument("--clients", type=int, default=4, help="at once (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="of the server (%(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "soak.json")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
