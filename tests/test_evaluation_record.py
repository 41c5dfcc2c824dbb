"""The record in a model folder, how it counts looks at the test split, the table made of it."""

from __future__ import annotations

import re

import pytest
from fabricate import model_folder

from digits.errors import DataError
from digits.evaluation import record, table
from digits.model import ModelFolder
from digits.settings import ROOT
from digits.training.report import REPORT

MODEL = ROOT / "models" / "digits"


def share(hits: int, of: int) -> dict[str, object]:
    value = hits / of if of else None
    return {"hits": hits, "of": of, "share": value, "low": 0.5, "high": 0.75}


def timing(what: str, ratio: float) -> dict[str, object]:
    return {"what": what, "ratio": ratio, "low": ratio - 0.25, "high": ratio + 0.25}


FIGURES = {
    "pictures_own": {"splits": {"": {"kinds": {"photo_multi": {"exact": share(7, 8)}}}}},
    "pictures_others": None,
    "negatives": {"left_alone": share(190, 200)},
    "mnist_network": {
        "right": share(9976, 10000),
        "calibration": {"error": 0.0012, "low": 0.0009, "high": 0.0021},
    },
    "mnist_reader": {"right": share(9970, 10000)},
    "degraded": {"flagged": {"wrong": share(240, 300), "right": share(0, 0)}},
    "pages": {"rows": share(360, 400)},
    "touching": {"digits": share(1300, 1600)},
    "metamorphic": {"families": {"inverted": share(20, 20)}},
    "orientations": {"same": share(320, 320)},
    "transports": {"same": share(160, 160)},
    "speed": {
        "digits": [timing("a digit, in a batch of 8", 0.5), timing("in a batch of 64", 0.4)],
        "photos_own": [timing("page.jpg", 5.5)],
        "photos_others": [timing(f"{name}.jpg", ratio) for name, ratio in (("a", 7.5), ("b", 6))],
        "large_own": [],
        "large_others": [timing("c.jpg", 1.25)],
    },
    "onnx_bytes": 2_590_000,
}


def test_a_folder_never_measured_has_no_record(tmp_path):
    assert record.read(model_folder(tmp_path / "model")) is None


def test_what_is_written_comes_back_and_the_model_stays_the_same(tmp_path):
    folder = model_folder(tmp_path / "model")
    before = ModelFolder.open(folder).sha256
    record.write(folder, {"figures": [1, 2.5, None]})
    assert record.read(folder) == {"figures": [1, 2.5, None]}
    assert ModelFolder.open(folder).sha256 == before
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("content", ["{", "[]", '"text"'])
def test_a_damaged_record_is_refused(tmp_path, content):
    folder = model_folder(tmp_path / "model")
    (folder / record.RECORD).write_text(content)
    with pytest.raises(DataError, match="delete it to begin anew"):
        record.read(folder)


def test_trainings_own_look_at_the_test_split_counts(tmp_path):
    folder = model_folder(tmp_path / "model")
    card = ModelFolder.open(folder).card
    assert "test_accuracy" in card.metrics
    assert record.times_tested(folder, card) == 1
    assert record.count_test(folder, card) == 2
    record.write(folder, {**record.read(folder), "more": 1})
    assert record.count_test(folder, card) == 3
    assert record.read(folder) == {record.TIMES: 3, "more": 1}


def test_a_model_that_training_did_not_test_begins_at_none(tmp_path):
    folder = model_folder(tmp_path / "model", metrics={})
    assert record.times_tested(folder, ModelFolder.open(folder).card) == 0


