"""A command that starts itself again in an environment of its own, with an extra installed.

The environment it was started from, which a server may be running from, stays as it is.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from digits.errors import DeploymentError
from digits.settings import ROOT

MARK = "DIGITS_ISOLATED"
"""Names the extra in the environment of the process that runs isolated."""


def is_isolated(extra: str) -> bool:
    """Whether this process already runs in the environment with ``extra``."""
    return os.environ.get(MARK) == extra


def command(extra: str, script: Path, arguments: Sequence[str]) -> list[str]:
    """How ``script`` is started with exactly the locked packages of ``extra``."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise DeploymentError(
            f"this needs the packages of the extra {extra!r}, and uv to install them beside the"
            " present ones: start it with `uv run`"
        )
    options = ["--project", str(ROOT), "--isolated", "--frozen", "--no-dev", "--extra", extra]
    return [uv, "run", *options, str(script), *arguments]


def restart(extra: str, script: Path, arguments: Sequence[str]) -> NoReturn:
    """Become ``script`` in the environment with ``extra``; this process is replaced."""
    line = command(extra, script, arguments)
    environ = {**os.environ, MARK: extra}
    environ.pop("VIRTUAL_ENV", None)  # uv would warn that it uses another one
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(line[0], line, environ)
