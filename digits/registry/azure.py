"""Models in an Azure ML workspace, by SDK v2."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from digits.errors import RegistryError
from digits.model import ModelFolder
from digits.registry import azure_content
from digits.registry.azure_errors import explained, status_of
from digits.registry.azure_tags import Entry, find, stage_given, tags_of, versions_of
from digits.registry.protocol import ModelVersion
from digits.registry.reference import Reference, checked_word

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model

TRIES = 3
"""Registrations at the same time may want the same number; one gets it, the others the next."""


class AzureRegistry:
    """The models of one workspace; ``cache`` gets those that are fetched to be checked."""

    def __init__(self, client: MLClient, *, cache: Path) -> None:
        self._client = client
        self.cache = cache

    @property
    def where(self) -> str:
        """The registry for people."""
        return f"the workspace {self._client.workspace_name}"

    def register(
        self,
        folder: ModelFolder,
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        stage: str | None = None,
    ) -> ModelVersion:
        """Upload the folder and add it as the next version, its stage in the same request."""
        name = checked_word(folder.card.name if name is None else name, "model")
        described = tags_of(folder, tags or {}, stage)
        with tempfile.TemporaryDirectory(prefix="digits-model-") as temporary:
            return self._create(name, azure_content.stage(folder, Path(temporary)), described)

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """All versions (of one name), by name and from old to new; foreign models are left out."""
        with explained("listing the models", as_error=RegistryError):
            models = self._client.models
            names = [name] if name else sorted({model.name for model in models.list()})
            found = [_entry(model) for each in names for model in models.list(name=each)]
        return versions_of(found, self.cache)

    def resolve(self, reference: str) -> ModelVersion:
        """The version a reference means, fetched and compared with the sha256 it was given."""
        version = self.find(reference)
        with (
            tempfile.TemporaryDirectory(prefix="digits-fetch-") as temporary,
            explained(f"fetching {version.reference}", as_error=RegistryError),
        ):
            self._client.models.download(version.name, str(version.version), temporary)
            azure_content.keep(Path(temporary), version)
        return version

    def promote(self, reference: str, *, stage: str) -> ModelVersion:
        """Give a version the stage, taking it from the version that had it."""
        given = stage_given(stage)
        version = self.find(reference)
        with explained(f"giving {version.reference} a stage", as_error=RegistryError):
            model = self._client.models.get(version.name, str(version.version))
            model.tags = {**model.tags, **given}
            self._client.models.create_or_update(model)
        return self.find(version.reference)

    def find(self, reference: str) -> ModelVersion:
        """The version a reference means, unchecked. Raises RegistryError when there is none."""
        return find(reference, self.versions(Reference.parse(reference).name), self.where)

    def _create(self, name: str, copy: Path, tags: dict[str, str]) -> ModelVersion:
        from azure.ai.ml.entities import Model

        for tries in range(1, TRIES + 1):
            number = max(self._taken(name), default=0) + 1
            model = Model(
                name=name, version=str(number), path=str(copy), type="custom_model", tags=tags
            )
            try:
                with explained(f"registering {name}:{number}", as_error=RegistryError):
                    self._client.models.create_or_update(model)
                return self.find(f"{name}:{number}")
            except RegistryError as error:
                if status_of(error) != 409 or tries == TRIES:
                    raise
        raise AssertionError

    def _taken(self, name: str) -> list[int]:
        """Every number there ever was that Azure still knows, of archived versions too."""
        with explained(f"listing {name}", as_error=RegistryError):
            known = list(self._client.models.list(name=name, list_view_type="All"))
        return [int(model.version) for model in known if str(model.version).isdecimal()]


def _entry(model: Model) -> Entry:
    context = model.creation_context
    return Entry(
        name=model.name,
        version=str(model.version),
        tags=dict(model.tags),
        created=context.created_at if context else None,
    )
