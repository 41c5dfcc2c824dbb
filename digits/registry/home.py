"""The folder of one model's name in a local registry: its versions, its stages, its records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from digits.errors import RegistryError
from digits.model import VERSION_RECORD
from digits.registry.files import hash_tree, replace_text
from digits.registry.protocol import ModelVersion

MODEL = "model"
STAGES = "stages.json"
BEFORE = "stages-before.json"
LAST = "last-version"


def numbers(home: Path) -> list[int]:
    """The versions there are, ascending."""
    if not home.is_dir():
        return []
    return sorted(int(entry.name) for entry in home.iterdir() if entry.name.isdecimal())


def take_number(home: Path) -> int:
    """The next number, never given before and never again. The caller holds the lock.

    It is used up before its version is visible: after a kill in between it is skipped.
    """
    path = home / LAST
    text = path.read_text(encoding="utf-8").strip() if path.exists() else "0"
    if not text.isdecimal():
        raise RegistryError(f"{path} is damaged: it must hold the highest version ever given")
    number = max([int(text), *numbers(home)]) + 1
    replace_text(path, f"{number}\n")
    return number


def stages(home: Path) -> dict[str, int]:
    """The version each stage points at."""
    path = home / STAGES
    if not path.exists():
        return {}
    pointers = {}
    for stage, number in _read_object(path).items():
        if not isinstance(number, int):
            raise RegistryError(f"{path} is damaged: {stage!r} must be the number of a version")
        pointers[stage] = number
    return pointers


def point(home: Path, *, stage: str, number: int) -> None:
    """Let a stage point at a version. The caller holds the lock."""
    held = stages(home).get(stage)
    if held is not None and held != number:
        before = _before(home)
        _write_before(home, before | {stage: [*before.get(stage, []), held]})
    _write_stages(home, stage, number)


def earlier(home: Path, *, stage: str) -> list[int]:
    """The versions that a stage pointed at before and that are still there, newest last."""
    present, held = numbers(home), stages(home).get(stage)
    found = [number for number in _before(home).get(stage, []) if number in present]
    while found and found[-1] == held:  # whoever moved the stage was killed half-way
        found.pop()
    return found


def step_back(home: Path, *, stage: str) -> int:
    """Let a stage point at what it pointed at before that. The caller holds the lock."""
    *left, number = earlier(home, stage=stage)
    _write_stages(home, stage, number)
    _write_before(home, _before(home) | {stage: left})
    return number


def _write_stages(home: Path, stage: str, number: int) -> None:
    replace_text(home / STAGES, json.dumps(stages(home) | {stage: number}, indent=2) + "\n")


def _before(home: Path) -> dict[str, list[int]]:
    path = home / BEFORE
    if not path.exists():
        return {}
    found = {}
    for stage, held in _read_object(path).items():
        if not isinstance(held, list) or not all(isinstance(number, int) for number in held):
            raise RegistryError(f"{path} is damaged: {stage!r} must be a list of versions")
        found[stage] = held
    return found


def _write_before(home: Path, before: Mapping[str, list[int]]) -> None:
    replace_text(home / BEFORE, json.dumps(before, indent=2) + "\n")


def write_record(staging: Path, record: Mapping[str, object]) -> None:
    """Write ``version.json`` of a version in preparation."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (staging / VERSION_RECORD).write_text(text, encoding="utf-8")


def read_version(home: Path, number: int) -> ModelVersion:
    """What is known of a version. Raises RegistryError when its record is missing or damaged."""
    path = home / str(number) / VERSION_RECORD
    record = _read_object(path)
    if (record.get("name"), record.get("version")) != (home.name, number):
        raise RegistryError(f"{path} does not describe {home.name}:{number}: was it copied there?")
    tags, metrics = record.get("tags"), record.get("metrics")
    if not isinstance(tags, dict) or not isinstance(metrics, dict):
        raise RegistryError(f"{path} is damaged: 'tags' and 'metrics' must be objects")
    return ModelVersion(
        name=home.name,
        version=number,
        stages=tuple(sorted(stage for stage, at in stages(home).items() if at == number)),
        created=str(record.get("created")),
        sha256=str(record.get("sha256")),
        tags=tags,
        metrics=metrics,
        path=home / str(number) / MODEL,
    )


def verify(version: ModelVersion) -> None:
    """Compare a version's files with what was registered. Raises RegistryError naming the file."""
    registered = _read_object(version.path.parent / VERSION_RECORD).get("files")
    if not isinstance(registered, dict):
        raise RegistryError(f"{version.path.parent / VERSION_RECORD} is damaged: no 'files'")
    present = hash_tree(version.path)
    for name in sorted(registered.keys() | present.keys()):
        if registered.get(name) != present.get(name):
            happened = "changed" if name in present and name in registered else "added"
            raise RegistryError(
                f"{version.reference} is not what was registered: {version.path / name} was"
                f" {happened if name in present else 'removed'} since. Restore it, or register the"
                " model again"
            )


def _read_object(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RegistryError(f"{path} is missing") from None
    except ValueError as error:
        raise RegistryError(f"{path} is damaged: {error}") from None
    if not isinstance(value, dict):
        raise RegistryError(f"{path} is damaged: it must hold a JSON object")
    return value
