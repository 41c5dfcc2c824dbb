"""Two minutes of what nobody thought of, with a fixed seed: no crash, no 500, no hang."""

from __future__ import annotations

import re

import pytest
from foreign import foreign
from own_server import own_server
from samples import picture

pytestmark = pytest.mark.slow

SECONDS = 60


def test_bytes_into_the_wire_and_the_decoder(tmp_path):
    ran = foreign(
        *("python", "tests/fuzz/wire.py", f"-max_total_time={SECONDS}", "-seed=1"),
        *("-timeout=60", "-rss_limit_mb=2000", f"-artifact_prefix={tmp_path}/"),
        str(tmp_path / "corpus"),
        needs=["atheris"],
        project=True,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    done = re.search(r"Done (\d+) runs", ran.stderr)
    assert done
    assert int(done[1]) > 100


def test_requests_that_the_description_allows_or_forbids(tmp_path):
    # Left out: whether the schema alone tells good from bad. It cannot say what is base64 of a
    # picture, and the older routes answer mistakes with 200, as their clients expect.
    with own_server(tmp_path, feedback=tmp_path / "store") as server:
        ran = foreign(
            *("schemathesis", "run", f"http://127.0.0.1:{server.port}/swagger.json"),
            *("--seed", "1", "--max-time", str(SECONDS), "--max-examples", "30"),
            *("--checks", "all", "--request-timeout", "60", "--no-shrink"),
            *("--exclude-checks", "positive_data_acceptance,negative_data_rejection"),
            needs=["schemathesis"],
            cwd=tmp_path,
        )
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
        assert server.score(picture("digit_3.png")).json["rows"] == ["3"]
        assert "stack" not in server.log.read_text()
