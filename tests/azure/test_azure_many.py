"""Very many pictures from Azure's object storage and into it: adlfs against Azurite."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import certificates
import many
import pytest
import storage
from workplace import NPM, needed

from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SCRIPT = ROOT / "score_many.py"


@pytest.fixture(scope="module")
def python() -> Path:
    """Python of the script's own environment."""
    return many.environment()


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What leads adlfs to an Azurite: as for Azure itself, but for the address."""
    needed(shutil.which("node"), "node")
    needed((NPM / "azurite").is_dir(), f"azurite in {NPM} (.ci/run installs it)")
    folder = tmp_path_factory.mktemp("azurite")
    certificates.make(folder)
    with storage.running(NPM / "azurite", certificates=folder, folder=folder) as blobs:
        address = f"https://127.0.0.1:{blobs.port}/{storage.ACCOUNT}"
        account = f"AccountName={storage.ACCOUNT};AccountKey={storage.KEY}"
        yield {
            "AZURE_STORAGE_CONNECTION_STRING": f"{account};BlobEndpoint={address};",
            "SSL_CERT_FILE": str(folder / "ca.pem"),
        }


def test_from_object_storage_to_object_storage(
    tmp_path: Path, python: Path, environ: dict[str, str]
) -> None:
    many.assert_reads_from_storage(python, f"abfs://{storage.CONTAINER}", tmp_path, environ)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("nosuch://bucket/in", "nosuch://bucket/in: there is no storage of this kind"),
        (f"abfs://{storage.CONTAINER}/nowhere", "there is no such file or folder"),
    ],
)
def test_a_url_that_means_nothing_is_said_so(
    tmp_path: Path, python: Path, environ: dict[str, str], given: str, complaint: str
) -> None:
    done = many.run(python, SCRIPT, given, "--out", tmp_path / "out", **environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
