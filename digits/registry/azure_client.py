"""The door to Azure ML, by SDK v2."""

from __future__ import annotations

import logging
import sys
from functools import cache
from typing import TYPE_CHECKING

from digits.registry.azure_errors import patience_s
from digits.registry.azure_target import Target

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential


def connect(target: Target) -> MLClient:
    """A client of the workspace, with whatever DefaultAzureCredential finds. Sends nothing yet.

    Raises ConfigurationError when the target is not complete.
    """
    subscription, group, workspace = target.complete()
    patience = patience_s()
    from azure.ai.ml import MLClient

    for noisy in ("azure", "msal"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return MLClient(
        credential(),
        subscription,
        group,
        workspace,
        enable_telemetry=False,
        show_progress=sys.stderr.isatty(),
        connection_timeout=patience,
        read_timeout=patience,
    )


@cache
def credential() -> TokenCredential:
    """Whatever DefaultAzureCredential finds, looked for once."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(exclude_interactive_browser_credential=True)


@cache
def manager() -> str:
    """The URL of Azure Resource Manager in the cloud that the SDK uses; it does not tell openly."""
    from azure.ai.ml._azure_environments import _get_base_url_from_metadata

    return str(_get_base_url_from_metadata())
