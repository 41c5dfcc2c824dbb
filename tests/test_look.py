"""The network sees a candidate's own ink and nothing else, and no tile twice."""

from __future__ import annotations

import numpy as np
import pytest

from digits import tile
from digits.components import Box
from digits.ink import Ink
from digits.layout import Candidate, Labels, Layout, LayoutParameters, Piece, in_lines, window
from digits.look import Look, LookParameters, cut_tiles


class Network:
    """Is as sure of a tile as there is ink in it, and counts the tiles."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def scores(self, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.seen.append(len(tiles))
        inked = tiles.mean(axis=(1, 2, 3))
        return np.repeat(inked[:, None], 10, axis=1), inked


def ink_of(strength: np.ndarray, threshold: np.ndarray | int) -> Ink:
    thresholds = np.full(strength.shape, threshold, np.uint8)
    return Ink(strength, (strength > thresholds).view(np.uint8), thresholds, 1.0, "dark_on_light")


def blocks(*boxes: Box) -> tuple[Layout, Ink]:
    strength, labels = np.zeros((100, 300), np.uint8), np.zeros((100, 300), np.int16)
    for label, box in enumerate(boxes, start=1):
        strength[window(box)], labels[window(box)] = 200, label
    pieces = [Piece(label, box) for label, box in enumerate(boxes, start=1)]
    return in_lines(labels, pieces, LayoutParameters()), ink_of(strength, 60)


BOXES = ((10, 20, 5, 40), (50, 20, 20, 40), (100, 20, 30, 40), (150, 20, 40, 40))


def test_nothing_is_looked_at_twice_and_scores_come_as_they_are_asked_for():
    layout, extracted = blocks(*BOXES)
    network = Network()
    look = Look(extracted, network)

    _, two = look.scores(layout.only([1, 2]))
    probabilities, again = look.scores(layout.only([3, 2, 1, 0]))
    _, once_more = look.scores(layout)

    assert network.seen == [2, 2]
    assert again.tolist()[1:3] == two.tolist()[::-1]
    assert once_more.tolist() == again.tolist()[::-1] == sorted(once_more.tolist())
    assert len(set(again.tolist())) == 4
    assert (probabilities == again[:, None]).all()


def test_specks_are_not_looked_at_and_are_no_digits():
    layout, extracted = blocks(*BOXES)
    network = Network()
    look = Look(extracted, network)
    look.specks = {1: 200}

    probabilities, score = look.scores(layout)

    assert network.seen == [3]
    assert (score > 0).tolist() == [False, True, True, True]
    assert probabilities[0].tolist() == [0.0] * 10


@pytest.mark.parametrize(
    ("labels", "size", "dust"),
    [
        ((1,), (8, 8), True),
        ((1, 2), (40, 28), True),  # 0.1 of 1,120
        ((1, 2), (40, 27), False),
        ((1, 3), (40, 40), False),  # one of them is none
    ],
)
def test_several_specks_may_be_a_broken_digit_unless_they_are_far_apart(labels, size, dust):
    look = Look(blocks(*BOXES)[1], Network())
    look.specks = {1: 64, 2: 46}

    assert look.is_dust(Candidate(0, 0, 1, (0, 0, *size), labels)) == dust


def test_what_looking_takes_is_added_up():
    layout, extracted = blocks(*BOXES)
    look = Look(extracted, Network(), seconds=100.0)
    first = look.seconds
    look.scores(layout)

    assert first == 100.0
    assert 100.0 < look.seconds < 110.0


def edged(x: int, y: int) -> tuple[np.ndarray, Labels]:
    """A block 10 wide and 20 high at (x, y), with soft edges, softer above and below."""
    strength, labels = np.zeros((60, 60), np.uint8), np.zeros((60, 60), np.int16)
    strength[max(y - 1, 0) : y + 21, x : x + 10] = 45
    strength[y : y + 20, max(x - 1, 0) : x + 11] = 100
    strength[y : y + 20, x : x + 10] = 200
    labels[y : y + 20, x : x + 10] = 1
    return strength, labels


def tile_of(
    strength: np.ndarray,
    labels: Labels,
    box: Box,
    threshold: np.ndarray | int = 60,
    **parameters: float,
) -> list[list[float]]:
    [seen] = cut_tiles(
        ink_of(strength, threshold),
        labels,
        [Candidate(0, 0, 0, box, (1,))],
        LookParameters(**parameters),
    )
    return seen[..., 0].tolist()


def test_half_of_what_would_be_ink_is_paper_and_what_is_softest_is_cut_off():
    strength, labels = edged(20, 20)
    left = strength[20:40, 19:31] - 30  # which leaves 15 of 45, less than 40 / 255 of 170

    assert tile_of(strength, labels, (20, 20, 10, 20)) == tile.normalise(left).tolist()


def test_how_much_is_paper_and_what_is_soft_are_parameters():
    strength, labels = edged(20, 20)
    box = (20, 20, 10, 20)

    everything = np.maximum(strength[19:41, 19:31], 30) - 30
    assert tile_of(strength, labels, box, edge=10) == tile.normalise(everything).tolist()
    less = strength[20:40, 20:30] - 60  # of 100 that leaves 40, less than 110 / 255 of 140
    assert tile_of(strength, labels, box, background=1.0, edge=110) == tile.normalise(less).tolist()


def test_what_is_paper_is_told_in_the_middle_of_the_box():
    strength, labels = edged(20, 20)
    thresholds = np.full((60, 60), 250, np.uint8)
    thresholds[30, 25] = 60

    seen = tile_of(strength, labels, (20, 20, 10, 20), thresholds)

    assert seen == tile_of(strength, labels, (20, 20, 10, 20))


def test_other_ink_in_the_box_or_beside_it_is_left_out():
    strength, labels = edged(20, 20)
    alone = tile_of(strength, labels, (20, 20, 10, 20))
    strength[20:40, 32:40] = strength[5:15, 20:30] = 250  # not even near
    labels[20:40, 32:40] = 2
    assert tile_of(strength, labels, (20, 20, 10, 20)) == alone

    strength[20:40, 30], labels[20:40, 30] = 250, 2  # where its edge was
    left = strength[20:40, 19:30] - 30
    assert tile_of(strength, labels, (20, 20, 10, 20)) == tile.normalise(left).tolist()


def test_soft_edges_reach_no_further_than_a_pixel():
    strength, labels = edged(20, 20)
    labels[20:30, 20:30] = 0  # the upper half is no ink of its own
    left = strength[29:40, 19:31] - 30

    assert tile_of(strength, labels, (20, 20, 10, 20)) == tile.normalise(left).tolist()


def test_ink_in_the_corner_of_the_picture_is_seen():
    strength, labels = edged(0, 0)
    left = strength[:20, :11] - 30

    assert tile_of(strength, labels, (0, 0, 10, 20)) == tile.normalise(left).tolist()


def test_it_looks_with_its_own_parameters():
    strength, labels = edged(20, 20)
    layout = in_lines(labels, [Piece(1, (20, 20, 10, 20))], LayoutParameters())
    extracted = ink_of(strength, 60)

    usual = Look(extracted, Network()).scores(layout)[1]
    other = Look(extracted, Network(), LookParameters(background=1.0, edge=110)).scores(layout)[1]

    assert usual.tolist() != other.tolist()
