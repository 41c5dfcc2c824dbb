"""Models in an Azure ML workspace, by SDK v2.

A version's tags carry what the local registry keeps in ``version.json``: the sha256 of the content,
where the model comes from, how good it was. Azure's models know no stages, so a stage is a tag
whose value is the time it was given; the version that got it last has it. Moving a stage is one
request for that reason, and an interrupted one has either happened or not.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from digits.errors import ModelError, RegistryError
from digits.model import ModelFolder
from digits.registry.azure_client import explained, status_of
from digits.registry.files import copy_tree
from digits.registry.protocol import ModelVersion
from digits.registry.reference import Reference, checked_word

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model

STAGE = "stage."
FOLDER = "model"
"""The folder's name within the uploaded version, and so within the endpoint's mount."""

SHA256, REVISION = "sha256", "git_revision"
DATA, METRIC = "data.", "metric."
OURS = (STAGE, DATA, METRIC, SHA256, REVISION)
"""How the keys begin that are not the user's."""

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
        described = described_by_tags(folder, tags or {})
        if stage is not None:
            described[STAGE + checked_word(stage, "stage")] = _now()
        with tempfile.TemporaryDirectory(prefix="digits-model-") as temporary:
            copy = Path(temporary) / FOLDER
            copy_tree(folder.path, copy)
            _check_content(copy, folder.sha256, f"{folder.path} was changed while it was copied")
            return self._create(name, copy, described)

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """All versions (of one name), by name and from old to new; foreign models are left out."""
        with explained("listing the models", as_error=RegistryError):
            models = self._client.models
            names = [name] if name else sorted({model.name for model in models.list()})
            found = [model for each in names for model in models.list(name=each)]
        ours = [model for model in found if SHA256 in model.tags and str(model.version).isdecimal()]
        holders = _holders(ours)
        return sorted(
            (self._described(model, holders) for model in ours),
            key=lambda version: (version.name, version.version),
        )

    def resolve(self, reference: str) -> ModelVersion:
        """The version a reference means, fetched and compared with the sha256 it was given."""
        version = self.find(reference)
        shutil.rmtree(version.path, ignore_errors=True)
        with (
            tempfile.TemporaryDirectory(prefix="digits-fetch-") as temporary,
            explained(f"fetching {version.reference}", as_error=RegistryError),
        ):
            self._client.models.download(version.name, str(version.version), temporary)
            cards = list(Path(temporary).rglob("model.json"))
            if len(cards) != 1:
                raise RegistryError(f"{version.reference} in Azure is no model folder of this kind")
            _check_content(
                cards[0].parent,
                version.sha256,
                f"{version.reference} in Azure is not what was registered: register it again",
            )
            shutil.copytree(cards[0].parent, version.path)
        return version

    def promote(self, reference: str, *, stage: str) -> ModelVersion:
        """Give a version the stage, taking it from the version that had it."""
        checked_word(stage, "stage")
        version = self.find(reference)
        with explained(f"giving {version.reference} a stage", as_error=RegistryError):
            model = self._client.models.get(version.name, str(version.version))
            model.tags = {**model.tags, STAGE + stage: _now()}
            self._client.models.create_or_update(model)
        return self.find(version.reference)

    def find(self, reference: str) -> ModelVersion:
        """The version a reference means, unchecked. Raises RegistryError when there is none."""
        wanted = Reference.parse(reference)
        present = self.versions(wanted.name)
        if not present:
            raise RegistryError(f"no model {wanted.name!r} is registered in {self.where}")
        for version in reversed(present):
            if wanted.stage in version.stages or wanted.version == version.version:
                return version
            if wanted.stage is None and wanted.version is None:
                return version
        held = ", ".join(v.reference + "".join(f"@{s}" for s in v.stages) for v in present)
        raise RegistryError(f"{reference} is not in {self.where}; it has {held}")

    def _create(self, name: str, copy: Path, tags: dict[str, str]) -> ModelVersion:
        from azure.ai.ml.entities import Model

        for tries in range(1, TRIES + 1):
            number = max((v.version for v in self._taken(name)), default=0) + 1
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

    def _taken(self, name: str) -> list[ModelVersion]:
        """Every version there ever was that Azure still knows, archived ones included."""
        with explained(f"listing {name}", as_error=RegistryError):
            known = list(self._client.models.list(name=name, list_view_type="All"))
        return [self._described(model, {}) for model in known if str(model.version).isdecimal()]

    def _described(self, model: Model, holders: Mapping[tuple[str, str], str]) -> ModelVersion:
        tags = dict(model.tags)
        stages = [
            key.removeprefix(STAGE)
            for key in tags
            if key.startswith(STAGE) and holders.get((model.name, key)) == str(model.version)
        ]
        created = model.creation_context.created_at if model.creation_context else None
        return ModelVersion(
            name=model.name,
            version=int(model.version),
            stages=tuple(sorted(stages)),
            created=created.isoformat(timespec="seconds") if created else "",
            sha256=tags.get(SHA256, ""),
            tags={key: value for key, value in tags.items() if not key.startswith(OURS)},
            metrics=_metrics(tags),
            path=self.cache / model.name / str(model.version) / FOLDER,
        )


def described_by_tags(folder: ModelFolder, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a version: the user's, the content's hash, and where it comes from.

    Raises RegistryError when the user's take a name that is needed for something else.
    """
    for key in tags:
        if key.startswith(OURS):
            raise RegistryError(f"the tag {key!r} says something of its own in Azure: rename it")
    described = {**tags, SHA256: folder.sha256}
    for name, value in folder.card.metrics.items():
        if name.startswith("test_") and isinstance(value, int | float):
            described[METRIC + name] = repr(value)
    data = folder.card.training.get("data")
    if isinstance(data, dict):
        described |= {DATA + name: str(sha256) for name, sha256 in data.items()}
    if folder.card.git_revision:
        described[REVISION] = folder.card.git_revision
    return described


def _holders(models: list[Model]) -> dict[tuple[str, str], str]:
    """Which version has each stage of each name: the one that got it last."""
    given = sorted(
        (when, model.name, key, int(model.version))
        for model in models
        for key, when in model.tags.items()
        if key.startswith(STAGE)
    )
    return {(name, key): str(version) for _, name, key, version in given}


def _metrics(tags: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in tags.items():
        if key.startswith(METRIC):
            with suppress(ValueError):
                found[key.removeprefix(METRIC)] = float(value)
    return found


def _check_content(folder: Path, sha256: str, complaint: str) -> None:
    try:
        unchanged = ModelFolder.open(folder).sha256 == sha256
    except ModelError:
        unchanged = False
    if not unchanged:
        raise RegistryError(complaint)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")
