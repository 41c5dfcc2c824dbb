"""Checkpoints: what is kept, what can be resumed, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from digits.errors import DataError
from digits.training.recipe import Architecture, Recipe
from digits.training.workspace import Checkpoint, Workspace, best_epoch, read_metrics

DATA = {"x_train": "ab", "y_train": "cd"}
RECIPE = Recipe(epochs=9, seed=3)


def checkpoint(losses: list[float], recipe: Recipe = RECIPE) -> Checkpoint:
    history = [
        {"epoch": number, "validation_loss": loss} for number, loss in enumerate(losses, start=1)
    ]
    arrays = {
        "model/0": np.full((2, 3), len(losses), np.float32),
        "model/1": np.array([7, 8], np.uint32),
        "optimizer/0": np.array(123, np.int64),
    }
    return Checkpoint(recipe=recipe, data=DATA, history=history, arrays=arrays)


@pytest.fixture
def workspace(tmp_path):
    """One that a run is at work in."""
    workspace = Workspace.beside(tmp_path / "models" / "mine")
    with workspace.locked():
        workspace.begin()
        yield workspace


def checkpoints(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in workspace.path.glob("*.npz"))


def test_it_lies_beside_the_model_folder(workspace, tmp_path):
    assert workspace.path == tmp_path / "models" / "mine.training"


def test_git_is_told_to_leave_it_alone(workspace):
    assert (workspace.path / ".gitignore").read_text() == "*\n"


def test_what_is_saved_comes_back(workspace):
    saved = checkpoint([3.0, 2.0])
    workspace.save(saved)
    loaded = workspace.latest(RECIPE, DATA)
    assert loaded.epoch == 2
    assert loaded.history == saved.history
    assert loaded.recipe == RECIPE
    assert loaded.arrays.keys() == saved.arrays.keys()
    for name, array in saved.arrays.items():
        assert np.array_equal(loaded.arrays[name], array)
        assert loaded.arrays[name].dtype == array.dtype


def test_metrics_are_one_json_object_a_line(workspace):
    workspace.save(checkpoint([3.0, 2.0]))
    lines = (workspace.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["validation_loss"] for line in lines] == [3.0, 2.0]
    assert read_metrics(workspace.path / "metrics.jsonl") == checkpoint([3.0, 2.0]).history
    assert read_metrics(workspace.path / "absent.jsonl") == []


def test_the_best_and_the_last_two_checkpoints_are_kept(workspace):
    losses = [3.0, 1.0, 2.0, 2.5, 2.2, 1.0]
    for count in range(1, len(losses) + 1):
        workspace.save(checkpoint(losses[:count]))
    assert checkpoints(workspace) == ["epoch-002.npz", "epoch-005.npz", "epoch-006.npz"]
    assert best_epoch(checkpoint(losses).history) == 2
    assert workspace.load(2).arrays["model/0"][0, 0] == 2


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(RECIPE, epochs=10), r"epochs is 10, was 9"),
        (replace(RECIPE, architecture=Architecture(dense=97)), r"architecture is .*97.*, was"),
    ],
)
def test_a_run_of_another_recipe_is_not_resumed(workspace, recipe, message):
    workspace.save(checkpoint([1.0]))
    with pytest.raises(DataError, match=message):
        workspace.latest(recipe, DATA)


def test_a_run_on_other_data_is_not_resumed(workspace):
    workspace.save(checkpoint([1.0]))
    with pytest.raises(DataError, match=r"otherwise \(y_train is not the same\)"):
        workspace.latest(RECIPE, {**DATA, "y_train": "ef"})


def test_there_must_be_a_run_to_resume(workspace):
    with pytest.raises(DataError, match="nothing to resume in .*mine.training"):
        workspace.latest(RECIPE, DATA)


def test_an_unfinished_run_is_not_thrown_away_by_a_new_one(workspace):
    for losses in ([1.0], [1.0, 2.0]):
        workspace.save(checkpoint(losses))
    with pytest.raises(DataError, match="stopped after epoch 2: go on with --resume, or delete"):
        workspace.begin()
    assert checkpoints(workspace) == ["epoch-001.npz", "epoch-002.npz"]


def test_a_file_half_written_when_the_run_was_killed_is_no_checkpoint(workspace):
    workspace.save(checkpoint([1.0]))
    (workspace.path / "epoch-002.partial").write_bytes(b"PK\3\4 and then the power went")
    assert workspace.latest(RECIPE, DATA).epoch == 1


@pytest.mark.parametrize("damage", [b"", b"PK\3\4 not an archive", "cut"])
def test_a_damaged_checkpoint_is_named(workspace, damage):
    workspace.save(checkpoint([1.0]))
    path = workspace.path / "epoch-001.npz"
    path.write_bytes(path.read_bytes()[:-40] if damage == "cut" else damage)
    with pytest.raises(DataError, match=r"epoch-001\.npz is no usable checkpoint"):
        workspace.latest(RECIPE, DATA)


def test_a_second_run_at_the_same_time_is_refused(workspace):
    second = Workspace(workspace.path)
    with pytest.raises(DataError, match="another training run is at work"), second.locked():
        pytest.fail("two runs in one workspace")


def test_it_goes_when_the_run_is_done(tmp_path):
    workspace = Workspace(tmp_path / "mine.training")
    with workspace.locked():
        workspace.save(checkpoint([1.0]))
        workspace.finish()
    assert not workspace.path.exists()


def test_it_goes_when_the_run_fails_before_its_first_epoch(tmp_path):
    workspace = Workspace(tmp_path / "mine.training")
    with pytest.raises(DataError), workspace.locked():
        raise DataError("no data")
    assert not workspace.path.exists()


def test_it_stays_when_the_run_fails_later(tmp_path):
    workspace = Workspace(tmp_path / "mine.training")
    with workspace.locked():
        workspace.save(checkpoint([1.0]))
    with pytest.raises(DataError), workspace.locked():
        workspace.begin()
    with workspace.locked():
        assert workspace.latest(RECIPE, DATA).epoch == 1
