# /// script
# requires-python = ">=3.10,<3.14"
# dependencies = ["digits[scale]"]
#
# [tool.uv.sources]
# digits = { path = ".", editable = true }
# ///
"""Read very many pictures, on all cores of this machine or on a Ray cluster, into Parquet.

    uv run score_many.py pictures/ --out readings
    uv run score_many.py 'scans/**/*.jpg' --out readings
    uv run score_many.py shard.zip --out readings
    uv run score_many.py abfs://container/scans --out abfs://container/readings
    uv run score_many.py /mnt/scans --out /mnt/readings --ray 10.0.0.4:6379

OUT becomes a folder of Parquet files with one row for each picture; one that cannot be read is a
row with an error. The same command again goes on where a run was stopped or killed: every picture
is in OUT once. Prints OUT on stdout and all else on stderr. The first run brings Ray (250 MB) into
an environment of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from digits.deployment.tether import end_with_launcher
from digits.errors import DigitsError
from digits.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.ray and args.workers:
        parser.error("--workers is for this machine: leave it out with --ray")
    logging.basicConfig(level=logging.WARNING, format="score_many.py: %(message)s")
    logging.getLogger("digits").setLevel(logging.INFO)
    try:
        settings = Settings.from_env(workers=args.workers)
        from digits.batch import run  # brings Ray, which --help can do without

        with contextlib.redirect_stdout(sys.stderr):  # for Ray's own messages
            outcome = run.score(args.input, args.out, settings, ray=args.ray)
    except (DigitsError, OSError) as error:
        print(f"score_many.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("score_many.py: stopped; the same command goes on from here", file=sys.stderr)
        return 1
    print(
        f"score_many.py: {outcome.pictures} pictures in {args.out}, {outcome.scored} of them read"
        f" just now, {outcome.unread} of those with an error",
        file=sys.stderr,
    )
    print(args.out)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """All options, with their help."""
    parser = argparse.ArgumentParser(
        prog="score_many.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        help="a folder (with all below it), a quoted glob, a list of files (.txt, one a line), a"
        " zip or tar, or one of these behind a URL (abfs://, s3://)",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="OUT",
        help="folder or URL for the Parquet files: new, or of a run that was stopped",
    )
    parser.add_argument(
        "--ray",
        type=_address,
        metavar="ADDRESS",
        help="work on the Ray cluster there, as `ray start --head` printed it (default: start Ray"
        " on this machine)",
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        help="processes on this machine (default: DIGITS_WORKERS, else its processor cores)",
    )
    return parser


def _address(text: str) -> str:
    if not re.fullmatch(r"[^\s/]+:\d{1,5}", text):
        raise argparse.ArgumentTypeError(f"a cluster's address is HOST:PORT, not {text!r}")
    return text


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"workers is a whole number from 1 to 256, not {text!r}")
    return int(text)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    end_with_launcher()
    sys.exit(main())
