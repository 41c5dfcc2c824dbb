"""What Azure's loader lets pass although it cannot work is refused before anything is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fabricate import model_folder

from digits.deployment import azure_code
from digits.deployment.azure_spec import FOLDER, Spec, check_origin
from digits.errors import ConfigurationError, DeploymentError
from digits.model import ModelFolder
from digits.registry.azure_tags import tags_of
from digits.registry.protocol import ModelVersion

VERSION = ModelVersion(
    name="digits", version=3, stages=(), created="", sha256="f" * 64, tags={}, metrics={},
    path=Path(),
)  # fmt: skip


def spec_with(folder: Path, old: str, new: str, file: str = "deployment.yml") -> Spec:
    """The project's YAML, one text in it replaced."""
    text = (FOLDER / file).read_text()
    assert old in text
    (folder / "deploy").mkdir()
    (folder / "deploy" / file).write_text(text.replace(old, new, 1))
    (folder / "deploy" / "endpoint.yml").write_text((FOLDER / "endpoint.yml").read_text())
    (folder / "score.py").touch()
    (folder / "env.yml").touch()
    return Spec.read(file, folder=folder / "deploy", environ={})


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("instance_count: 1", "instance_count: 0", "instance_count is 0"),
        ("instance_count: 1", "instance_count: two", "instance_count is 'two'"),
        ("timeout_ms: 15000", "timeout_ms: -5", "request_timeout_ms is -5"),
        ("timeout_ms: 15000", "timeout_ms: 180001", "request_timeout_ms is 180001"),
        ("period: 10", "period: 0", "liveness_probe.period is 0"),
        ("initial_delay: 30", "initial_delay: -1", "liveness_probe.initial_delay is -1"),
        ("code: ..", "code: ../nowhere", "code_configuration.code is '../nowhere'"),
        ("script: score.py", "script: scores.py", "scoring_script is 'scores.py'"),
        ("  scoring_script: score.py\n", "", "scoring_script is None"),
        ("file: ../env.yml", "file: env.yml", "conda_file is 'env.yml'"),
        ("name: blue", "name: Blue_!", "the deployment's name is 'Blue_!'"),
        ("Standard_DS3_v2", "Big", "instance_type is 'Big'"),
        ("image: mcr", "image: HTTPS://mcr", "environment.image is"),
        ('WORKER_COUNT: "4"', "WORKER_COUNT: 4", "WORKER_COUNT must be a text"),
        ('WORKER_COUNT: "4"', 'WORKER_COUNT: "2"', "must be WORKER_COUNT"),
        ("endpoint_name: digits", "endpoint_name: other", "endpoint_name is 'other'"),
    ],
)
def test_it_is_refused_with_the_field_named(tmp_path, old, new, complaint):
    with pytest.raises(ConfigurationError) as caught:
        spec_with(tmp_path, old, new)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert complaint in lines[1]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("path: /score", "path: score", "scoring_route.path is 'score'"),
        ("path: /health/live", "paths: /health/live", "liveness_route.path is None"),
        ("      port: 5001\n", "", "liveness_route.port is missing"),
        ("port: 5001", "port: 70000", "liveness_route.port is 70000"),
        ("port: 5001", "port: 5002", "several ports: the container listens on one"),
        ("readiness_route", "ready_route", "readiness_route.path is None"),
        ("image: example", "image: EXAMPLE", "environment.image is"),
        ("image: ex", "conda_file: ../env.yml\n  image: ex", "conda_file is for Azure's base"),
        ("instance_count: 1", "code_configuration: {code: ..}\ninstance_count: 1", "has its own c"),
        ('WORKERS: "4"', "WORKERS: 4", "DIGITS_WORKERS must be a text"),
        ("instance_count: 1", "instance_count: 0", "instance_count is 0"),
        ("period: 10", "period: 0", "liveness_probe.period is 0"),
    ],
)
def test_a_container_is_refused_with_the_field_named(tmp_path, old, new, complaint):
    with pytest.raises(ConfigurationError, match="cannot be deployed") as caught:
        spec_with(tmp_path, old, new, file="container.yml")
    assert complaint in str(caught.value)


def test_a_container_brings_its_own_code_and_packages():
    spec = Spec.read("container.yml", environ={})
    assert spec.container
    assert not Spec.read(environ={}).container
    other = Spec.read("container.yml", environ={}, image="example.azurecr.io/digits:2")
    assert spec.environment_version != other.environment_version
    assert spec.fingerprint(VERSION) != other.fingerprint(VERSION)


def test_a_container_is_asked_where_it_answers():
    """The routes in the YAML are those that the server has, on the port that the image exposes."""
    values = yaml.safe_load((FOLDER / "container.yml").read_text())
    routes = values["environment"]["inference_config"]
    paths = {name: route["path"] for name, route in routes.items()}
    assert paths == {
        "liveness_route": "/health/live",
        "readiness_route": "/health/ready",
        "scoring_route": "/score",
    }
    dockerfile = (FOLDER / "Dockerfile").read_text()
    assert {f"EXPOSE {route['port']}" for route in routes.values()} <= set(dockerfile.splitlines())


@pytest.mark.parametrize("timeout_ms", ["1", "180000"])
def test_bounds_are_allowed(tmp_path, timeout_ms):
    assert spec_with(tmp_path, "timeout_ms: 15000", f"timeout_ms: {timeout_ms}")


