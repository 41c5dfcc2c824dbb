"""`score_many.py` against a plain multiprocessing.Pool around the reader, and its memory.

    uv run bench/many.py compare [--pictures 100000] [--rounds 3]    pictures a second, warm
    uv run bench/many.py memory [--pictures 200000] [--limit-mib 3072]    under a fixed limit

Pictures are 28x28 PNGs, drawn here, all different. *compare* alternates the two within each round,
with one and with two workers; start-up is what passes until the first picture is done, stated
apart; the rate is of what comes after it. The pool opens files and returns readings as values;
`score_many.py` writes Parquet files besides. *memory* runs a tenth of the pictures and all of them
in a control group whose memory is limited where there is one (cgroup v1 or v2, as root), else
watches; it prints the most that all its processes held (proportional, shared memory once). Nine of
ten pictures are blank paper there, to be done sooner.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digits.reader import Reader  # noqa: E402  # the checkout's own
from digits.settings import Settings  # noqa: E402

UV = os.environ.get("UV") or "uv"
POLL_S = 0.25
"""How often the output is looked at: a look takes longer the more files there are, on a processor
that the run could have used."""

_reader: Reader | None = None


def main() -> None:
    """Measure and print lines of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["compare", "memory"])
    parser.add_argument("--pictures", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit-mib", type=int, default=3072)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    python = environment()
    with tempfile.TemporaryDirectory(prefix="digits-many-") as temporary:
        folder = Path(temporary)
        if args.what == "compare":
            compare(python, folder, args.pictures or 100_000, args.rounds, args.workers)
        else:
            memory(python, folder, args.pictures or 200_000, args.limit_mib)


def environment() -> Path:
    """The script's own environment, installed; its Python."""
    sync = [UV, "sync", "--quiet", "--frozen", "--script", "score_many.py"]
    subprocess.run(sync, cwd=ROOT, check=True)
    find = [UV, "python", "find", "--script", "score_many.py"]
    done = subprocess.run(find, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())


def draw(folder: Path, count: int, *, every: int = 1) -> Path:
    """So many small pictures, with a stroke of its own on every so-manieth."""
    rng = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"{number // 1000:04d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        paper = np.full((28, 28), 250, np.uint8)
        points = rng.integers(5, 23, (4, 2)).astype(np.int32)
        if number % every == 0:
            cv2.polylines(paper, [points], False, 20, 2, cv2.LINE_AA)
        cv2.imwrite(str(place / f"{number:06d}.png"), paper)
    return folder


def compare(python: Path, folder: Path, count: int, rounds: int, workers: list[int]) -> None:
    """Both in turn, with each number of workers; then medians."""
    pictures = draw(folder / "in", count)
    rows = []
    for number in range(rounds):
        for each in workers:
            pool = by_pool(pictures, count, each)
            ray = by_ray(python, pictures, folder / "out", count, each)
            rows.append({"round": number, "workers": each, "pool": pool, "ray": ray})
            print(json.dumps(rows[-1]), flush=True)
    for each in workers:
        mine = [row for row in rows if row["workers"] == each]
        shares = [row["ray"]["per_s"] / row["pool"]["per_s"] for row in mine]
        print(
            json.dumps(
                {
                    "workers": each,
                    "ray_per_s": round(statistics.median(r["ray"]["per_s"] for r in mine)),
                    "pool_per_s": round(statistics.median(r["pool"]["per_s"] for r in mine)),
                    "ray_over_pool": round(statistics.median(shares), 3),
                    "ray_startup_s": statistics.median(r["ray"]["startup_s"] for r in mine),
                    "pool_startup_s": statistics.median(r["pool"]["startup_s"] for r in mine),
                }
            ),
            flush=True,
        )


def by_pool(pictures: Path, count: int, workers: int) -> dict[str, float]:
    """The yardstick: one process a worker, chunks of files, readings back."""
    began = time.monotonic()
    files = [str(path) for path in sorted(pictures.rglob("*.png"))]
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=_open) as pool:
        answers = pool.imap_unordered(_read, files, chunksize=256)
        next(answers)
        first = time.monotonic()
        done = 1 + sum(1 for _ in answers)
        ended = time.monotonic()
    assert done == count, done
    return _figures(first - began, (count - 256) / (ended - first))


