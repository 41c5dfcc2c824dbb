"""``score_many.py`` as a user runs it: Ray, Parquet, kills, a cluster."""

from __future__ import annotations

import os
import shutil
import signal
import zipfile
from collections import Counter
from pathlib import Path

import many
import pytest
import samples
from live import unused_port

from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SHIPPED = ("canvas_rows.png", "digit_3.png", "blank.jpg")
SCRIPT = ROOT / "score_many.py"


@pytest.fixture(scope="module")
def python() -> Path:
    """Python of the script's own environment."""
    return many.environment()


PHOTO = "phone.jpg"


def photos(folder: Path, count: int) -> Path:
    """Links to one photo, so that each chunk of 16 takes a second or so and making them nothing."""
    for number in range(count):
        place = folder / f"{number // 50:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.jpg").symlink_to(ROOT / "test_images" / PHOTO)
    return folder


def assert_each_once(python: Path, out: Path, folder: Path) -> None:
    read = many.rows(python, out)
    found = Counter(Path(str(row["path"])).name for row in read)
    assert found == Counter(path.name for path in folder.rglob("*.jpg"))
    assert {"/".join(row["rows"] or ()) for row in read} == {samples.labelled()[PHOTO]}


DEADLY = """
import os, signal, sys

def watch(event, args, patched=[]):
    reader = sys.modules.get("digits.reader")
    if patched or not hasattr(reader, "Reader"):
        return
    patched.append(True)
    read = reader.Reader.read
    def dying(self, data, **options):
        if data.endswith(b"deadly"):
            os.kill(os.getpid(), signal.SIGKILL)
        return read(self, data, **options)
    reader.Reader.read = dying

sys.addaudithook(watch)
"""
"""Goes into every Python that is started: as if some picture crashed the decoder."""


def test_a_picture_that_kills_its_workers_is_a_row_with_an_error(
    tmp_path: Path, python: Path
) -> None:
    folder, out, site = tmp_path / "in", tmp_path / "out", tmp_path / "site"
    for place in (folder, site):
        place.mkdir()
    (site / "sitecustomize.py").write_text(DEADLY)
    for name in SHIPPED:
        shutil.copy2(ROOT / "test_images" / name, folder)
    (folder / "crash.png").write_bytes(samples.picture("digit_3.png") + b"deadly")

    done = many.run(python, SCRIPT, folder, "--out", out, PYTHONPATH=str(site))

    assert done.returncode == 0, done.stderr
    assert "1 of those with an error" in done.stderr
    read = {Path(str(row["path"])).name: row for row in many.rows(python, out)}
    assert set(read) == {*SHIPPED, "crash.png"}
    assert "processes died while they read this picture" in read["crash.png"]["error"]["message"]
    assert "/".join(read["canvas_rows.png"]["rows"]) == samples.labelled()["canvas_rows.png"]


def test_every_kind_of_picture_is_a_row_and_the_second_run_has_nothing_to_do(
    tmp_path: Path, python: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in SHIPPED:
        shutil.copy2(ROOT / "test_images" / name, folder)
    (folder / "broken.png").write_bytes(samples.picture("digit_3.png")[:200])
    (folder / "empty.jpg").touch()
    with zipfile.ZipFile(folder / "shard.zip", "w") as shard:
        shard.write(ROOT / "test_images" / "canvas_7.png", "in/canvas_7.png")
        shard.writestr("text.png", "no picture")
    command = [many.UV, "run", "score_many.py", str(folder), "--out", str(out)]

    done = many.run(*command, DIGITS_MODEL_VERSION="7", DIGITS_MAX_PIXELS="500000")
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    assert "7 pictures in" in done.stderr
    assert "4 of those with an error" in done.stderr
    read = {Path(str(row["path"])).name: row for row in many.rows(python, out)}
    labels = samples.labelled()
    for name in ("canvas_rows.png", "digit_3.png", "canvas_7.png"):
        row = read[name]
        assert "/".join(row["rows"]) == labels[name]
        assert row["error"] is None
        assert (row["model_name"], row["model_version"]) == ("digits", "7")
        assert row["ms"] > 0
        for digit in row["digits"]:
            assert len(digit["box"]) == 4
            assert len(digit["probabilities"]) == 10
            assert 0 < digit["confidence"] <= 1
    errors = {name: row["error"]["code"] for name, row in read.items() if row["error"]}
    assert errors == {
        "blank.jpg": "too_large",
        "broken.png": "unreadable_image",
        "empty.jpg": "bad_request",
        "text.png": "unsupported_media_type",
    }
    assert all(
        row["rows"] is None and row["digits"] is None for row in read.values() if row["error"]
    )

    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = many.run(python, SCRIPT, str(folder), "--out", str(out))
    assert (again.returncode, again.stdout) == (0, f"{out}\n"), again.stderr
    assert "7 pictures in" in again.stderr
    assert "0 of them read just now" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_killed_and_stopped_it_goes_on(tmp_path: Path, python: Path) -> None:
    folder, out = photos(tmp_path / "in", 160), tmp_path / "out"
    command = [python, SCRIPT, folder, "--out", out, "--workers", "1"]
    with many.started(*command) as process:
        many.wait_for_parts(out, 2, process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    there = len(list(out.glob("part-*.parquet")))
    (out / ".tmp-1-part-000099.parquet").write_bytes(b"PAR1")  # as if killed while writing
    with many.started(*command) as process:
        many.wait_for_parts(out, there + 1, process)
        process.send_signal(signal.SIGTERM)
        printed, said = process.communicate(timeout=many.PATIENCE_S)
    assert (process.returncode, printed) == (1, ""), said
    assert "stopped; the same command goes on from here" in said
    done = many.run(*command)
    assert done.returncode == 0, done.stderr
    assert "of 160 pictures are there" in done.stderr
    assert_each_once(python, out, folder)


def test_a_cluster_loses_a_machine_in_the_middle(tmp_path: Path, python: Path) -> None:
    folder, out = photos(tmp_path / "in", 240), tmp_path / "out"
    environ = many.CLUSTER_ENVIRONMENT
    with many.started(python, "-c", many.CLUSTER, **environ) as cluster:
        assert cluster.stdin
        assert cluster.stdout
        address = cluster.stdout.readline().strip()
        assert address, cluster.communicate()
        # From another folder and by a relative path: workers have neither.
        command = [python, SCRIPT, os.path.relpath(folder, ROOT), "--out", out, "--ray", address]
        with many.started(*command, **environ) as process:
            many.wait_for_parts(out, 2, process)
            cluster.stdin.write("kill\n")
            cluster.stdin.flush()
            assert cluster.stdout.readline() == "killed\n"
            assert len(list(out.glob("part-*.parquet"))) < 15, "it was done before the kill"
            printed, said = process.communicate(timeout=many.PATIENCE_S)
        assert (process.returncode, printed) == (0, f"{out}\n"), said
    assert_each_once(python, out, folder)


def test_a_cluster_that_is_not_there_is_said_so(tmp_path: Path, python: Path) -> None:
    address = f"127.0.0.1:{unused_port()}"
    done = many.run(
        python, SCRIPT, ROOT / "test_images", "--out", tmp_path / "out", "--ray", address
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the Ray cluster at {address} cannot be joined" in done.stderr
    assert "Traceback" not in done.stderr
