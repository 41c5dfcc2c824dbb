"""Print env.yml, the conda environment of the endpoint, with every pin from uv.lock.

    uv run tools/env_yml.py > env.yml

Azure's server around score.py needs less than the project's own server, so the packages are those
in ENDPOINT and what they need in turn.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

ENDPOINT = {
    "azureml-inference-server-http",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "orjson",
    "pillow",
    "pybase64",
    "python-multipart",
}
"""What Azure's server, score.py, digits.wire and everything below them import."""

MACHINE = {
    "python_version": "3.11",
    "python_full_version": "3.11.13",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
}
"""Where Azure runs the endpoint, as markers of requirements say it."""

HEAD = """\
# The endpoint's environment on Azure: its server around score.py. Generated from uv.lock:
#     uv run tools/env_yml.py > env.yml
name: digits
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""


class Pin(NamedTuple):
    """A package, its version as ``==1.2.3``, and the packages that ask for it."""

    name: str
    version: str
    askers: set[str]


def main() -> None:
    required = locked()
    wanted = closure(required)
    lines = [f"      - {pin.name}{pin.version}\n" for pin in required if pin.name in wanted]
    print(HEAD + "".join(lines), end="")


def locked() -> list[Pin]:
    """What the lock installs on MACHINE."""
    found: list[Pin] = []
    for block in re.split(r"^(?=[^\s#])", exported(), flags=re.MULTILINE)[1:]:
        line, *comments = block.splitlines()
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(MACHINE):
            askers = {comment.split()[-1] for comment in comments}
            found.append(Pin(requirement.name, str(requirement.specifier), askers))
    return found


def exported() -> str:
    command = "export --frozen --quiet --no-hashes --no-emit-project --no-dev --extra azure-server"
    return subprocess.run(
        [os.environ.get("UV", "uv"), *command.split()],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def closure(required: list[Pin]) -> set[str]:
    """ENDPOINT and all that it needs, directly or not."""
    wanted = set(ENDPOINT)
    while True:
        more = {pin.name for pin in required if pin.askers & wanted} - wanted
        if not more:
            return wanted
        wanted |= more


if __name__ == "__main__":
    main()
