# /// script
# requires-python = ">=3.10,<3.14"
# dependencies = ["digits[train]"]
#
# [tool.uv.sources]
# digits = { path = ".", editable = true }
# ///
"""Train the network on MNIST and write a model folder, or measure one that there is.

    uv run train.py                              20 epochs, into models/digits
    uv run train.py --quick                      in about a minute, into runs/quick, to try it
    uv run train.py --resume                     go on where a run was stopped
    uv run train.py --teach models/digits        three networks anew, from a committee of large ones
    uv run train.py --refine models/digits       let all of its networks learn from each other
    uv run train.py --feedback STORE             learn from corrections, on top of production
    uv run train.py --evaluate models/digits     measure all of it; write REPORT.md again
    uv run train.py --tune models/digits         choose its thresholds again, for a changed reader

MNIST is taken from --data, else DIGITS_DATA, else ~/.cache/digits, else downloaded into that; fonts
to learn from are those of the machine, and of the folder DIGITS_FONTS, if it is set.
The first run brings TensorFlow (600 MB) into an environment of its own. Prints the model folder on
stdout and all else on stderr.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from digits.errors import DigitsError
from digits.evaluation import command, tuning
from digits.evaluation.suite import Plan
from digits.registry.local import LocalRegistry
from digits.settings import ROOT, Settings, available_cores
from digits.training import fine_tune, refine, retrain, run, teach
from digits.training.data import Mnist, load
from digits.training.download import cache_folder
from digits.training.evaluation import MnistFigures
from digits.training.recipe import REFINING, Recipe, Teaching

FULL = Path("models") / "digits"
QUICK = Path("runs") / "quick"
RETRAINED = Path("runs") / "feedback"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    _check_usage(parser, args)
    logging.basicConfig(level=logging.WARNING, format="train.py: %(message)s")
    logging.getLogger("digits").setLevel(logging.INFO)
    try:
        mnist = _mnist(args.data)
        if args.tune:
            return _tune(args.tune, mnist)
        if args.feedback:
            return _retrain(args, mnist)
        if args.teach:
            written = args.teach
            figures = teach.train(
                recipe(args, Teaching()),
                mnist,
                written,
                processes=available_cores(),
                resume=args.resume,
            )
        elif args.refine:
            written = args.refine
            figures = refine.refine(recipe(args, REFINING), mnist, written, resume=args.resume)
        elif args.evaluate:
            written = args.out or args.evaluate
            figures = command.evaluate(_plan(args, mnist), written).network
        else:
            written = args.out or ROOT / (QUICK if args.quick else FULL)
            figures = run.train(recipe(args, Recipe()), mnist, written, resume=args.resume)
    except (DigitsError, OSError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "train.py: stopped; --resume goes on after the last whole epoch or stage",
            file=sys.stderr,
        )
        return 1
    _conclude(figures, args.split)
    print(written)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """All options, with their help."""
    parser = argparse.ArgumentParser(
        prog="train.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with mnist.npz or MNIST's four IDX files (default: DIGITS_DATA)",
    )
    parser.add_argument(
        "--epochs",
        type=_whole,
        metavar="N",
        help=f"default: {Recipe().epochs}, teaching: {Teaching().epochs}, "
        f"refining: {REFINING.epochs}, quick: 2",
    )
    parser.add_argument(
        "--batch-size",
        type=_whole,
        metavar="N",
        help=f"default: {Recipe().batch_size}, teaching: {Teaching().batch_size}",
    )
    parser.add_argument("--seed", type=_seed, metavar="N", help=f"default: {Recipe().seed}")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the images, twice: only to try it"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="model folder to write, or replace, at the end (default: models/digits, or runs/quick "
        "with --quick, runs/feedback with --feedback); with --evaluate, where the report goes "
        "(default: into the model folder)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on after the last whole epoch, or stage, of a stopped run",
    )
    parser.add_argument(
        "--teach",
        type=Path,
        metavar="MODEL_DIR",
        help="train the network of this model folder anew, and two further, larger ones that are "
        "asked about what it doubts, by a committee; days on two cores, minutes on a GPU",
    )
    parser.add_argument(
        "--refine",
        type=Path,
        metavar="MODEL_DIR",
        help="let the networks of this model folder learn on, side by side: which digit from what "
        "its further ones say, what is no digit from the truth; an hour on two cores",
    )
    parser.add_argument(
        "--feedback",
        metavar="STORE",
        help="learn from the corrections in this store (a folder or a database URL, as "
        "DIGITS_FEEDBACK), on top of the model in production, else the shipped one; register the "
        "new one as candidate, and as production if it proves better and nowhere worse",
    )
    parser.add_argument(
        "--registry",
        type=Path,
        metavar="DIR",
        help="with --feedback: registry folder (default: DIGITS_REGISTRY, else .digits/registry)",
    )
    parser.add_argument(
        "--evaluate",
        type=Path,
        metavar="MODEL_DIR",
        help="only measure this model folder: MNIST, labelled pictures, changed pictures, pictures "
        "without digits, degraded ones",
    )
    parser.add_argument(
        "--split",
        choices=("test", "validation"),
        default="test",
        help="with --evaluate: which part of MNIST to measure on; validation is for trying things "
        "out and needs --out (default: test)",
    )
    parser.add_argument(
        "--tune",
        type=Path,
        metavar="MODEL_DIR",
        help="only give this model folder the reader's present parameters, and choose anew from "
        "which confidence on a digit is certain",
    )
    return parser


def _check_usage(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    training = {
        "--epochs": args.epochs,
        "--batch-size": args.batch_size,
        "--seed": args.seed,
        "--quick": args.quick,
        "--resume": args.resume,
    }
    given = [option for option, value in training.items() if value not in (None, False)]
    if args.split != "test" and not (args.evaluate and args.out):
        parser.error("--split validation: only with --evaluate, and --out for its report")
    if args.feedback and (args.evaluate or args.tune or args.resume):
        parser.error("--feedback: not together with --evaluate, --tune or --resume")
    if args.teach and (args.feedback or args.evaluate or args.tune or args.out):
        parser.error("--teach: not together with --feedback, --evaluate, --tune or --out")
    if args.refine and (args.teach or args.feedback or args.evaluate or args.tune or args.out):
        parser.error("--refine: not together with --teach, --feedback, --evaluate, --tune, --out")
    if args.registry and not args.feedback:
        parser.error("--registry: only with --feedback; register.py registers other models")
    if args.evaluate and args.tune:
        parser.error("--evaluate and --tune: one at a time")
    if (args.evaluate or args.tune) and given:
        chosen = "--evaluate" if args.evaluate else "--tune"
        parser.error(f"{chosen} trains nothing: leave {', '.join(given)} out")


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 2^32 - 1, not {text!r}")
    return int(text)


def _mnist(folder: Path | None) -> Mnist:
    return load(folder or Settings.from_env().data, cache=cache_folder(os.environ))


Chosen = TypeVar("Chosen", Recipe, Teaching)


def recipe(args: argparse.Namespace, default: Chosen) -> Chosen:
    """The recipe that the options ask for."""
    base = default.quick() if args.quick else default
    chosen = {"epochs": args.epochs, "batch_size": args.batch_size, "seed": args.seed}
    return replace(base, **{name: value for name, value in chosen.items() if value is not None})


def _others(args: argparse.Namespace) -> Path | None:
    """The table of other people's pictures, where there is one."""
    folder = args.data or Settings.from_env().data
    table = folder / "pictures" / "labels.csv" if folder else None
    return table if table and table.is_file() else None


