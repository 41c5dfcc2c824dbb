"""``register.py``: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from fabricate import model_folder

import register
from digits.registry.local import LocalRegistry


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A model folder to register; the registry is the one the environment names."""
    monkeypatch.setenv("DIGITS_REGISTRY", str(tmp_path / "registry"))
    monkeypatch.delenv("DIGITS_MODEL_DIR", raising=False)
    return model_folder(tmp_path / "trained")


@pytest.fixture
def registry(tmp_path):
    return LocalRegistry(tmp_path / "registry")


def usage_error(capsys, *argv: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        register.main(argv)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_registers_and_prints_the_reference(trained, registry, capsys):
    assert register.main(["--model", str(trained), "--tag", "epochs=20", "--tag", "by=Ann=B"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "digits:1\n"
    assert f"registered {trained} as digits:1 in {registry.root}" in printed.err
    assert registry.resolve("digits:1").tags == {"epochs": "20", "by": "Ann=B"}


def test_registers_the_configured_folder(trained, registry, capsys, monkeypatch):
    monkeypatch.setenv("DIGITS_MODEL_DIR", str(trained))
    assert register.main(["--name", "mine", "--stage", "candidate"]) == 0
    assert capsys.readouterr().out == "mine:1\n"
    assert registry.resolve("mine@candidate").version == 1


def test_the_registry_flag_wins_over_the_environment(trained, registry, tmp_path, capsys):
    elsewhere = str(tmp_path / "elsewhere")
    assert register.main(["--model", str(trained), "--registry", elsewhere]) == 0
    assert capsys.readouterr().out == "digits:1\n"
    assert registry.versions() == []
    assert LocalRegistry(elsewhere).resolve("digits").version == 1


def test_says_that_the_content_is_registered_already(trained, capsys):
    register.main(["--model", str(trained)])
    assert "already had" not in capsys.readouterr().err
    assert register.main(["--model", str(trained)]) == 0
    printed = capsys.readouterr()
    assert printed.out == "digits:2\n"
    assert "note: digits:1 already had this very content" in printed.err


@pytest.mark.parametrize("how", [["digits:1"], ["--name", "digits", "--version", "1"]])
def test_moves_a_stage(trained, registry, capsys, how):
    register.main(["--model", str(trained)])
    register.main(["--model", str(trained), "--stage", "production"])
    capsys.readouterr()
    assert register.main([*how, "--stage", "production"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("digits:1\n", "production: digits:2 -> digits:1\n")
    assert registry.resolve("digits@production").version == 1
    assert len(registry.versions()) == 2


def test_lists_a_table(trained, registry, capsys):
    register.main(["--model", str(trained), "--stage", "production", "--tag", "by=Ann"])
    register.main(["--model", str(trained), "--stage", "candidate"])
    register.main(["--model", str(trained), "--name", "other"])
    capsys.readouterr()
    first, second, _ = registry.versions()
    assert register.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["VERSION", "STAGE", "CREATED", "SHA256", "TEST", "ACCURACY", "TAGS"]
    sha256 = first.sha256[:12]
    assert lines[1].split() == ["digits:1", "production", first.created, sha256, "99.31%", "by=Ann"]
    assert lines[2].split() == ["digits:2", "candidate", second.created, sha256, "99.31%", "-"]
    assert lines[3].startswith("other:1   -")
    assert len(lines) == 4

    register.main(["--list", "--name", "other"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "VERSION",
        "other:1",
    ]


def test_lists_json(trained, registry, capsys):
    register.main(["--model", str(trained)])
    register.main(["--model", str(trained), "--json"])
    assert json.loads(capsys.readouterr().out.splitlines()[1])["version"] == 2
    assert register.main(["--list", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert listed == [version.to_dict() for version in registry.versions()]


def test_an_empty_list_says_so(trained, registry, capsys):
    assert register.main(["--list"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"nothing is registered in {registry.root} yet\n")


# What is refused, with nothing registered


def test_refuses_another_folder(trained, registry, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    assert register.main(["--model", str(tmp_path / "photos")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "photos is not a model folder: no model.json there; it holds cat.jpg" in printed.err
    assert registry.versions() == []


def test_refuses_wrong_hashes_and_keeps_what_was_there(trained, registry, capsys):
    register.main(["--model", str(trained)])
    kept = registry.versions()
    (trained / "model.onnx").write_bytes(b"cut")
    assert register.main(["--model", str(trained), "--stage", "production"]) == 1
    assert "model.onnx is not the file its card describes" in capsys.readouterr().err
    assert registry.versions() == kept


def test_refuses_a_version_that_is_not_there(trained, capsys):
    register.main(["--model", str(trained)])
    assert register.main(["digits:7", "--stage", "production"]) == 1
    assert "digits has no version 7" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["digits:1"], "say which --stage"),
        (["digits:1", "--name", "digits", "--stage", "a"], "not both"),
        (["--version", "1", "--stage", "a"], "--version N needs --name NAME"),
        (["--version", "0", "--name", "digits"], "a version is a whole number from 1"),
        (["digits:1", "--stage", "a", "--tag", "x=y"], "a registered version never changes"),
        (["digits:1", "--list"], "--list shows all versions"),
        (["--list", "--model", "models/digits"], "--list registers nothing"),
        (["--tag", "urgent"], "a tag is written KEY=VALUE, not 'urgent'"),
        (["--tag", "=urgent"], "a tag is written KEY=VALUE"),
        (["--to", "moon"], "invalid choice: 'moon'"),
    ],
)
def test_wrong_usage_ends_with_2(trained, registry, capsys, argv, reason):
    assert reason in usage_error(capsys, *argv)
    assert registry.versions() == []


def test_runs_as_a_script(trained, repo_root, tmp_path):
    command = [sys.executable, str(repo_root / "register.py"), "--model", str(trained)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "digits:1\n"
