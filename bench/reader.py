# /// script
# requires-python = ">=3.10,<3.14"
# dependencies = ["digits", "onnx>=1.19"]
#
# [tool.uv.sources]
# digits = { path = "..", editable = true }
# ///
"""How fast the reader is, on one thread, against yardsticks measured in the same minute.

    uv run bench/reader.py [--model DIR] [--rounds N] [--json]

What `train.py --evaluate` measures of time (`digits/evaluation/speed.py`), as often as one likes.
Where DIGITS_DATA has labelled pictures, other people's photos are read too.
"""

from __future__ import annotations

import argparse
import json
import os
from itertools import chain
from pathlib import Path

from digits.evaluation import labelled, speed
from digits.evaluation.speed import ROUNDS, Timing
from digits.evaluation.suite import OWN
from digits.reader import Reader
from digits.settings import ROOT


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "digits")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each measurement")
    args = parser.parse_args()
    data = os.environ.get("DIGITS_DATA", "")
    others = Path(data) / "pictures" / "labels.csv"
    made = speed.timings(
        Reader.open(args.model),
        labelled.load(OWN),
        labelled.load(others) if data and others.is_file() else [],
        rounds=args.rounds,
    )
    for timing in chain.from_iterable(made.values()):
        print(json.dumps(timing.to_dict()) if args.json else as_text(timing), flush=True)


def as_text(timing: Timing) -> str:
    """One line for people."""
    return (
        f"{timing.what}: {timing.ms:.3g} ms; {timing.against}: {timing.against_ms:.3g} ms; "
        f"ratio {timing.ratio:.2f} ({timing.low:.2f} to {timing.high:.2f})"
    )


if __name__ == "__main__":
    main()
