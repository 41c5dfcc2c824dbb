"""The door to Azure ML (SDK v2): how to connect, and its errors as one line with a way out."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from digits.errors import ConfigurationError, DigitsError
from digits.registry.azure_target import Target

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

TIMEOUT = "DIGITS_AZURE_TIMEOUT_S"
PATIENCE_S = 60.0
"""How long Azure may take to connect or to send its next byte; then the call is tried again."""

WAYS_OUT = {
    401: "sign in again: `az login`, or in CI the login step and its federated credential",
    403: "the identity needs a role there, such as AzureML Data Scientist on the workspace",
    404: "check the subscription, resource group, workspace and names, and that they exist",
    409: "something else is changing the same thing: see --status, and run this again then",
    429: "Azure asks for fewer requests, even after waiting: run this again in some minutes",
}
LATER = "this is Azure's own trouble: run this again later, it goes on where it stopped"

_SECRET = re.compile(r"\b(sig|key|token|AccountKey|client_secret)=[^&\s\"']+", re.IGNORECASE)


def connect(target: Target) -> MLClient:
    """A client of the workspace, with whatever DefaultAzureCredential finds. Sends nothing yet.

    Raises ConfigurationError when the target is not complete.
    """
    subscription, group, workspace = target.complete()
    patience = patience_s(os.environ)
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    for noisy in ("azure", "msal"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return MLClient(
        DefaultAzureCredential(exclude_interactive_browser_credential=True),
        subscription,
        group,
        workspace,
        enable_telemetry=False,
        show_progress=sys.stderr.isatty(),
        connection_timeout=patience,
        read_timeout=patience,
    )


def patience_s(environ: Mapping[str, str]) -> float:
    """How long to wait for Azure's next byte. Raises ConfigurationError on a bad setting."""
    text = environ.get(TIMEOUT, "").strip()
    try:
        seconds = float(text) if text else PATIENCE_S
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise ConfigurationError(f"{TIMEOUT}={text!r} cannot be used: write 1 to 3600 seconds")
    return seconds


@contextmanager
def explained(doing: str, *, as_error: type[DigitsError]) -> Iterator[None]:
    """Turn what the SDK raises into ``as_error``: one line, the cause, and what to do.

    What the SDK prints goes to stderr: our stdout is for results.
    """
    from azure.core.exceptions import AzureError

    try:
        with redirect_stdout(sys.stderr):
            yield
    except AzureError as error:
        raise as_error(f"{doing} failed: {_cause(error)}; {_way_out(error)}") from error
    except OSError as error:
        raise as_error(f"{doing} failed: {_one_line(error)}; {LATER}") from error


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status behind an error of the SDK, or behind one that ``explained`` made of it."""
    while error is not None:
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and status >= 400:  # a failed operation is told with a 200
            return status
        error = error.__cause__ or error.__context__
    return None


def _cause(error: Exception) -> str:
    status = status_of(error)
    text = getattr(getattr(error, "error", None), "message", None) or str(error)
    return f"{status} {_one_line(text)}" if status else _one_line(text)


def _way_out(error: Exception) -> str:
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    status = status_of(error)
    if status in WAYS_OUT:
        return WAYS_OUT[status]
    if isinstance(error, ClientAuthenticationError):
        return WAYS_OUT[401]
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return "Azure was not reached or did not answer in time: run this again"
    if isinstance(error, HttpResponseError) and (status or 500) >= 500:
        return LATER
    return "correct what it names and run this again"


def _one_line(text: object) -> str:
    """The first 400 characters on one line, and no secret of a URL in it."""
    line = " ".join(str(text).split())
    return _SECRET.sub(r"\1=***", line)[:400].rstrip(" .;")
