"""The table of figures in the README, from the record of the shipped model.

    python -m digits.evaluation.table                     prints it as Markdown
    python -m digits.evaluation.table --into README.md    puts it between the marks there

A test holds the README to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from digits.errors import DataError, DigitsError
from digits.evaluation import record
from digits.settings import ROOT

Figures = Mapping[str, Any]
Row = tuple[str, str, str]
"""What was measured, the figure, and its 95 % interval."""

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"

KINDS = {
    "photo_multi": "photos of several digits",
    "photo_single": "photos of one digit",
    "drawing_multi": "drawings of several digits",
    "drawing_single": "drawings of one digit",
    "mnistlike_single": "small pictures like MNIST's",
    "negative": "pictures without digits left alone",
}
SPLITS = {
    "report": "other people's pictures, to report on",
    "tune": "other people's pictures, tuned on",
    "": "this project's own pictures",
}

TIMED = {
    "photos_own": "time of this project's 1280x960 photo of ten digits",
    "photos_others": "time of other people's 1280x960 photos of ten digits",
    "large_own": "time of this project's photo enlarged to 9 megapixels",
    "large_others": "time of other people's photos of about 9 megapixels",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m digits.evaluation.table")
    parser.add_argument("model", nargs="?", type=Path, default=ROOT / "models" / "digits")
    parser.add_argument("--into", type=Path, metavar="FILE", help="a Markdown file with the marks")
    args = parser.parse_args(argv)
    try:
        table = markdown(measured(args.model))
        if args.into:
            text = args.into.read_text(encoding="utf-8")
            args.into.write_text(inserted(text, table), encoding="utf-8")
        else:
            print(table)
    except (DigitsError, OSError) as error:
        print(f"table: {error}", file=sys.stderr)
        return 1
    return 0


def measured(folder: Path) -> Figures:
    """The figures of a model folder. Raises DataError where it was never measured."""
    figures = record.read(folder)
    if figures is None or "mnist_network" not in figures:
        raise DataError(f"{folder} was never measured: uv run train.py --evaluate {folder}")
    return figures


def inserted(text: str, table: str) -> str:
    """``text`` with the table between its marks. Raises DataError where there are none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"there is no {BEGIN} with {END} after it to put the table between")
    return f"{before}{begin}\n{table}\n{end}{after}"


def markdown(figures: Figures) -> str:
    """The table, without a line break at its end."""
    lines = ["| what | figure | 95 % interval |", "| --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in rows(figures)]
    return "\n".join(lines)


def rows(figures: Figures) -> Iterator[Row]:
    """One row for each figure that there is."""
    for part in ("pictures_others", "pictures_own"):
        yield from _pictures(figures.get(part))
    if figures.get("negatives"):
        share = figures["negatives"]["left_alone"]
        yield _share("letters, symbols, doodles, textures left alone", share)
    yield _share("MNIST's test split, the network alone", figures["mnist_network"]["right"])
    yield _share("MNIST's test split, as PNG files", figures["mnist_reader"]["right"])
    calibration = figures["mnist_network"]["calibration"]
    yield (
        "calibration error of the probabilities",
        f"{calibration['error']:.2%}",
        f"{calibration['low']:.2%} to {calibration['high']:.2%}",
    )
    flagged = figures["degraded"]["flagged"]
    yield _share("degraded digits read wrong that are marked `uncertain`", flagged["wrong"])
    yield _share("degraded digits read right that are marked all the same", flagged["right"])
    for family, share in figures["metamorphic"]["families"].items():
        yield _share(f"readings that stay when the picture changes: {family}", share)
    yield _share(
        "rows of ten on pages of a hundred, well apart to touching", figures["pages"]["rows"]
    )
    if "touching" in figures:
        yield _share(
            "digits of numbers written close, from a gap to run into each other",
            figures["touching"]["digits"],
        )
    yield _share("the same however the camera was held", figures["orientations"]["same"])
    yield _share("the same however it was sent", figures["transports"]["same"])
    yield from _times(figures["speed"])
    yield "all `.onnx` files of the model", f"{figures['onnx_bytes'] / 1e6:.2f} MB", ""


def _pictures(part: Figures | None) -> Iterator[Row]:
    for split, title in SPLITS.items():
        kinds = part["splits"].get(split, {}).get("kinds", {}) if part else {}
        for kind, words in KINDS.items():
            if kind in kinds:
                yield _share(f"{title}: {words}", kinds[kind]["exact"])


def _times(speed: Figures) -> Iterator[Row]:
    """Where several photos were timed, the least and the greatest of their ratios."""
    for timing in speed["digits"][:1]:
        yield (
            f"time for {timing['what']}, over a plain network's",
            f"{timing['ratio']:.2f} times",
            f"{timing['low']:.2f} to {timing['high']:.2f}",
        )
    for group, photos in TIMED.items():
        timings = sorted(speed[group], key=lambda timing: timing["ratio"])
        if len(timings) == 1:
            (timing,) = timings
            interval = f"{timing['low']:.2f} to {timing['high']:.2f}"
            yield f"{photos}, over decoding", f"{timing['ratio']:.2f} times", interval
        elif timings:
            span = f"{timings[0]['ratio']:.2f} to {timings[-1]['ratio']:.2f} times"
            yield f"{photos} ({len(timings)}), over decoding", span, ""


def _share(what: str, share: Figures) -> Row:
    if not share["of"]:
        return what, "none there", ""
    figure = f"{share['hits']:,} of {share['of']:,}"
    if share["of"] >= 100:
        figure = f"{share['share']:.2%} ({figure})"
    return what, figure, f"{share['low']:.1%} to {share['high']:.1%}"


if __name__ == "__main__":
    sys.exit(main())
