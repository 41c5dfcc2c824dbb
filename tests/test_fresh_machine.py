"""The README's two commands on a machine that has its own Python and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import live
import pytest

START = ["./uv", "run", "deploy.py"]
TEST = ["./uv", "run", "pytest"]


@pytest.fixture
def checkout(repo_root: Path, tmp_path: Path) -> Path:
    """What a clone would hold: neither packages nor anything built."""
    if not (repo_root / ".git").exists():
        pytest.skip("not a checkout: cannot tell its files from what was built beside them")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=repo_root, check=True, capture_output=True, text=True)
    folder = tmp_path / "checkout"
    for name in names.stdout.split("\0"):
        if name and (repo_root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repo_root / name, folder / name)
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An empty home folder and the system's programs alone."""
    (tmp_path / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith("SSL_")}
    return {**kept, "HOME": str(tmp_path / "home"), "PATH": os.defpath}


def test_the_readme_says_so(repo_root: Path) -> None:
    readme = (repo_root / "README.md").read_text(encoding="utf-8")
    for command in (START, TEST):
        assert f"```sh\n{' '.join(command)}\n```\n" in readme


@pytest.mark.slow
def test_one_starts_the_endpoint_and_one_runs_the_tests(
    checkout: Path, environ: dict[str, str], tmp_path: Path, free_port: int
) -> None:
    log = tmp_path / "log"
    command = [*START, "--port", str(free_port)]
    with live.endpoint(
        command,
        port=free_port,
        cwd=checkout,
        log=log,
        environ=environ,
        announcement=f"is ready at http://127.0.0.1:{free_port}",
    ) as process:
        pass
    assert process.returncode == 0, log.read_text(encoding="utf-8")

    # The others run by this very command in CI; these show that it sets up what tests need.
    some = [*TEST, "--quiet", "tests/test_tile.py", "tests/test_env_yml.py"]
    done = subprocess.run(some, cwd=checkout, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
