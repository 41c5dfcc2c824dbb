"""Model folders come into being here: all of one, or nothing."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from digits.card import CARD, NETWORK, ModelCard
from digits.errors import ConfigurationError
from digits.model import ModelFolder
from digits.training.workspace import METRICS

logger = logging.getLogger(__name__)


def check_target(out: Path) -> None:
    """Raises ConfigurationError when ``out`` is something that a model folder must not replace."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / CARD).is_file()):
        raise ConfigurationError(
            f"--out {out} exists and is no model folder: name a new folder, or an old model's"
        )


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A scratch folder beside ``out`` that takes its place when the block ends well.

    When it does not, ``out`` is as it was.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        made = Path(scratch) / "new"
        made.mkdir()
        yield made
        _exchange(made, out, Path(scratch) / "old")


def write_network(folder: Path, content: bytes, name: str = NETWORK) -> dict[str, str]:
    """Write a network's file; its name and sha256, as the card's ``files`` wants them."""
    (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest()}


def carry_over(base: ModelFolder, folder: Path, *, history: bool = True) -> None:
    """Copy what a new `NETWORK` leaves as it is: other networks and, unless it learned anew, the
    ``history`` of how the first one in it learned."""
    for name in base.networks.keys() - {NETWORK}:
        (folder / name).write_bytes(base.onnx(name))
    if history and (base.path / METRICS).is_file():
        shutil.copy(base.path / METRICS, folder / METRICS)
    logger.warning("when it errs was learned of what was there: train.py --tune teaches it anew")


def write_card(folder: Path, card: Mapping[str, object]) -> ModelCard:
    """Write ``model.json``, if it is one that can be read back. Raises ModelError."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    parsed = ModelCard.parse(text.encode())
    (folder / CARD).write_text(text, encoding="utf-8")
    return parsed


def _exchange(made: Path, out: Path, old: Path) -> None:
    """A folder that is not empty cannot be renamed over, so the old one steps aside first."""
    if not out.exists():
        made.rename(out)
        return
    out.rename(old)
    try:
        made.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old)
