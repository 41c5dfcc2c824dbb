"""``uv run train.py``, as a user runs it: in an environment of its own, TensorFlow and all."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from fabricate import model_folder

from digits import tile
from digits.model import ModelFolder
from digits.network import Network
from digits.training import augmentation, glyphs

pytestmark = [pytest.mark.slow, pytest.mark.training, pytest.mark.timeout(1500)]

UV = os.environ.get("UV") or "uv"
EPOCHS = 3


@pytest.fixture(scope="module")
def typed(tmp_path_factory) -> Path:
    """A small set of digits drawn from fonts, in the layout of MNIST: no download, no ``data``."""
    rng = np.random.default_rng(11)
    labels = np.arange(1500, dtype=np.uint8) % 10
    images = np.stack([draw(rng, int(label)) for label in labels])
    folder = tmp_path_factory.mktemp("typed")
    np.savez(
        folder / "mnist.npz",
        x_train=images[:1200],
        y_train=labels[:1200],
        x_test=images[1200:],
        y_test=labels[1200:],
    )
    return folder


def draw(rng: np.random.Generator, digit: int) -> np.ndarray:
    ink = augmentation.warp(rng, glyphs.draw(rng, str(digit)), amount=0.5)
    return np.asarray(tile.normalise(tile.crop(ink)) * 255, np.uint8)


def command(*arguments: str | Path) -> list[str]:
    return [UV, "run", "train.py", *map(str, arguments)]


def run(repo_root: Path, *arguments: str | Path, environ: dict[str, str] | None = None) -> str:
    """What it prints on stdout."""
    ended = subprocess.run(
        command(*arguments),
        cwd=repo_root,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stdout


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_same_network(first: Path, second: Path) -> None:
    """Equal to the last bit in what they answer; the converter names equal tensors at random."""
    tiles = np.random.default_rng(0).random((64, 28, 28, 1), np.float32)
    answers = [Network(ModelFolder.open(folder)).scores(tiles) for folder in (first, second)]
    assert np.array_equal(answers[0][0], answers[1][0])
    assert np.array_equal(answers[0][1], answers[1][1])


@pytest.fixture(scope="module")
def unbroken(typed, tmp_path_factory, repo_root) -> Path:
    """The model folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("unbroken") / "model"
    printed = run(repo_root, "--data", typed, "--out", out, "--epochs", str(EPOCHS))
    assert printed == f"{out}\n"
    return out


def test_the_folder_is_a_complete_model(unbroken):
    assert names(unbroken) == ["REPORT.md", "metrics.jsonl", "model.json", "model.onnx", "report"]
    assert names(unbroken.parent) == ["model"]
    card = ModelFolder.open(unbroken).card
    assert card.labels == tuple("0123456789")
    assert card.training["command"] == f"uv run train.py --epochs {EPOCHS}"
    assert card.training["seed"] == 1
    assert set(card.training["data"]) == {"x_train", "y_train", "x_test", "y_test"}
    assert 0 < card.thresholds["uncertain"] < 1
    assert card.thresholds["digit_score"] == 0.5
    assert card.metrics["test_accuracy"] > 0.5
    assert card.parameters.keys() >= {"ink", "layout", "search"}


def test_the_network_keeps_its_contract(unbroken):
    content = ModelFolder.open(unbroken).onnx()
    assert len(content) < 1_000_000
    session = ort.InferenceSession(content)
    inputs = {value.name: value.shape for value in session.get_inputs()}
    outputs = {value.name: value.shape for value in session.get_outputs()}
    assert inputs == {"image": ["batch", 28, 28, 1]}
    assert outputs == {"probabilities": ["batch", 10], "digit_score": ["batch"]}
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["calibration"]) == ModelFolder.open(unbroken).card.calibration


