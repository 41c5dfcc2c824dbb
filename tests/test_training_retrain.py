"""``train.py --feedback`` learns a style that the model misreads, and no wrong corrections."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from digits import tile
from digits.feedback.store import Store
from digits.model import ModelFolder
from digits.network import Network
from digits.reader import Reader
from digits.registry.local import LocalRegistry
from digits.settings import ROOT
from digits.training.gate import sign_test
from digits.wire.feedback import Correction

pytestmark = [
    pytest.mark.slow,
    pytest.mark.training,
    pytest.mark.data,
    pytest.mark.timeout(2400),
]

UV = os.environ.get("UV") or "uv"
COUNT = 100
SHEET = 120
LEARNED, NOT_UNDERSTOOD = "7", "8"


@pytest.fixture(scope="module")
def mnist(data_dir: Path) -> dict[str, np.ndarray]:
    with np.load(data_dir / "mnist.npz") as arrays:
        return dict(arrays)


@pytest.fixture
def data(data_dir: Path, tmp_path: Path) -> Path:
    """MNIST and nothing else: the labelled pictures would take their time."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "mnist.npz").symlink_to(data_dir / "mnist.npz")
    return folder


@pytest.fixture
def little_data(mnist: dict[str, np.ndarray], tmp_path: Path) -> Path:
    """A tenth of MNIST, which is enough to be led astray."""
    folder = tmp_path / "data"
    folder.mkdir()
    counts = {"x_train": 6000, "y_train": 6000, "x_test": 1000, "y_test": 1000}
    np.savez(folder / "mnist.npz", **{name: mnist[name][:count] for name, count in counts.items()})
    return folder


def of_digit(images: np.ndarray, labels: np.ndarray, digit: int) -> np.ndarray:
    return images[labels == digit]


def twice_crossed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """A 7 of MNIST with two bars through it, large."""
    ink = np.asarray(cv2.resize(image, (64, 64), interpolation=cv2.INTER_CUBIC))
    x, y, width, height = cv2.boundingRect(ink)
    thickness = int(rng.integers(2, 5))
    for share in (0.4, 0.65):
        row = round(y + share * height)
        cv2.line(ink, (x, row), (x + width, row), (255,), thickness, cv2.LINE_AA)
    return ink


def tiles_of(inks: list[np.ndarray]) -> np.ndarray:
    return np.stack([tile.normalise(tile.crop(ink, threshold=40)) for ink in inks])[..., None]


def on_paper(image: np.ndarray) -> bytes:
    """Ink as large as a digit of MNIST twice enlarged, dark on a white sheet, as a PNG."""
    ink = np.asarray(cv2.resize(image, (64, 64), interpolation=cv2.INTER_CUBIC))
    sheet = np.full((SHEET, SHEET), 255, np.uint8)
    sheet[28 : 28 + 64, 28 : 28 + 64] -= ink
    encoded: bytes = cv2.imencode(".png", sheet)[1].tobytes()
    return encoded


def correct(store: Path, images: Iterable[np.ndarray], said: str, *, only_misread: bool) -> None:
    """Write corrections as the page sends them, until there are enough of them."""
    opened = Store.open(str(store))
    reader = Reader.open(ROOT / "models" / "digits")
    for number, image in enumerate(images):
        if opened.count() == COUNT:
            break
        reading = reader.read(picture := on_paper(image))
        if only_misread and reading.rows == (said,):
            continue
        boxes = tuple(digit.box for digit in reading.digits)
        known = boxes if len(boxes) == 1 else None
        opened.add(Correction(f"{said}-{number}", picture, (said,), known), days=365)
    assert opened.count() == COUNT
    opened.close()


def retrain(tmp_path: Path, data: Path) -> tuple[LocalRegistry, str]:
    """The registry after it, and what was said."""
    registry = LocalRegistry(tmp_path / "registry")
    registry.register(ModelFolder.open(ROOT / "models" / "digits"), stage="production")
    options = ["--quick", "--feedback", tmp_path / "store", "--data", data]
    options += ["--registry", registry.root, "--out", tmp_path / "model"]
    done = subprocess.run(
        [UV, "run", "train.py", *map(str, options)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "digits:2\n"
    return registry, done.stderr


def right(folder: Path, tiles: np.ndarray, digit: int) -> np.ndarray:
    """Which of them the network takes for this digit, and for one at all."""
    probabilities, score = Network(ModelFolder.open(folder)).scores(tiles)
    return (probabilities.argmax(axis=1) == digit) & (score >= 0.5)


def parted(old: np.ndarray, new: np.ndarray) -> float:
    """How likely chance alone makes the new one so much better."""
    return sign_test(int((new & ~old).sum()), int((old & ~new).sum()))


def test_sevens_crossed_twice_are_learned_and_nothing_is_forgotten(tmp_path, data, mnist):
    rng = np.random.default_rng(7)
    sevens = of_digit(mnist["x_train"], mnist["y_train"], 7)
    correct(
        tmp_path / "store",
        (twice_crossed(rng, each) for each in sevens),
        LEARNED,
        only_misread=True,
    )
    registry, said = retrain(tmp_path, data)
    assert "digits:2 is production" in said, said
    assert registry.number("digits@production") == registry.number("digits@candidate") == 2
    old, new = registry.resolve("digits:1"), registry.resolve("digits:2")

    # Other hands than those that were corrected.
    others = of_digit(mnist["x_test"], mnist["y_test"], 7)
    crossed = tiles_of([twice_crossed(rng, each) for each in others])
    before, after = right(old.path, crossed, 7), right(new.path, crossed, 7)
    assert parted(before, after) < 0.001
    # MNIST as it is, by the same test as the gate's.
    tiles = mnist["x_test"][..., None].astype(np.float32) / 255
    answers = [Network(ModelFolder.open(each.path)).scores(tiles)[0] for each in (old, new)]
    was, is_now = (answer.argmax(axis=1) == mnist["y_test"] for answer in answers)
    assert parted(is_now, was) >= 0.05

    card = ModelFolder.open(new.path).card
    assert card.training["base"]["name"] == "digits:1"
    assert card.training["gate"]["passed"] is True
    assert card.parameters == ModelFolder.open(old.path).card.parameters
    report = (new.path / "REPORT.md").read_text(encoding="utf-8")
    assert "## Old and new" in report
    assert "| MNIST's test split | 10,000 |" in report
    assert registry.rollback("digits@production")[1].version == 1


def test_wrong_corrections_are_refused(tmp_path, little_data, mnist):
    threes = of_digit(mnist["x_train"], mnist["y_train"], 3)
    correct(tmp_path / "store", threes, NOT_UNDERSTOOD, only_misread=False)
    registry, said = retrain(tmp_path, little_data)
    assert "digits:2 is candidate" in said
    assert registry.number("digits@production") == 1
    assert registry.number("digits@candidate") == 2
    version = registry.resolve("digits:2")
    gate = ModelFolder.open(version.path).card.training["gate"]
    assert gate["passed"] is False
    assert all(reason in said for reason in gate["reasons"])
    assert version.tags["gate"] == "refused"
