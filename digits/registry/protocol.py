"""What a registry is: versions that never change, and stages that point at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from digits.model import ModelFolder


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One registered model.

    ``version`` counts from 1, ``sha256`` is ``ModelFolder.sha256``, ``created`` the time of
    registration (UTC, ISO 8601), ``metrics`` those of the card, ``path`` the model folder: of a
    registry elsewhere, where ``resolve`` puts it.
    """

    name: str
    version: int
    stages: tuple[str, ...]
    created: str
    sha256: str
    tags: Mapping[str, str]
    metrics: Mapping[str, object]
    path: Path

    @property
    def reference(self) -> str:
        """``NAME:VERSION``, which always means this very model."""
        return f"{self.name}:{self.version}"

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "version": self.version,
            "stages": list(self.stages),
            "created": self.created,
            "sha256": self.sha256,
            "tags": dict(self.tags),
            "metrics": dict(self.metrics),
            "path": str(self.path),
        }


class Registry(Protocol):
    """Where models are registered. A reference is ``NAME``, ``NAME:VERSION`` or ``NAME@STAGE``.

    All methods raise RegistryError when the registry cannot do what is asked.
    """

    @property
    def where(self) -> str:
        """The registry for people: a folder, a workspace."""

    def register(
        self,
        folder: ModelFolder,
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        stage: str | None = None,
    ) -> ModelVersion:
        """Add a new version, named as the card says unless ``name`` is given."""

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """All versions (of one name), by name and from old to new."""

    def resolve(self, reference: str) -> ModelVersion:
        """The version a reference means, its content checked; ``NAME`` alone means the newest."""

    def promote(self, reference: str, *, stage: str) -> ModelVersion:
        """Give a version the stage, taking it from the version that had it."""
