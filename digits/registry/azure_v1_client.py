"""The door to Azure ML, by SDK v1, whose support ended on 2026-06-30."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.errors import DigitsError, RegistryError
from digits.registry import azure_errors
from digits.registry.azure_errors import patience_s
from digits.registry.azure_target import Target

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azureml.core import Workspace

RENEWED_S = 300
"""How long before its end a token is not used any more."""


def connect(target: Target) -> Workspace:
    """The workspace, signed in by whatever DefaultAzureCredential finds, as with SDK v2.

    Raises ConfigurationError when the target is not complete, RegistryError when it is not there.
    """
    subscription, group, workspace = target.complete()
    _bound_waiting(patience_s())
    hush()
    with explained(f"opening the workspace {workspace}", as_error=RegistryError):
        from azure.identity import DefaultAzureCredential
        from azureml.core import Workspace
        from azureml.core.authentication import TokenAuthentication

        credential = DefaultAzureCredential(exclude_interactive_browser_credential=True)
        return Workspace(subscription, group, workspace, TokenAuthentication(Tokens(credential)))


def hush() -> None:
    """Keep SDK v1 from logging what it raises anyway, what we say ourselves, and one false alarm.

    That one is for a package whose part `env.yml` has without it.
    """
    os.environ["AZUREML_LOG_DEPRECATION_WARNING_ENABLED"] = "False"
    for noisy in ("azure", "azureml", "msal", "msrest"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


class Tokens:
    """Tokens by audience. SDK v1 asks for one before each call, a credential may take a second."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._known: dict[str, AccessToken] = {}

    def __call__(self, audience: str) -> str:
        known = self._known.get(audience)
        if known is None or known.expires_on < time.time() + RENEWED_S:
            known = self._known[audience] = self._credential.get_token(f"{audience}/.default")
        return str(known.token)


@contextmanager
def explained(doing: str, *, as_error: type[DigitsError]) -> Iterator[None]:
    """As ``azure_errors.explained``, for what SDK v1 raises."""
    from azureml.exceptions import AzureMLException, ServiceException
    from msrest.exceptions import ClientException

    also = (AzureMLException, ServiceException, ClientException)
    with azure_errors.explained(doing, as_error=as_error, also=also):
        yield


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder to work in, removed with all that the SDK leaves there.

    The SDK takes nothing from outside the current folder, and forgets its temporary files.
    """
    before, default = Path.cwd(), tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="digits-v1-") as temporary:
        os.chdir(temporary)
        tempfile.tempdir = temporary
        try:
            yield Path(temporary)
        finally:
            tempfile.tempdir = default
            os.chdir(before)


def _bound_waiting(seconds: float) -> None:
    """Let every request wait that long: SDK v1 gives some no limit, and has no setting for it."""
    from requests import Session

    unbound = Session.send

    def send(self: Session, request: Any, **options: Any) -> Any:
        return unbound(self, request, **{**options, "timeout": seconds})

    Session.send = send
