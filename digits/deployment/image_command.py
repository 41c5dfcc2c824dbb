"""What deploy.py offers for container images: its options, and what they do."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from digits.deployment.image import MADE_HERE, ImageDeployment
from digits.registry.local import LocalRegistry
from digits.settings import Settings

OPTIONS = ("base", "name", "out")
"""What only has a meaning for an image."""

PART = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
NAME = re.compile(
    rf"({PART}(:[0-9]+)?/)?({PART}/)*{PART}(:\w[\w.-]{{0,127}})?(@sha256:[0-9a-f]{{64}})?"
)
"""HOST:PORT/PATH/NAME:TAG@DIGEST, all but the name left out as one likes."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The base, the name and where to write it."""
    group = parser.add_argument_group("with --to image")
    group.add_argument(
        "--base",
        type=_name,
        metavar=f"IMAGE|{MADE_HERE}",
        help=f"Debian image to start from; {MADE_HERE} makes one of Debian's packages, where none"
        " can be pulled (default: as deploy/Dockerfile says)",
    )
    group.add_argument(
        "--name",
        type=_name,
        default="digits",
        metavar="NAME[:TAG]",
        help="name of the image; without a tag it gets the model's version (default: %(default)s)",
    )
    group.add_argument(
        "--out",
        type=Path,
        default=Path("dist"),
        metavar="DIR",
        help="folder for the OCI archive and its bill of materials (default: %(default)s)",
    )


def deploy(args: argparse.Namespace, *, say: Callable[[str], None]) -> None:
    """Do what the options ask for. Raises DigitsError when that fails."""
    settings = Settings.from_env(registry=args.registry)
    deployment = ImageDeployment.choose(
        settings,
        LocalRegistry(settings.registry),
        reference=args.model,
        base=args.base,
        name=args.name,
        out=args.out,
        say=say,
    )
    if args.dry_run:
        say(deployment.describe())
    else:
        deployment.run()


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"an image is called like registry.example.com/digits:1, not {text!r}"
        )
    return text
