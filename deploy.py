"""Make an endpoint of a registered model: on this machine, in Azure, or a container image of it.

    uv run deploy.py                               the shipped model on http://127.0.0.1:5001
    uv run deploy.py --model digits@production --port 8080       and follow that stage
    uv run deploy.py --rollback                    digits@production is what it was before again
    uv run deploy.py --server azmlinfsrv           the same by Azure's own server around score.py
    uv run deploy.py --dry-run                     check everything, print the plan, change nothing
    uv run deploy.py --to azure                    a safe rollout to an online endpoint of Azure ML
    uv run deploy.py --to azure --rollback         ... and back; --status, --retire, --delete
    uv run deploy.py --to azure-v1                 a web service by SDK v1; --status, --delete
    uv run deploy.py --to azure-batch              a batch endpoint, for very many pictures
    uv run deploy.py --to image                    a container image, built without a daemon

The endpoint must read a test picture before it is announced. On this machine it is served until
Ctrl-C or SIGTERM; requests in flight are finished then. An endpoint of a stage switches, without
dropping a request, to the version that the stage is given while it runs.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from digits.deployment import (
    azure_batch_command,
    azure_command,
    azure_v1_command,
    image_command,
    isolated,
)
from digits.deployment.azure_v1_notice import notice
from digits.deployment.local import LocalDeployment
from digits.deployment.plan import Plan
from digits.deployment.tether import end_with_launcher
from digits.errors import DigitsError
from digits.model import ModelFolder
from digits.registry.local import LocalRegistry
from digits.settings import Settings

AZURE_SERVER = "azure-server"
"""The extra that brings Azure's server, whose exact pins stay out of the default environment."""

AZURE = {
    "azure": azure_command.deploy,
    "azure-batch": azure_batch_command.deploy,
    "azure-v1": azure_v1_command.deploy,
}
EXTRA = {"azure-batch": "azure"}
"""Where the extra is not called as what one deploys to."""

ELSEWHERE = {**AZURE, "image": image_command.deploy}

LOCAL_OPTIONS = ("server", "host", "port", "workers", "registry")
FOREIGN = {
    "local": (
        *(option for option in azure_command.OPTIONS if option != "rollback"),
        *image_command.OPTIONS,
    ),
    "azure": (
        *LOCAL_OPTIONS,
        *azure_command.V1_ONLY,
        *azure_command.BATCH_ONLY,
        *image_command.OPTIONS,
    ),
    "azure-batch": (*LOCAL_OPTIONS, *azure_batch_command.NOT_HERE, *image_command.OPTIONS),
    "azure-v1": (*LOCAL_OPTIONS, *azure_v1_command.NOT_HERE, *image_command.OPTIONS),
    "image": (
        *(option for option in LOCAL_OPTIONS if option != "registry"),
        *azure_command.OPTIONS,
    ),
}
"""What means nothing where one deploys to."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    parser = build_parser()
    args = parser.parse_args(argv)
    _check_usage(parser, args)
    logging.basicConfig(level=logging.INFO, format="deploy.py: %(message)s")
    try:
        extra = EXTRA.get(args.to, args.to)
        if _needs_its_extra(args) and not isolated.is_isolated(extra):
            isolated.restart(extra, Path(__file__), argv)
        if args.to == "azure-v1":
            print(notice("deploy.py", argv), file=sys.stderr)
        if args.to in ELSEWHERE:
            ELSEWHERE[args.to](args, say=_say)
            return 0
        if args.rollback:
            return _roll_back(args)
        deployment = _prepare(args)
        if args.dry_run:
            print(deployment.describe())
        elif args.server == "azmlinfsrv" and not isolated.is_isolated(AZURE_SERVER):
            isolated.restart(AZURE_SERVER, Path(__file__), argv)
        else:
            print(deployment.describe(), file=sys.stderr)
            deployment.run()
    except DigitsError as error:
        print(f"deploy.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("deploy.py: interrupted; the same command goes on from here", file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """All options, with their help."""
    parser = argparse.ArgumentParser(
        prog="deploy.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--to",
        choices=["local", *ELSEWHERE],
        default="local",
        help="this machine, Azure ML by SDK v2 (for requests or for batches) or by v1, or a"
        " container image (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        metavar="NAME[:VERSION|@STAGE]",
        help="registered model; NAME alone is its newest version (default: the shipped model,"
        " registered first if that very content is not yet)",
    )
    parser.add_argument(
        "--server",
        choices=["own", "azmlinfsrv"],
        default="own",
        help="this project's server, or Azure's around score.py (default: %(default)s)",
    )
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=_port, default=5001, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        help="processes (default: DIGITS_WORKERS, else the processor cores of this process)",
    )
    parser.add_argument(
        "--registry",
        type=Path,
        metavar="DIR",
        help="registry folder (default: DIGITS_REGISTRY, else .digits/registry)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="check everything and print the plan, no more"
    )
    azure_command.add_options(parser)
    azure_batch_command.add_options(parser)
    image_command.add_options(parser)
    return parser


def _check_usage(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.server == "azmlinfsrv" and args.host is not None:
        parser.error("azmlinfsrv binds to all interfaces: leave --host out")
    for name in FOREIGN[args.to]:
        if getattr(args, name) != parser.get_default(name):
            parser.error(f"--{name.replace('_', '-')} is not for --to {args.to}")
    action = azure_command.action(args)
    if action and args.dry_run:
        parser.error(f"--dry-run prints the plan of a deployment: leave --{action} out")


def _needs_its_extra(args: argparse.Namespace) -> bool:
    """The plan of an image needs no more than this environment has."""
    return args.to in AZURE or (args.to == "image" and not args.dry_run)


def _prepare(args: argparse.Namespace) -> LocalDeployment:
    settings = Settings.from_env(workers=args.workers, registry=args.registry)
    registry = LocalRegistry(settings.registry)
    everywhere = args.server == "azmlinfsrv"
    plan = Plan.make(
        settings,
        registry,
        reference=args.model,
        server=args.server,
        host="0.0.0.0" if everywhere else args.host or "127.0.0.1",
        port=args.port,
    )
    return LocalDeployment(plan, registry, say=_say)


def _roll_back(args: argparse.Namespace) -> int:
    """Move the stage back in the registry: endpoints that follow it switch by themselves."""
    settings = Settings.from_env(registry=args.registry)
    stage = args.model or f"{ModelFolder.open(settings.model_dir).card.name}@production"
    before, after = LocalRegistry(settings.registry).rollback(stage)
    print(f"deploy.py: {stage}: {before.reference} -> {after.reference}", file=sys.stderr)
    print(after.reference)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a whole number from 0 to 65535, not {text!r}")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"workers is a whole number from 1 to 256, not {text!r}")
    return int(text)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    end_with_launcher()
    sys.exit(main())
