"""How well labelled pictures are read: ``score.py --check LABELS.csv``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from tqdm import tqdm

from digits.errors import DataError
from digits.harness.local import Result, Scorer

COLUMNS = ("file", "kind", "rows")


@dataclass(frozen=True)
class Label:
    """One labelled picture. ``rows`` is the truth, a ``/`` between rows, empty for no digit."""

    file: str
    kind: str
    rows: str


@dataclass
class Tally:
    """What was read right among the pictures of one kind."""

    pictures: int = 0
    exact: int = 0
    exact_digits: int = 0
    digits: int = 0
    edits: int = 0

    def add(self, truth: str, read: str) -> None:
        """Count one picture; ``read`` is empty where it could not be read at all."""
        written, found = truth.replace("/", ""), read.replace("/", "")
        self.pictures += 1
        self.exact += truth == read
        self.exact_digits += written == found
        self.digits += len(written)
        self.edits += edit_distance(written, found)

    def to_dict(self) -> dict[str, object]:
        """As it is printed; the rate is null where there are no digits to get wrong."""
        rate = round(self.edits / self.digits, 5) if self.digits else None
        return {
            "pictures": self.pictures,
            "exact": self.exact,
            "exact_digits": self.exact_digits,
            "digit_error_rate": rate,
        }


@dataclass
class Report:
    """Tallies by kind, and what was read wrong."""

    kinds: dict[str, Tally] = field(default_factory=dict)
    wrong: list[Result] = field(default_factory=list)
    unread: int = 0

    def add(self, label: Label, result: Result) -> None:
        """Count one result."""
        rows = result.get("rows")
        read = "/".join(rows) if isinstance(rows, list) else None
        tally = self.kinds.setdefault(label.kind, Tally())
        tally.add(label.rows, read or "")
        if read is None:
            tally.exact -= not label.rows
            tally.exact_digits -= not label.rows
            self.unread += 1
        if read != label.rows:
            self.wrong.append({"file": label.file, "rows": label.rows, "read": read})


def check(scorer: Scorer, labels: Path, *, as_json: bool) -> int:
    """Read every labelled picture and print the report; 1 if some could not be read at all."""
    table = load_labels(labels)
    report = Report()
    results = scorer.read_all([labels.parent / label.file for label in table])
    bar = tqdm(results, total=len(table), unit="picture", disable=not sys.stderr.isatty())
    for label, result in zip(table, bar, strict=True):
        report.add(label, result)
        error = result.get("error")
        if isinstance(error, dict):
            print(f"{label.file}: {error['message']}", file=sys.stderr)
    print(_as_json(report) if as_json else _as_text(report))
    return int(report.unread > 0)


def load_labels(path: Path) -> list[Label]:
    """Raises DataError for a file that is not such a table."""
    if path.is_dir():
        raise DataError(f"{path} is a folder; name the table of labels in it")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(stream)
            columns = table.fieldnames or []
            missing = [name for name in COLUMNS if name not in columns]
            if missing:
                raise DataError(
                    f"{path} has no column {', '.join(missing)}; its first line must "
                    f"name the columns: file,kind,rows,notes"
                )
            labels = [_label(path, line, row) for line, row in enumerate(table, 2)]
    except FileNotFoundError:
        raise DataError(
            f"{path}: there is no such file, seen from {Path.cwd()}; check the name"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise DataError(
            f"{path} is not a table of comma-separated values ({reason}); name the one that lists "
            "the pictures"
        ) from None
    if not labels:
        raise DataError(f"{path} lists no pictures")
    return labels


def _label(path: Path, line: int, row: dict[str, str]) -> Label:
    file, kind, rows = (row[name] for name in COLUMNS)
    if not file or rows is None:
        raise DataError(f"{path}, line {line}: it must have file, kind and rows")
    rows = rows.replace(" ", "")
    if not all(part.isascii() and part.isdigit() for part in rows.split("/") if rows):
        raise DataError(f"{path}, line {line}: rows must be digits with / between rows: {rows!r}")
    return Label(file, kind, rows)


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions and substitutions that turn one into the other (Levenshtein)."""
    costs = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        diagonal, costs[0] = costs[0], row
        for column, other in enumerate(right, 1):
            substituted = diagonal + (one != other)
            diagonal = costs[column]
            costs[column] = min(diagonal + 1, costs[column - 1] + 1, substituted)
    return costs[-1]


def _as_json(report: Report) -> str:
    kinds = {kind: tally.to_dict() for kind, tally in sorted(report.kinds.items())}
    return orjson.dumps({"kinds": kinds, "wrong": report.wrong}).decode()


def _as_text(report: Report) -> str:
    rows: list[Sequence[str]] = [("kind", "pictures", "exact", "exact digits", "digit error rate")]
    for kind, tally in sorted(report.kinds.items()):
        rate = f"{tally.edits / tally.digits:.4f}" if tally.digits else "-"
        rows.append((kind, str(tally.pictures), str(tally.exact), str(tally.exact_digits), rate))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    ]
    lines += [
        f"{item['file']}: {item['rows'] or 'nothing'} read as {item['read'] or 'nothing'}"
        for item in report.wrong
    ]
    return "\n".join(lines)
