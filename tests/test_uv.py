"""./uv: the way in for a machine that has only a Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UV = os.environ.get("UV") or shutil.which("uv") or ""


@pytest.fixture
def checkout(repo_root: Path, tmp_path: Path) -> Path:
    """A folder that holds ./uv and nothing else."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy2(repo_root / "uv", folder)
    return folder


def start(checkout: Path, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run ./uv with an empty home folder and no program on PATH but those in ``path``."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("SSL_")}
    home, tools = checkout.parent / "home", checkout.parent / "tools"
    home.mkdir(exist_ok=True)
    tools.mkdir(exist_ok=True)
    if not (tools / "python3").exists():
        (tools / "python3").symlink_to(shutil.which("python3", path=os.defpath) or sys.executable)
    environment |= {"HOME": str(home), "PATH": f"{path}:{tools}"}
    return subprocess.run(
        [checkout / "uv", *arguments], env=environment, capture_output=True, text=True
    )


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_it_hands_everything_to_the_uv_that_is_installed(checkout: Path, tmp_path: Path) -> None:
    program(
        tmp_path / "bin", "uv", 'test "$1" = --version && echo "uv 0.13.8" || printf "%s|" "$@"'
    )
    done = start(checkout, "run", "deploy.py", "--port", "a b", path=tmp_path / "bin")
    assert (done.returncode, done.stdout, done.stderr) == (0, "run|deploy.py|--port|a b|", "")
    assert [path.name for path in checkout.iterdir()] == ["uv"]


def test_its_exit_status_is_uvs(checkout: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "uv", 'test "$1" = --version && echo "uv 0.8.0" || exit 7')
    assert start(checkout, "sync", path=tmp_path / "bin").returncode == 7


def test_it_finds_uv_where_its_installer_puts_it(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / ".local").mkdir(parents=True)
    program(tmp_path / "home" / ".local" / "bin", "uv", 'echo "uv 0.9.1"')
    done = start(checkout, "--version", path=tmp_path / "nothing")
    assert (done.returncode, done.stdout) == (0, "uv 0.9.1\n")


@pytest.mark.slow
def test_it_fetches_uv_if_the_one_installed_is_too_old(checkout: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "uv", 'echo "uv 0.7.22"')
    done = start(checkout, "--version", path=tmp_path / "bin")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("uv ")
    assert "0.7.22" not in done.stdout
    assert "fetching uv" in done.stderr

    again = start(checkout, "--version", path=tmp_path / "bin")
    assert (again.returncode, again.stdout, again.stderr) == (0, done.stdout, "")


@pytest.mark.slow
@pytest.mark.skipif(not UV, reason="makes a Python without pip by means of uv, which is not here")
def test_it_needs_no_pip(checkout: Path, tmp_path: Path) -> None:
    subprocess.run([UV, "venv", "--quiet", "--no-project", tmp_path / "bare"], check=True)
    bare = tmp_path / "bare" / "bin"
    assert (
        subprocess.run([bare / "python3", "-c", "import pip"], stderr=subprocess.DEVNULL).returncode
        == 1
    )
    done = start(checkout, "--version", path=bare)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("uv ")
