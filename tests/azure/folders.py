"""Model folders made of the shipped one, fit for service or not."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from digits.settings import ROOT

SHIPPED = ROOT / "models" / "digits"


def copied(folder: Path) -> Path:
    """The shipped model."""
    shutil.copytree(SHIPPED, folder)
    return folder


def another(folder: Path) -> Path:
    """The shipped model, as another training would have left it."""
    return _changed(copied(folder / "another"), created="2026-02-03T04:05:06+00:00")


def unknown(folder: Path) -> Path:
    """The shipped model, from nobody knows where."""
    return _changed(copied(folder / "unknown"), git_revision=None)


def blind(folder: Path) -> Path:
    """The shipped model, never sure enough to see a digit."""
    model = copied(folder / "blind")
    parameters = json.loads((model / "model.json").read_text())["parameters"]
    parameters.setdefault("search", {})["least_score"] = 2.0
    return _changed(model, parameters=parameters)


def unloadable(folder: Path) -> Path:
    """A model folder that is what its card says, around a network that is none."""
    model = copied(folder / "unloadable")
    (model / "model.onnx").write_bytes(b"no network")
    files = json.loads((model / "model.json").read_text())["files"]
    files["model.onnx"] = hashlib.sha256(b"no network").hexdigest()
    return _changed(model, files=files)


def sha256s(model: Path) -> dict[str, str]:
    """The hash of each file, by its path in the folder."""
    return {
        path.relative_to(model).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in model.rglob("*")
        if path.is_file()
    }


def _changed(model: Path, **fields: object) -> Path:
    card = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**card, **fields}))
    return model
