"""The README's flow from training to scoring, command by command."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import live
import pytest

from digits.model import ModelFolder

UV = os.environ.get("UV", "uv")
PHONE = "test_images/phone.jpg\t20731 9468 51102 8873\n"


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.data
@pytest.mark.timeout(1200)
def test_the_flow_of_the_readme(
    repo_root: Path, data_dir: Path, tmp_path: Path, free_port: int
) -> None:
    readme = (repo_root / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## From training to scoring\n+```sh\n(.*?)```", readme, flags=re.DOTALL)
    assert block
    commands = block[1].replace("uv run", f"{UV} run").replace("runs/mine", str(tmp_path / "mine"))
    train, register, deploy, score = commands.splitlines()
    environ = {
        **os.environ,
        "DIGITS_DATA": str(data_dir),
        "DIGITS_REGISTRY": str(tmp_path / "registry"),
    }

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=repo_root, env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run(f"{train} --quick") == f"{tmp_path / 'mine'}\n"
    card = ModelFolder.open(tmp_path / "mine").card
    assert card.training["command"] == "uv run train.py --quick"
    assert card.metrics["test_accuracy"] > 0.93
    assert card.metrics["test_calibration_error"] < 0.03
    assert run(register) == "digits:1\n"
    log = tmp_path / "log"
    with live.endpoint(
        [*shlex.split(deploy), "--port", str(free_port)],
        port=free_port,
        cwd=repo_root,
        log=log,
        environ=environ,
        announcement=f"digits:1 is ready at http://127.0.0.1:{free_port}",
    ) as process:
        pass
    assert process.returncode == 0, log.read_text(encoding="utf-8")
    assert run(score) == PHONE
