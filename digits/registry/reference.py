"""References to registered models: ``NAME``, ``NAME:VERSION`` or ``NAME@STAGE``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from digits.errors import RegistryError

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A name, and at most one of a version and a stage."""

    name: str
    version: int | None = None
    stage: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """``digits:3`` or ``digits@production`` or ``digits``. Raises RegistryError."""
        name, separator, rest = text.partition("@" if "@" in text else ":")
        if not _WORD.fullmatch(name):
            raise RegistryError(
                f"{text!r} does not refer to a registered model: write NAME, NAME:VERSION or"
                " NAME@STAGE, for example digits:3 (a folder is registered first:"
                " `uv run register.py --model DIR`)"
            )
        if separator == "@":
            return cls(name=name, stage=checked_word(rest, "stage"))
        if separator and not _NUMBER.fullmatch(rest):
            raise RegistryError(f"{text!r}: a version is a whole number from 1, not {rest!r}")
        return cls(name=name, version=int(rest) if separator else None)


def checked_word(text: str, what: str) -> str:
    """``text`` if it can be the name of a model or a stage, which become names of files."""
    if not _WORD.fullmatch(text):
        raise RegistryError(
            f"{text!r} cannot be the name of a {what}: use up to 64 letters, digits and . _ -,"
            " beginning with a letter or a digit"
        )
    return text
