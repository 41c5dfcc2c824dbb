"""A model folder is replaced as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys

import pytest
from fabricate import model_card, model_folder

from digits.errors import ConfigurationError, ModelError
from digits.model import ModelFolder
from digits.training.folder import check_target, staged, write_card, write_network


def fill(folder, network: bytes = b"a new network") -> None:
    files = write_network(folder, network)
    write_card(folder, {**model_card({}), "files": files})


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_opens_as_a_model(tmp_path):
    out = tmp_path / "deep" / "er" / "model"
    with staged(out) as folder:
        fill(folder)
        assert not out.exists()
    opened = ModelFolder.open(out)
    assert opened.onnx() == b"a new network"
    assert opened.card.files == {"model.onnx": hashlib.sha256(b"a new network").hexdigest()}
    assert names(out.parent) == ["model"]


def test_the_old_folder_goes_as_a_whole(tmp_path):
    out = model_folder(tmp_path / "model", networks={"model.onnx": b"old", "line.onnx": b"older"})
    with staged(out) as folder:
        fill(folder)
    assert names(out) == ["model.json", "model.onnx"]
    assert ModelFolder.open(out).onnx() == b"a new network"
    assert names(tmp_path) == ["model"]


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path):
    out = model_folder(tmp_path / "model")
    before = ModelFolder.open(out).sha256
    with pytest.raises(ModelError, match="no thresholds"), staged(out) as folder:
        write_card(folder, {**model_card({}), "thresholds": "no thresholds"})
    assert ModelFolder.open(out).sha256 == before
    assert names(tmp_path) == ["model"]


KILLED = """
import os, signal, sys
from pathlib import Path
from digits.training.folder import staged
with staged(Path(sys.argv[1])) as folder:
    (folder / "model.json").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_the_old_folder_as_it_was(tmp_path, repo_root):
    out = model_folder(tmp_path / "model")
    before = ModelFolder.open(out).sha256
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(out)],
        env={**os.environ, "PYTHONPATH": str(repo_root)},
    )
    assert ended.returncode == -signal.SIGKILL
    assert ModelFolder.open(out).sha256 == before
    with staged(out) as folder:
        fill(folder)
    assert ModelFolder.open(out).onnx() == b"a new network"


def test_a_card_that_cannot_be_read_back_is_not_written(tmp_path):
    with pytest.raises(ModelError, match=r"thresholds\.uncertain"):
        write_card(tmp_path, model_card({"model.onnx": b""}, thresholds={"uncertain": "high"}))
    assert names(tmp_path) == []


def test_a_card_is_readable_json(tmp_path):
    card = model_card({"model.onnx": b""})
    write_card(tmp_path, card)
    text = (tmp_path / "model.json").read_text()
    assert json.loads(text) == card
    assert text.startswith('{\n  "name": "digits",\n')


def test_new_empty_and_old_model_folders_may_be_written(tmp_path):
    check_target(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / "empty")
    check_target(model_folder(tmp_path / "old"))


def test_anything_else_may_not(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "aunt.jpg").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    for name in ("photos", "file"):
        with pytest.raises(ConfigurationError, match=f"{name} exists and is no model folder"):
            check_target(tmp_path / name)
