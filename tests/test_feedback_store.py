"""The store: several writers, kills, retention; SQLite and the genuine PostgreSQL alike."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import live
import pytest

from digits.errors import ConfigurationError, StoreUnavailable
from digits.feedback.store import DAY_S, Store
from digits.settings import ROOT
from digits.wire.feedback import Correction


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a fresh PostgreSQL server of this test's own."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(binaries[-1]) if binaries else None)
    if initdb is None:
        reason = "no PostgreSQL server here (Debian's package postgresql has one)"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    bin_folder = Path(initdb).resolve().parent
    base = tmp_path_factory.mktemp("postgres")
    as_user = _unprivileged(base)
    data, port = base / "data", live.unused_port()
    made = [bin_folder / "initdb", "-D", data, "-U", "digits", "-A", "trust", "--no-sync"]
    subprocess.run(as_user + list(map(str, made)), check=True, capture_output=True)
    server = [bin_folder / "postgres", "-D", data, "-p", port, "-k", base, "-c", "fsync=off"]
    with (base.parent / "postgres.log").open("wb") as log:
        process = subprocess.Popen(as_user + list(map(str, server)), stdout=log, stderr=log)
        try:
            url = f"postgresql://digits@127.0.0.1:{port}/postgres"
            _wait(url)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    for parent in list(folder.parents)[:3]:
        if parent.owner() == "root" and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            return Store.open(url).close()
        except StoreUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "store")
        return
    url = request.getfixturevalue("postgres")
    yield url
    store = Store.join(url)
    store.purge(before=2**40)
    store.close()


def correction(name: str, *, picture: bytes = b"\x89PNG\0\xff", **changes: object) -> Correction:
    fields = {"rows": ("12", "3"), "boxes": ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12))}
    return Correction(name, picture, **{**fields, **changes})


def everything(location: str) -> list[tuple[Correction, int]]:
    store = Store.join(location)
    try:
        return [(each.correction, each.kept_at) for each in store.all()]
    finally:
        store.close()


def test_what_is_kept_comes_back_as_it_was_from_old_to_new(location: str) -> None:
    store = Store.open(location)
    plain = correction("b", boxes=None, rows=())
    store.add(correction("c"), days=9, now=300)
    store.add(plain, days=9, now=100)
    store.add(correction("a"), days=9, now=300)
    expected = [(plain, 100), (correction("a"), 300), (correction("c"), 300)]
    assert everything(location) == expected
    assert store.count() == 3
    store.close()


def test_a_second_correction_of_a_reading_replaces_the_first(location: str) -> None:
    store = Store.open(location)
    store.add(correction("a"), days=9, now=100)
    store.add(correction("a", rows=("7",), boxes=None), days=9, now=200)
    assert everything(location) == [(correction("a", rows=("7",), boxes=None), 200)]
    store.close()


def test_what_is_too_old_goes_with_the_next_that_comes(location: str) -> None:
    store = Store.open(location)
    store.add(correction("old"), days=2, now=0)
    store.add(correction("young"), days=2, now=1)
    store.add(correction("new"), days=2, now=2 * DAY_S + 1)
    assert [each.reading_id for each, _ in everything(location)] == ["young", "new"]
    assert store.purge(before=2 * DAY_S) == 1
    assert store.delete("new") is True
    assert store.delete("new") is False
    assert everything(location) == []
    store.close()


def test_many_threads_and_several_openers_lose_nothing(location: str) -> None:
    def add(number: int) -> None:
        store = Store.open(location)
        store.add(correction(f"r{number}"), days=9, now=number)
        store.add(correction("contested"), days=9, now=number)
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    names = [each.reading_id for each, _ in everything(location)]
    assert sorted(names) == sorted([*(f"r{number}" for number in range(16)), "contested"])


WRITER = textwrap.dedent("""
    import sys
    from digits.feedback.store import Store
    from digits.wire.feedback import Correction

    store = Store.open(sys.argv[1])
    for number in range(100_000):
        store.add(Correction(f"k{number}", bytes([number % 256]) * 50_000, ("1",)), days=9, now=1)
        print(number, flush=True)
""")


def test_a_killed_writer_leaves_whole_corrections_and_all_it_said_it_kept(tmp_path: Path) -> None:
    location = str(tmp_path / "store")
    command = [sys.executable, "-c", WRITER, location]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(10)]
    process.kill()
    said += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    found = {each.reading_id: each.picture for each, _ in everything(location)}
    assert {f"k{number}" for number in said} <= found.keys()
    assert len(found) <= len(said) + 1
    for name, picture in found.items():
        assert picture == bytes([int(name[1:]) % 256]) * 50_000


def test_the_folder_is_nobody_elses_business(tmp_path: Path) -> None:
    Store.open(str(tmp_path / "store")).close()
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


def test_a_store_that_cannot_be_is_refused_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Store.open(str(tmp_path / "file" / "store"))
    with pytest.raises(ConfigurationError, match="'mysql'"):
        Store.open("mysql://user:hush@host/base")
    port = live.unused_port()
    with pytest.raises(StoreUnavailable) as caught:
        Store.open(f"postgresql://user:hush@127.0.0.1:{port}/base")
    assert "hush" not in str(caught.value)
