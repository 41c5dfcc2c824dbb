"""``score.py PICTURE...``: read pictures, or check readings against labels."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from tqdm import tqdm

from digits.errors import DataError, DigitsError
from digits.harness import checking
from digits.harness.local import Result, Run, Scorer, pictures_in
from digits.harness.sheets import Sheets
from digits.settings import Settings


def main(argv: Sequence[str] | None, *, init: Callable[[], None], run: Run) -> int:
    """Run the command line; 0 on success, 1 if a picture could not be read, 2 on wrong usage."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if bool(arguments.pictures) == bool(arguments.check):
        parser.error("name pictures to read, or --check LABELS.csv")
    if "" in arguments.pictures:
        parser.error("the name of a picture is empty")
    if arguments.check and arguments.explain:
        parser.error("--explain goes with pictures, not with --check")
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        init()
        scorer = Scorer(
            run=run,
            single=arguments.single,
            explain=arguments.explain is not None,
            api_key=Settings.from_env().api_key,
        )
        if arguments.check:
            return checking.check(scorer, arguments.check, as_json=arguments.json)
        if arguments.explain and arguments.explain.is_file():
            raise DataError(f"--explain {arguments.explain} is a file; name a folder")
        sheets = Sheets(arguments.explain) if arguments.explain else None
        return _read(scorer, arguments.pictures, sheets, as_json=arguments.json)
    except (DigitsError, OSError) as error:
        print(f"score.py: {error}", file=sys.stderr)
        return 1


def _read(scorer: Scorer, names: list[str], sheets: Sheets | None, *, as_json: bool) -> int:
    files = [file for name in names for file in pictures_in(name)]
    failed = False
    # Where someone watches the lines come, they are the progress.
    quiet = len(files) == 1 or sys.stdout.isatty() or not sys.stderr.isatty()
    for result in tqdm(scorer.read_all(files), total=len(files), unit="picture", disable=quiet):
        stages = result.pop("stages", None)
        if sheets is not None and isinstance(stages, dict):
            sheets.write(str(result["file"]), stages)
        failed |= "error" in result
        _print(result, as_json=as_json)
    return int(failed)


def _print(result: Result, *, as_json: bool) -> None:
    error, rows = result.get("error"), result.get("rows")
    if isinstance(error, dict):
        print(f"{result['file']}: {error['message']}", file=sys.stderr)
    if as_json:
        print(orjson.dumps(result).decode(), flush=True)
    elif isinstance(rows, list):
        print(f"{result['file']}\t{' '.join(rows)}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="score.py",
        description="Read handwritten numbers from pictures, exactly as the endpoint does.",
        epilog="Prints a line for each picture: its name, a tab, its rows of digits. "
        "Exit status: 0 all read, 1 a picture could not be read, 2 wrong usage.",
    )
    parser.add_argument(
        "pictures",
        nargs="*",
        metavar="PICTURE",
        help="a picture, a folder for the pictures in it, or - for one picture on stdin",
    )
    parser.add_argument(
        "--check",
        type=Path,
        metavar="LABELS.csv",
        help="read the pictures listed in a table (file,kind,rows,notes) beside it, and say how "
        "many are right; rows are separated by /",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument(
        "--single", action="store_true", help="read each whole picture as exactly one digit"
    )
    parser.add_argument(
        "--explain",
        type=Path,
        metavar="DIR",
        help="write a picture of every stage of each reading, and a sheet of them all, into DIR",
    )
    return parser
