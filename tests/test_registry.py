"""The local registry keeps what it is given, unchanged, under numbers that only grow."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest
from fabricate import model_folder

from digits.errors import RegistryError
from digits.model import ModelFolder, version_of
from digits.registry.local import LocalRegistry


@pytest.fixture
def registry(tmp_path):
    return LocalRegistry(tmp_path / "registry")


@pytest.fixture
def folder(tmp_path):
    return ModelFolder.open(model_folder(tmp_path / "trained"))


def visible(home: Path) -> list[str]:
    return sorted(entry.name for entry in home.iterdir() if not entry.name.startswith("."))


# Registering


def test_registers_the_folder_as_it_is(registry, folder):
    version = registry.register(folder, tags={"by": "Ann"})
    assert (version.name, version.version, version.reference) == ("digits", 1, "digits:1")
    assert version.sha256 == folder.sha256
    assert version.tags == {"by": "Ann"}
    assert version.metrics == {"test_accuracy": 0.9931}
    assert version.stages == ()
    assert version.path == registry.root / "digits" / "1" / "model"
    assert ModelFolder.open(version.path).networks == folder.networks
    assert (version.path / "report" / "confusion.png").read_bytes() == b"a picture"
    assert version_of(version.path, {}) == "1"
    assert visible(registry.root / "digits") == ["1", "last-version"]


def test_a_version_can_be_read_by_all_and_written_by_none(registry, folder):
    version = registry.register(folder)
    files = [path for path in version.path.parent.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o444}
    assert stat.S_IMODE(version.path.stat().st_mode) == 0o755


def test_the_same_content_again_is_a_new_version(registry, folder):
    first, second = registry.register(folder), registry.register(folder)
    assert (first.version, second.version) == (1, 2)
    assert first.sha256 == second.sha256


def test_names_count_apart(registry, folder):
    registry.register(folder)
    other = registry.register(folder, name="other")
    assert (other.reference, registry.register(folder).reference) == ("other:1", "digits:2")


def test_a_number_is_never_given_twice_even_if_the_newest_is_deleted(registry, folder):
    for _ in range(3):
        registry.register(folder)
    shutil.rmtree(registry.root / "digits" / "3")
    assert [version.version for version in registry.versions()] == [1, 2]
    assert registry.resolve("digits").version == 2
    assert registry.register(folder).version == 4


def test_hidden_files_stay_behind(registry, folder):
    (folder.path / ".DS_Store").write_bytes(b"x")
    version = registry.register(folder)
    assert not (version.path / ".DS_Store").exists()


def test_a_folder_that_changes_meanwhile_is_refused_and_leaves_nothing(registry, folder):
    kept = registry.register(folder)
    (folder.path / "model.onnx").write_bytes(b"another network")
    with pytest.raises(RegistryError, match="changed while it was copied: nothing is registered"):
        registry.register(folder)
    assert registry.versions() == [kept]
    assert not list((registry.root / "digits").glob(".staging-*"))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "digits:3", "é", "a" * 65])
def test_refuses_a_name_that_cannot_be_one(registry, folder, name):
    with pytest.raises(RegistryError, match="cannot be the name of a model"):
        registry.register(folder, name=name)
    assert not registry.root.exists()


@pytest.mark.parametrize("name", ["a", "a" * 64, "digits-v2.1_x"])
def test_takes_a_name_that_can_be_one(registry, folder, name):
    assert registry.register(folder, name=name).name == name


def test_refuses_a_registry_inside_the_folder_it_is_to_copy(folder):
    with pytest.raises(RegistryError, match="must not lie inside"):
        LocalRegistry(folder.path / "registry").register(folder)


def test_a_registry_that_is_a_file_is_an_error_that_names_it(tmp_path, folder):
    (tmp_path / "taken").touch()
    with pytest.raises(RegistryError, match="the registry .*taken cannot be used: it is a file"):
        LocalRegistry(tmp_path / "taken").register(folder)
    with pytest.raises(RegistryError, match="taken cannot be used"):
        LocalRegistry(tmp_path / "taken").versions()


# References


def test_resolves_name_version_and_stage(registry, folder):
    for _ in range(10):
        registry.register(folder)
    registry.promote("digits:9", stage="production")
    assert registry.resolve("digits").version == 10
    assert registry.resolve("digits:2").version == 2
    assert registry.resolve("digits@production").version == 9


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("other", r"no model 'other' is registered in .* \(registered: digits\)"),
        ("digits:3", r"digits has no version 3 in .*; it has 1, 2"),
        ("digits@gone", r"no version of digits has the stage 'gone' \(stages: candidate\)"),
        ("digits:0", "a version is a whole number from 1, not '0'"),
        ("digits:", "a version is a whole number from 1, not ''"),
        ("digits:1.0", "a version is a whole number from 1, not '1.0'"),
        ("digits@", "cannot be the name of a stage"),
        ("digits:1@production", "write NAME, NAME:VERSION or NAME@STAGE"),
        ("models/digits", "a folder is registered first"),
        ("", "write NAME, NAME:VERSION or NAME@STAGE"),
    ],
)
def test_a_reference_that_leads_nowhere_says_what_there_is(registry, folder, reference, reason):
    registry.register(folder)
    registry.register(folder, stage="candidate")
    with pytest.raises(RegistryError, match=reason):
        registry.resolve(reference)


def test_an_empty_registry_says_how_to_fill_it(registry):
    with pytest.raises(RegistryError, match=r"registered: nothing yet\); `uv run register.py`"):
        registry.resolve("digits")
    assert registry.versions() == []
    assert not registry.root.exists()


# Damage


def test_resolve_refuses_a_changed_file(registry, folder):
    version = registry.register(folder)
    network = version.path / "model.onnx"
    network.chmod(0o644)
    network.write_bytes(b"a networK")
    with pytest.raises(RegistryError, match=r"digits:1 is not what was .*model\.onnx was changed"):
        registry.resolve("digits:1")


def test_resolve_refuses_a_removed_and_an_added_file(registry, folder):
    version = registry.register(folder)
    (version.path / "REPORT.md").unlink()
    with pytest.raises(RegistryError, match=r"REPORT\.md was removed since"):
        registry.resolve("digits:1")
    (version.path / "REPORT.md").write_bytes((folder.path / "REPORT.md").read_bytes())
    assert registry.resolve("digits:1") == version
    (version.path / "more.txt").touch()
    with pytest.raises(RegistryError, match=r"more\.txt was added since"):
        registry.resolve("digits:1")


def test_resolve_refuses_a_version_under_another_number(registry, folder):
    registry.register(folder)
    (registry.root / "digits" / "1").rename(registry.root / "digits" / "8")
    with pytest.raises(RegistryError, match="does not describe digits:8"):
        registry.resolve("digits:8")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "digits", "version": 2}'])
def test_a_damaged_record_spoils_its_own_version_only(registry, folder, caplog, text):
    good = registry.register(folder)
    damaged = registry.register(folder).path.parent / "version.json"
    damaged.chmod(0o644)
    damaged.write_text(text)
    with pytest.raises(RegistryError, match=r"2/version\.json"):
        registry.resolve("digits:2")
    assert registry.versions() == [good]
    assert "digits:2 left out" in caplog.text
    assert registry.resolve("digits:1") == good


def test_a_damaged_high_water_mark_is_not_guessed_at(registry, folder):
    registry.register(folder)
    (registry.root / "digits" / "last-version").write_text("many\n")
    with pytest.raises(RegistryError, match="last-version is damaged"):
        registry.register(folder)
    assert len(registry.versions()) == 1
    assert not list((registry.root / "digits").glob(".staging-*"))


# Stages


def test_a_stage_has_one_version_and_a_version_any_number_of_stages(registry, folder):
    registry.register(folder, stage="production")
    registry.register(folder, stage="candidate")
    assert [version.stages for version in registry.versions()] == [("production",), ("candidate",)]
    moved = registry.promote("digits@candidate", stage="production")
    assert (moved.version, moved.stages) == (2, ("candidate", "production"))
    assert [version.stages for version in registry.versions()] == [(), ("candidate", "production")]


def test_a_stage_is_not_given_to_a_damaged_version(registry, folder):
    registry.register(folder, stage="production")
    network = registry.register(folder).path / "model.onnx"
    network.chmod(0o644)
    network.write_bytes(b"")
    with pytest.raises(RegistryError, match=r"model\.onnx was changed"):
        registry.promote("digits:2", stage="production")
    assert registry.resolve("digits@production").version == 1


def test_a_stage_whose_version_was_deleted_says_so(registry, folder):
    registry.register(folder)
    registry.register(folder, stage="production")
    shutil.rmtree(registry.root / "digits" / "2")
    with pytest.raises(RegistryError, match="digits has no version 2"):
        registry.resolve("digits@production")


def test_refuses_a_stage_name_that_cannot_be_one_and_registers_nothing(registry, folder):
    with pytest.raises(RegistryError, match="cannot be the name of a stage"):
        registry.register(folder, stage="in production")
    assert registry.versions() == []


@pytest.mark.parametrize("text", ["", "[]", '{"production": "1"}'])
def test_damaged_stages_are_an_error_that_names_the_file(registry, folder, text):
    registry.register(folder)
    (registry.root / "digits" / "stages.json").write_text(text)
    with pytest.raises(RegistryError, match=r"stages\.json is damaged"):
        registry.resolve("digits@production")


def test_record_and_stages_are_plain_json(registry, folder):
    version = registry.register(folder, tags={"who": "Zoë"}, stage="production")
    home = registry.root / "digits"
    record = json.loads((home / "1" / "version.json").read_text("utf-8"))
    assert record["tags"] == {"who": "Zoë"}
    assert record["sha256"] == folder.sha256
    assert record["files"].keys() == {
        "REPORT.md",
        "model.json",
        "model.onnx",
        "report/confusion.png",
    }
    assert json.loads((home / "stages.json").read_text()) == {"production": 1}
    assert version.to_dict() == {
        "name": "digits",
        "version": 1,
        "stages": ["production"],
        "created": record["created"],
        "sha256": folder.sha256,
        "tags": {"who": "Zoë"},
        "metrics": {"test_accuracy": 0.9931},
        "path": str(home / "1" / "model"),
    }


# Back


def test_a_stage_goes_back_step_by_step_to_where_it_was(registry, folder):
    for _ in range(3):
        registry.register(folder, stage="production")
    registry.promote("digits:3", stage="production")  # it is there already: no step
    moves = [registry.rollback("digits@production") for _ in range(2)]
    assert [(gone.version, back.version) for gone, back in moves] == [(3, 2), (2, 1)]
    assert registry.number("digits@production") == 1
    with pytest.raises(RegistryError, match="digits:1 and has been no other version before"):
        registry.rollback("digits@production")
    registry.promote("digits:3", stage="production")
    assert registry.rollback("digits@production")[1].stages == ("production",)


def test_a_stage_goes_back_past_what_was_deleted_but_not_to_what_was_changed(registry, folder):
    first, second, _ = (registry.register(folder, stage="production") for _ in range(3))
    shutil.rmtree(second.path.parent)
    (first.path / "REPORT.md").chmod(0o644)
    (first.path / "REPORT.md").write_text("changed")
    with pytest.raises(RegistryError, match="is not what was registered"):
        registry.rollback("digits@production")
    assert registry.number("digits@production") == 3
    (first.path / "REPORT.md").write_text("# How it did\n")
    assert registry.rollback("digits@production")[1].version == 1


def test_a_stage_that_was_moved_half_way_goes_back_all_the_same(registry, folder):
    """Killed between remembering where the stage was and moving it, or the other way round."""
    home = registry.register(folder, stage="production").path.parent.parent
    registry.register(folder, stage="production")
    (home / "stages.json").write_text('{"production": 1}')
    with pytest.raises(RegistryError, match="has been no other version before"):
        registry.rollback("digits@production")


def test_only_a_stage_goes_back(registry, folder):
    registry.register(folder)
    with pytest.raises(RegistryError, match="only a stage can be rolled back"):
        registry.rollback("digits:1")
