"""Look after the store of corrections: count, list, delete, export.

    python -m digits.feedback STORE                    how many there are
    python -m digits.feedback STORE --list             id, day and digits of each
    python -m digits.feedback STORE --delete ID        one, picture and all
    python -m digits.feedback STORE --older-than DAYS  all that are older
    python -m digits.feedback STORE --export DIR       pictures and LABELS.csv, for score.py --check

STORE is what DIGITS_FEEDBACK names: a folder or a database URL.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from digits.errors import DigitsError
from digits.feedback.export import export
from digits.feedback.store import DAY_S, Store


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 could not be done, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        store = Store.open(arguments.store)
        try:
            return _run(store, arguments)
        finally:
            store.close()
    except DigitsError as error:
        print(f"digits.feedback: {error}", file=sys.stderr)
        return 1


def _run(store: Store, arguments: argparse.Namespace) -> int:
    if arguments.delete is not None:
        return _delete(store, arguments.delete)
    if arguments.older_than is not None:
        print(store.purge(before=int(time.time()) - arguments.older_than * DAY_S))
    elif arguments.export is not None:
        print(export(store.all(), arguments.export))
    elif arguments.list:
        for each in store.all():
            day = datetime.fromtimestamp(each.kept_at, timezone.utc).date()
            print(each.correction.reading_id, day, "/".join(each.correction.rows), sep="\t")
    else:
        print(store.count())
    return 0


def _delete(store: Store, reading_id: str) -> int:
    if store.delete(reading_id):
        return 0
    print(f"digits.feedback: nothing is kept of {reading_id!r}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m digits.feedback",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("store", metavar="STORE", help="a folder or a database URL")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--list", action="store_true", help="print id, day and digits of each")
    chosen.add_argument("--delete", metavar="ID", help="delete the correction of this reading")
    chosen.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="delete what is older; prints how many"
    )
    chosen.add_argument(
        "--export", type=Path, metavar="DIR", help="write pictures and labels; prints how many"
    )
    return parser


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number of days, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
