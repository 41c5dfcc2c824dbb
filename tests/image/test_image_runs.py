"""An image built by the genuine deploy.py, without a daemon, and run with nothing to write to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import live
import pytest
from client import Client
from container import Unpacked, unpack

from digits.model import ModelFolder
from digits.settings import ROOT

UV = os.environ.get("UV", "uv")
PROGRAMS = ("buildah", "mmdebstrap", "bwrap")
BUILDERS = {"cc", "c++", "gcc", "g++", "ld", "as", "make", "cmake", "pip", "pip3", "uv", "conda"}

# Under load on a slow disk; it takes a minute or two.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


class Built(NamedTuple):
    """What deploy.py made: the image, the bill of its materials, and what it printed."""

    image: Unpacked
    bill: dict
    said: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for half a gigabyte and more, gone afterwards."""
    folder = tmp_path_factory.mktemp("image")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def storage(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which buildah keeps its images in the folder."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            reason = f"{program} is not here (tools/test_packages.sh installs it)"
            assert os.environ.get("CI") != "true", reason
            pytest.skip(reason)
    settings = folder / "storage.conf"
    settings.write_text(
        "[storage]\n"
        f'driver = "overlay"\ngraphroot = "{folder}/images"\nrunroot = "{folder}/state"\n'
    )
    environ = {**os.environ, "CONTAINERS_STORAGE_CONF": str(settings)}
    yield environ
    subprocess.run(["buildah", "rmi", "--all", "--force"], env=environ, capture_output=True)


@pytest.fixture(scope="module")
def built(folder: Path, storage: dict[str, str]) -> Built:
    command = [UV, "run", "--frozen", "deploy.py", "--to", "image", "--base", "mmdebstrap"]
    command += ["--registry", str(folder / "registry"), "--out", str(folder / "out")]
    done = subprocess.run(command, cwd=ROOT, env=storage, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    bill = json.loads((folder / "out" / "digits-1.cdx.json").read_bytes())
    return Built(unpack(folder / "out" / "digits-1.tar", folder), bill, done.stdout)


def test_it_serves_without_a_file_system_to_write_to(
    built: Built, tmp_path: Path, free_port: int
) -> None:
    command = built.image.command(*built.image.entrypoint, "--port", str(free_port))
    log = tmp_path / "log"
    with live.endpoint(command, port=free_port, cwd=tmp_path, log=log) as process:
        client = Client(free_port)
        reading = client.score((ROOT / "test_images" / "phone.jpg").read_bytes(), "image/jpeg").json
        assert reading["rows"] == ["20731", "9468", "51102", "8873"]
        assert reading["model"] == {"name": "digits", "version": "1"}
        shipped = ModelFolder.open(ROOT / "models" / "digits")
        assert client.get("/model").json["sha256"] == shipped.sha256
        assert client.get("/", Accept="text/html").status == 200
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert "Traceback" not in log.read_text("utf-8")


def test_it_runs_as_nobody_and_cannot_write(built: Built) -> None:
    assert built.image.config["User"] == "10001:10001"
    said = built.image.run("python", "-c", TRIES)
    assert json.loads(said) == {"uid": 10001, "gid": 10001, "groups": [], "written": []}
    # Were it not mounted read-only, there would still be nothing of its own to write to.
    open_to_all = [
        path
        for path in built.image.root.rglob("*")
        if not path.is_symlink()
        and (mode := path.stat().st_mode) & stat.S_IWOTH
        and not mode & stat.S_ISVTX
    ]
    assert open_to_all == []


TRIES = """
import json, os
written = []
for folder in ("/", "/tmp", "/var/tmp", "/run", "/root", "/opt/digits", "/opt/digits/models"):
    try:
        open(f"{folder}/written", "w")
    except OSError:
        continue
    written.append(folder)
groups = [group for group in os.getgroups() if group != os.getgid()]
print(json.dumps({"uid": os.getuid(), "gid": os.getgid(), "groups": groups, "written": written}))
"""


def test_it_holds_nothing_to_build_with(built: Built) -> None:
    places = ("usr/bin", "usr/sbin", "usr/local/bin", "opt/digits/packages/bin")
    programs = {path.name for place in places for path in (built.image.root / place).glob("*")}
    assert {"python3", "python"} <= programs
    assert programs & BUILDERS == set()
    said = built.image.run(
        "python",
        "-c",
        "import importlib.util as u; print([name for name in"
        " ('pip', 'ensurepip', 'setuptools', 'tensorflow', 'azure') if u.find_spec(name)])",
    )
    assert said == "[]\n"
    assert {path.name for path in (built.image.root / "opt" / "digits").iterdir()} == {
        *("digits", "models", "packages", "test_images")
    }


def test_the_bill_of_materials_names_all_that_is_inside(built: Built) -> None:
    assert (built.bill["bomFormat"], built.bill["specVersion"]) == ("CycloneDX", "1.6")
    image = built.bill["metadata"]["component"]
    assert image["hashes"] == [
        {"alg": "SHA-256", "content": built.image.digest.removeprefix("sha256:")}
    ]
    assert built.image.digest in built.said
    parts = built.bill["components"]
    site = built.image.root / "opt/digits/packages/lib"
    installed = {path.name.split("-")[0] for path in site.rglob("*.dist-info")}
    stated = {
        part["name"].replace("-", "_").lower()
        for part in parts
        if part.get("purl", "").startswith("pkg:pypi/")
    }
    assert {name.lower() for name in installed} == stated
    assert {"numpy", "onnxruntime", "opencv_python_headless"} <= stated
    status = (built.image.root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    debian = {line.split()[1] for line in status.splitlines() if line.startswith("Package: ")}
    assert debian == {
        part["name"] for part in parts if part.get("purl", "").startswith("pkg:deb/debian/")
    }
    (model,) = [part for part in parts if part["type"] == "machine-learning-model"]
    card = ModelFolder.open(ROOT / "models" / "digits").card
    assert model["hashes"] == [{"alg": "SHA-256", "content": card.files["model.onnx"]}]
