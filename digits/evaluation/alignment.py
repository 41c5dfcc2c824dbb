"""Which of the digits read stands for which of the true ones.

By the edit distance, as speech and handwriting recognition do it: the pairing with the fewest
digits wrong, missing or too many. Reading order is all it needs, so it works for pictures of which
only the text is known, and where boxes are off.
"""

from __future__ import annotations

Pair = tuple[int | None, int | None]
"""A place in the truth and the place that stands for it in what was read; None for neither."""


def align(truth: str, read: str) -> list[Pair]:
    """Pair the places of two strings in order, at the least number of edits (Levenshtein).

    >>> align("1234", "134")
    [(0, 0), (1, None), (2, 1), (3, 2)]
    """
    costs = _costs(truth, read)
    pairs: list[Pair] = []
    row, column = len(truth), len(read)
    while row or column:
        here = costs[row][column]
        if row and column:
            differs = truth[row - 1] != read[column - 1]
            if here == costs[row - 1][column - 1] + differs:
                row, column = row - 1, column - 1
                pairs.append((row, column))
                continue
        if row and here == costs[row - 1][column] + 1:
            row -= 1
            pairs.append((row, None))
        else:
            column -= 1
            pairs.append((None, column))
    return pairs[::-1]


def right_digits(truth: str, read: str) -> list[bool]:
    """For each digit read: whether it stands for a true digit and is that digit."""
    right = [False] * len(read)
    for true_place, read_place in align(truth, read):
        if true_place is not None and read_place is not None:
            right[read_place] = truth[true_place] == read[read_place]
    return right


def _costs(truth: str, read: str) -> list[list[int]]:
    """``[i][j]``: edits between the first ``i`` of one and the first ``j`` of the other."""
    costs = [list(range(len(read) + 1))]
    for row, wanted in enumerate(truth, 1):
        above, line = costs[-1], [row]
        for column, got in enumerate(read, 1):
            replaced = above[column - 1] + (wanted != got)
            line.append(min(replaced, above[column] + 1, line[-1] + 1))
        costs.append(line)
    return costs