def test_the_table_has_a_row_for_each_figure():
    assert table.markdown(FIGURES).splitlines() == [
        "| what | figure | 95 % interval |",
        "| --- | --- | --- |",
        "| this project's own pictures: photos of several digits | 7 of 8 | 50.0% to 75.0% |",
        "| letters, symbols, doodles, textures left alone | 95.00% (190 of 200) | 50.0% to 75.0% |",
        "| MNIST's test split, the network alone | 99.76% (9,976 of 10,000) | 50.0% to 75.0% |",
        "| MNIST's test split, as PNG files | 99.70% (9,970 of 10,000) | 50.0% to 75.0% |",
        "| calibration error of the probabilities | 0.12% | 0.09% to 0.21% |",
        "| degraded digits read wrong that are marked `uncertain` | 80.00% (240 of 300) "
        "| 50.0% to 75.0% |",
        "| degraded digits read right that are marked all the same | none there |  |",
        "| readings that stay when the picture changes: inverted | 20 of 20 | 50.0% to 75.0% |",
        "| rows of ten on pages of a hundred, well apart to touching | 90.00% (360 of 400) "
        "| 50.0% to 75.0% |",
        "| digits of numbers written close, from a gap to run into each other "
        "| 81.25% (1,300 of 1,600) | 50.0% to 75.0% |",
        "| the same however the camera was held | 100.00% (320 of 320) | 50.0% to 75.0% |",
        "| the same however it was sent | 100.00% (160 of 160) | 50.0% to 75.0% |",
        "| time for a digit, in a batch of 8, over a plain network's | 0.50 times | 0.25 to 0.75 |",
        "| time of this project's 1280x960 photo of ten digits, over decoding | 5.50 times "
        "| 5.25 to 5.75 |",
        "| time of other people's 1280x960 photos of ten digits (2), over decoding "
        "| 6.00 to 7.50 times |  |",
        "| time of other people's photos of about 9 megapixels, over decoding | 1.25 times "
        "| 1.00 to 1.50 |",
        "| all `.onnx` files of the model | 2.59 MB |  |",
    ]


def test_the_table_is_printed(tmp_path, capsys):
    folder = model_folder(tmp_path / "model")
    record.write(folder, FIGURES)
    assert table.main([str(folder)]) == 0
    assert capsys.readouterr().out == table.markdown(FIGURES) + "\n"


def test_the_table_goes_between_the_marks(tmp_path):
    folder = model_folder(tmp_path / "model")
    record.write(folder, FIGURES)
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n\n{table.BEGIN}\nold\n{table.END}\n\nAfter.\n")
    for _ in range(2):
        assert table.main([str(folder), "--into", str(page)]) == 0
        assert page.read_text() == (
            f"Before.\n\n{table.BEGIN}\n{table.markdown(FIGURES)}\n{table.END}\n\nAfter.\n"
        )


@pytest.mark.parametrize("text", ["", table.BEGIN, f"{table.END} {table.BEGIN}"])
def test_without_marks_nothing_is_written(tmp_path, capsys, text):
    folder = model_folder(tmp_path / "model")
    record.write(folder, FIGURES)
    page = tmp_path / "page.md"
    page.write_text(text)
    assert table.main([str(folder), "--into", str(page)]) == 1
    assert table.BEGIN in capsys.readouterr().err
    assert page.read_text() == text


def test_there_is_no_table_of_what_was_never_measured(tmp_path, capsys):
    folder = model_folder(tmp_path / "model")
    record.count_test(folder, ModelFolder.open(folder).card)
    assert table.main([str(folder)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"uv run train.py --evaluate {folder}" in printed.err


def test_the_readme_has_the_figures_of_the_shipped_model():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    try:
        figures = table.measured(MODEL)
    except DataError as error:
        assert table.BEGIN not in readme, "the README has figures of a model never measured"
        pytest.skip(str(error))
    assert figures["model"]["sha256"] == ModelFolder.open(MODEL).sha256
    assert figures["split"] == "test"
    assert table.inserted(readme, table.markdown(figures)) == readme


def test_the_report_has_the_same_figures():
    try:
        figures = table.measured(MODEL)
    except DataError as error:
        pytest.skip(str(error))
    report = (MODEL / REPORT).read_text(encoding="utf-8")
    assert f"\n\n{table.markdown(figures)}\n\n" in report
    assert f"MNIST's test split {figures[record.TIMES]} times" in report
    pictures = set(re.findall(r"\]\((report/\w+\.png)\)", report))
    assert pictures == {f"report/{path.name}" for path in (MODEL / "report").glob("*.png")}
