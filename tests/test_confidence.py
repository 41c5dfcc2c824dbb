"""What is known of a digit besides its tile, and what the reader makes of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples import picture

from digits.confidence import EVIDENCE, FILE, Confidence, ConfidenceParameters, evidence
from digits.errors import ModelError
from digits.ink import Ink
from digits.layout import Candidate, Layout, Piece
from digits.model import ModelFolder
from digits.reader import Reader
from digits.search import Choice
from digits.settings import ROOT

SHIPPED = ROOT / "models" / "digits"
COLUMN = {name: place for place, name in enumerate(EVIDENCE)}


def column(name: str) -> int:
    (place,) = (place for known, place in COLUMN.items() if known.startswith(name))
    return place


def page(*boxes: tuple[int, int, int, int], cut: tuple[int, ...] = ()) -> tuple[Ink, Layout]:
    """Filled boxes in one line, each a piece and a candidate; those in ``cut`` are one with the
    next."""
    labels = np.zeros((60, 200), np.int16)
    pieces, candidates = [], []
    for place, (x, y, width, height) in enumerate(boxes):
        labels[y : y + height, x : x + width] = place + 1
        pieces.append(Piece(place + 1, boxes[place], cut=place in cut))
        candidates.append(Candidate(0, place, place, boxes[place], (place + 1,)))
    strength = np.where(labels > 0, 200, 0).astype(np.uint8)
    threshold = np.full_like(strength, 50)
    ink = Ink(strength, (labels > 0).view(np.uint8), threshold, 2.0, "dark_on_light", 3.0)
    return ink, Layout(labels, (tuple(pieces),), (30.0,), tuple(candidates))


def seen(
    made: tuple[Ink, Layout],
    *chosen: int,
    single: bool = False,
    likely: float = 0.91,
    parameters: ConfidenceParameters | None = None,
) -> np.ndarray:
    """The evidence for these of the candidates, each a 3."""
    count = len(made[1].candidates)
    probabilities = np.full((count, 10), (1 - likely) / 9, np.float32)
    probabilities[:, 3] = likely
    score = np.full(count, 0.8, np.float32)
    choices = [Choice(index, 0.9) for index in chosen]
    parameters = parameters or ConfidenceParameters()
    return evidence(*made, choices, probabilities, score, parameters, single=single)


def test_scores_are_log_odds_and_the_digit_is_named():
    (row,) = seen(page((10, 10, 20, 30)), 0, single=True)
    assert row[0] == pytest.approx(np.log(0.91 / 0.01), abs=1e-4)
    assert row[1] == pytest.approx(np.log(0.8 / 0.2), abs=1e-4)
    assert row[2] == pytest.approx(np.log(0.9 / 0.1), abs=1e-4)
    assert row[3] == 1
    assert row[15:].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_a_certain_network_has_a_bounded_lead():
    (row,) = seen(page((10, 10, 20, 30)), 0, likely=1.0)
    assert np.isfinite(row).all()
    assert row[0] == pytest.approx(14)


def test_every_side_on_which_a_digit_was_cut_counts():
    made = page((10, 10, 20, 30), (30, 10, 20, 30), (50, 10, 20, 30), cut=(0, 1))
    assert seen(made, 0, 1, 2)[:, column("sides")].tolist() == [1, 2, 1]


def test_ink_near_a_digit_is_told_apart_by_whether_it_was_read():
    made = page((10, 10, 20, 30), (31, 10, 2, 30), (100, 10, 20, 30))
    read = seen(made, 0, 1)
    left_out = seen(made, 0)
    in_none, in_another = column("ink near it that is in no"), column("ink near it that is another")
    assert left_out[0, in_none] == pytest.approx(2 / 20)
    assert left_out[0, in_another] == 0
    assert read[0, in_none] == 0
    assert read[0, in_another] == pytest.approx(2 / 20)


def test_a_digit_is_held_against_the_others_of_its_line():
    made = page((10, 10, 20, 30), (50, 10, 20, 30), (90, 25, 8, 15))
    sizes = seen(made, 0, 1, 2)[:, column("log of its size over")]
    assert sizes[2] == pytest.approx(np.log(0.5))
    assert sizes[0] == pytest.approx(np.log(30 / 22.5))
    assert seen(made, 2)[0, column("log of its size over")] == 0


def test_a_box_that_another_digit_covers_says_how_much():
    made = page((10, 10, 40, 40), (30, 10, 10, 40))
    assert seen(made, 0, 1)[:, column("share of its box that another")].tolist() == [0.25, 1.0]


def test_ink_and_picture_are_described():
    (row,) = seen(page((10, 10, 20, 30)), 0)
    assert row[column("log of its size in pixels")] == pytest.approx(np.log(30 / 2))
    assert row[column("log of the picture's noise")] == pytest.approx(np.log(4))
    assert row[column("median strength")] == pytest.approx(200 / 255)
    assert row[column("share of its box that is ink")] == 1
    assert row[column("width over height")] == pytest.approx(20 / 30)


def test_nothing_read_is_no_evidence():
    assert seen(page((10, 10, 20, 30))).shape == (0, len(EVIDENCE))
    judge = Confidence.of(ModelFolder.open(SHIPPED))
    assert judge is not None
    assert judge.right(np.zeros((0, len(EVIDENCE)), np.float32)).shape == (0,)


def test_the_shipped_judge_doubts_what_gives_reason_to():
    judge = Confidence.of(ModelFolder.open(SHIPPED))
    assert judge is not None
    made = page((10, 10, 20, 30), (50, 10, 20, 30), (90, 10, 20, 30))
    doubts = [1 - judge.right(seen(made, 0, 1, 2, likely=each)) for each in (0.99999, 0.9, 0.4)]
    assert (doubts[0] < doubts[1]).all()
    assert (doubts[1] < doubts[2]).all()
    assert (doubts[2] > 100 * doubts[0]).all()


def test_confidence_is_never_above_the_probability_of_the_digit():
    reading = Reader.open(SHIPPED).read(picture("phone.jpg"))
    assert reading.digits
    for digit in reading.digits:
        assert 0 <= digit.confidence <= max(digit.probabilities)


def without_judge(path: Path) -> Path:
    """The shipped model as one from before there was a network that judges."""
    folder = shutil.copytree(SHIPPED, path)
    (folder / FILE).unlink()
    card = json.loads((folder / "model.json").read_text())
    del card["files"][FILE]
    (folder / "model.json").write_text(json.dumps(card))
    return folder


def test_a_model_without_a_judge_reads_the_same_digits(tmp_path):
    old = Reader.open(without_judge(tmp_path / "old"))
    assert old.confidence is None
    before, now = (reader.read(picture("phone.jpg")) for reader in (old, Reader.open(SHIPPED)))
    assert before.rows == now.rows
    assert [digit.probabilities for digit in before.digits] == [
        digit.probabilities for digit in now.digits
    ]
    assert all(0.5 <= digit.confidence <= 1 for digit in before.digits)


def test_a_judge_that_is_none_is_refused(tmp_path):
    folder = ModelFolder.open(SHIPPED)
    wrong = ModelFolder(
        path=tmp_path,
        card=folder.card,
        sha256=folder.sha256,
        networks={**folder.networks, FILE: folder.onnx()},
    )
    with pytest.raises(ModelError, match=r"confidence.onnx has inputs \['image'\].*evidence"):
        Confidence.of(wrong)


def test_ink_near_a_digit_counts_up_to_three_times_its_own():
    fine_beside_broad = page((20, 5, 1, 50), (21, 0, 100, 60))

    (bounded,) = seen(fine_beside_broad, 0)
    unbounded = replace(ConfidenceParameters(), most_ink=100.0)
    (whole,) = seen(fine_beside_broad, 0, parameters=unbounded)

    near = column("ink near it that is in no")
    assert bounded[near] == 3 < whole[near]
