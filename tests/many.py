"""``score_many.py`` in processes of its own, and what it wrote."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import samples

from digits.settings import ROOT

UV = os.environ.get("UV") or "uv"
PATIENCE_S = 600
"""Ray takes seconds to start on an idle machine, and minutes on a busy one."""

READ = """
import json, sys
import pyarrow.dataset as dataset
for row in dataset.dataset(sys.argv[1]).to_table().to_pylist():
    print(json.dumps(row))
"""

CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
print(cluster.address, flush=True)
for _ in sys.stdin:
    cluster.remove_node(nodes.pop(), allow_graceful=False)
    print("killed", flush=True)
cluster.shutdown()
"""

CLUSTER_ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


def environment() -> Path:
    """The script's own environment, installed; its Python."""
    subprocess.run(
        [UV, "sync", "--quiet", "--frozen", "--script", "score_many.py"], cwd=ROOT, check=True
    )
    found = [UV, "python", "find", "--script", "score_many.py"]
    return Path(
        subprocess.run(
            found, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
    )


def run(*command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and all that it started."""
    with started(*command, **environ) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@contextmanager
def started(*command: str | Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A command at work, and at the end nothing of it any more."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=os.setpgrp,  # a group that can be killed as a whole
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def rows(python: Path, out: Path) -> list[dict[str, Any]]:
    """All rows of a folder of Parquet files, by any reader's own rules."""
    done = subprocess.run([python, "-c", READ, out], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


COPY = """
import sys, fsspec
_, protocol, action, source, target = sys.argv
getattr(fsspec.filesystem(protocol), action)(source, target, recursive=True)
"""


def assert_reads_from_storage(
    python: Path, there: str, folder: Path, environ: dict[str, str]
) -> None:
    """Pictures, a broken one and a shard, from one folder of an object storage into another.

    ``there`` is the URL of a container or bucket, which is empty; ``environ`` leads to it.
    """
    given, out, protocol = folder / "in", folder / "out", there.partition("://")[0]
    (given / "deep").mkdir(parents=True)
    sources = sorted((ROOT / "test_images").glob("*.png"))[:6]
    for source in sources:
        shutil.copy2(source, given)
    (given / "bad.png").write_bytes(b"no picture")
    (given / "empty.png").touch()
    with zipfile.ZipFile(given / "deep" / "shard.zip", "w", zipfile.ZIP_DEFLATED) as shard:
        shard.write(ROOT / "test_images" / "canvas_7.png", "zipped.png")
    sent = run(python, "-c", COPY, protocol, "put", f"{given}/", f"{there}/in/", **environ)
    assert sent.returncode == 0, sent.stderr

    command = [python, "score_many.py", f"{there}/in", "--out", f"{there}/out"]
    done = run(*command, **environ)
    assert (done.returncode, done.stdout) == (0, f"{there}/out\n"), done.stderr
    assert "9 pictures in" in done.stderr
    got = run(python, "-c", COPY, protocol, "get", f"{there}/out/", f"{out}/", **environ)
    assert got.returncode == 0, got.stderr
    read = {str(row["path"]): row for row in rows(python, out)}
    labels = samples.labelled()
    wanted = {f"{there}/in/{source.name}": labels[source.name] for source in sources}
    wanted[f"{there}/in/deep/shard.zip/zipped.png"] = labels["canvas_7.png"]
    assert {path: "/".join(row["rows"]) for path, row in read.items() if not row["error"]} == wanted
    assert read[f"{there}/in/bad.png"]["error"]["code"] == "unsupported_media_type"
    assert read[f"{there}/in/empty.png"]["error"]["code"] == "bad_request"

    again = run(*command, **environ)
    assert again.returncode == 0, again.stderr
    assert "0 of them read just now" in again.stderr


def wait_for_parts(out: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Until so many files are written, by a process that must not end before that."""
    deadline = time.monotonic() + PATIENCE_S
    while len(list(out.glob("part-*.parquet"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
