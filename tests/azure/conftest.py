"""The genuine SDKs against a cloud on this machine: what is started once, and how it is reached."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import arm
import arm_v1
import batch
import certificates
import pytest
import storage
from cloud import Cloud
from serving import Machines
from workplace import NPM, SUBSCRIPTION, UV, Workplace, clean_environment, needed

from digits.settings import ROOT


def environment(folder: Path, extra: str, *options: str) -> Path:
    """An environment with the locked packages of an extra; its Python."""
    command = [UV, "sync", "--frozen", "--quiet", "--no-dev", "--extra", extra, *options]
    subprocess.run(
        command, cwd=ROOT, check=True, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
    )
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The control plane, with Azurite and an environment for the servers behind it."""
    azurite = NPM / "azurite"
    needed(shutil.which("node"), "node")
    needed(shutil.which("openssl"), "openssl")
    needed(azurite.is_dir(), f"azurite in {NPM} (.ci/run installs it)")
    folder = tmp_path_factory.mktemp("cloud")
    for name in ("certificates", "blobs", "machines"):
        (folder / name).mkdir()
    certificates.make(folder / "certificates")
    server = environment(folder / "server", "azure-server", "--no-install-project")
    with storage.running(
        azurite, certificates=folder / "certificates", folder=folder / "blobs"
    ) as blobs:
        cloud = Cloud(
            certificates=folder / "certificates",
            blobs=blobs,
            machines=Machines(server, blobs, folder / "machines"),
            routes=[*batch.ROUTES, *arm_v1.ROUTES, *arm.ROUTES],
            free=(*arm_v1.OPEN, *arm.OPEN),
        )
        yield cloud
        cloud.close()


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python with SDK v2, as ``--to azure`` brings it."""
    return environment(tmp_path_factory.mktemp("sdk") / "venv", "azure")


@pytest.fixture(scope="session")
def sdk_v1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python with SDK v1, as ``--to azure-v1`` brings it."""
    return environment(tmp_path_factory.mktemp("sdk-v1") / "venv", "azure-v1")


@pytest.fixture
def place(
    cloud: Cloud, sdk: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Workplace]:
    """A workspace of this test's own; whatever the last test broke is in order again."""
    yield from workplace(cloud, sdk, "azure", tmp_path, request.node)


@pytest.fixture
def place_v1(
    cloud: Cloud, sdk_v1: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Workplace]:
    """The same for SDK v1."""
    yield from workplace(cloud, sdk_v1, "azure-v1", tmp_path, request.node)


def workplace(
    cloud: Cloud, python: Path, to: str, home: Path, test: pytest.Item
) -> Iterator[Workplace]:
    cloud.reset()
    # Two modules may each have a test of the same name, and one cloud serves them all.
    name = "ws-" + re.sub(r"\W+", "-", f"{test.path.stem}-{test.name}")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
    path = f"{group}/Microsoft.MachineLearningServices/workspaces/{name}"
    yield Workplace(cloud, python, to, clean_environment(cloud, home, name, to), path)
    cloud.reset()