@pytest.mark.parametrize("count", [1, 2, 63])
def test_any_number_of_digits_is_read_as_each_alone(unbroken, typed, count):
    network = Network(ModelFolder.open(unbroken))
    images = np.load(typed / "mnist.npz")["x_test"][:count, ..., None].astype(np.float32) / 255
    probabilities, score = network.scores(images)
    assert probabilities.shape == (count, 10)
    assert score.shape == (count,)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    alone = [network.scores(image[None]) for image in images]
    assert np.allclose(probabilities, np.concatenate([one[0] for one in alone]), atol=1e-5)
    assert np.allclose(score, np.concatenate([one[1] for one in alone]), atol=1e-5)


def test_the_report_is_small_and_its_pictures_are_there(unbroken):
    text = (unbroken / "REPORT.md").read_text()
    pictures = sorted((unbroken / "report").glob("*.png"))
    assert [path.stem for path in pictures] == ["confusion", "learning", "mistakes", "reliability"]
    for picture in pictures:
        assert f"(report/{picture.name})" in text
        assert picture.stat().st_size < 100_000
    figures = json.loads((unbroken / "report" / "figures.json").read_text())
    accuracy = ModelFolder.open(unbroken).card.metrics["test_accuracy"]
    assert figures["mnist"]["accuracy"] == accuracy
    assert f"| accuracy | {accuracy:.2%} (" in text


