"""Pictures of which somebody wrote down what is in them, in a folder with a ``labels.csv``."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from digits.errors import DigitsError
from digits.evaluation.share import Share
from digits.harness.checking import edit_distance, load_labels
from digits.reader import Reader


@dataclass(frozen=True)
class Item:
    """One picture. ``rows`` is the truth, ``/`` between rows, empty for no digit.

    ``split`` says what the picture is for (``tune``, ``report``, empty where the table has no such
    column); ``source``, the file's name up to ``__``, who made it.
    """

    path: Path
    kind: str
    rows: str
    split: str

    @property
    def source(self) -> str:
        name, separator, _ = self.path.name.partition("__")
        return name if separator else ""


@dataclass(frozen=True)
class Outcome:
    """An item and the rows read in it; ``read`` is None where it could not be read at all.

    ``confidence`` is that of the least sure digit read, 1 where none was.
    """

    item: Item
    read: str | None
    confidence: float = 1.0

    @property
    def exact(self) -> bool:
        return self.read == self.item.rows

    @property
    def digits(self) -> int:
        """True digits."""
        return len(self.item.rows.replace("/", ""))

    @property
    def edits(self) -> int:
        """Digits wrong, missing or too many, at the least."""
        return edit_distance(self.item.rows.replace("/", ""), (self.read or "").replace("/", ""))


def load(labels: Path) -> list[Item]:
    """The pictures that a table lists, pictures beside it. Raises DataError."""
    listed = load_labels(labels)
    with labels.open(encoding="utf-8-sig", newline="") as stream:
        splits = {row["file"]: row.get("split") or "" for row in csv.DictReader(stream)}
    return [
        Item(labels.parent / label.file, label.kind, label.rows, splits.get(label.file, ""))
        for label in listed
    ]


def read(reader: Reader, item: Item) -> Outcome:
    """Read one picture without being told how many digits there are."""
    try:
        reading = reader.read(item.path.read_bytes())
    except (DigitsError, OSError):
        return Outcome(item, None)
    least = min((digit.confidence for digit in reading.digits), default=1.0)
    return Outcome(item, "/".join(reading.rows), least)


def worst(outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    """What was misread, then the readings that were least sure, ``count`` at most."""
    return sorted(outcomes, key=lambda outcome: (outcome.exact, outcome.confidence))[:count]


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """All figures, as plain JSON values: by split and kind, by split and source, what was wrong."""
    return {
        "splits": {
            split: {
                "kinds": _grouped(of_split, lambda outcome: outcome.item.kind),
                "sources": _grouped(of_split, lambda outcome: outcome.item.source),
            }
            for split, of_split in _by(outcomes, lambda outcome: outcome.item.split).items()
        },
        "wrong": [
            {"file": outcome.item.path.name, "rows": outcome.item.rows, "read": outcome.read}
            for outcome in outcomes
            if not outcome.exact
        ],
    }


Key = Callable[[Outcome], str]


def _grouped(outcomes: Iterable[Outcome], key: Key) -> dict[str, object]:
    return {name: _tally(group) for name, group in _by(outcomes, key).items()}


def _by(outcomes: Iterable[Outcome], key: Key) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return dict(sorted(groups.items()))


def _tally(outcomes: Sequence[Outcome]) -> dict[str, object]:
    digits = sum(outcome.digits for outcome in outcomes)
    edits = sum(outcome.edits for outcome in outcomes)
    return {
        "exact": Share.count(outcome.exact for outcome in outcomes).to_dict(),
        "digits": digits,
        "edits": edits,
        "digit_error_rate": round(edits / digits, 5) if digits else None,
    }
