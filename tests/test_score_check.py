"""score.py --check: counts by kind, and what was read wrong."""

from __future__ import annotations

import json

import pytest
from samples import PICTURES, blank, picture

import score
from digits.errors import DataError
from digits.harness.checking import Tally, edit_distance, load_labels


@pytest.fixture
def check(capsys, tmp_path):
    """Write a table and the pictures it names, check them: exit status, stdout, stderr."""

    def run(table: str, *options: str) -> tuple[int, str, str]:
        for name in ("digit_3.png", "digit_8.png", "canvas_rows.png"):
            (tmp_path / name).write_bytes(picture(name))
        (tmp_path / "blank.png").write_bytes(blank())
        (tmp_path / "LABELS.csv").write_text(table, encoding="utf-8")
        status = score.main(["--check", str(tmp_path / "LABELS.csv"), *options])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    yield run
    score._service = None


def test_right_and_wrong_by_kind(check):
    table = (
        "file,kind,rows,notes,more\n"
        "digit_3.png,single,3,right,x\n"
        "digit_8.png,single,9,the label is wrong on purpose,x\n"
        "canvas_rows.png,multi,528904,digits right and rows wrong,x\n"
        "canvas_rows.png,multi,528/904,right,x\n"
        "canvas_rows.png,multi,528/90,one digit too many,x\n"
        "blank.png,negative,,right,x\n"
    )

    status, out, err = check(table, "--json")

    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "kinds": {
            "multi": {"pictures": 3, "exact": 1, "exact_digits": 2, "digit_error_rate": 0.05882},
            "negative": {"pictures": 1, "exact": 1, "exact_digits": 1, "digit_error_rate": None},
            "single": {"pictures": 2, "exact": 1, "exact_digits": 1, "digit_error_rate": 0.5},
        },
        "wrong": [
            {"file": "digit_8.png", "rows": "9", "read": "8"},
            {"file": "canvas_rows.png", "rows": "528904", "read": "528/904"},
            {"file": "canvas_rows.png", "rows": "528/90", "read": "528/904"},
        ],
    }


def test_for_people_it_is_a_table(check):
    status, out, _ = check("file,kind,rows,notes\ndigit_3.png,single,3,\nblank.png,none,7,\n")

    header, *lines = out.splitlines()
    assert status == 0
    assert header.split() == [
        "kind",
        "pictures",
        "exact",
        "exact",
        "digits",
        "digit",
        "error",
        "rate",
    ]
    assert [line.split() for line in lines[:2]] == [
        ["none", "1", "0", "0", "1.0000"],
        ["single", "1", "1", "1", "0.0000"],
    ]
    assert lines[2] == "blank.png: 7 read as nothing"


def test_a_missing_picture_counts_as_wrong_even_where_nothing_was_to_be_read(check):
    status, out, err = check("file,kind,rows\ngone.png,negative,\ndigit_3.png,single,3\n", "--json")

    report = json.loads(out)
    assert status == 1
    assert "gone.png: there is no such file" in err
    assert report["kinds"]["negative"]["exact"] == 0
    assert report["kinds"]["negative"]["exact_digits"] == 0
    assert report["wrong"] == [{"file": "gone.png", "rows": "", "read": None}]
    assert report["kinds"]["single"]["exact"] == 1


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("", "has no column file, kind, rows"),
        ("file,rows\na.png,1\n", "has no column kind"),
        ("file,kind,rows\n", "lists no pictures"),
        ("file,kind,rows\na.png,x,12a\n", "line 2: rows must be digits"),
        ("file,kind,rows\na.png,x,1//2\n", "line 2: rows must be digits"),
        ("file,kind,rows\na.png\n", "line 2"),
    ],
)
def test_tables_that_are_not(check, table, says):
    status, out, err = check(table)

    assert (status, out) == (1, "")
    assert says in err


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        load_labels(tmp_path / "LABELS.csv")
    with pytest.raises(DataError, match="is a folder"):
        load_labels(tmp_path)


def test_the_projects_own_table_is_one():
    labels = load_labels(PICTURES / "manifest.csv")

    assert len(labels) >= 12
    assert {label.file for label in labels} <= {path.name for path in PICTURES.iterdir()}


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("", "", 0),
        ("", "123", 3),
        ("123", "", 3),
        ("123", "123", 0),
        ("123", "133", 1),
        ("123", "1123", 1),
        ("123", "13", 1),
        ("12", "21", 2),
        ("kitten", "sitting", 3),
    ],
)
def test_edit_distance(left, right, distance):
    assert edit_distance(left, right) == distance
    assert edit_distance(right, left) == distance


def test_a_tally_over_several_pictures():
    tally = Tally()
    for truth, read in [("12/34", "12/34"), ("12/34", "1234"), ("5", ""), ("", "7")]:
        tally.add(truth, read)

    assert tally.to_dict() == {
        "pictures": 4,
        "exact": 1,
        "exact_digits": 2,
        "digit_error_rate": round(2 / 9, 5),
    }
