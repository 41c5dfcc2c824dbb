"""A local deployment is decided and checked before anything is changed."""

from __future__ import annotations

import socket
import sys

import pytest
from fabricate import model_folder

import deploy
from digits.deployment.plan import Plan, choose
from digits.errors import ModelError, RegistryError
from digits.model import ModelFolder
from digits.registry.local import LocalRegistry
from digits.settings import Settings


@pytest.fixture
def trained(tmp_path):
    return model_folder(tmp_path / "trained")


@pytest.fixture
def registry(tmp_path):
    return LocalRegistry(tmp_path / "registry")


@pytest.fixture
def configured(trained, registry, monkeypatch):
    """The environment in which ``deploy.py`` finds the fabricated model and an empty registry."""
    monkeypatch.setenv("DIGITS_MODEL_DIR", str(trained))
    monkeypatch.setenv("DIGITS_REGISTRY", str(registry.root))
    monkeypatch.setenv("DIGITS_WORKERS", "3")


def make_plan(registry, trained, *, server="own", port=0, reference=None):
    settings = Settings(model_dir=trained, workers=2)
    return Plan.make(
        settings, registry, reference=reference, server=server, host="127.0.0.1", port=port
    )


# Which model


def test_the_shipped_content_is_to_be_registered_if_no_version_has_it(trained, registry):
    assert choose(registry, None, trained) == (None, ModelFolder.open(trained))
    other = model_folder(trained.parent / "other", networks={"model.onnx": b"else"})
    registry.register(ModelFolder.open(other))
    assert choose(registry, None, trained)[0] is None


def test_the_shipped_content_is_found_by_content_not_by_age(trained, registry):
    registry.register(ModelFolder.open(trained))
    registry.register(ModelFolder.open(trained))
    other = model_folder(trained.parent / "other", networks={"model.onnx": b"else"})
    registry.register(ModelFolder.open(other))
    version, folder = choose(registry, None, trained)
    assert version is not None
    assert version.reference == "digits:2"
    assert folder.path == version.path


def test_a_reference_wins(trained, registry):
    registry.register(ModelFolder.open(trained), stage="production")
    registry.register(ModelFolder.open(trained))
    version, folder = choose(registry, "digits@production", trained / "missing")
    assert version is not None
    assert (version.version, folder.path) == (1, version.path)


def test_a_missing_or_broken_shipped_model_is_refused(trained, registry):
    with pytest.raises(ModelError, match="is not a model folder"):
        choose(registry, None, trained / "report")
    (trained / "model.onnx").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"model\.onnx is not the file its card describes"):
        choose(registry, None, trained)


def test_a_damaged_version_is_refused(trained, registry):
    network = registry.register(ModelFolder.open(trained)).path / "model.onnx"
    network.chmod(0o644)
    network.write_bytes(b"broken")
    for reference in ("digits:1", None):
        with pytest.raises(RegistryError, match=r"model\.onnx was changed"):
            choose(registry, reference, trained)


# How it is served


def test_our_server_is_told_where_the_registered_model_is(trained, registry):
    version = registry.register(ModelFolder.open(trained))
    plan = make_plan(registry, trained)
    port = str(plan.address.port)
    options = ["--host", "127.0.0.1", "--port", port, "--workers", "2"]
    assert plan.command() == [sys.executable, "-m", "digits.serving", *options]
    assert plan.environment(
        {"HOME": "/h", "AZUREML_MODEL_DIR": "/a", "DIGITS_MODEL_DIR": "/b"}
    ) == {
        "HOME": "/h",
        "DIGITS_MODEL_DIR": str(version.path),
        "DIGITS_MODEL_VERSION": "1",
    }


