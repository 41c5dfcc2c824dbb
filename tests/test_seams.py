"""Paths that cross as little ink as they can."""

from __future__ import annotations

import numpy as np

from digits import seams


def cheapest(here: np.ndarray, *, sideways: float = 0.1, **bounds: float) -> list[seams.Path]:
    return seams.cheapest(here, sideways=sideways, **bounds)


def drawing(*rows: str) -> np.ndarray:
    return np.array([[sign == "#" for sign in row] for row in rows])


def test_a_path_goes_through_the_gap_wherever_it_is_in_each_row():
    here = drawing(
        "###.####",
        "####.###",
        "#####.##",
        "####.###",
    )

    [path] = cheapest(here, spacing=2, most=5, most_ink=0.5)

    assert path.tolist() == [3, 4, 5, 4]


def test_told_from_each_other_half_way_down_paths_may_end_side_by_side():
    here = drawing(
        "##.##.##",
        "##.##.##",
        "###..###",
        "###..###",
    )

    ends = cheapest(here, spacing=2, most=5, most_ink=0.5)
    half = cheapest(here, spacing=2, most=5, most_ink=0.5, through=0.3)

    assert [path.tolist() for path in ends] == [[2, 2, 3, 3]]
    assert [path.tolist() for path in half] == [[2, 2, 3, 3], [5, 5, 4, 4]]


def test_a_step_to_the_side_may_cost_more_than_ink():
    here = drawing("#.###", "#.###", "##.##", "##.##")

    [around] = cheapest(here, spacing=1, most=1, most_ink=2)
    [straight] = cheapest(here, spacing=1, most=1, most_ink=2, sideways=3)

    assert around.tolist() == [1, 1, 2, 2]
    assert len(set(straight.tolist())) == 1


def test_ink_that_is_too_thick_everywhere_has_no_path():
    assert cheapest(np.ones((6, 9), bool), spacing=2, most=5, most_ink=3) == []


def test_paths_keep_their_distance_and_the_cheapest_come_first():
    here = drawing("####.##.#####", "####.########", "####.##.#####")

    assert [path[0] for path in cheapest(here, spacing=4, most=5, most_ink=1)] == [4]
    found = cheapest(here, spacing=3, most=5, most_ink=1)
    assert [path[0] for path in found] == [4, 7]


def test_no_more_paths_than_asked_for():
    here = np.zeros((4, 40), bool)

    assert len(cheapest(here, spacing=5, most=3, most_ink=1)) == 3


def test_each_pixel_belongs_to_the_part_after_the_paths_left_of_it():
    paths = [np.array([1, 2]), np.array([3, 3])]

    assert seams.part(np.ones((2, 5), bool), paths).tolist() == [[0, 1, 1, 2, 2], [0, 0, 1, 2, 2]]
