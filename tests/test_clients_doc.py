"""The examples of docs/clients.md and docs/privacy.md, run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_server import OwnServer, own_server

from digits.settings import ROOT

KEY = "key-of-this-test"
WRITTEN = "127.0.0.1:5001"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with own_server(tmp_path_factory.mktemp("server"), timeout_s=60) as running:
        yield running


def examples(language: str) -> list[str]:
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run(command: list[str], server: OwnServer, **environ: str) -> str:
    here = [part.replace(WRITTEN, f"127.0.0.1:{server.port}") for part in command]
    done = subprocess.run(
        here, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python(server: OwnServer) -> None:
    waiting, awaited, _ = examples("python")  # the last is run where there is a cloud to ask
    assert "407193\n8526" in run([sys.executable, "-c", waiting], server)
    assert run([sys.executable, "-c", awaited], server) == "4\n9\n"


def test_javascript(server: OwnServer, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here")
    (function,) = examples("js")
    script = tmp_path / "example.mjs"
    use = (
        'import { readFile } from "node:fs/promises";\n'
        'console.log((await read(await readFile("test_images/digit_3.png"))).text);\n'
    )
    script.write_text(function.replace(WRITTEN, f"127.0.0.1:{server.port}") + use)
    assert run([node, str(script)], server) == "3\n"


def test_curl_with_a_key(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    (command,) = examples("sh")
    with own_server(tmp_path, api_key=KEY, timeout_s=60) as guarded:
        assert '"20731"' in run(["sh", "-c", command], guarded, DIGITS_API_KEY=KEY)


def test_privacy_names_what_there_is() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    options = set(re.findall(r"(--[a-z-]+)", text)) - {"--extra", "--check", "--feedback"}
    shown = subprocess.run(
        [sys.executable, "-m", "digits.feedback", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    ).stdout
    assert options == {"--older-than", "--delete", "--list", "--export"}
    assert all(option in shown for option in options)
