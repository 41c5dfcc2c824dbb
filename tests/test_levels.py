"""Levels that a share of all pixels reach, and what is usual of them."""

from __future__ import annotations

import numpy as np
import pytest

from digits import levels


def test_every_level_is_counted():
    counts = levels.histogram(np.uint8([[0, 3, 3], [255, 255, 255]]))

    assert len(counts) == 256
    assert counts[[0, 3, 255]].tolist() == [1, 2, 3]
    assert counts.sum() == 6


@pytest.mark.parametrize(("share", "level"), [(0.0, 0), (0.1, 5), (0.5, 5), (0.6, 20), (1.0, 90)])
def test_a_quantile_is_the_level_that_a_share_reach_at_most(share, level):
    counts = levels.histogram(np.uint8([[5, 5, 5, 5, 5, 20, 20, 20, 90, 90]]))

    assert levels.quantile(counts, share) == level


def test_the_middle_and_the_spread_are_those_of_most_whatever_a_few_are():
    """As of a normal distribution, in which half of all lies within 0.67 deviations."""
    normal = np.random.default_rng(3).normal(100, 12, 20_000).clip(0, 255).astype(np.uint8)
    few = np.full(200, 255, np.uint8)

    middle, spread = levels.middle_and_spread(levels.histogram(np.concatenate([normal, few])[None]))

    assert middle == pytest.approx(100, abs=1)
    assert spread == pytest.approx(12, abs=1)
