"""What went wrong in Azure, as one line: the cause, and what to do. For both generations' SDKs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout

from digits.errors import ConfigurationError, DigitsError

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
UNREACHED = "Azure was not reached or did not answer in time: run this again"
CORRECT = "correct what it names and run this again"

_SECRET = re.compile(r"\b(sig|key|token|AccountKey|client_secret)=[^&\s\"']+", re.IGNORECASE)
_STATUS = re.compile(r"Response Code: ([45]\d\d)\b")
_MESSAGE = re.compile(r"[\"']message[\"']:\s*\"((?:[^\"\\]|\\.)+)\"")


def patience_s(environ: Mapping[str, str] | None = None) -> float:
    """How long to wait for Azure's next byte. Raises ConfigurationError on a bad setting."""
    text = (os.environ if environ is None else environ).get(TIMEOUT, "").strip()
    try:
        seconds = float(text) if text else PATIENCE_S
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise ConfigurationError(f"{TIMEOUT}={text!r} cannot be used: write 1 to 3600 seconds")
    return seconds


@contextmanager
def explained(
    doing: str, *, as_error: type[DigitsError], also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turn what an SDK raises into ``as_error``: one line, the cause, and what to do.

    ``also`` are errors that are neither Azure's common ones nor the system's. What the SDK prints
    goes to stderr: our stdout is for results.
    """
    from azure.core.exceptions import AzureError

    try:
        with redirect_stdout(sys.stderr):
            yield
    except (AzureError, OSError, *also) as error:
        line = f"{doing} failed: {_cause(error)}; {_way_out(error)}"
        raise as_error(line) from error


def refusal(doing: str, status: int, body: str) -> str:
    """The line for an answer of 400 and more that no SDK raised for."""
    told = _MESSAGE.search(body)
    cause = _one_line(told[1] if told else body)
    return f"{doing} failed: {status} {cause}; {_way_out_of(status) or CORRECT}"


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status behind an error of an SDK, or behind one that was made of it."""
    for each in _chain(error):
        status = _own_status(each)
        if status is not None and status >= 400:  # a failed operation is told with a 200
            return status
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _own_status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    told = _STATUS.search(_text(error))  # SDK v1 keeps the status of some calls in the text alone
    return int(told[1]) if told else None


def _cause(error: BaseException) -> str:
    status = status_of(error)
    line = _one_line(_service_message(error) or _text(error))
    return f"{status} {line}" if status else line


def _service_message(error: BaseException) -> str | None:
    """What the service answered, where an SDK tells it as JSON, or not at all."""
    for each in _chain(error):
        body = getattr(getattr(each, "response", None), "text", None)
        for text in (_text(each), body):
            told = _MESSAGE.search(text) if isinstance(text, str) else None
            if told:
                return told[1]
    return None


def _text(error: BaseException) -> str:
    """The message itself, without what SDKs put around it for debugging."""
    inner = getattr(getattr(error, "error", None), "message", None)
    return str(inner or getattr(error, "message", None) or error)


def _way_out(error: BaseException) -> str:
    from azure.core.exceptions import (
        ClientAuthenticationError,
        ServiceRequestError,
        ServiceResponseError,
    )

    by_status = _way_out_of(status_of(error))
    if by_status:
        return by_status
    if isinstance(error, ClientAuthenticationError):
        return WAYS_OUT[401]
    if isinstance(error, ServiceRequestError | ServiceResponseError) or _of_requests(error):
        return UNREACHED
    return LATER if isinstance(error, OSError) else CORRECT


def _way_out_of(status: int | None) -> str | None:
    if status is not None and status >= 500:
        return LATER
    return WAYS_OUT.get(status or 0)


def _of_requests(error: BaseException) -> bool:
    """Whether it comes from the HTTP library below SDK v1, which is not there with v2."""
    inner = getattr(error, "inner_exception", None)  # where msrest puts its cause
    modules = [type(each).__module__ for each in (*_chain(error), inner)]
    return any(module.startswith(("requests.", "urllib3.")) for module in modules)


def _one_line(text: object) -> str:
    """The first 400 characters on one line, and no secret of a URL in it."""
    line = " ".join(str(text).split())
    return _SECRET.sub(r"\1=***", line)[:400].rstrip(" .;")
