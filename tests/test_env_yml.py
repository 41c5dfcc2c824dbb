"""env.yml: the endpoint's conda environment is what uv.lock says, and enough."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import live
import pytest
import yaml

from digits.settings import Settings

UV = os.environ.get("UV", "uv")


def pins(repo_root: Path) -> list[str]:
    environment = yaml.safe_load((repo_root / "env.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    assert (environment["name"], environment["channels"]) == ("digits", ["conda-forge"])
    assert (python, pip) == ("python=3.11", "pip")
    return list(packages["pip"])


def test_it_is_what_the_lock_says(repo_root: Path) -> None:
    generator = [sys.executable, repo_root / "tools" / "env_yml.py"]
    generated = subprocess.run(generator, check=True, capture_output=True, text=True).stdout
    assert (repo_root / "env.yml").read_text(encoding="utf-8") == generated


def test_every_package_is_pinned_once_and_holds_on_one_machine(repo_root: Path) -> None:
    packages = [pin.partition("==") for pin in pins(repo_root)]
    assert all(equals == "==" and ";" not in version for _, equals, version in packages)
    names = [name for name, _, _ in packages]
    assert len(set(names)) == len(names)


def test_it_holds_azures_server_and_nothing_of_training_or_of_the_own_server(
    repo_root: Path,
) -> None:
    names = {pin.partition("==")[0] for pin in pins(repo_root)}
    assert {"azureml-inference-server-http", "onnxruntime", "numpy", "pillow"} <= names
    assert not {"tensorflow", "tf2onnx", "azureml-core", "azure-ai-ml", "uvicorn"} & names


@pytest.mark.slow
def test_azures_server_scores_in_it(repo_root: Path, tmp_path: Path, free_port: int) -> None:
    """The pip part on Python 3.11, and of the project only what is uploaded with ``score.py``."""
    python = tmp_path / "venv" / "bin" / "python"
    if subprocess.run([UV, "python", "find", "--quiet", "3.11"]).returncode != 0:
        pytest.skip("no Python 3.11 on this machine, which is the endpoint's")
    uv("venv", "--quiet", "--no-project", "--python", "3.11", str(tmp_path / "venv"))
    uv("pip", "install", "--quiet", "--python", str(python), "--no-deps", *pins(repo_root))
    uv("pip", "check", "--quiet", "--python", str(python))
    code = tmp_path / "code"
    shutil.copytree(repo_root / "digits", code / "digits")
    shutil.copy(repo_root / "score.py", code)
    model = Settings.from_env().model_dir
    command = [python, "-m", "azureml_inference_server_http", "--entry_script", "score.py"]
    with live.endpoint(
        [*command, "--port", str(free_port), "--model_dir", str(model)],
        port=free_port,
        cwd=code,
        log=tmp_path / "log",
        environ={"HOME": str(tmp_path), "PATH": os.defpath},
        probe="/",
    ):
        picture = (repo_root / "test_images" / "canvas_rows.png").read_bytes()
        asked = Request(
            f"http://127.0.0.1:{free_port}/score", picture, {"Content-Type": "image/png"}
        )
        with urlopen(asked, timeout=30) as answer:
            assert json.load(answer)["rows"] == ["528", "904"]


def uv(*arguments: str) -> None:
    subprocess.run([UV, *arguments], check=True)