def test_metrics_have_a_line_for_each_epoch(unbroken):
    lines = [json.loads(line) for line in (unbroken / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[-1]["train_loss"] < lines[0]["train_loss"]
    assert {"validation_accuracy", "validation_hard_accuracy", "validation_loss"} <= set(lines[0])


def test_a_killed_run_leaves_the_old_model_and_resumes_to_the_same_network(
    unbroken, typed, tmp_path, repo_root
):
    out = model_folder(tmp_path / "model")
    before = ModelFolder.open(out).sha256
    arguments = ["--data", typed, "--out", out, "--epochs", str(EPOCHS)]
    kill_after(repo_root, arguments, tmp_path / "model.training" / "epoch-001.npz")
    assert ModelFolder.open(out).sha256 == before

    again = subprocess.run(
        command(*arguments), cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "stopped after epoch" in again.stderr
    assert "--resume" in again.stderr

    run(repo_root, *arguments, "--resume")
    assert names(tmp_path) == ["model"]
    assert (out / "metrics.jsonl").read_text() == (unbroken / "metrics.jsonl").read_text()
    assert_same_network(out, unbroken)


def kill_after(repo_root: Path, arguments: list[str | Path], written: Path) -> None:
    training = subprocess.Popen(
        command(*arguments),
        cwd=repo_root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with training:
        while not written.exists():
            assert training.poll() is None, "it ended by itself"
            time.sleep(0.02)
        os.killpg(training.pid, signal.SIGKILL)


TEACH = ("--quick", "--batch-size", "64", "--epochs", "1")


@pytest.fixture(scope="module")
def joined(unbroken, typed, tmp_path_factory, repo_root) -> Path:
    """The same model, its network and two further ones taught by a committee."""
    folder = shutil.copytree(unbroken, tmp_path_factory.mktemp("joined") / "model")
    printed = run(repo_root, "--data", typed, "--teach", folder, *TEACH)
    assert printed == f"{folder}\n"
    return folder


def test_all_networks_are_taught_and_in_one_file(unbroken, joined):
    # How the first network learned says nothing of one that learned anew.
    assert {*names(unbroken)} - {*names(joined)} == {"metrics.jsonl"}
    assert names(joined.parent) == ["model"]
    before, card = ModelFolder.open(unbroken).card, ModelFolder.open(joined).card
    made = card.training
    assert made["command"] == "uv run train.py --teach MODEL_DIR --quick --epochs 1 --batch-size 64"
    assert list(made["stages"]) == ["worn", "small", "taught"]
    assert re.search(r", tensorflow \d+\.\S+ on cpu:0", made["stages"]["taught"]["machine"], re.I)
    # Without a network that judges, the threshold is that of networks that are no more.
    assert card.thresholds["uncertain"] != before.thresholds["uncertain"]
    assert card.thresholds["digit_score"] == before.thresholds["digit_score"]
    assert card.calibration.keys() == {*before.calibration, "second", "third"}
    for place in ("second", "third"):
        assert card.calibration[place].keys() == before.calibration.keys()
    for metrics in (card.metrics, card.metrics["second"], card.metrics["third"]):
        assert metrics["validation_accuracy"] > 0.3
    session = ort.InferenceSession(ModelFolder.open(joined).onnx())
    outputs = {value.name: value.shape for value in session.get_outputs()}
    assert outputs == {"probabilities": ["batch", 10], "digit_score": ["batch"]}


FIRST_ALONE = """
import sys
from pathlib import Path
from digits.training import cascade
joined, alone = map(Path, sys.argv[1:])
alone.write_bytes(cascade.split(joined.read_bytes())[0])
"""


@pytest.fixture(scope="module")
def first_alone(joined, tmp_path_factory, repo_root) -> ort.InferenceSession:
    """The first of the joined networks, taken out where ONNX files can be taken apart."""
    alone = tmp_path_factory.mktemp("first") / "model.onnx"
    find = [UV, "python", "find", "--script", "train.py"]
    python = subprocess.run(
        find, cwd=repo_root, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    subprocess.run(
        [python, "-c", FIRST_ALONE, str(joined / "model.onnx"), str(alone)],
        env={**os.environ, "PYTHONPATH": str(repo_root)},
        check=True,
    )
    return ort.InferenceSession(alone)


def test_further_networks_are_asked_about_what_the_first_one_doubts(
    unbroken, first_alone, joined, typed
):
    images = np.load(typed / "mnist.npz")["x_test"][..., None].astype(np.float32) / 255
    first = first_alone.run(["probabilities", "digit_score"], {"image": images})
    assert not np.allclose(
        first[0], Network(ModelFolder.open(unbroken)).scores(images)[0], atol=0.1
    )
    all_of_them = Network(ModelFolder.open(joined)).scores(images)
    sure = first[0].max(axis=1) * first[1] > 0.97
    doubtful = (first[0].max(axis=1) * first[1] < 0.85) & (first[1] > 0.4)
    assert doubtful.any()
    assert np.array_equal(first[0][sure], all_of_them[0][sure])
    assert (np.abs(first[0] - all_of_them[0]).max(axis=1)[doubtful] > 1e-4).mean() > 0.9
    assert np.array_equal(first[1][sure], all_of_them[1][sure])
    assert (np.abs(first[1] - all_of_them[1])[doubtful] > 1e-4).mean() > 0.9
    assert np.allclose(all_of_them[0].sum(axis=1), 1, atol=1e-5)
    network = Network(ModelFolder.open(joined))
    alone = np.concatenate([network.scores(image[None])[0] for image in images])
    assert np.allclose(all_of_them[0], alone, atol=1e-5)


def test_a_killed_run_of_teaching_goes_on_to_the_same_in_the_place_of_earlier_networks(
    joined, typed, tmp_path, repo_root
):
    folder = shutil.copytree(joined, tmp_path / "model")
    before = ModelFolder.open(folder)
    arguments = ["--data", typed, "--teach", folder, *TEACH]
    kill_after(repo_root, arguments, tmp_path / "model.training" / "small.stage.npz")
    assert ModelFolder.open(folder).sha256 == before.sha256

    again = subprocess.run(
        command(*arguments), cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "stopped after small: go on with --resume" in again.stderr

    run(repo_root, *arguments, "--resume")
    assert names(tmp_path) == ["model"]
    assert_same_network(folder, joined)


REFINE = ("--quick", "--batch-size", "64", "--epochs", "2")


@pytest.fixture(scope="module")
def refined(joined, typed, tmp_path_factory, repo_root) -> Path:
    """That one, its networks having learned on."""
    folder = shutil.copytree(joined, tmp_path_factory.mktemp("refined") / "model")
    assert run(repo_root, "--data", typed, "--refine", folder, *REFINE) == f"{folder}\n"
    return folder


def test_refined_networks_are_better_and_the_card_says_what_they_were(joined, refined):
    assert names(refined) == names(joined)
    assert names(refined.parent) == ["model"]
    before, card = ModelFolder.open(joined).card, ModelFolder.open(refined).card
    assert card.training["command"] == "uv run train.py --refine MODEL_DIR --quick --batch-size 64"
    assert card.training["base"]["sha256"] == ModelFolder.open(joined).sha256
    assert card.training["base"]["training"] == before.training
    assert card.thresholds == before.thresholds
    assert card.calibration.keys() == before.calibration.keys()
    assert card.training["kept"]["epoch"] in (1, 2)
    assert card.training["kept"]["part"] > 0
    for then, now in (
        (before.metrics[place], card.metrics[place]) for place in ("second", "third")
    ):
        assert now["validation_score_loss"] < then["validation_score_loss"]


def test_refining_resumes_to_the_same_networks(joined, refined, typed, tmp_path, repo_root):
    folder = shutil.copytree(joined, tmp_path / "model")
    arguments = ["--data", typed, "--refine", folder, *REFINE]
    kill_after(repo_root, arguments, tmp_path / "model.training" / "epoch-001.npz")
    assert ModelFolder.open(folder).sha256 == ModelFolder.open(joined).sha256
    run(repo_root, *arguments, "--resume")
    assert names(tmp_path) == ["model"]
    assert_same_network(folder, refined)


def test_tuning_teaches_when_it_errs(joined, typed, tmp_path, repo_root):
    folder = shutil.copytree(joined, tmp_path / "model")
    run(repo_root, "--data", typed, "--tune", folder)
    before, after = ModelFolder.open(joined), ModelFolder.open(folder)
    assert after.networks.keys() == {"model.onnx", "confidence.onnx"}
    assert after.onnx() == before.onnx()
    assert after.card.thresholds["uncertain"] != before.card.thresholds["uncertain"]


def test_evaluating_needs_no_tensorflow_and_leaves_the_model_as_it_is(
    unbroken, typed, tmp_path, repo_root
):
    (tmp_path / "tensorflow.py").write_text("raise AssertionError('TensorFlow was imported')\n")
    folder = shutil.copytree(unbroken, tmp_path / "model")
    report = (folder / "REPORT.md").read_text()
    out = tmp_path / "elsewhere"
    environ = {"PYTHONPATH": str(tmp_path)}
    printed = run(repo_root, "--data", typed, "--evaluate", folder, "--out", out, environ=environ)
    assert printed == f"{out}\n"
    assert (folder / "REPORT.md").read_text() == report
    assert ModelFolder.open(folder).sha256 == ModelFolder.open(unbroken).sha256

    written = json.loads((out / "evaluation.json").read_text())
    assert written["model"]["sha256"] == ModelFolder.open(folder).sha256
    assert written["mnist_network"]["right"]["of"] == written["mnist_reader"]["right"]["of"] == 300
    assert written["degraded"]["pictures"] == 300
    timed = {group: [t["what"] for t in timings] for group, timings in written["speed"].items()}
    assert timed["digits"] == [f"a digit, in a batch of {size}" for size in (8, 16, 64)]
    assert (timed["photos_own"], timed["photos_others"]) == (["sheet.jpg"], [])
    assert written["onnx_bytes"] == len(ModelFolder.open(folder).onnx())
    assert written["orientations"]["differing"] == written["transports"]["differing"] == []
    # Training looked once, this was the second time, and the model folder remembers.
    assert written["test_split_evaluations"] == 2
    assert json.loads((folder / "evaluation.json").read_text()) == {"test_split_evaluations": 2}

    text = (out / "REPORT.md").read_text()
    for picture in sorted((out / "report").glob("*.png")):
        assert f"(report/{picture.name})" in text
    assert "measured on MNIST's test split 2 times" in text
