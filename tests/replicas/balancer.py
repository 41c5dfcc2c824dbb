"""HAProxy by deploy/haproxy.cfg in front of two replicas of the server."""

from __future__ import annotations

import csv
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import live
from own_server import OwnServer, until

from digits.settings import ROOT

CONFIGURATION = ROOT / "deploy" / "haproxy.cfg"
SETTINGS = {"DIGITS_ID_KEY": "shared", "DIGITS_TIMEOUT_S": "25"}


@dataclass
class Replica:
    """One server, which may be stopped and started again on the same port."""

    name: str
    folder: Path
    port: int = field(default_factory=live.unused_port)
    starts: int = 0
    stack: ExitStack = field(default_factory=ExitStack)
    server: OwnServer | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.starts += 1
        command = [sys.executable, "-m", "digits.serving", "--port", str(self.port)]
        command += ["--workers", "1"]
        log = self.folder / f"{self.name}-{self.starts}.log"
        environ = {**os.environ, **SETTINGS}
        running = live.endpoint(command, port=self.port, cwd=ROOT, log=log, environ=environ)
        process = self.stack.enter_context(running)
        self.server = OwnServer(self.port, process, log)

    def stop(self) -> int:
        """Stop it as a user does; its exit status."""
        assert self.server is not None
        self.stack.close()
        return self.server.process.returncode

    def kill(self) -> None:
        """Kill it outright with all of its processes; nothing listens there afterwards."""
        assert self.server is not None
        for pid in [self.server.process.pid, *self.server.workers()]:
            os.kill(pid, signal.SIGKILL)
        self.server.process.wait(timeout=60)
        # A process whose first thread is gone may have others left, and its sockets with them.
        until(lambda: not listening(self.port))


def listening(port: int) -> bool:
    """Whether anything takes connections at a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Balancer:
    """A running HAProxy."""

    port: int
    admin: Path

    def ask(self, command: str) -> str:
        """What it says on its admin socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.admin))
            connection.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def about(self, name: str) -> dict[str, str]:
        """Its figures of one replica."""
        lines = self.ask("show stat").removeprefix("# ").splitlines()
        rows = csv.DictReader(line for line in lines if line)
        return next(row for row in rows if (row["pxname"], row["svname"]) == ("digits", name))

    def take_out(self, name: str) -> None:
        """Lead no more requests to a replica, and wait until it holds none."""
        self.ask(f"set server digits/{name} state drain")
        until(lambda: self.about(name)["scur"] == "0", within_s=120)

    def take_in(self, name: str) -> None:
        """Lead requests to it again, once HAProxy itself has found it ready."""
        self.ask(f"set server digits/{name} state ready")
        self.await_status(name, "UP")

    def await_status(self, name: str, status: str) -> None:
        """Wait until HAProxy's own probes have found this."""
        until(lambda: self.about(name)["status"].startswith(status), within_s=120)


@contextmanager
def balanced(folder: Path, short: Path) -> Iterator[tuple[Balancer, list[Replica]]]:
    """Two replicas behind HAProxy. ``short`` is a folder for its socket, whose path is bounded."""
    replicas = [Replica(name, folder) for name in "ab"]
    port, admin = live.unused_port(), short / "admin.sock"
    environ = {
        **os.environ,
        "DIGITS_BIND": f"127.0.0.1:{port}",
        "DIGITS_ADMIN": str(admin),
        **{f"DIGITS_{each.name.upper()}": f"127.0.0.1:{each.port}" for each in replicas},
    }
    command = ["haproxy", "-db", "-f", str(CONFIGURATION)]
    log = folder / "haproxy.log"
    with ExitStack() as stack:
        for replica in replicas:
            stack.callback(replica.stack.close)
            replica.start()
        stack.enter_context(live.endpoint(command, port=port, cwd=ROOT, log=log, environ=environ))
        balancer = Balancer(port, admin)
        for replica in replicas:
            balancer.await_status(replica.name, "UP")
        yield balancer, replicas