def _plan(args: argparse.Namespace, mnist: Mnist) -> Plan:
    return Plan(
        model=args.evaluate,
        mnist=mnist,
        others=_others(args),
        split=args.split,
        processes=available_cores(),
    )


def _tune(folder: Path, mnist: Mnist) -> int:
    threshold = tuning.tune(folder, mnist.validation, processes=available_cores())
    print(f"train.py: uncertain below {threshold}", file=sys.stderr)
    print(folder)
    return 0


def _retrain(args: argparse.Namespace, mnist: Mnist) -> int:
    settings = Settings.from_env(registry=args.registry)
    chosen = fine_tune.recipe(
        epochs=args.epochs, batch_size=args.batch_size, seed=args.seed, quick=args.quick
    )
    done = retrain.retrain(
        chosen,
        mnist,
        store=args.feedback,
        registry=LocalRegistry(settings.registry),
        shipped=settings.model_dir,
        out=args.out or ROOT / RETRAINED,
        others=_others(args),
    )
    _conclude(done.figures, "test")
    for reason in done.verdict.reasons():
        print(f"train.py: {reason}", file=sys.stderr)
    stage = retrain.PRODUCTION if done.promoted else retrain.CANDIDATE
    print(f"train.py: {done.version.reference} is {stage}", file=sys.stderr)
    print(done.version.reference)
    return 0


def _conclude(figures: MnistFigures, split: str) -> None:
    low, high = figures.accuracy_95
    print(
        f"train.py: {figures.accuracy:.2%} of MNIST's {split} split ({low:.2%} to {high:.2%}), "
        f"{figures.errors} mistakes in {figures.images}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
