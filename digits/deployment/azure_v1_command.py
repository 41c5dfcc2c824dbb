"""What deploy.py offers for SDK v1, of the options it has for Azure."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from digits.deployment.azure_command import follow, target
from digits.deployment.azure_v1 import AzureV1Deployment
from digits.deployment.azure_v1_spec import WebserviceSpec
from digits.settings import Settings

ACTIONS: Mapping[str, Callable[[AzureV1Deployment], None]] = {
    "package": AzureV1Deployment.package,
    "status": AzureV1Deployment.status,
    "delete": AzureV1Deployment.delete,
}

NOT_HERE = (
    "compute",
    *("container", "instance_type", "instance_count", "soak", "no_autoscale", "rollback", "retire"),
)
"""What only v2 has: instances of a size, colours with shares of the traffic."""


def deploy(args: argparse.Namespace, *, say: Callable[[str], None]) -> None:
    """Do what the options ask for. Raises DigitsError when that fails."""
    deployment = AzureV1Deployment(
        target=target(args),
        spec=WebserviceSpec.read(endpoint=args.endpoint, image=args.image),
        shipped=Settings.from_env().model_dir,
        reference=args.model,
        any_origin=args.allow_unknown_origin,
        say=say,
    )
    follow(args, deployment, ACTIONS)
