"""The driver of Azure's batch endpoints, called as Azure calls it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import samples

import score_batch
from digits.errors import ModelError
from digits.settings import ROOT

IMAGES = ROOT / "test_images"


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(score_batch, "_service", None)
    return score_batch


def test_a_line_for_every_file_whatever_is_in_it(driver, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DIGITS_MAX_BYTES", "2000000")
    monkeypatch.setenv("DIGITS_MODEL_VERSION", "7")
    (tmp_path / "broken.png").write_bytes(samples.picture("digit_3.png")[:200])
    (tmp_path / "empty.png").touch()
    (tmp_path / "large.png").write_bytes(b"\0" * 2_000_001)
    (tmp_path / "notes.txt").write_text("no picture")
    odd = [tmp_path / name for name in ("broken.png", "empty.png", "large.png", "notes.txt", "no")]
    mini_batch = [str(IMAGES / "phone.jpg"), *map(str, odd), str(IMAGES / "canvas_rows.png")]

    driver.init()
    rows = driver.run(mini_batch)
    assert all("\n" not in row for row in rows)
    lines = [json.loads(row) for row in rows]
    assert [line["file"] for line in lines] == mini_batch
    labels = samples.labelled()
    for line in (lines[0], lines[-1]):
        assert "/".join(line["rows"]) == labels[Path(line["file"]).name]
        assert line["model"]["version"] == "7"
        assert line["id"]
    assert [line["error"]["code"] for line in lines[1:-1]] == [
        "unreadable_image",
        "bad_request",
        "too_large",
        "unsupported_media_type",
        "not_found",
    ]


def test_an_empty_mini_batch_is_none(driver) -> None:
    driver.init()
    assert driver.run([]) == []


def test_a_name_that_is_no_text_costs_nobody_a_line(driver, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9.png")
    odd.write_bytes(samples.picture("digit_3.png"))
    driver.init()
    [line] = map(json.loads, driver.run([str(odd)]))
    assert line["rows"] == ["3"]
    assert line["file"] == str(tmp_path / "caf\N{REPLACEMENT CHARACTER}.png")


def test_it_reads_as_score_py_does(driver) -> None:
    import score
    from digits.harness.local import Scorer

    score.init()
    [wanted] = Scorer(run=score.run).read_all([IMAGES / "shadow.jpg"])
    driver.init()
    [line] = map(json.loads, driver.run([str(IMAGES / "shadow.jpg")]))
    varying = {"id", "ms"}
    assert {k: v for k, v in line.items() if k not in varying} == {
        k: v for k, v in wanted.items() if k not in varying
    }


def test_init_says_what_is_wrong(driver, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path))
    with pytest.raises(ModelError, match="no model.json anywhere in AZUREML_MODEL_DIR"):
        driver.init()
    with pytest.raises(RuntimeError, match="init"):
        driver.run(["a.png"])
