"""Several writers at once, and writers killed at work, leave whole versions only."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from fabricate import model_folder

from digits.errors import RegistryError
from digits.model import ModelFolder
from digits.registry import files
from digits.registry.local import LocalRegistry

REGISTER_FOR_EVER = """
import sys
from digits.errors import RegistryError
from digits.model import ModelFolder
from digits.registry.local import LocalRegistry
registry, folder = LocalRegistry(sys.argv[1]), ModelFolder.open(sys.argv[2])
print("ready", flush=True)
while True:
    registry.register(folder, stage="newest")
"""


def test_registrations_at_once_give_as_many_versions(tmp_path, repo_root):
    trained, root = model_folder(tmp_path / "trained"), tmp_path / "registry"
    command = [sys.executable, repo_root / "register.py", "--model", trained, "--registry", root]
    writers = [
        subprocess.Popen([*command, "--stage", f"stage-{index}"], stdout=subprocess.PIPE, text=True)
        for index in range(8)
    ]
    printed = [writer.communicate()[0].strip() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8
    assert sorted(printed) == [f"digits:{number}" for number in range(1, 9)]

    registry = LocalRegistry(root)
    versions = registry.versions()
    assert [version.version for version in versions] == list(range(1, 9))
    assert [registry.resolve(version.reference) for version in versions] == versions
    # No stage was lost although all of them went into one file.
    stages = sorted(stage for version in versions for stage in version.stages)
    assert stages == [f"stage-{index}" for index in range(8)]


def test_a_writer_killed_at_any_moment_leaves_no_part_of_a_version(tmp_path):
    # Many files, so that a writer spends nearly all its time in the midst of a registration.
    networks = {f"part-{index}.onnx": bytes([index]) * 50_000 for index in range(24)}
    trained = model_folder(tmp_path / "trained", networks={"model.onnx": b"a", **networks})
    registry, folder = LocalRegistry(tmp_path / "registry"), ModelFolder.open(trained)
    home = registry.root / "digits"
    moments, left_behind, numbers = random.Random(5), 0, []
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", REGISTER_FOR_EVER, registry.root, trained],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 0.08))
        writer.kill()
        writer.communicate()
        left_behind += len(list(home.glob(".staging-*")))

        # What is visible is whole, the next registration works at once and clears the rest away.
        for version in registry.versions():
            assert registry.resolve(version.reference).sha256 == folder.sha256
        assert len(registry.versions()) == len(list(home.glob("[0-9]*")))
        numbers.append(registry.register(folder).version)
        assert not list(home.glob(".staging-*")) + list(home.glob(".new-*"))
    assert left_behind > 0, "no kill fell into a registration"
    assert numbers == sorted(set(numbers))
    assert registry.resolve("digits").version == numbers[-1]


def test_a_lock_that_is_never_released_is_an_error_and_changes_nothing(tmp_path, monkeypatch):
    registry = LocalRegistry(tmp_path / "registry")
    folder = ModelFolder.open(model_folder(tmp_path / "trained"))
    kept = registry.register(folder)
    monkeypatch.setattr(files, "LOCK_PATIENCE_S", 0.05)
    with (
        files.locked(registry.root / "digits"),
        pytest.raises(RegistryError, match="has been locked by another process"),
    ):
        registry.register(folder)
    assert registry.versions() == [kept]
