"""A container image is planned without buildah, and gets its name once it has proved itself."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from pathlib import Path

import pytest

import deploy
from digits.deployment import buildah, image, image_base, image_inventory
from digits.deployment.image import ImageDeployment, split
from digits.errors import DeploymentError
from digits.registry.local import LocalRegistry
from digits.settings import ROOT, Settings

FAKE = """#!/bin/sh
# buildah, as far as deploy.py calls it; "run" runs on this machine.
echo "$*" >> {folder}/calls
case "$1" in
  --version) echo "buildah version {version} (image-spec 1.1.0)" ;;
  build)
    for each in "$@"; do
      case "$each" in --iidfile=*) echo sha256:abc > "${{each#*=}}" ;; esac
    done ;;
  inspect) cat {folder}/image.json ;;
  from) echo a-container ;;
  run) shift 3; exec env DIGITS_MODEL_VERSION={serves} "$@" ;;
esac
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a buildah in front of PATH; all of its calls."""

    def put(*, version="1.28.2", serves="1"):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "buildah"
        program.write_text(FAKE.format(folder=folder, version=version, serves=serves))
        program.chmod(0o755)
        command = {"Entrypoint": [sys.executable, "-m", "digits.serving"], "User": "10001"}
        found = {"FromImageID": "abc", "OCIv1": {"config": command}}
        (folder / "image.json").write_text(json.dumps(found))
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return lambda: (folder / "calls").read_text().splitlines()

    return put


@pytest.fixture
def deployment(tmp_path):
    said: list[str] = []
    return ImageDeployment.choose(
        Settings(),
        LocalRegistry(tmp_path / "registry"),
        reference=None,
        base=None,
        name="digits",
        out=tmp_path / "out",
        say=said.append,
    )


# The plan


def test_the_plan_says_what_is_built_and_changes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DIGITS_REGISTRY", str(tmp_path / "registry"))
    out = ["--name", "registry.example.com:5000/read/digits", "--out", str(tmp_path / "out")]
    assert deploy.main(["--to", "image", "--dry-run", *out]) == 0
    printed = capsys.readouterr().out
    assert "registry.example.com:5000/read/digits:(next)" in printed
    assert "docker.io/library/debian:trixie-slim" in printed
    assert "not here: buildah is not installed" in printed
    assert f"--build-context=model={ROOT / 'models' / 'digits'}" in printed
    assert "canvas_rows.png must read 528/904" in printed
    assert f"{tmp_path / 'out'}/digits-(next).tar" in printed
    assert list(tmp_path.iterdir()) == []


def test_a_base_that_is_made_here_is_the_dockerfiles_own_suite(capsys):
    assert deploy.main(["--to", "image", "--dry-run", "--base", "mmdebstrap"]) == 0
    printed = capsys.readouterr().out
    assert "mmdebstrap --quiet --variant=minbase" in printed
    assert "--build-arg=BASE=…" in printed
    assert image.default_base() == f"docker.io/library/debian:{image_base.SUITE}-slim"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--port", "5002"], "--port is not for --to image"),
        (["--rollback"], "--rollback is not for --to image"),
        (["--name", "Digits"], "an image is called like"),
        (["--base", "a//b"], "an image is called like"),
    ],
)
def test_wrong_usage_ends_with_2(argv, reason, capsys):
    with pytest.raises(SystemExit) as stopped:
        deploy.main(["--to", "image", *argv])
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


def test_an_image_s_options_are_for_images(capsys):
    with pytest.raises(SystemExit) as stopped:
        deploy.main(["--out", "somewhere"])
    assert stopped.value.code == 2
    assert "--out is not for --to local" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("digits", ("localhost/digits", None)),
        ("digits:7", ("localhost/digits", "7")),
        ("team/digits:7", ("localhost/team/digits", "7")),
        ("localhost/digits", ("localhost/digits", None)),
        ("example.com/digits:7", ("example.com/digits", "7")),
        ("machine:5000/digits", ("machine:5000/digits", None)),
        ("machine:5000/digits:7", ("machine:5000/digits", "7")),
    ],
)
def test_a_name_has_a_registry_and_perhaps_a_tag(name, parts):
    assert split(name) == parts


# What it does


def test_it_is_named_once_it_has_read_the_picture(install, deployment, monkeypatch):
    calls = install(serves="1")
    monkeypatch.setattr(image, "bill", lambda *_, **__: "{}")
    monkeypatch.setattr(buildah, "archive", archived)
    monkeypatch.setattr(image, "_contents", lambda _: None)
    deployment.run()
    kinds = [call.split()[0] for call in calls()]
    assert kinds == ["--version", "build", "inspect", "from", "run", "rm", "tag"]
    assert "--build-arg=MODEL_VERSION=1" in calls()[1]
    assert f"--build-context=model={deployment.registry.root}/digits/1/model" in calls()[1]
    assert calls()[-1] == "tag abc localhost/digits:1"


def archived(name: str, path: Path, scratch: Path) -> str:
    path.write_bytes(b"an archive")
    return "sha256:def"


def test_one_that_serves_another_model_gets_no_name(install, deployment):
    calls = install(serves="2")
    with pytest.raises(DeploymentError, match="comes from model version 2, not 1"):
        deployment.run()
    kinds = [call.split()[0] for call in calls()]
    assert kinds == ["--version", "build", "inspect", "from", "run", "rm", "rmi"]
    assert not deployment.out.exists()


def test_nothing_is_registered_without_a_builder(deployment, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        DeploymentError, match="buildah is not installed: `apt-get install buildah`"
    ):
        deployment.run()
    assert not deployment.registry.root.exists()


def test_an_old_builder_is_refused(install, deployment):
    install(version="1.23.1")
    with pytest.raises(DeploymentError, match=r"version 1\.23\.1 .*: it must be 1\.27 or newer"):
        deployment.run()
    assert not deployment.registry.root.exists()


def test_a_step_that_fails_is_told_with_what_it_said(tmp_path, monkeypatch):
    program = tmp_path / "buildah"
    program.write_text("#!/bin/sh\necho no space left >&2\nexit 125\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(DeploymentError, match=r"`buildah inspect .*` ended with status 125: no sp"):
        buildah.inspect("sha256:abc")


# What is inside


def test_the_inventory_names_python_s_packages_with_a_licence_where_it_is_short():
    packages = {each["name"].lower(): each for each in image_inventory.python_packages()}
    assert packages["numpy"]["version"] == importlib.metadata.version("numpy")
    assert "BSD" in packages["numpy"]["license"]
    assert all("\n" not in each["license"] for each in packages.values())


def test_the_context_holds_no_more_than_the_server_needs():
    """Docker and buildah read .dockerignore; its patterns name what is kept."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    kept = [line.removeprefix("!/") for line in lines if line.startswith("!/")]
    assert all(list(ROOT.glob(pattern)) for pattern in kept)
    packages = {Path(pattern).name for pattern in kept if pattern.count("/") == 1}
    assert packages & {"training", "deployment", "registry", "evaluation", "batch"} == set()
