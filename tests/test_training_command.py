"""``train.py`` before it trains: wrong usage, missing data, folders it must not replace."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from fabricate import model_folder

import train
from digits.settings import ROOT
from digits.training.recipe import REFINING, Recipe, Teaching, refining


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    images = np.zeros((24, 28, 28), np.uint8)
    labels = np.arange(24, dtype=np.uint8) % 10
    np.savez(folder / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    return folder


def usage_error(capsys, *argv: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        train.main(argv)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--epochs", "0"], "--epochs: must be a whole number from 1, not '0'"),
        (["--epochs", "many"], "--epochs: must be a whole number from 1, not 'many'"),
        (["--batch-size", "-1"], "--batch-size"),
        (["--seed", "-1"], "--seed: must be a whole number from 0 to 2^32 - 1, not '-1'"),
        (["--evaluate", "m", "--quick", "--epochs", "3"], "leave --epochs, --quick out"),
        (["--evaluate", "m", "--resume"], "--evaluate trains nothing: leave --resume out"),
        (["--evaluate"], "--evaluate: expected one argument"),
        (["--evaluate", "m", "--split", "validation"], "only with --evaluate, and --out"),
        (["--split", "validation", "--out", "o"], "only with --evaluate, and --out"),
        (["--evaluate", "m", "--split", "train"], "--split: invalid choice: 'train'"),
        (["--teach", "m", "--tune", "m"], "--teach: not together with"),
        (["--teach", "m", "--out", "o"], "--teach: not together with"),
        (["--teach", "m", "--evaluate", "m"], "--teach: not together with"),
        (["--teach"], "--teach: expected one argument"),
        (["--refine", "m", "--teach", "m"], "--refine: not together with"),
        (["--refine", "m", "--tune", "m"], "--refine: not together with"),
        (["--refine", "m", "--out", "o"], "--refine: not together with"),
        (["stray"], "unrecognized arguments: stray"),
    ],
)
def test_wrong_usage_ends_with_2(capsys, argv, message):
    assert message in usage_error(capsys, *argv)


@pytest.mark.parametrize("option", ["--teach", "--refine"])
def test_teaching_and_refining_want_a_model(data, tmp_path, capsys, option):
    assert train.main(["--data", str(data), option, str(tmp_path / "none")]) == 1
    assert f"{tmp_path / 'none'} is not a model folder" in capsys.readouterr().err


def test_one_network_alone_cannot_be_refined(data, tmp_path, capsys):
    folder = model_folder(tmp_path / "model")
    assert train.main(["--data", str(data), "--refine", str(folder)]) == 1
    assert "has no further networks, which teach here: train.py --teach" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "model"]


@pytest.mark.parametrize("option", ["--teach", "--refine"])
def test_a_run_that_was_not_begun_cannot_be_resumed(data, tmp_path, capsys, option):
    folder = shutil.copytree(ROOT / "models" / "digits", tmp_path / "model")
    assert train.main(["--data", str(data), option, str(folder), "--resume"]) == 1
    assert "there is nothing to resume in" in capsys.readouterr().err
    assert not (tmp_path / "model.training").exists()


def test_data_that_is_not_there_ends_with_1(tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert train.main(["--data", str(nowhere), "--out", str(tmp_path / "model")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"train.py: {nowhere} is no folder: name one with mnist.npz")


def test_the_data_flag_wins_over_the_environment(tmp_path, data, capsys, monkeypatch):
    monkeypatch.setenv("DIGITS_DATA", str(data))
    assert train.main(["--data", str(tmp_path), "--out", str(tmp_path / "model")]) == 1
    assert f"train.py: {tmp_path} holds no MNIST" in capsys.readouterr().err


def test_a_folder_that_is_no_model_is_not_replaced(tmp_path, data, capsys):
    assert train.main(["--data", str(data), "--out", str(data)]) == 1
    assert f"{data} exists and is no model folder" in capsys.readouterr().err
    assert [path.name for path in data.iterdir()] == ["mnist.npz"]


def test_a_folder_that_cannot_be_written_ends_with_1(tmp_path, data, capsys):
    (tmp_path / "file").write_text("")
    assert train.main(["--data", str(data), "--out", str(tmp_path / "file" / "model")]) == 1
    assert "Not a directory" in capsys.readouterr().err


def test_resuming_without_a_run_says_so_and_leaves_nothing(tmp_path, data, capsys):
    out = tmp_path / "model"
    assert train.main(["--data", str(data), "--out", str(out), "--resume"]) == 1
    assert "there is nothing to resume in" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_evaluating_what_is_no_model_ends_with_1(tmp_path, data, capsys):
    assert train.main(["--data", str(data), "--evaluate", str(tmp_path / "gone")]) == 1
    assert "gone is not a model folder: no model.json there" in capsys.readouterr().err


def test_evaluating_a_changed_network_is_refused(tmp_path, data, capsys):
    folder = model_folder(tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"something else")
    before = (folder / "REPORT.md").read_text()
    assert train.main(["--data", str(data), "--evaluate", str(folder)]) == 1
    assert "model.onnx is not the file its card describes" in capsys.readouterr().err
    assert (folder / "REPORT.md").read_text() == before


def test_help_needs_no_tensorflow_and_names_every_option(repo_root):
    shown = subprocess.run(
        [sys.executable, str(repo_root / "train.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    for option in ("--data", "--epochs", "--quick", "--out", "--resume", "--evaluate", "--seed"):
        assert option in shown.stdout


def test_the_recorded_command_makes_the_same_recipe():
    for argv in (
        [],
        ["--quick"],
        ["--epochs", "3", "--seed", "7"],
        ["--quick", "--batch-size", "64"],
        ["--quick", "--epochs", "1"],
    ):
        args = train.build_parser().parse_args(argv)
        recipe = train.recipe(args, Recipe())
        assert recipe.command() == " ".join(["uv run train.py", *argv])
        assert Recipe.from_dict(recipe.to_dict()) == recipe
        teaching = train.recipe(args, Teaching())
        assert teaching.command() == " ".join(["uv run train.py --teach MODEL_DIR", *argv])
        refined = refining(train.recipe(args, REFINING))
        assert refined == " ".join(["uv run train.py --refine MODEL_DIR", *argv])


def test_other_choices_are_another_run():
    recipe = Teaching()
    changed = (
        replace(recipe, epochs=1),
        replace(recipe, temperature=1.0),
        replace(recipe, committee=recipe.committee[:2]),
        recipe.quick(),
    )
    assert len({json.dumps(each.to_dict()) for each in (recipe, *changed)}) == 1 + len(changed)
    assert json.loads(json.dumps(recipe.to_dict())) == recipe.to_dict()
