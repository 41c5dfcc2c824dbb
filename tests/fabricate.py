"""Small model folders for tests of what surrounds a model: nothing in here can read a digit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def model_card(networks: dict[str, bytes], **changes: object) -> dict[str, object]:
    """A complete card for these networks; ``changes`` replace fields of it."""
    card: dict[str, object] = {
        "name": "digits",
        "created": "2026-01-02T03:04:05Z",
        "git_revision": "0123abc",
        "labels": [str(digit) for digit in range(10)],
        "input": {"name": "image", "shape": ["n", 28, 28, 1], "ink": 1.0},
        "parameters": {"tile": {"box": 20}},
        "calibration": {"temperature": 1.5},
        "thresholds": {"uncertain": 0.9, "digit_score": 0.5},
        "training": {"command": "train.py --quick", "seed": 7, "data": {}},
        "metrics": {"test_accuracy": 0.9931},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in networks.items()},
    }
    return card | changes


def model_folder(
    path: Path, *, networks: dict[str, bytes] | None = None, **changes: object
) -> Path:
    """Write a model folder whose hashes are right, with a report and a picture beside."""
    networks = {"model.onnx": b"a network"} if networks is None else networks
    (path / "report").mkdir(parents=True)
    for name, data in networks.items():
        (path / name).write_bytes(data)
    (path / "model.json").write_text(json.dumps(model_card(networks, **changes)))
    (path / "REPORT.md").write_text("# How it did\n")
    (path / "report" / "confusion.png").write_bytes(b"a picture")
    return path
