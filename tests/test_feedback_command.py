"""``python -m digits.feedback``: what an operator does with the store."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from samples import picture

from digits.feedback.__main__ import main
from digits.feedback.store import Store
from digits.wire.feedback import Correction


@pytest.fixture
def location(tmp_path: Path) -> str:
    store = Store.open(str(tmp_path / "store"))
    first = Correction("first", picture("canvas_rows.png"), ("528", "904"), None)
    store.add(first, days=36_500, now=86_400)
    second = Correction("second", picture("photo_9.jpg"), ("9",), ((1, 2, 3, 4),))
    store.add(second, days=36_500, now=2 * 86_400)
    store.close()
    return str(tmp_path / "store")


def test_count_and_list(location: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([location]) == 0
    assert main([location, "--list"]) == 0
    assert capsys.readouterr().out == "2\nfirst\t1970-01-02\t528/904\nsecond\t1970-01-03\t9\n"


def test_one_is_deleted_by_its_id(location: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([location, "--delete", "first"]) == 0
    assert main([location, "--delete", "first"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "digits.feedback: nothing is kept of 'first'\n")
    assert [each.correction.reading_id for each in Store.join(location).all()] == ["second"]


def test_the_old_are_deleted(location: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([location, "--older-than", "36500"]) == 0
    assert main([location, "--older-than", "0"]) == 0
    assert capsys.readouterr().out == "0\n2\n"
    assert Store.join(location).count() == 0


def test_an_export_is_a_labelled_folder(
    location: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert main([location, "--export", str(folder)]) == 0
    assert capsys.readouterr().out == "2\n"
    with (folder / "LABELS.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found == [
        ["file", "kind", "rows", "notes", "boxes"],
        ["000001.png", "feedback", "528/904", "first", ""],
        ["000002.jpeg", "feedback", "9", "second", "1 2 3 4"],
    ]
    assert (folder / "000001.png").read_bytes() == picture("canvas_rows.png")
    assert main([location, "--export", str(folder)]) == 1
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--older-than", "-1"], ["--list", "--export", "x"], ["--x"]])
def test_wrong_usage(location: str, options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([location, *options])
    assert caught.value.code == 2
