"""What deploy.py does for --to azure-batch."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from digits.deployment.azure_batch import AzureBatch
from digits.deployment.azure_batch_spec import VARIABLES, BatchSpec
from digits.deployment.azure_command import follow, target
from digits.settings import Settings

NOT_HERE = ("instance_type", "soak", "container", "no_autoscale", "package")
"""What Azure's other endpoints have and this one has not."""

ACTIONS: Mapping[str, Callable[[AzureBatch], None]] = {
    "rollback": AzureBatch.rollback,
    "status": AzureBatch.status,
    "retire": AzureBatch.retire,
    "delete": AzureBatch.delete,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What only a batch endpoint has."""
    group = parser.add_argument_group("with --to azure-batch")
    group.add_argument(
        "--compute",
        metavar="NAME",
        help=f"the cluster that jobs run on (default: {VARIABLES['compute']}, else"
        " deploy/batch_deployment.yml)",
    )


def deploy(args: argparse.Namespace, *, say: Callable[[str], None]) -> None:
    """Do what the options ask for. Raises DigitsError when that fails."""
    batch = AzureBatch(
        target=target(args),
        spec=BatchSpec.read(**{name: getattr(args, name) for name in VARIABLES}),
        shipped=Settings.from_env().model_dir,
        reference=args.model,
        any_origin=args.allow_unknown_origin,
        say=say,
    )
    follow(args, batch, ACTIONS)