def test_flags_win_over_the_environment_over_the_file():
    environ = {
        "DIGITS_AZURE_ENDPOINT": "from-environ",
        "DIGITS_AZURE_INSTANCE_COUNT": "3",
        "DIGITS_AZURE_IMAGE": "example.azurecr.io/base:7",
    }
    spec = Spec.read(environ=environ, endpoint="from-flag", instance_type="Standard_F4s_v2")
    assert spec.endpoint_name == "from-flag"
    assert spec.deployment_yaml["endpoint_name"] == "from-flag"
    assert spec.deployment_yaml["instance_count"] == 3
    assert spec.deployment_yaml["instance_type"] == "Standard_F4s_v2"
    assert spec.image == "example.azurecr.io/base:7"


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ConfigurationError, match="DIGITS_AZURE_INSTANCE_COUNT='many'"):
        Spec.read(environ={"DIGITS_AZURE_INSTANCE_COUNT": "many"})


def test_no_instances_are_refused_not_ignored():
    for said in ({"environ": {"DIGITS_AZURE_INSTANCE_COUNT": "0"}}, {"instance_count": 0}):
        with pytest.raises(ConfigurationError, match="instance_count is 0"):
            Spec.read(**{"environ": {}, **said})


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("auth_mode: aml_token", "auth_mode is 'aml_token': it must be key"),
        ("auth_mode: key\ntraffic: {blue: 100}", "traffic must not be in the endpoint's YAML"),
        ("auth_mode: key\nmirror_traffic: {blue: 10}", "mirror_traffic must not be in"),
    ],
)
def test_an_endpoint_is_refused_with_the_field_named(tmp_path, line, complaint):
    spec_with(tmp_path, "instance_count: 1", "instance_count: 1")
    file = tmp_path / "deploy" / "endpoint.yml"
    text = file.read_text()
    assert "auth_mode: key" in text
    file.write_text(text.replace("auth_mode: key", line))
    with pytest.raises(ConfigurationError) as caught:
        Spec.read(folder=tmp_path / "deploy", environ={})
    (problem,) = str(caught.value).splitlines()[1:]
    assert problem.strip().startswith(complaint)


def test_yaml_that_is_not_utf_8_is_refused_with_the_file_named(tmp_path):
    file = tmp_path / "endpoint.yml"
    file.write_bytes("name: größe".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"endpoint.yml cannot be read: .*utf-8"):
        Spec.read(folder=tmp_path, environ={})


def test_an_entry_script_that_is_no_python_is_refused_with_the_line(tmp_path):
    spec_with(tmp_path, "instance_count: 1", "instance_count: 1")
    (tmp_path / "score.py").write_text("import json\n\ndef run(:\n    pass\n")
    with pytest.raises(ConfigurationError, match=r"score\.py, line 3: invalid syntax"):
        Spec.read(folder=tmp_path / "deploy", environ={})


def test_the_fingerprint_tells_releases_apart_and_nothing_else():
    spec = Spec.read(environ={})
    same = Spec.read(environ={"DIGITS_AZURE_INSTANCE_COUNT": "1"})
    assert spec.fingerprint(VERSION) == same.fingerprint(VERSION)
    others = [
        Spec.read(environ={}, instance_count=2),
        Spec.read(environ={}, image="example.azurecr.io/base:7"),
    ]
    prints = {other.fingerprint(VERSION) for other in others} | {spec.fingerprint(VERSION)}
    assert len(prints) == 3


def test_the_code_is_the_entry_script_and_what_it_imports(repo_root, tmp_path):
    names = azure_code.files()
    assert {"score.py", "digits/reader.py", "digits/wire/service.py"} <= set(names)
    assert {name.partition("/")[0] for name in names} == {"score.py", "score_batch.py", "digits"}
    assert not [name for name in names if "deployment" in name or "training" in name]
    azure_code.stage(tmp_path / "code")
    staged = [path for path in (tmp_path / "code").rglob("*") if path.is_file()]
    assert sorted(path.relative_to(tmp_path / "code").as_posix() for path in staged) == names
    assert (tmp_path / "code" / "score.py").read_bytes() == (repo_root / "score.py").read_bytes()
    alone = "import sys; sys.path.insert(0, '.'); import score, score_batch; print(score.__file__)"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", alone],
        cwd=tmp_path / "code",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).resolve() == (tmp_path / "code" / "score.py").resolve()


def test_the_yaml_says_what_the_environment_is(repo_root):
    environment = yaml.safe_load((FOLDER / "deployment.yml").read_text())["environment"]
    assert (FOLDER / environment["conda_file"]).resolve() == repo_root / "env.yml"


def test_a_model_of_unknown_origin_is_refused(tmp_path):
    data = {"data": {"x_train": "a" * 64}}
    known = ModelFolder.open(model_folder(tmp_path / "known", training=data))
    check_origin(known.card)
    for name, change, lack in (
        ("no-revision", {"git_revision": None, "training": data}, "the git revision"),
        ("no-data", {"training": {}}, "the hashes of its training data"),
    ):
        folder = ModelFolder.open(model_folder(tmp_path / name, **change))
        with pytest.raises(DeploymentError, match=f"card lacks {lack}, so .*--allow-unknown-orig"):
            check_origin(folder.card)


def test_the_tags_of_a_model_say_what_it_is_and_where_it_comes_from(tmp_path):
    folder = ModelFolder.open(
        model_folder(tmp_path / "m", training={"data": {"x_train": "a" * 64}})
    )
    assert tags_of(folder, {"epochs": "20"}, None) == {
        "epochs": "20",
        "sha256": folder.sha256,
        "git_revision": "0123abc",
        "data.x_train": "a" * 64,
        "metric.test_accuracy": "0.9931",
    }