def test_azures_server_runs_the_entry_script(trained, registry, repo_root):
    version = registry.register(ModelFolder.open(trained))
    plan = make_plan(registry, trained, server="azmlinfsrv")
    program, *options = plan.command()
    assert program.endswith("/azmlinfsrv")
    assert options == [
        *("--entry_script", str(repo_root / "score.py"), "--model_dir", str(version.path)),
        *("--port", str(plan.address.port), "--worker_count", "2"),
    ]
    assert plan.environment({"GUNICORN_CMD_ARGS": "--threads 2"}) == {
        "GUNICORN_CMD_ARGS": "--threads 2 --no-control-socket",
        "AML_APP_ROOT": str(repo_root),
        "DIGITS_MODEL_DIR": str(version.path),
        "DIGITS_MODEL_VERSION": "1",
    }


# The dry run


def test_dry_run_prints_the_plan_and_changes_nothing(
    configured, registry, trained, free_port, capsys
):
    assert deploy.main(["--dry-run", "--port", str(free_port)]) == 0
    printed = capsys.readouterr().out
    sha256 = ModelFolder.open(trained).sha256[:12]
    assert f"digits:(next), sha256 {sha256}, from {trained} (registered first" in printed
    assert f"http://127.0.0.1:{free_port}, worker processes: 3" in printed
    assert "digits.serving --host 127.0.0.1" in printed
    assert "GET /health/ready answers 200" in printed
    assert "canvas_rows.png must read 528/904" in printed
    assert not registry.root.exists()


def test_dry_run_of_azures_server_installs_nothing_and_warns(configured, free_port, capsys):
    argv = ["--dry-run", "--server", "azmlinfsrv", "--port", str(free_port), "--workers", "1"]
    assert deploy.main(argv) == 0
    printed = capsys.readouterr().out
    assert "binds to all interfaces" in printed
    assert "GET / answers 200" in printed
    assert "--worker_count 1" in printed


def test_dry_run_of_a_registered_model(configured, registry, trained, capsys):
    registry.register(ModelFolder.open(trained), name="mine", stage="candidate")
    assert deploy.main(["--dry-run", "--port", "0", "--model", "mine@candidate"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("model       mine:1, sha256 ")
    assert "registered first" not in printed


# What is refused before anything is started


@pytest.mark.parametrize("dry_run", [["--dry-run"], []])
def test_a_port_in_use_is_refused(configured, registry, capsys, dry_run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert deploy.main(["--port", str(port), *dry_run]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"port {port} on 127.0.0.1 is in use" in printed.err
    assert "--port" in printed.err
    assert not registry.root.exists()


def test_another_folder_is_refused(configured, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_MODEL_DIR", str(tmp_path / "trained" / "report"))
    assert deploy.main(["--port", "0"]) == 1
    assert "is not a model folder: no model.json there" in capsys.readouterr().err


def test_a_model_with_a_wrong_hash_is_refused(configured, trained, capsys):
    (trained / "model.onnx").write_bytes(b"cut")
    assert deploy.main(["--port", "0"]) == 1
    assert "model.onnx is not the file its card describes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("digits:7", "no model 'digits' is registered"),
        ("models/digits", "a folder is registered first"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(configured, capsys, reference, reason):
    assert deploy.main(["--port", "0", "--model", reference]) == 1
    assert reason in capsys.readouterr().err


def test_a_bad_setting_is_refused_by_its_name(configured, monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_WORKERS", "many")
    assert deploy.main(["--dry-run", "--port", "0"]) == 1
    assert "DIGITS_WORKERS='many' cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--port", "65536"], "a port is a whole number from 0 to 65535"),
        (["--port", "http"], "a port is a whole number from 0 to 65535"),
        (["--workers", "0"], "workers is a whole number from 1 to 256"),
        (["--server", "azmlinfsrv", "--host", "127.0.0.1"], "leave --host out"),
        (["--to", "moon"], "invalid choice: 'moon'"),
        (["models/digits"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_ends_with_2(argv, reason, capsys):
    with pytest.raises(SystemExit) as stopped:
        deploy.main(argv)
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


def test_the_largest_port_is_taken_for_one():
    assert deploy.build_parser().parse_args(["--port", "65535"]).port == 65535