def _open() -> None:
    global _reader
    _reader = Reader.load(Settings.from_env())


def _read(file: str) -> dict[str, object]:
    assert _reader
    return {"path": file, **_reader.read(Path(file).read_bytes()).to_dict()}


def by_ray(python: Path, pictures: Path, out: Path, count: int, workers: int) -> dict[str, float]:
    """The command itself; the rate is from the first file that it has written to the last."""
    shutil.rmtree(out, ignore_errors=True)
    command = [python, "score_many.py", pictures, "--out", out, "--workers", str(workers)]
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while not (parts := list(out.glob("part-*"))):
        assert process.poll() is None, "it ended without a file"
        time.sleep(POLL_S)
    first, before = time.monotonic(), len(parts)
    last = first
    while process.poll() is None:
        found = len(list(out.glob("part-*")))
        if found != before:
            last, before = time.monotonic(), found
        time.sleep(POLL_S)
    assert process.returncode == 0
    return _figures(first - began, (count - 16) / (last - first))


def _figures(startup_s: float, per_s: float) -> dict[str, float]:
    return {"startup_s": round(startup_s, 2), "per_s": round(per_s, 1)}


def memory(python: Path, folder: Path, count: int, limit_mib: int) -> None:
    """A tenth of the pictures, then all of them; the most memory held."""
    for size in (count // 10, count):
        pictures = draw(folder / f"in-{size}", size, every=10)
        command = [str(python), "score_many.py", str(pictures), "--out", str(folder / f"o-{size}")]
        with limited(limit_mib) as (group, enter):
            process = subprocess.Popen(
                [*enter, *command], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
            )
            most = watch(process)
            outcome = {"pictures": size, "status": process.returncode, "most_mib": round(most)}
            outcome["limit_mib"] = limit_mib if group else None
            outcome["group_most_mib"] = group and round(group_most(group))
            print(json.dumps(outcome), flush=True)


class limited:  # noqa: N801  # reads as what it does
    """A control group with a limit on memory, and the command that enters it; none if none can."""

    def __init__(self, limit_mib: int) -> None:
        self.limit = limit_mib * 1024 * 1024
        self.group: Path | None = None

    def __enter__(self) -> tuple[Path | None, list[str]]:
        """Make the group."""
        for above, name in (
            (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
            (Path("/sys/fs/cgroup"), "memory.max"),
        ):
            group = above / f"digits-many-{os.getpid()}"
            try:
                group.mkdir()
                (group / name).write_text(str(self.limit))
            except OSError:
                continue
            self.group = group
            enter = f'echo $$ > {group}/cgroup.procs && exec "$@"'
            return group, ["sh", "-c", enter, "sh"]
        return None, []

    def __exit__(self, *raised: object) -> None:
        """Remove it, once it is empty."""
        deadline = time.monotonic() + 30
        while self.group and time.monotonic() < deadline:
            try:
                self.group.rmdir()
                return
            except OSError:
                time.sleep(0.5)


def group_most(group: Path) -> float:
    """The most memory the group ever held, files it has read included, in MiB."""
    for name in ("memory.max_usage_in_bytes", "memory.peak"):
        if (group / name).exists():
            return int((group / name).read_text()) / 1024 / 1024
    return 0.0


def watch(process: subprocess.Popen[bytes]) -> float:
    """Until it ends: the most that it and all it started held, in MiB."""
    most = 0.0
    ended = threading.Event()
    threading.Thread(target=lambda: (process.wait(), ended.set()), daemon=True).start()
    while not ended.wait(0.5):
        most = max(most, sum(proportional(pid) for pid in family(process.pid)))
    return most / 1024


def family(pid: int) -> Iterator[int]:
    """The processes of its session and those below them: Ray's are in groups of their own."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += children.get(each, [])


def proportional(pid: int) -> float:
    """Its own memory and its share of what it shares, in KiB."""
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    except OSError:
        return 0.0
    return float(found[1]) if found else 0.0


if __name__ == "__main__":
    main()
