# /// script
# requires-python = ">=3.11"
# dependencies = ["pip-audit>=2.9"]
# ///
"""Ask PyPI for known holes in what uv.lock says, one environment after the other.

    uv run tools/audit.py [EXTRA...]

Without arguments: the default environment and each extra. A package that nothing is known about
counts as a finding, so that a source that cannot be reached does not look like a clean bill. Exit
status 1 if anything was found. No gate: new holes are found in old packages, not in a change.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ""


def main() -> int:
    """Audit what was asked for; the exit status."""
    extras = sys.argv[1:] or [DEFAULT, *declared()]
    audited = [clean(extra) for extra in extras]  # all of them, whatever the first has
    return int(not all(audited))


def declared() -> list[str]:
    """The extras that pyproject.toml has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(project["project"]["optional-dependencies"])


def clean(extra: str) -> bool:
    """Whether nothing is known against the packages of an environment; says what is."""
    print(f"== {extra or 'default'}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "requirements.txt"
        export = [os.environ.get("UV", "uv"), "export", "--quiet", "--frozen", "--no-emit-project"]
        chosen = ["--no-dev", "--extra", extra] if extra else []
        subprocess.run([*export, *chosen, "--output-file", pins], cwd=ROOT, check=True)
        audit = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "-r", str(pins)]
        return subprocess.run(audit).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
