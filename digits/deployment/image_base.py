"""The image that deploy/Dockerfile starts from, made of Debian's packages where none can be pulled.

What Docker Hub has as ``debian:trixie-slim`` is little else: the essential packages and apt,
without documentation.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from digits.deployment import buildah
from digits.deployment.buildah import Image
from digits.errors import DeploymentError

SUITE = "trixie"
PACKAGES = ("ca-certificates", "python3")
"""What deploy/Dockerfile would install next; so it need not."""

LEFT_OUT = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
KEPT = "/usr/share/doc/*/copyright"

DOCKERFILE = "FROM scratch\nADD base.tar /\n"


def check() -> None:
    """Raise DeploymentError if there is no mmdebstrap."""
    if shutil.which("mmdebstrap") is None:
        raise DeploymentError(
            "mmdebstrap is not installed: `apt-get install mmdebstrap`, or name an image that can"
            " be pulled with --base"
        )


def command(tarball: Path) -> list[str]:
    """The command line that writes the root file system."""
    return [
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        f"--dpkgopt=path-include={KEPT}",
        *(SUITE, str(tarball)),
    ]


def make(scratch: Path) -> Image:
    """Make the base image; ``scratch`` is an empty folder, some 150 MiB are written there."""
    line = command(scratch / "base.tar")
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=sys.__stderr__)
    if done.returncode != 0:
        raise DeploymentError(
            f"mmdebstrap ended with status {done.returncode}; what it said is above"
        )
    dockerfile = scratch / "Dockerfile"
    dockerfile.write_text(DOCKERFILE, encoding="utf-8")
    build = buildah.build_command(dockerfile, scratch, arguments={}, contexts={}, secrets={})
    return buildah.build(build, scratch)
