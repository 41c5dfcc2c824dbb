"""What networks that refine each other are to learn of a batch."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training import refine
from digits.training.refine import aim
from digits.training.validation import Outputs


def teacher(*said: tuple[int, float]):
    """Says of each tile that it is this digit with that probability, and of the others as much."""

    def score(tiles: np.ndarray) -> Outputs:
        assert len(tiles) == len(said)  # it is asked about digits alone
        logits = np.stack([np.full(10, np.log((1 - likely) / 9)) for _, likely in said])
        for row, (digit, likely) in zip(logits, said, strict=True):
            row[digit] = np.log(likely)
        return Outputs(logits.astype(np.float32), np.zeros(len(said), np.float32))

    return score


def tiles(count: int) -> np.ndarray:
    return np.zeros((count, 28, 28, 1), np.float32)


def test_which_digit_is_what_the_teachers_say_on_average():
    targets = aim((tiles(1), np.array([3])), [teacher((3, 0.7)), teacher((3, 0.91))])
    assert targets.digit[0, 3] == pytest.approx(0.805)
    assert targets.digit.sum() == pytest.approx(1)
    assert targets.is_digit.tolist() == targets.is_digit_weight.tolist() == [1]


def test_where_they_say_another_one_the_label_is_learned():
    targets = aim((tiles(2), np.array([3, 5])), [teacher((5, 0.82), (5, 0.82))])
    assert targets.digit[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert targets.digit[1, 5] == pytest.approx(0.82)


def test_whether_it_is_a_digit_is_the_truth():
    targets = aim((tiles(3), np.array([-1, 8, -1])), [teacher((8, 0.55))])
    assert targets.is_digit.tolist() == [0, 1, 0]
    assert targets.is_digit_weight.tolist() == [1, 1, 1]
    assert targets.digit_weight.tolist() == [0, 1, 0]
    assert targets.digit[1, 8] == pytest.approx(0.55)


class Model:
    """Has one weight, which is how far of the way it went."""

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.part = float(weights[0])


class Losing:
    """A validation split on which a model loses so much, by the part of the way that it went."""

    def __init__(self, digits: dict[float, float], score: dict[float, float]) -> None:
        self.digits, self.score = digits, score

    def measure(self, models: list[Model]) -> dict[str, float]:
        part = models[0].part
        digits, score = self.digits[part], self.score[part]
        return {"clean_loss": digits, "hard_loss": 0.0, "loss": digits + score}


@pytest.mark.parametrize(
    ("digits", "score", "part"),
    [
        ((1, 1, 1, 1, 1), (5, 4, 3, 2, 1), 1.0),  # what is a digit counts as much as which
        ((1, 2, 3, 4, 5), (1, 1, 1, 1, 1), 0.0),
        ((5, 4, 3, 4, 5), (1, 1, 1, 1, 1), 0.5),
        ((1, 2, 3, 4, 5), (9, 7, 5, 3.5, 3), 0.75),
    ],
)
def test_the_part_of_the_way_is_gone_that_loses_least(monkeypatch, digits, score, part):
    monkeypatch.setattr(refine, "_together", lambda models, validation: models)
    model = Model()
    losing = Losing(*(dict(zip(refine.PARTS, each, strict=True)) for each in (digits, score)))
    ways = [[[np.zeros(())]], [[np.ones(())]]]
    assert refine.restrain([model], *ways, losing) == part
    assert model.part == part
