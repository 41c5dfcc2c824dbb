"""Two replicas behind the load balancer: restarted and killed under load, nobody is turned away."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import client as plain
import pytest
from balancer import Balancer, Replica, balanced
from own_server import until

from digits.client import Client
from digits.settings import ROOT

PICTURE = (ROOT / "test_images" / "canvas_rows.png").read_bytes()
ROWS = ["528", "904"]
PLAIN, RETRYING = 4, 2
"""Clients that ask all the time: those that try once, and the project's own."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Attempt:
    """When it began, by time.monotonic(), and what came back."""

    began: float
    status: int
    rows: list[str]

    @property
    def good(self) -> bool:
        return (self.status, self.rows) == (200, ROWS)


@dataclass
class Load:
    """Clients that ask one thing after another until they are told to stop."""

    port: int
    attempts: list[Attempt] = field(default_factory=list)
    read: list[tuple[str, ...]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def try_once(self) -> None:
        """As a client that does not try again."""
        asking = plain.Client(self.port)
        while not self.done.is_set():
            began = time.monotonic()
            answer = asking.score(PICTURE, "image/png")
            rows = answer.json["rows"] if answer.status == 200 else [answer.json["error"]["code"]]
            self.attempts.append(Attempt(began, answer.status, rows))

    def retry(self) -> None:
        """As the project's own client."""
        with Client(f"http://127.0.0.1:{self.port}", timeout_s=60) as asking:
            while not self.done.is_set():
                self.read.append(asking.read(PICTURE).rows)

    def goes_on(self) -> None:
        """Wait until every client has had some more answers."""
        plain_so_far, read_so_far = len(self.attempts), len(self.read)
        until(
            lambda: (
                bool(self.errors)
                or (
                    len(self.attempts) >= plain_so_far + 5 * PLAIN
                    and len(self.read) >= read_so_far + 5 * RETRYING
                )
            ),
            within_s=300,
        )
        assert self.errors == []

    @contextmanager
    def running(self) -> Iterator[Load]:
        def kept(work: Callable[[], None]) -> None:
            try:
                work()
            except Exception as error:
                self.errors.append(error)

        kinds = [self.try_once] * PLAIN + [self.retry] * RETRYING
        threads = [threading.Thread(target=kept, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.done.set()
            for thread in threads:
                thread.join(timeout=120)
        assert self.errors == []
        assert {*self.read} == {tuple(ROWS)}


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Balancer, list[Replica]]]:
    if shutil.which("haproxy") is None:
        reason = "haproxy is not here (tools/test_packages.sh installs it)"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("replicas")
    with (
        tempfile.TemporaryDirectory(prefix="digits-") as short,
        balanced(folder, Path(short)) as running,
    ):
        yield running


def test_a_rolling_restart_turns_nobody_away(both: tuple[Balancer, list[Replica]]) -> None:
    balancer, replicas = both
    with Load(balancer.port).running() as load:
        load.goes_on()
        for replica in replicas:
            balancer.take_out(replica.name)
            load.goes_on()
            assert replica.stop() == 0
            load.goes_on()
            replica.start()
            balancer.take_in(replica.name)
            load.goes_on()
    assert [attempt for attempt in load.attempts if not attempt.good] == []
    assert all(int(balancer.about(replica.name)["stot"]) > 0 for replica in replicas)


def test_a_restart_without_notice_is_covered_by_trying_again(
    both: tuple[Balancer, list[Replica]],
) -> None:
    """The server finishes what it has; for what it takes no more, there is the other one.

    A client that comes at the very moment the socket is closed may have to try again.
    """
    balancer, (first, _) = both
    with Load(balancer.port).running() as load:
        load.goes_on()
        assert first.stop() == 0
        load.goes_on()
        first.start()
        balancer.await_status(first.name, "UP")
        load.goes_on()
    bad = [attempt for attempt in load.attempts if not attempt.good]
    assert len(bad) <= PLAIN
    assert {(attempt.status, *attempt.rows) for attempt in bad} <= {(503, "not_ready")}


def test_a_killed_replica_takes_no_more_with_it_than_it_held(
    both: tuple[Balancer, list[Replica]],
) -> None:
    balancer, (first, second) = both
    with Load(balancer.port).running() as load:
        load.goes_on()
        killing = time.monotonic()
        second.kill()
        dead = time.monotonic()
        load.goes_on()
        balancer.await_status(second.name, "DOWN")
        load.goes_on()
    bad = [attempt for attempt in load.attempts if not attempt.good]
    # Each client has one request under way at a time, so this is what it may have held; dying takes
    # a moment, in which it may take another one with it.
    assert sum(attempt.began <= killing for attempt in bad) <= PLAIN
    assert all(attempt.began <= dead for attempt in bad)
    assert {(attempt.status, *attempt.rows) for attempt in bad} <= {(503, "not_ready")}
    second.stop()
    second.start()
    balancer.await_status(second.name, "UP")


def test_without_any_replica_it_answers_in_the_agreed_form(
    both: tuple[Balancer, list[Replica]],
) -> None:
    balancer, replicas = both
    for replica in replicas:
        balancer.ask(f"set server digits/{replica.name} state maint")
    answer = plain.Client(balancer.port).score(PICTURE, "image/png")
    assert (answer.status, answer.headers["content-type"]) == (503, "application/json")
    assert answer.headers["retry-after"] == "1"
    assert answer.json["error"]["code"] == "not_ready"
    for replica in replicas:
        balancer.take_in(replica.name)
