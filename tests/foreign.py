"""Tools that are no dependency of this project, in environments of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from digits.settings import ROOT


def foreign(
    *command: str,
    needs: Sequence[str],
    project: bool = False,
    cwd: Path = ROOT,
    timeout_s: float = 280,
) -> subprocess.CompletedProcess[str]:
    """Run a command beside packages that it needs; ``project`` adds this project's own."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("it runs in an environment that uv makes, and uv is not there")
    base = ["--frozen", "--no-dev"] if project else ["--no-project"]
    extra = [f"--with={package}" for package in needs]
    return subprocess.run(
        [uv, "run", "--isolated", *base, *extra, *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
