"""The YAML of the batch endpoint: what Azure's loader lets pass although it cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import deploy
from digits.deployment.azure_batch_spec import DEPLOYMENT, ENDPOINT, FOLDER, BatchSpec
from digits.errors import ConfigurationError
from digits.registry.protocol import ModelVersion

VERSION = ModelVersion(
    name="digits", version=3, stages=(), created="", sha256="f" * 64, tags={}, metrics={},
    path=Path(),
)  # fmt: skip


def spec_with(folder: Path, old: str, new: str) -> BatchSpec:
    """The project's YAML, one text in it replaced."""
    text = (FOLDER / DEPLOYMENT).read_text()
    assert old in text
    (folder / "deploy").mkdir()
    (folder / "deploy" / DEPLOYMENT).write_text(text.replace(old, new, 1))
    (folder / "deploy" / ENDPOINT).write_text((FOLDER / ENDPOINT).read_text())
    (folder / "deploy" / "batch_env.yml").touch()
    (folder / "score_batch.py").touch()
    return BatchSpec.read(folder=folder / "deploy", environ={})


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("instance_count: 2", "instance_count: 0", "resources.instance_count is 0"),
        ("per_instance: 4", "per_instance: 0", "max_concurrency_per_instance is 0"),
        ("mini_batch_size: 200", "mini_batch_size: many", "mini_batch_size is 'many'"),
        ("error_threshold: 0", "error_threshold: -2", "error_threshold is -2"),
        ("max_retries: 3", "max_retries: -1", "retry_settings.max_retries is -1"),
        ("timeout: 300", "timeout: 0", "retry_settings.timeout is 0"),
        ("append_row", "summary_only", "output_action must be append_row"),
        ("azureml:digits-batch\n", "azureml:_\n", "compute is 'azureml:_'"),
        ("script: score_batch.py", "script: gone.py", "scoring_script is 'gone.py'"),
        ("conda_file: batch_env.yml", "conda_file: no.yml", "conda_file is 'no.yml'"),
        ("image: mcr", "image: HTTPS://mcr", "environment.image is"),
        ("endpoint_name: digits-batch", "endpoint_name: x", "endpoint_name is 'x'"),
    ],
)
def test_it_is_refused_with_the_field_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        spec_with(tmp_path, old, new)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert complaint in lines[1]


def test_flags_win_over_the_environment_over_the_file() -> None:
    environ = {
        "DIGITS_AZURE_BATCH_ENDPOINT": "from-environ",
        "DIGITS_AZURE_ENDPOINT": "online",
        "DIGITS_AZURE_COMPUTE": "cluster",
        "DIGITS_AZURE_INSTANCE_COUNT": "5",
    }
    spec = BatchSpec.read(environ=environ, endpoint="from-flag")
    assert (spec.endpoint_name, spec.compute, spec.instances) == ("from-flag", "cluster", 5)
    assert BatchSpec.read(environ=environ).endpoint_name == "from-environ"
    with pytest.raises(ConfigurationError, match="DIGITS_AZURE_INSTANCE_COUNT='x'"):
        BatchSpec.read(environ={"DIGITS_AZURE_INSTANCE_COUNT": "x"})


def test_no_instances_are_refused_not_ignored() -> None:
    with pytest.raises(ConfigurationError, match=r"resources\.instance_count is 0"):
        BatchSpec.read(environ={"DIGITS_AZURE_INSTANCE_COUNT": "0"})


def test_yaml_that_is_not_utf_8_is_refused_with_the_file_named(tmp_path: Path) -> None:
    (tmp_path / ENDPOINT).write_bytes("name: größe".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=rf"{ENDPOINT} cannot be read: .*utf-8"):
        BatchSpec.read(folder=tmp_path, environ={})


def test_an_entry_script_that_is_no_python_is_refused_with_the_line(tmp_path: Path) -> None:
    spec_with(tmp_path, "instance_count: 2", "instance_count: 2")
    (tmp_path / "score_batch.py").write_text("x = 1\nx = = 2\n")
    with pytest.raises(ConfigurationError, match=r"score_batch\.py, line 2: invalid syntax"):
        BatchSpec.read(folder=tmp_path / "deploy", environ={})


def test_the_name_of_a_release_is_what_it_runs() -> None:
    name = BatchSpec.read(environ={}).release(VERSION)
    assert name == BatchSpec.read(environ={}, instance_count=2).release(VERSION)
    assert name != BatchSpec.read(environ={}, instance_count=3).release(VERSION)
    assert len(name) <= 32


def test_the_environment_has_what_azure_asks_for_and_what_the_driver_imports() -> None:
    listed = yaml.safe_load((FOLDER / "batch_env.yml").read_text())["dependencies"][-1]["pip"]
    names = {line.partition(">")[0] for line in listed}
    assert {"azureml-core", "azureml-dataset-runtime[fuse]", "onnxruntime", "numpy"} <= names


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--compute c", "--compute is not for --to local"),
        ("--to azure --compute c", "--compute is not for --to azure"),
        ("--to azure-batch --soak 5", "--soak is not for --to azure-batch"),
        ("--to azure-batch --port 80", "--port is not for --to azure-batch"),
        ("--to azure-batch --instance-type Standard_F4s_v2", "--instance-type is not for"),
        ("--to azure-batch --dry-run --delete", "leave --delete out"),
    ],
)
def test_options_that_mean_nothing_there_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], line: str, complaint: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        deploy.main(line.split())
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err
