"""The model folder: what it must hold, whether it is what it says, and where it is found.

A model folder holds ``model.json`` (the card), the ``.onnx`` files the card names with their
sha256, and a report for people. Opening one reads every file once and checks it; from then on the
model is in memory, so a file replaced or deleted under a running server disturbs nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from digits.card import CARD, NETWORK, ModelCard
from digits.errors import ModelError
from digits.settings import ROOT

WAY_OUT = (
    "restore it from where it came (the shipped one: git checkout models/digits), or train one"
)

__all__ = ["CARD", "NETWORK", "ModelCard", "ModelFolder", "describe", "locate", "version_of"]

VERSION_RECORD = "version.json"
"""What the local registry writes beside a registered model folder."""

LISTED = 20
"""How many files of a wrong folder an error names."""


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """An opened model folder: every file read once and equal to its hash on the card.

    ``sha256`` identifies the content: two folders with the same card and the same networks agree,
    wherever they are and whatever else (report, pictures) lies beside.
    """

    path: Path
    card: ModelCard
    sha256: str
    networks: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> ModelFolder:
        """Read and check the folder. Raises ModelError naming what is missing or does not match."""
        path = Path(path)
        text = _read_card(path)
        try:
            card = ModelCard.parse(text)
            networks = _read_networks(path, card.files)
        except ModelError as error:
            raise ModelError(f"{path} is not a usable model folder: {error}; {WAY_OUT}") from None
        return cls(path=path, card=card, sha256=_digest(text, card.files), networks=networks)

    def onnx(self, name: str = NETWORK) -> bytes:
        """The bytes of one network, as they were when the folder was opened."""
        try:
            return self.networks[name]
        except KeyError:
            held = ", ".join(sorted(self.networks))
            raise ModelError(f"{self.path} has no network {name!r}; it has {held}") from None


def locate(environ: Mapping[str, str]) -> Path:
    """The model folder to serve: Azure's mount, else ``DIGITS_MODEL_DIR``, else the shipped one.

    ``AZUREML_MODEL_DIR`` may hold the folder at any depth, since Azure puts the registered
    folder's own name in between, or not, depending on how the model was registered.
    Raises ModelError when that holds none or several.
    """
    mount = environ.get("AZUREML_MODEL_DIR", "").strip()
    if mount:
        return _locate_below(Path(mount))
    chosen = environ.get("DIGITS_MODEL_DIR", "").strip()
    return Path(chosen).expanduser() if chosen else ROOT / "models" / "digits"


def version_of(path: Path, environ: Mapping[str, str]) -> str:
    """The version a reading names: set, else the registry's or Azure's, else by content.

    By content it is ``sha256:`` and the first twelve hexadecimal digits of ``ModelFolder.sha256``.
    """
    return (
        environ.get("DIGITS_MODEL_VERSION", "").strip()
        or _version_in_registry(path)
        or _version_in_mount(path, environ.get("AZUREML_MODEL_DIR", "").strip())
        or f"sha256:{ModelFolder.open(path).sha256[:12]}"
    )


def describe(folder: Path) -> str:
    """What is there instead of what was expected, for an error: "it holds a.txt, b/c.txt"."""
    if not folder.exists():
        return "there is no such folder"
    if not folder.is_dir():
        return "it is a file, not a folder"
    # Someone may have named a folder as large as a disk, hence no more than is shown is walked.
    held = list(islice(_files_below(folder), LISTED + 1))
    if not held:
        return "the folder holds no files"
    return f"it holds {', '.join(held[:LISTED])}{', …' if len(held) > LISTED else ''}"


def _files_below(folder: Path) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield (Path(where) / name).relative_to(folder).as_posix()


def _locate_below(mount: Path) -> Path:
    found = sorted(Path(folder) for folder, _, names in os.walk(mount) if CARD in names)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(str(folder) for folder in found[:LISTED])
        raise ModelError(
            f"AZUREML_MODEL_DIR={mount} holds {len(found)} models ({listed}): point it at the one"
            " to use"
        )
    raise ModelError(f"no {CARD} anywhere in AZUREML_MODEL_DIR={mount}: {describe(mount)}")


def _version_in_registry(path: Path) -> str | None:
    version = path.resolve().parent
    return version.name if (version / VERSION_RECORD).is_file() else None


def _version_in_mount(path: Path, mount: str) -> str | None:
    """The deepest folder with a whole number for a name, from ``path`` up to the mount itself."""
    if not mount:
        return None
    top = Path(mount).resolve()
    for folder in (path.resolve(), *path.resolve().parents):
        if not folder.is_relative_to(top):
            return None
        if folder.name.isascii() and folder.name.isdigit():
            return folder.name
    return None


def _read_card(path: Path) -> bytes:
    try:
        return (path / CARD).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        reason = f"no {CARD} there; {describe(path)}"
    except OSError as error:
        reason = f"{CARD} cannot be read: {error.strerror}"
    raise ModelError(
        f"{path} is not a model folder: {reason}. `uv run train.py --out DIR` makes one."
    )


def _read_networks(path: Path, files: Mapping[str, str]) -> dict[str, bytes]:
    for unlisted in sorted({entry.name for entry in path.glob("*.onnx")} - files.keys()):
        raise ModelError(f"{unlisted} is not on its card ({CARD}, files)")
    return {name: _read_network(path / name, files[name]) for name in sorted(files)}


def _read_network(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path.name} is missing; {describe(path.parent)}") from None
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}") from None
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise ModelError(
            f"{path.name} is not the file its card describes (sha256 {actual[:12]}…, the card says"
            f" {expected[:12]}…): it was changed, cut short or copied from elsewhere"
        )
    return content


def _digest(card: bytes, files: Mapping[str, str]) -> str:
    pairs = {CARD: hashlib.sha256(card).hexdigest(), **files}
    lines = "".join(f"{name} {pairs[name]}\n" for name in sorted(pairs))
    return hashlib.sha256(lines.encode()).hexdigest()
