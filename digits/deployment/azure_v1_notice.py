"""What whoever uses SDK v1 is told each time: it has no support any more, and v2 does the same."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

END_OF_SUPPORT = "2026-06-30"

PACKAGE = "--package"
"""What SDK v1 alone has: an image made by Azure. This project makes its own."""


def notice(script: str, arguments: Sequence[str]) -> str:
    """One line for people, with the command that does the same as these arguments on v2."""
    line = shlex.join(["uv", "run", script, *translated(arguments)])
    return f"note: support for SDK v1 ended on {END_OF_SUPPORT}; the same on v2: {line}"


def translated(arguments: Sequence[str]) -> list[str]:
    """The arguments of the same on v2."""
    to = "image" if PACKAGE in arguments else "azure"
    previous, found = "", []
    for argument in arguments:
        if argument == "azure-v1" and previous == "--to":
            found.append(to)
        elif argument == "--to=azure-v1":
            found.append(f"--to={to}")
        elif argument != PACKAGE:
            found.append(argument)
        previous = argument
    return found
