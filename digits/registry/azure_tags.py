"""What a version in Azure says of itself by its tags, for both generations' SDKs.

They carry what the local registry keeps in ``version.json``: the sha256 of the content, where the
model comes from, how good it was. Azure's models know no stages, so a stage is a tag whose value is
the time it was given; the version that got it last has it. Moving a stage is one request for that
reason, and an interrupted one has either happened or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from digits.errors import RegistryError
from digits.model import ModelFolder
from digits.registry.protocol import ModelVersion
from digits.registry.reference import Reference, checked_word

STAGE = "stage."
SHA256, REVISION = "sha256", "git_revision"
DATA, METRIC = "data.", "metric."
OURS = (STAGE, DATA, METRIC, SHA256, REVISION)
"""How the keys begin that are not the user's."""

FOLDER = "model"
"""The folder's name within the uploaded version, and so within the endpoint's mount."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A model of the workspace, ours or not, as an SDK lists it."""

    name: str
    version: str
    tags: Mapping[str, str]
    created: datetime | None


def tags_of(folder: ModelFolder, own: Mapping[str, str], stage: str | None) -> dict[str, str]:
    """The tags of a new version: the user's own, what it is, where it comes from, its stage.

    Raises RegistryError when the user's take a name that is needed for something else.
    """
    for key in own:
        if key.startswith(OURS):
            raise RegistryError(f"the tag {key!r} says something of its own in Azure: rename it")
    described = {**own, SHA256: folder.sha256}
    for name, value in folder.card.metrics.items():
        if name.startswith("test_") and isinstance(value, int | float):
            described[METRIC + name] = repr(value)
    data = folder.card.training.get("data")
    if isinstance(data, dict):
        described |= {DATA + name: str(sha256) for name, sha256 in data.items()}
    if folder.card.git_revision:
        described[REVISION] = folder.card.git_revision
    return described if stage is None else described | stage_given(stage)


def stage_given(stage: str) -> dict[str, str]:
    """The tag that gives a version the stage, from now on."""
    now = datetime.now(timezone.utc).isoformat(timespec="microseconds")
    return {STAGE + checked_word(stage, "stage"): now}


def versions_of(entries: Iterable[Entry], cache: Path) -> list[ModelVersion]:
    """The versions among the entries, by name and from old to new; foreign models are left out."""
    ours = [each for each in entries if SHA256 in each.tags and each.version.isdecimal()]
    holders = _holders(ours)
    return sorted(
        (_described(each, holders, cache) for each in ours),
        key=lambda version: (version.name, version.version),
    )


def find(reference: str, present: Sequence[ModelVersion], where: str) -> ModelVersion:
    """The one of the versions of its name a reference means. Raises RegistryError without it."""
    wanted = Reference.parse(reference)
    if not present:
        raise RegistryError(f"no model {wanted.name!r} is registered in {where}")
    for version in reversed(present):
        if wanted.stage in version.stages or wanted.version == version.version:
            return version
        if wanted.stage is None and wanted.version is None:
            return version
    held = ", ".join(v.reference + "".join(f"@{s}" for s in v.stages) for v in present)
    raise RegistryError(f"{reference} is not in {where}; it has {held}")


def _holders(entries: Iterable[Entry]) -> dict[tuple[str, str], str]:
    """Which version has each stage of each name: the one that got it last."""
    given = sorted(
        (when, entry.name, key, int(entry.version))
        for entry in entries
        for key, when in entry.tags.items()
        if key.startswith(STAGE)
    )
    return {(name, key): str(version) for _, name, key, version in given}


def _described(entry: Entry, holders: Mapping[tuple[str, str], str], cache: Path) -> ModelVersion:
    stages = [
        key.removeprefix(STAGE)
        for key in entry.tags
        if key.startswith(STAGE) and holders[entry.name, key] == entry.version
    ]
    return ModelVersion(
        name=entry.name,
        version=int(entry.version),
        stages=tuple(sorted(stages)),
        created=entry.created.isoformat(timespec="seconds") if entry.created else "",
        sha256=entry.tags[SHA256],
        tags={key: value for key, value in entry.tags.items() if not key.startswith(OURS)},
        metrics=_metrics(entry.tags),
        path=cache / entry.name / entry.version / FOLDER,
    )


def _metrics(tags: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in tags.items():
        if key.startswith(METRIC):
            with suppress(ValueError):
                found[key.removeprefix(METRIC)] = float(value)
    return found
