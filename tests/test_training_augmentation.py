"""How one digit becomes many: what moves, and what must stay where it is."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training import augmentation
from digits.training.augmentation import CANVAS, REACH


def column() -> np.ndarray:
    """x, y from the middle, of one column of the canvas."""
    y = np.arange(CANVAS, dtype=np.float32) - (CANVAS - 1) / 2
    return np.stack([np.zeros_like(y), y], axis=-1)[:, None]


@pytest.mark.parametrize("seed", range(40))
def test_proportions_change_between_head_and_foot_and_nothing_folds(seed):
    grid = column()
    moved = augmentation.proportioned(np.random.default_rng(seed), grid, amount=3)
    assert np.array_equal(moved[..., 0], grid[..., 0])
    beyond = np.abs(grid[..., 1]) >= REACH
    assert beyond.any()
    assert np.array_equal(moved[beyond], grid[beyond])
    assert (np.diff(moved[:, 0, 1]) > 0).all()
    shift = moved[..., 1] - grid[..., 1]
    assert abs(shift).max() == pytest.approx(abs(shift[CANVAS // 2, 0]), abs=0.05)


def test_proportions_change_either_way_and_by_as_much_as_was_said():
    middles = [
        augmentation.proportioned(np.random.default_rng(seed), column(), amount=1)[
            CANVAS // 2, 0, 1
        ]
        for seed in range(400)
    ]
    assert np.std(middles) / REACH == pytest.approx(0.15, rel=0.15)
    assert np.mean(middles) / REACH == pytest.approx(0, abs=0.05)
