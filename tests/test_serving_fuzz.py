"""Two minutes of what nobody thought of, with a fixed seed: no crash, no 500, no hang, no leak.

Longer by hand: FUZZ_SECONDS=600 uv run pytest -m slow --timeout 0 tests/test_serving_fuzz.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest
from foreign import foreign
from own_server import OwnServer, own_server
from samples import picture

from digits.settings import ROOT

pytestmark = pytest.mark.slow

SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))
PATIENCE_S = SECONDS + 220
RUNS = 4000
"""Of one fuzzing process, which its instruments make larger by a third of a megabyte with each.
What the bytes leave behind without them is tested as well."""

GROWTH_MIB = 20
"""What the later half of a replay may add: the heap settles by some megabytes."""

SPARE_MIB = 300
"""What a process may need beyond what it has at first: the largest pictures are read in it."""


def test_bytes_into_the_wire_and_the_decoder(tmp_path):
    until, seed, done = time.monotonic() + SECONDS, 0, 0
    while (left := round(until - time.monotonic())) > 0:
        seed += 1
        ran = foreign(
            *("python", "tests/fuzz/wire.py", f"-max_total_time={left}", f"-runs={RUNS}"),
            *(f"-seed={seed}", "-timeout=60", "-rss_limit_mb=3000"),
            *(f"-artifact_prefix={tmp_path}/", str(tmp_path / "corpus")),
            needs=["atheris"],
            project=True,
            timeout_s=PATIENCE_S,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        done += int(re.search(r"Done (\d+) runs", ran.stderr)[1])
    assert done > 100
    print(f"{done} runs in {seed} processes")


def test_broken_bytes_leave_nothing_behind():
    ran = subprocess.run(
        [sys.executable, "tests/fuzz/replay.py", "5000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert ran.returncode == 0, ran.stderr[-6000:]
    resident = [float(line.split()[1]) for line in ran.stdout.splitlines()]
    print("resident MiB after each tenth:", *resident)
    # Ten kilobytes left by each run would be more than this.
    assert resident[-1] < resident[4] + GROWTH_MIB


def test_requests_that_the_description_allows_or_forbids(tmp_path):
    # Left out: whether the schema alone tells good from bad. It cannot say what is base64 of a
    # picture, and the older routes answer mistakes with 200, as their clients expect.
    with own_server(tmp_path, feedback=tmp_path / "store") as server:
        before = resident_mib(server)
        ran = foreign(
            *("schemathesis", "run", f"http://127.0.0.1:{server.port}/swagger.json"),
            *("--seed", "1", "--max-time", str(SECONDS), "--max-examples", "30"),
            *("--checks", "all", "--request-timeout", "60", "--no-shrink"),
            *("--exclude-checks", "positive_data_acceptance,negative_data_rejection"),
            needs=["schemathesis"],
            cwd=tmp_path,
            timeout_s=PATIENCE_S,
        )
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
        assert server.score(picture("digit_3.png")).json["rows"] == ["3"]
        assert "stack" not in server.log.read_text()
        after = resident_mib(server)
        assert after < before + SPARE_MIB
        print(f"{ran.stdout[-1500:]}\nresident {before} MiB at first, {after} at the end")


def resident_mib(server: OwnServer) -> int:
    """Of its one worker."""
    (size,) = re.findall(rb"^digits_resident_bytes\{.*\} (\d+)$", server.get("/metrics").body, re.M)
    return int(size) // 2**20
