"""The two servers that must answer /score alike: our own, and Azure's around score.py."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import live
import pytest
from client import Client
from limits import LIMITS

from digits.settings import ROOT


@dataclass(frozen=True)
class Server(Client):
    """A running server; ``name`` is "own" or "azmlinfsrv"."""

    name: str


@pytest.fixture(
    scope="session",
    params=["own", pytest.param("azmlinfsrv", marks=pytest.mark.slow)],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One worker with small limits."""
    folder = tmp_path_factory.mktemp(request.param)
    port = live.unused_port()
    environ = {**os.environ, **LIMITS}
    with live.endpoint(
        command(request.param, port),
        port=port,
        cwd=ROOT,
        log=folder / "log",
        environ=environ | azure_environment(folder),
        probe="/health/ready" if request.param == "own" else "/",
    ):
        yield Server(port, request.param)


def command(name: str, port: int) -> list[str]:
    if name == "own":
        return [sys.executable, "-m", "digits.serving", "--port", str(port), "--workers", "1"]
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("Azure's server runs in an environment that uv makes, and uv is not there")
    return [
        *(uv, "run", "--isolated", "--frozen", "--no-dev", "--extra", "azure-server"),
        *("azmlinfsrv", "--entry_script", "score.py", "--port", str(port), "--worker_count", "1"),
    ]


def azure_environment(home: Path) -> dict[str, str]:
    """Nothing of it lies about in the checkout or meets another server of this user."""
    return {"AML_APP_ROOT": str(ROOT), "GUNICORN_CMD_ARGS": "--no-control-socket"}
