"""score.py on the command line: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from samples import PICTURES, blank, picture

import score
from digits.settings import ROOT


@pytest.fixture
def command(capsys):
    """Run score.py in this process: exit status, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            status = score.main([str(each) for each in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    yield run
    score._service = None


def test_a_line_for_each_picture(command):
    one, other = PICTURES / "digit_3.png", PICTURES / "canvas_rows.png"

    assert command(one, other) == (0, f"{one}\t3\n{other}\t528 904\n", "")


def test_a_picture_without_digits_is_an_empty_line_not_an_error(command, tmp_path):
    (tmp_path / "blank.png").write_bytes(blank())

    assert command(tmp_path / "blank.png") == (0, f"{tmp_path / 'blank.png'}\t\n", "")


def test_a_folder_means_the_pictures_in_it(command, tmp_path):
    for name in ("b.png", "a.PNG"):
        (tmp_path / name).write_bytes(picture("digit_3.png"))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "below").mkdir()

    status, out, err = command(tmp_path)

    assert (status, err) == (0, "")
    assert out == f"{tmp_path / 'a.PNG'}\t3\n{tmp_path / 'b.png'}\t3\n"


def test_a_folder_without_pictures_does_not_stop_the_others(command, tmp_path):
    good = PICTURES / "digit_3.png"

    status, out, err = command(tmp_path, good)

    assert (status, out) == (1, f"{good}\t3\n")
    assert f"{tmp_path}: is a folder without pictures" in err


def test_a_name_that_is_empty_is_wrong_usage(command):
    status, _, err = command("")

    assert status == 2
    assert "the name of a picture is empty" in err


def test_steps_do_not_go_into_a_file(command, tmp_path):
    taken = tmp_path / "taken"
    taken.touch()

    status, out, err = command("--explain", taken, PICTURES / "digit_3.png")

    assert (status, out) == (1, "")
    assert f"{taken} is a file; name a folder" in err


def test_what_cannot_be_read_does_not_stop_the_others(command, tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "cut.png").write_bytes(picture("canvas_rows.png")[:-800])
    good = PICTURES / "digit_3.png"

    status, out, err = command(
        tmp_path / "empty.png",
        tmp_path / "text.png",
        tmp_path / "gone.png",
        tmp_path / "cut.png",
        good,
    )

    assert (status, out) == (1, f"{good}\t3\n")
    empty, text, gone, cut = err.splitlines()
    assert empty.startswith(f"{tmp_path / 'empty.png'}: ")
    assert "empty (0 bytes)" in empty
    assert "not a picture in a supported format" in text
    assert gone.startswith(f"{tmp_path / 'gone.png'}: there is no such file, seen from ")
    assert "truncated or corrupt" in cut


def test_json_has_the_reading_of_each_file(command, tmp_path):
    status, out, err = command("--json", PICTURES / "digit_3.png", tmp_path / "gone.png")

    first, second = map(json.loads, out.splitlines())
    assert status == 1
    assert first["file"] == str(PICTURES / "digit_3.png")
    assert first["rows"] == ["3"]
    assert set(first) == {"file", "id", "rows", "text", "digits", "image", "model", "ms"}
    assert second["file"] == str(tmp_path / "gone.png")
    assert second["error"]["code"] == "not_found"


def test_single_reads_one_digit(command):
    status, out, _ = command("--single", PICTURES / "canvas_rows.png", PICTURES / "digit_8.png")

    assert status == 0
    assert [len(line.split("\t")[1]) for line in out.splitlines()] == [1, 1]


def test_explain_writes_every_stage_and_a_sheet(command, tmp_path):
    status, out, _ = command("--explain", tmp_path / "why", PICTURES / "phone.jpg")

    assert (status, out.count("\n")) == (0, 1)
    written = sorted(path.name for path in (tmp_path / "why" / "phone.jpg").iterdir())
    assert written[0] == "0-original.png"
    assert {"1-grey.png", "2-background_removed.png", "3-ink.png", "sheet.png"} < set(written)
    assert any(name.endswith("-boxes.png") for name in written)
    assert any(name.endswith("-tiles.png") for name in written)
    with Image.open(tmp_path / "why" / "phone.jpg" / "0-original.png") as original:
        # The file is stored lying on its side; people see it upright.
        assert original.size == tuple(
            json.loads(command("--json", PICTURES / "phone.jpg")[1])["image"][side]
            for side in ("width", "height")
        )


def test_two_pictures_of_one_name_are_explained_apart(command, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(picture("digit_3.png"))

    command("--explain", tmp_path / "why", tmp_path / "one", tmp_path / "two")

    assert {path.name for path in (tmp_path / "why").iterdir()} == {"a.png", "a.png-2"}


@pytest.mark.parametrize(
    "arguments",
    [[], ["--nonsense"], ["--check", "x.csv", "y.png"], ["--check", "x.csv", "--explain", "d"]],
)
def test_wrong_usage(command, arguments):
    status, out, err = command(*arguments)

    assert (status, out) == (2, "")
    assert "usage: score.py" in err


@pytest.mark.parametrize("variable", ["DIGITS_MODEL_DIR", "AZUREML_MODEL_DIR"])
def test_without_a_model_it_says_where_it_looked(command, monkeypatch, tmp_path, variable):
    (tmp_path / "notes.txt").write_text("no model")
    monkeypatch.setenv(variable, str(tmp_path))

    status, out, err = command(PICTURES / "digit_3.png")

    assert (status, out) == (1, "")
    assert err.startswith("score.py: ")
    assert str(tmp_path) in err
    assert "it holds notes.txt" in err


def test_a_setting_that_cannot_be_used_is_named(command, monkeypatch):
    monkeypatch.setenv("DIGITS_MAX_BYTES", "lots")

    status, _, err = command(PICTURES / "digit_3.png")

    assert status == 1
    assert "DIGITS_MAX_BYTES='lots'" in err


def test_a_picture_from_stdin_in_a_process_of_its_own():
    ran = subprocess.run(
        [sys.executable, "score.py", "-"],
        cwd=ROOT,
        input=picture("digit_3.png"),
        capture_output=True,
        timeout=60,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"-\t3\n", b"")


def test_it_needs_no_heavy_package():
    code = (
        "import sys, score; score.init(); "
        "print([name for name in ('tensorflow', 'flask', 'azure', 'ray') if name in sys.modules])"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=Path.home(), env=environ, capture_output=True, timeout=60
    )

    assert ran.stdout.strip() == b"[]", ran.stderr
