"""The bytes of a version on their way to Azure and back, compared with its sha256 each time."""

from __future__ import annotations

import shutil
from pathlib import Path

from digits.errors import ModelError, RegistryError
from digits.model import ModelFolder
from digits.registry.azure_tags import FOLDER
from digits.registry.files import copy_tree
from digits.registry.protocol import ModelVersion


def stage(folder: ModelFolder, where: Path) -> Path:
    """Copy the folder to below ``where``, under the name it is to have in Azure; the copy."""
    copy = where / FOLDER
    copy_tree(folder.path, copy)
    _check(copy, folder.sha256, f"{folder.path} was changed while it was copied")
    return copy


def keep(fetched: Path, version: ModelVersion) -> None:
    """Put what was fetched in the version's place, if it is what was registered.

    Raises RegistryError when it is not.
    """
    cards = list(fetched.rglob("model.json"))
    if len(cards) != 1:
        raise RegistryError(f"{version.reference} in Azure is no model folder of this kind")
    _check(
        cards[0].parent,
        version.sha256,
        f"{version.reference} in Azure is not what was registered: register it again",
    )
    shutil.rmtree(version.path, ignore_errors=True)
    shutil.copytree(cards[0].parent, version.path)


def _check(folder: Path, sha256: str, complaint: str) -> None:
    try:
        unchanged = ModelFolder.open(folder).sha256 == sha256
    except ModelError:
        unchanged = False
    if not unchanged:
        raise RegistryError(complaint)
