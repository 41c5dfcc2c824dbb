"""The smoke test: an endpoint must read a picture whose digits are known."""

from __future__ import annotations

import csv
import json
import mimetypes
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from digits.deployment.address import Address
from digits.errors import DeploymentError


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture and the rows of digits in it."""

    picture: Path
    rows: tuple[str, ...]

    @property
    def content_type(self) -> str:
        """The picture's media type, by its name."""
        return mimetypes.guess_type(self.picture.name)[0] or "application/octet-stream"


def first_sample(manifest: Path) -> Sample:
    """The first picture of a manifest that holds several rows of digits.

    One digit alone would be too weak a test: guessing passes it one time in ten.
    Raises DeploymentError when there is none, or its file is missing.
    """
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            entries = [(row["file"], row["rows"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise DeploymentError(
            f"the smoke test needs {manifest} with the columns file and rows: {error!r}"
        ) from None
    for name, rows in entries:
        if "/" in (rows or ""):
            picture = manifest.parent / name
            if not picture.is_file():
                raise DeploymentError(f"the smoke test's picture {picture} is missing")
            return Sample(picture=picture, rows=tuple(rows.split("/")))
    raise DeploymentError(f"{manifest} names no picture with several rows for the smoke test")


def check(
    address: Address, sample: Sample, *, version: str, api_key: str | None, timeout_s: float
) -> None:
    """Post the sample's picture to ``/score``; its rows must come back, from this model version.

    Raises DeploymentError saying what came back instead.
    """
    status, body = _post(address, sample, api_key, timeout_s)
    judge(sample, status, body, version=version, otherwise=f"port {address.port}")


def judge(sample: Sample, status: int, body: bytes, *, version: str, otherwise: str) -> None:
    """Compare an answer to the sample's picture with what it must be.

    ``otherwise`` is where another server may listen, if the answer is another model's.
    Raises DeploymentError saying what came back instead.
    """
    if status != 200:
        raise _failure(f"POST /score answered {sample.picture.name} with {status}: {_start(body)}")
    rows, answered_by = _rows_and_version(body)
    if answered_by != version:
        raise _failure(
            f"the answer comes from model version {answered_by}, not {version}: does another"
            f" server listen on {otherwise}?"
        )
    if rows != sample.rows:
        raise _failure(
            f"the model reads {sample.picture.name} as {'/'.join(rows) or 'nothing'}, but it holds"
            f" {'/'.join(sample.rows)}; a model that cannot read that is not put into service"
        )


def _rows_and_version(body: bytes) -> tuple[tuple[str, ...], str]:
    try:
        answer = json.loads(body)
        return tuple(answer["rows"]), str(answer["model"]["version"])
    except (ValueError, KeyError, TypeError):
        raise _failure(f"POST /score answered with something else: {_start(body)}") from None


def _failure(reason: str) -> DeploymentError:
    return DeploymentError(f"smoke test failed: {reason}")


def _start(body: bytes) -> str:
    return body[:300].decode(errors="replace")


def _post(
    address: Address, sample: Sample, api_key: str | None, timeout_s: float
) -> tuple[int, bytes]:
    headers = {"Content-Type": sample.content_type}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    connection = HTTPConnection(address.reachable_host, address.port, timeout=timeout_s)
    try:
        connection.request("POST", "/score", sample.picture.read_bytes(), headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, HTTPException) as error:
        raise _failure(f"POST /score got no answer: {error!r}") from None
    finally:
        connection.close()
