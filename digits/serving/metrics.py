"""Counters, gauges and histograms on a shared board, and their Prometheus text.

Families are laid out once, before any worker starts; counting is then one addition at a known
place, cheap enough for every digit of every request.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from digits.serving.shared import Board

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Family:
    """One metric. ``series`` are its labels' values; ``start`` is the cell of the first series."""

    name: str
    help: str
    kind: str
    series: tuple[Labels, ...]
    start: int
    buckets: tuple[float, ...] = ()

    @property
    def step(self) -> int:
        """Cells of one series: a histogram has one a bucket, one beyond, and the sum."""
        return len(self.buckets) + 2 if self.kind == "histogram" else 1

    @property
    def width(self) -> int:
        """Cells of all series."""
        return self.step * len(self.series)


@dataclass
class Layout:
    """Places families side by side."""

    families: list[Family] = field(default_factory=list)
    width: int = 0

    def add(
        self,
        kind: str,
        name: str,
        help_text: str,
        *,
        series: Sequence[Labels] = ((),),
        buckets: Sequence[float] = (),
    ) -> Family:
        """Add a counter, gauge or histogram."""
        family = Family(name, help_text, kind, tuple(series), self.width, tuple(buckets))
        self.families.append(family)
        self.width += family.width
        return family


class Tally:
    """A counter or gauge family in one process's row, by label value (one label or none)."""

    def __init__(self, family: Family, row: memoryview[float]) -> None:
        self._row = row
        self._cells = {_key(labels): family.start + i for i, labels in enumerate(family.series)}

    def add(self, *key: str, amount: float = 1) -> None:
        """Count."""
        self._row[self._cells[key]] += amount

    def set(self, *key: str, value: float) -> None:
        """Put a gauge to a value."""
        self._row[self._cells[key]] = value


class Spread:
    """A histogram family in one process's row."""

    def __init__(self, family: Family, row: memoryview[float]) -> None:
        self._row = row
        self._buckets = family.buckets
        self._cells = {
            _key(labels): family.start + i * family.step for i, labels in enumerate(family.series)
        }

    def observe(self, value: float, *key: str) -> None:
        """Count one value into its bucket (upper bounds inclusive) and the sum."""
        start = self._cells[key]
        self._row[start + bisect_left(self._buckets, value)] += 1
        self._row[start + len(self._buckets) + 1] += value


def _key(labels: Labels) -> tuple[str, ...]:
    return tuple(value for _, value in labels)


def exposition(layout: Layout, board: Board) -> str:
    """All families, summed over the processes, in Prometheus' text format 0.0.4."""
    lines: list[str] = []
    for family in layout.families:
        lines.append(f"# HELP {family.name} {family.help}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for index, labels in enumerate(family.series):
            start = family.start + index * family.step
            if family.kind == "histogram":
                lines += _histogram(family, labels, start, board)
            else:
                lines.append(sample(family.name, labels, board.total(start)))
    return "\n".join(lines) + "\n"


def sample(name: str, labels: Labels, value: float) -> str:
    """One line of the format."""
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    shown = int(value) if value == int(value) else value
    return f"{name}{{{inside}}} {shown}" if inside else f"{name} {shown}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _histogram(family: Family, labels: Labels, start: int, board: Board) -> Iterator[str]:
    count = 0.0
    for offset, bound in enumerate((*family.buckets, inf)):
        count += board.total(start + offset)
        shown = "+Inf" if bound == inf else f"{bound:g}"
        yield sample(f"{family.name}_bucket", (*labels, ("le", shown)), count)
    yield sample(f"{family.name}_sum", labels, board.total(start + len(family.buckets) + 1))
    yield sample(f"{family.name}_count", labels, count)
