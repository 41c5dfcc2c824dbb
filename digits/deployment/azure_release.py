"""What every way to Azure has in common: whose model it is, where from, and that it may go."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from digits.deployment.azure_spec import check_origin
from digits.deployment.plan import MANIFEST, choose
from digits.deployment.smoke import Sample, first_sample
from digits.model import ModelFolder
from digits.registry.azure_target import Target
from digits.registry.protocol import ModelVersion, Registry

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class AzureRelease(ABC):
    """One model for one workspace: ``reference`` names a registered one, else it is ``shipped``.

    ``any_origin`` lets a model pass whose card does not say what it was made of.
    """

    target: Target
    shipped: Path
    reference: str | None = None
    any_origin: bool = False
    say: Callable[[str], None]
    sample: Sample = field(default_factory=lambda: first_sample(MANIFEST))

    @abstractmethod
    def describe(self) -> str:
        """The plan in lines for people."""

    @abstractmethod
    def run(self) -> None:
        """Deploy. Raises DigitsError when that fails."""

    def check_shipped(self) -> None:
        """Refuse an unusable shipped model before Azure is asked anything."""
        if self.reference is None:
            self._check(ModelFolder.open(self.shipped))

    def described_model(self) -> str:
        """The model for people."""
        if self.reference:
            return f"{self.reference} of the workspace"
        folder = ModelFolder.open(self.shipped)
        return f"{folder.path}, sha256 {folder.sha256[:12]} (registered if not yet)"

    def registered(
        self, registry: Registry, *, prove: Callable[[ModelFolder], None] = lambda folder: None
    ) -> ModelVersion:
        """The version to deploy, its content checked and proved; registered where need be."""
        version, folder = choose(registry, self.reference, self.shipped)
        self._check(folder)
        prove(folder)
        if version is None:
            version = registry.register(folder)
            logger.info("registered %s as %s", folder.path, version.reference)
        return version

    def _check(self, folder: ModelFolder) -> None:
        if not self.any_origin:
            check_origin(folder.card)
