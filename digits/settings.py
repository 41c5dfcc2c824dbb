"""Settings of a scoring process, from the environment, once, at start."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from digits.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the scripts, ``models/`` and ``digits/``."""

MIB = 1024 * 1024
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, with its default. Names match ``DIGITS_<NAME>``.

    ``queue`` counts pictures waiting in one worker; ``timeout_s`` runs from accepted to answered;
    ``max_bytes`` bounds one encoded picture, ``max_pixels`` one decoded, ``max_body`` one request;
    ``feedback`` is a folder or a database URL whose entries are deleted after ``feedback_days``.
    """

    model_dir: Path = ROOT / "models" / "digits"
    model_version: str | None = None
    registry: Path = ROOT / ".digits" / "registry"
    data: Path | None = None
    workers: int = 1
    queue: int = 64
    timeout_s: float = 10.0
    max_bytes: int = 10 * MIB
    max_pixels: int = 50_000_000
    max_body: int = 32 * MIB
    api_key: str | None = field(default=None, repr=False)
    id_key: str | None = field(default=None, repr=False)
    cors_origins: tuple[str, ...] = ()
    feedback: str | None = field(default=None, repr=False)
    feedback_days: int = 365

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **overrides: object | None
    ) -> Settings:
        """Read ``DIGITS_*`` from ``environ`` (default: the process's own).

        ``overrides`` (from command-line flags) win over the environment; None means "not given".
        Raises ConfigurationError naming the variable whose value cannot be used.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {"workers": available_cores()}
        for name, parse in _PARSERS.items():
            raw = environ.get(f"DIGITS_{name.upper()}", "")
            if name in _SECRETS:
                _check_secret(f"DIGITS_{name.upper()}", raw)
            if raw.strip():
                values[name] = _parse(f"DIGITS_{name.upper()}", raw.strip(), parse)
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(**values)


def available_cores() -> int:
    """Processor cores this process may use (its affinity mask, not the host's count)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _parse(variable: str, raw: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(raw)
    except ValueError as error:
        raise ConfigurationError(f"{variable}={raw!r} cannot be used: {error}") from None


def _check_secret(variable: str, raw: str) -> None:
    """Whoever sets a key wants one; what it is must not be printed."""
    if raw and not raw.strip():
        raise ConfigurationError(f"{variable} is blank: give it a value, or do not set it")
    if not raw.strip().isprintable():  # nor is what is no UTF-8; a file's last line end is no part
        raise ConfigurationError(f"{variable} has characters that are not printable text in UTF-8")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError(f"it must be a whole number from {low} to {high}") from None
        if not low <= value <= high:
            raise ValueError(f"it must be a whole number from {low} to {high}")
        return value

    return parse


def _seconds(raw: str) -> float:
    try:
        value = float(raw)
    except ValueError:
        raise ValueError("it must be a number of seconds from 0.1 to 3600") from None
    if not 0.1 <= value <= 3600:
        raise ValueError("it must be a number of seconds from 0.1 to 3600")
    return value


def _origins(raw: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().rstrip("/") for origin in raw.split(",") if origin.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[^/?#*@\s]+", origin):
            raise ValueError(f"{origin!r} is not an origin such as https://example.org")
    return origins


_SECRETS = ("api_key", "id_key")

_PARSERS: dict[str, Callable[[str], object]] = {
    "model_dir": lambda raw: Path(raw).expanduser(),
    "model_version": str,
    "registry": lambda raw: Path(raw).expanduser(),
    "data": lambda raw: Path(raw).expanduser(),
    "workers": _whole(1, 256),
    "queue": _whole(1, 100_000),
    "timeout_s": _seconds,
    "max_bytes": _whole(1024, 1024 * MIB),
    "max_pixels": _whole(784, 1_000_000_000),
    "max_body": _whole(1024, 1024 * MIB),
    "api_key": str,
    "id_key": str,
    "cors_origins": _origins,
    "feedback": str,
    "feedback_days": _whole(1, 36_500),
}
