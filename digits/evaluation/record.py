"""``evaluation.json`` in a model folder: its figures, and how often the test split was looked at.

It is no part of what identifies the model: the card does not list it, so a model can be measured
again without becoming another one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from digits.card import ModelCard
from digits.errors import DataError

RECORD = "evaluation.json"
TIMES = "test_split_evaluations"

Record = dict[str, object]


def read(folder: Path) -> Record | None:
    """The folder's record; None where it was never measured. Raises DataError."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}; delete it to begin anew") from None
    if not isinstance(record, dict):
        raise DataError(f"{path} is not a record of an evaluation; delete it to begin anew")
    return record


def write(folder: Path, record: Mapping[str, object]) -> None:
    """Replace the folder's record."""
    scratch = folder / f".{RECORD}.new"
    scratch.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    scratch.replace(folder / RECORD)


def times_tested(folder: Path, card: ModelCard) -> int:
    """How often this model was measured on MNIST's test split: by training, and ever since."""
    record = read(folder) or {}
    times = record.get(TIMES)
    return times if isinstance(times, int) else int("test_accuracy" in card.metrics)


def count_test(folder: Path, card: ModelCard) -> int:
    """Count one more look at the test split; how many there were with it."""
    times = times_tested(folder, card) + 1
    write(folder, {**(read(folder) or {}), TIMES: times})
    return times
