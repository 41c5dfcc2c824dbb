"""Models in an Azure ML workspace, by SDK v1: Model.register, Model.list, Model.download."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from digits.errors import RegistryError
from digits.model import ModelFolder
from digits.registry import azure_content
from digits.registry.azure_tags import Entry, find, stage_given, tags_of, versions_of
from digits.registry.azure_v1_client import explained, workshop
from digits.registry.protocol import ModelVersion
from digits.registry.reference import Reference, checked_word

if TYPE_CHECKING:
    from azureml.core import Model, Workspace


class AzureV1Registry:
    """The models of one workspace; ``cache`` gets those that are fetched to be checked."""

    def __init__(self, workspace: Workspace, *, cache: Path) -> None:
        self._workspace = workspace
        self.cache = cache

    @property
    def where(self) -> str:
        """The registry for people."""
        return f"the workspace {self._workspace.name}"

    def register(
        self,
        folder: ModelFolder,
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        stage: str | None = None,
    ) -> ModelVersion:
        """Upload the folder and add it as the next version, which Azure numbers."""
        name = checked_word(folder.card.name if name is None else name, "model")
        described = tags_of(folder, tags or {}, stage)
        from azureml.core import Model

        with workshop() as here, explained(f"registering {name}", as_error=RegistryError):
            copy = azure_content.stage(folder, here)
            model = Model.register(
                self._workspace,
                model_path=copy.name,
                model_name=name,
                tags=described,
                model_framework=Model.Framework.CUSTOM,
            )
        return self.find(f"{name}:{model.version}")

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """All versions (of one name), by name and from old to new; foreign models are left out."""
        from azureml.core import Model

        with explained("listing the models", as_error=RegistryError):
            found = Model.list(self._workspace, name=name, expand=False)
        return versions_of((_entry(model) for model in found), self.cache)

    def resolve(self, reference: str) -> ModelVersion:
        """The version a reference means, fetched and compared with the sha256 it was given."""
        version = self.find(reference)
        with workshop() as here, explained(f"fetching {version.reference}", as_error=RegistryError):
            self.model(version).download(target_dir=str(here))
            azure_content.keep(here, version)
        return version

    def promote(self, reference: str, *, stage: str) -> ModelVersion:
        """Give a version the stage, taking it from the version that had it."""
        given = stage_given(stage)
        version = self.find(reference)
        with explained(f"giving {version.reference} a stage", as_error=RegistryError):
            self.model(version).add_tags(given)
        return self.find(version.reference)

    def find(self, reference: str) -> ModelVersion:
        """The version a reference means, unchecked. Raises RegistryError when there is none."""
        return find(reference, self.versions(Reference.parse(reference).name), self.where)

    def model(self, version: ModelVersion) -> Model:
        """The version as the SDK has it."""
        from azureml.core import Model

        with explained(f"looking up {version.reference}", as_error=RegistryError):
            return Model(self._workspace, id=version.reference)


def _entry(model: Model) -> Entry:
    return Entry(
        name=model.name,
        version=str(model.version),
        tags=model.tags or {},
        created=model.created_time,
    )
