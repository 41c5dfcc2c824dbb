"""Very many pictures from Amazon's object storage and into it: s3fs against moto's server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import live
import many
import pytest

from digits.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

MOTO = "moto[server]==5.2.5"
BUCKET = "pictures"
MAKE = f"import s3fs; s3fs.S3FileSystem().mkdir({BUCKET!r})"


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What leads s3fs to the server, in which there is a bucket."""
    port = live.unused_port()
    python = many.environment()
    tool = [many.UV, "tool", "run", "--quiet", "--from", MOTO, "moto_server"]
    subprocess.run([*tool, "--help"], check=True, stdout=subprocess.DEVNULL)  # installs it
    log = tmp_path_factory.mktemp("moto") / "log"
    command = [*tool, "-p", str(port)]
    with live.endpoint(command, port=port, cwd=ROOT, log=log, probe="/moto-api/"):
        found = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        made = many.run(python, "-c", MAKE, **found)
        assert made.returncode == 0, made.stderr
        yield found


def test_from_object_storage_to_object_storage(tmp_path: Path, environ: dict[str, str]) -> None:
    many.assert_reads_from_storage(many.environment(), f"s3://{BUCKET}", tmp_path, environ)
