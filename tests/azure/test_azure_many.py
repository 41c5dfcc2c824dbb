"""Very many pictures from Azure's object storage and into it: adlfs against Azurite."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import certificates
import many
import pytest
import samples
import storage
from workplace import NPM, needed

from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SCRIPT = ROOT / "score_many.py"
COPY = "import sys, fsspec; fsspec.filesystem('abfs').{}(sys.argv[1], sys.argv[2], recursive=True)"


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
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    sources = sorted((ROOT / "test_images").glob("*.png"))[:6]
    for source in sources:
        shutil.copy2(source, folder)
    (folder / "bad.png").write_bytes(b"no picture")
    with zipfile.ZipFile(folder / "deep" / "shard.zip", "w", zipfile.ZIP_DEFLATED) as shard:
        shard.write(ROOT / "test_images" / "canvas_7.png", "zipped.png")
    there = f"abfs://{storage.CONTAINER}"
    sent = many.run(python, "-c", COPY.format("put"), f"{folder}/", f"{there}/in/", **environ)
    assert sent.returncode == 0, sent.stderr

    command = [python, SCRIPT, f"{there}/in", "--out", f"{there}/out"]
    done = many.run(*command, **environ)
    assert (done.returncode, done.stdout) == (0, f"{there}/out\n"), done.stderr
    assert "8 pictures in" in done.stderr
    out = tmp_path / "out"
    got = many.run(python, "-c", COPY.format("get"), f"{there}/out/", f"{out}/", **environ)
    assert got.returncode == 0, got.stderr
    read = {str(row["path"]): row for row in many.rows(python, out)}
    labels = samples.labelled()
    wanted = {f"{there}/in/{source.name}": labels[source.name] for source in sources}
    wanted[f"{there}/in/deep/shard.zip/zipped.png"] = labels["canvas_7.png"]
    assert {path: "/".join(row["rows"]) for path, row in read.items() if not row["error"]} == wanted
    assert read[f"{there}/in/bad.png"]["error"]["code"] == "unsupported_media_type"

    again = many.run(*command, **environ)
    assert again.returncode == 0, again.stderr
    assert "0 of them read just now" in again.stderr


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("nosuch://bucket/in", "nosuch:// cannot be opened: Protocol not known: nosuch"),
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
