"""Labelled pictures: who made them, what they are for, how they are counted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digits.errors import DataError
from digits.evaluation import labelled, mnist
from digits.evaluation.labelled import Item, Outcome
from digits.evaluation.workers import Crew
from digits.reader import Reader
from digits.settings import ROOT

OWN = ROOT / "test_images"
MODEL = ROOT / "models" / "digits"


def outcome(file: str, kind: str, rows: str, read: str | None, split: str = "") -> Outcome:
    return Outcome(Item(Path(file), kind, rows, split), read)


def test_a_table_says_what_a_picture_is_for(tmp_path):
    (tmp_path / "labels.csv").write_text(
        "file,kind,rows,notes,split\nada__1.png,drawing_single,1,,tune\nb.png,negative,,,report\n"
    )
    one, two = labelled.load(tmp_path / "labels.csv")
    assert one == Item(tmp_path / "ada__1.png", "drawing_single", "1", "tune")
    assert (one.source, two.source) == ("ada", "")
    assert (two.rows, two.split) == ("", "report")


def test_our_own_pictures_have_no_split():
    items = labelled.load(OWN / "manifest.csv")
    assert {item.split for item in items} == {""}
    assert all(item.path.is_file() for item in items)


def test_a_table_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        labelled.load(tmp_path / "labels.csv")


def test_reading_and_failing_to_read(tmp_path):
    reader = Reader.open(MODEL)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    good = Item(OWN / "canvas_rows.png", "drawing_multi", "528/904", "")
    outcome = labelled.read(reader, good)
    assert (outcome.item, outcome.read) == (good, "528/904")
    assert 0 < outcome.confidence < 1
    for path in (broken, tmp_path / "gone.png"):
        assert labelled.read(reader, Item(path, "negative", "", "")).read is None


def test_figures_by_split_kind_and_source():
    figures = labelled.figures(
        [
            outcome("ada__1.png", "photo_multi", "12/34", "12/34", "report"),
            outcome("ada__2.png", "photo_multi", "12/34", "1234", "report"),
            outcome("bob__1.png", "photo_multi", "5678", "5648", "report"),
            outcome("bob__2.png", "negative", "", "", "report"),
            outcome("eve__1.png", "negative", "", None, "tune"),
        ]
    )
    kinds = figures["splits"]["report"]["kinds"]
    assert kinds["photo_multi"]["exact"]["hits"] == 1
    assert kinds["photo_multi"]["digits"] == 12
    assert kinds["photo_multi"]["edits"] == 1
    assert kinds["photo_multi"]["digit_error_rate"] == round(1 / 12, 5)
    assert kinds["negative"]["exact"]["share"] == 1
    assert kinds["negative"]["digit_error_rate"] is None
    sources = figures["splits"]["report"]["sources"]
    assert {name: group["exact"]["of"] for name, group in sources.items()} == {"ada": 2, "bob": 2}
    assert figures["splits"]["tune"]["kinds"]["negative"]["exact"]["hits"] == 0
    assert figures["wrong"] == [
        {"file": "ada__2.png", "rows": "12/34", "read": "1234"},
        {"file": "bob__1.png", "rows": "5678", "read": "5648"},
        {"file": "eve__1.png", "rows": "", "read": None},
    ]


def test_a_crew_of_two_reads_as_one_process_does(tmp_path):
    items = labelled.load(OWN / "manifest.csv")[:10]
    with Crew(MODEL, processes=1) as alone, Crew(MODEL, processes=2) as two:
        expected = alone.all("own", labelled.read, items, count=len(items))
        assert two.all("own", labelled.read, items, count=len(items)) == expected
    assert [one.item for one in expected] == items


def test_what_fails_in_a_process_fails_here(tmp_path):
    shutil.copytree(MODEL, tmp_path / "model")
    (tmp_path / "model" / "model.onnx").write_bytes(b"spoilt")
    items = labelled.load(OWN / "manifest.csv")[:3]
    with (
        Crew(tmp_path / "model", processes=2) as crew,
        pytest.raises(Exception, match="not the file its card describes"),
    ):
        crew.all("own", labelled.read, items, count=len(items))


LEADER = """
import time
from digits.evaluation import labelled
from digits.evaluation.workers import Crew
from digits.settings import ROOT

if __name__ == "__main__":
    items = labelled.load(ROOT / "test_images" / "manifest.csv")[:1]
    with Crew(ROOT / "models" / "digits", processes=2) as crew:
        crew.all("own", labelled.read, items, count=1)
        print("waiting", flush=True)
        time.sleep(600)
"""


@pytest.mark.timeout(60)
def test_a_crew_ends_when_its_leader_is_killed(tmp_path):
    script = tmp_path / "leader.py"
    script.write_text(LEADER)
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as leader:
        assert leader.stdout.readline() == "waiting\n"
        leader.kill()
        # The end of the output comes only when the last process that inherited it has ended.
        assert leader.stdout.read() == ""


def test_mnist_through_the_reader():
    figures = mnist.figures([mnist.Outcome(3, 3), mnist.Outcome(4, 9), mnist.Outcome(5, None)])
    assert figures["right"]["hits"] == 1
    assert figures["unread"] == 1
    assert figures["wrong"] == [1, 2]


def test_the_worst_are_the_misread_ones_and_then_the_least_sure():
    item = Item(Path("x.png"), "photo_multi", "12", "")
    sure, unsure = Outcome(item, "12", 0.99), Outcome(item, "12", 0.4)
    wrong = Outcome(item, "13", 0.95)

    assert labelled.worst([sure, unsure, wrong], 2) == [wrong, unsure]
