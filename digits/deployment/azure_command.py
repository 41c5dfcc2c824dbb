"""What deploy.py offers for Azure: its options, and what each of them does on SDK v2."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TypeVar

from digits.deployment.azure import AzureDeployment
from digits.deployment.azure_release import AzureRelease
from digits.deployment.azure_spec import CHOICES, Spec
from digits.registry.azure_target import CONFIG, CONFIG_KEYS, PREFIX, Target
from digits.settings import Settings

R = TypeVar("R", bound=AzureRelease)

ACTIONS: Mapping[str, Callable[[AzureDeployment], None]] = {
    "rollback": AzureDeployment.rollback,
    "status": AzureDeployment.status,
    "retire": AzureDeployment.retire,
    "delete": AzureDeployment.delete,
}

V1_ONLY = ("package",)
BATCH_ONLY = ("compute",)
OPTIONS = (
    *CONFIG_KEYS,
    *CHOICES,
    *ACTIONS,
    *V1_ONLY,
    *BATCH_ONLY,
    "container",
    "soak",
    "allow_unknown_origin",
    "no_autoscale",
)
"""What only has a meaning for Azure."""


def add_target_options(parser: argparse.ArgumentParser) -> None:
    """Which workspace; for register.py as well."""
    group = parser.add_argument_group("with --to azure")
    for part in CONFIG_KEYS:
        flag = f"--{part.replace('_', '-')}"
        where = f"default: {PREFIX}{part.upper()}, else {CONFIG}"
        group.add_argument(flag, metavar="NAME", help=f"Azure's {part.replace('_', ' ')} ({where})")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The endpoint, how it is rolled out, and what else may be done to it."""
    add_target_options(parser)
    group = parser.add_argument_group("the endpoint, with --to azure")
    group.add_argument("--endpoint", metavar="NAME", help="its name (default: deploy/endpoint.yml)")
    group.add_argument("--instance-type", metavar="TYPE", help="default: deploy/deployment.yml")
    group.add_argument(
        "--instance-count", type=_count, metavar="N", help="default: deploy/deployment.yml"
    )
    group.add_argument("--image", help="base image (default: deploy/deployment.yml)")
    group.add_argument(
        "--container",
        action="store_true",
        help="deploy/container.yml instead of deploy/deployment.yml: --image, as --to image makes"
        " it, has server and code of its own",
    )
    group.add_argument(
        "--soak",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="seconds at 10 %% of the traffic, under test (default: %(default)g)",
    )
    group.add_argument(
        "--allow-unknown-origin",
        action="store_true",
        help="deploy a model whose card lacks its git revision or the hashes of its data",
    )
    group.add_argument(
        "--no-autoscale", action="store_true", help="leave deploy/autoscale.yml out of it"
    )
    instead = group.add_mutually_exclusive_group()
    instead.add_argument(
        "--rollback", action="store_true", help="give the traffic back (here: the stage)"
    )
    instead.add_argument("--status", action="store_true", help="say what is there")
    instead.add_argument("--retire", action="store_true", help="delete colours without traffic")
    instead.add_argument("--delete", action="store_true", help="delete the whole endpoint")
    instead.add_argument(
        "--package", action="store_true", help="azure-v1: let Azure build an image of it, no more"
    )


def target(args: argparse.Namespace) -> Target:
    """The workspace the options, the environment or the configuration file name."""
    return Target.resolve(**{part: getattr(args, part) for part in CONFIG_KEYS})


def deploy(args: argparse.Namespace, *, say: Callable[[str], None]) -> None:
    """Do what the options ask for. Raises DigitsError when that fails."""
    deployment = AzureDeployment(
        target=target(args),
        spec=Spec.read(
            "container.yml" if args.container else "deployment.yml",
            autoscale=not args.no_autoscale,
            **{choice: getattr(args, choice) for choice in CHOICES},
        ),
        shipped=Settings.from_env().model_dir,
        reference=args.model,
        soak_s=args.soak,
        any_origin=args.allow_unknown_origin,
        say=say,
    )
    follow(args, deployment, ACTIONS)


def follow(
    args: argparse.Namespace, release: R, actions: Mapping[str, Callable[[R], None]]
) -> None:
    """Describe, run, or do with the release that of ``actions`` which the options ask for."""
    chosen = action(args)
    if args.dry_run:
        release.say(release.describe())
    elif chosen:
        actions[chosen](release)
    else:
        release.run()


def action(args: argparse.Namespace) -> str | None:
    """What else than a rollout the options ask for."""
    return next((name for name in (*ACTIONS, *V1_ONLY) if getattr(args, name)), None)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 100, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"seconds from 0 to 86400, not {text!r}")
    return value
