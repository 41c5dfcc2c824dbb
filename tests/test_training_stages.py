"""Stages of a long run: what is kept, gone on from, and refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from digits.errors import DataError
from digits.training.stages import Stages, named, weights
from digits.training.workspace import Workspace

IDENTITY = {"epochs": 3, "committee": [{"name": "a"}]}


@pytest.fixture
def workspace(tmp_path):
    """One that a run is at work in."""
    workspace = Workspace.beside(tmp_path / "mine")
    with workspace.locked():
        yield workspace


def made() -> dict[str, np.ndarray]:
    return {"000": np.arange(6, dtype=np.float32).reshape(2, 3), "001": np.array([1, 2], np.uint8)}


def never() -> dict[str, np.ndarray]:
    raise AssertionError("made again")


def test_a_stage_is_made_once(workspace):
    first = Stages(workspace, IDENTITY, resume=False).kept("first", made)
    again = Stages(workspace, IDENTITY, resume=True).kept("first", never)
    for name, array in made().items():
        assert np.array_equal(first[name], array)
        assert np.array_equal(again[name], array)
        assert again[name].dtype == array.dtype


def test_where_each_stage_was_made_is_known_when_a_run_goes_on_elsewhere(workspace):
    Stages(workspace, IDENTITY, resume=False).kept("first", made, where=lambda: "a GPU")
    stages = Stages(workspace, IDENTITY, resume=True)
    stages.kept("first", never, where=lambda: "no GPU")
    stages.kept("next", made, where=lambda: "no GPU")
    assert {name: each["machine"] for name, each in stages.made.items()} == {
        "first": "a GPU",
        "next": "no GPU",
    }


def test_a_stage_that_fails_leaves_nothing(workspace):
    stages = Stages(workspace, IDENTITY, resume=False)
    with pytest.raises(AssertionError):
        stages.kept("first", never)
    assert not list(workspace.path.glob("*.npz"))


def test_an_unfinished_run_is_not_begun_anew(workspace):
    Stages(workspace, IDENTITY, resume=False).kept("first", made)
    with pytest.raises(DataError, match="stopped after first: go on with --resume"):
        Stages(workspace, IDENTITY, resume=False)


def test_a_run_with_other_choices_is_not_gone_on_with(workspace):
    Stages(workspace, IDENTITY, resume=False).kept("first", made)
    with pytest.raises(DataError, match="epochs is 4, was 3"):
        Stages(workspace, {**IDENTITY, "epochs": 4}, resume=True)


def test_where_no_run_was_begun_there_is_none_to_go_on_with(workspace):
    with pytest.raises(DataError, match="nothing to resume"):
        Stages(workspace, IDENTITY, resume=True)


@pytest.mark.parametrize(
    "damage", [lambda whole: b"", lambda whole: whole[:-1], lambda whole: None]
)
def test_a_damaged_stage_is_said_to_be(workspace, damage):
    stages = Stages(workspace, IDENTITY, resume=False)
    stages.kept("first", made)
    path = workspace.path / "first.stage.npz"
    content = damage(path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"first\.stage\.npz (is damaged|cannot be read)"):
        stages.kept("first", never)


def test_what_was_written_but_not_noted_is_made_again(workspace):
    stages = Stages(workspace, IDENTITY, resume=False)
    (workspace.path / "first.stage.npz").write_bytes(b"half of it")
    assert stages.kept("first", made).keys() == made().keys()


@pytest.mark.parametrize("content", ["{", "3", "[1]"])
def test_a_damaged_list_of_choices_is_said_to_be(workspace, content):
    Stages(workspace, IDENTITY, resume=False)
    (workspace.path / "stages.json").write_text(content)
    with pytest.raises(DataError, match=r"stages\.json cannot be read"):
        Stages(workspace, IDENTITY, resume=True)


def test_what_is_left_of_a_run_stays_and_what_is_finished_goes(tmp_path):
    workspace = Workspace.beside(tmp_path / "mine")
    with workspace.locked():
        Stages(workspace, IDENTITY, resume=False).kept("first", made)
    said = json.loads((workspace.path / "stages.json").read_text())
    assert said.pop("made").keys() == {"first"}
    assert said == IDENTITY
    with workspace.locked():
        workspace.finish()
    assert not workspace.path.exists()


def test_weights_come_back_in_their_order():
    arrays = [np.full(2, place, np.float32) for place in range(12)]
    both = named(arrays, "a") | named(arrays[::-1], "b")
    assert [array[0] for array in weights(both, "a")] == list(range(12))
    assert [array[0] for array in weights(both, "b")] == list(range(12))[::-1]
