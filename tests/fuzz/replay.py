"""Throw mutated bytes at everything that parses them, without any instrument, and watch the memory.

    uv run python tests/fuzz/replay.py COUNT

Prints the resident MiB after each tenth of COUNT. Always the same bytes: the fuzzer looks for new
ones (`wire.py`), but its own process grows with every run, so that it cannot tell a leak.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from targets import SETTINGS, examples, try_one

from digits.wire import Service


def mutated(rng: random.Random, good: list[bytes]) -> bytes:
    """One of the good examples with a few bytes changed, added, lost or taken from another one."""
    data = bytearray(rng.choice(good))
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        choice, place = rng.random(), rng.randrange(1, max(2, len(data)))
        if choice < 0.5:
            data[place : place + 1] = rng.randbytes(1)
        elif choice < 0.7:
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif choice < 0.9:
            del data[place : place + rng.randrange(1, 9)]
        else:
            data[place:] = rng.choice(good)[place:]
    return bytes(data)


def resident_mib() -> float:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    """Try them all."""
    count = int(sys.argv[1])
    service, good, rng = Service.load(SETTINGS), examples(), random.Random(1)
    for number in range(1, count + 1):
        try_one(service, mutated(rng, good))
        if number % (count // 10) == 0:
            print(f"{number} {resident_mib():.1f}", flush=True)


if __name__ == "__main__":
    main()
