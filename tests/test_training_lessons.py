"""How a committee teaches: distortion in the graph, and pupils that heed their teachers."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.training, pytest.mark.timeout(1500)]

UV = os.environ.get("UV") or "uv"


@pytest.fixture(scope="module")
def figures(repo_root) -> dict[str, Any]:
    """What ``lessons.py`` measures where TensorFlow is."""
    subprocess.run([UV, "sync", "--script", "train.py", "--frozen"], cwd=repo_root, check=True)
    found = subprocess.run(
        [UV, "python", "find", "--script", "train.py"],
        cwd=repo_root,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    ended = subprocess.run(
        [found.stdout.strip(), "tests/lessons.py"],
        cwd=repo_root,
        env={**os.environ, "PYTHONPATH": str(repo_root)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return measured


def test_distorted_ink_is_ink(figures):
    measured = figures["distortions"]
    assert measured["least"] >= 0
    assert measured["most"] <= 1
    assert 0.7 < measured["ink_after_bending"] < 1.4


def test_it_is_distorted_as_asked_each_image_otherwise(figures):
    measured = figures["distortions"]
    assert measured["changed_by_bending"] > 0.02
    assert measured["alike"] > 0.02
    assert 1 < measured["moved_by"] < 3
    assert 0.7 < measured["ink_after_hiding"] < 0.99


def test_each_kind_of_distortion_is_there_in_its_share(figures):
    assert figures["elastic"] > 0.008
    assert 0.02 < figures["untouched"] < 0.5
    measured = figures["distortions"]
    assert 0.3 < measured["neither_thicker_nor_thinner"] < 0.8
    assert measured["lightest"] < 0.85
    assert measured["heaviest"] > 1.2


def test_half_of_what_is_taught_with_is_mixed_and_up_to_half(figures):
    assert 0.25 < figures["mixtures"]["mixed"] < 0.75
    assert 0.3 < figures["mixtures"]["most"] <= 0.5


def test_teachers_say_the_mean_of_what_each_says(figures):
    assert figures["committee"] < 1e-5


def test_who_will_be_asked_what_is_a_digit_learns_that_more(figures):
    learns, is_taught = figures["score_weights"]
    assert is_taught > learns > 0


def test_what_is_no_digit_is_learned_to_be_none(figures):
    assert min(figures["told_apart"]) > 0.9


def test_an_epoch_has_every_image_once_in_another_order(figures):
    assert figures["epochs"] == {"counts": [40] * 10, "another_order": True, "worn": 40}


def test_a_teacher_learns_the_labels_and_pupils_what_it_says(figures):
    assert figures["teacher"] > 0.8
    assert min(figures["pupils"]) > 0.8
    assert figures["teacher_stays"]
