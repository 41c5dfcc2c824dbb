"""Container images by buildah, which needs no daemon and no privileges.

Steps run with chroot isolation unless ``BUILDAH_ISOLATION`` says otherwise: it works inside
containers and without cgroups, and what it runs is this project's own Dockerfile.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from digits.errors import DeploymentError

PROGRAM = "buildah"
OLDEST = (1, 27)
"""Older ones do not know ``--build-context``."""


@dataclass(frozen=True)
class Image:
    """An image in buildah's storage: its id, and what runs when a container of it starts."""

    id: str
    command: tuple[str, ...]
    user: str


def check() -> str:
    """What buildah calls itself. Raises DeploymentError if there is none, or one too old."""
    if shutil.which(PROGRAM) is None:
        raise DeploymentError(
            "buildah is not installed: `apt-get install buildah`, or build deploy/Dockerfile with"
            " Docker"
        )
    said = _run([PROGRAM, "--version"], capture=True)
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:2])
    if version < OLDEST:
        least = ".".join(map(str, OLDEST))
        raise DeploymentError(f"{said.strip()}: it must be {least} or newer")
    return said.strip()


def build_command(
    dockerfile: Path,
    context: Path,
    *,
    arguments: Mapping[str, str],
    contexts: Mapping[str, Path],
    secrets: Mapping[str, Path],
) -> list[str]:
    """The command line that builds an image; ``contexts`` replace stages by folders."""
    return [
        *(PROGRAM, "build", "--file", str(dockerfile)),
        *_pairs("--build-arg", arguments),
        *_pairs("--build-context", contexts),
        *(f"--secret=id={name},src={path}" for name, path in secrets.items()),
        str(context),
    ]


def build(command: Sequence[str], scratch: Path) -> Image:
    """Build an image with no name yet; ``scratch`` is a folder for what buildah has to say."""
    record = scratch / "image-id"
    _run([*command[:2], f"--iidfile={record}", *command[2:]])
    return inspect(record.read_text(encoding="utf-8").strip())


def inspect(name: str) -> Image:
    """An image by its id or name."""
    said = _run([PROGRAM, "inspect", "--type", "image", name], capture=True)
    values = json.loads(said)
    config = values["OCIv1"]["config"]
    command = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    return Image(values["FromImageID"], command, config.get("User", ""))


@contextmanager
def container(image: Image) -> Iterator[str]:
    """A container of the image, for ``run_command``; its name."""
    name = _run([PROGRAM, "from", "--quiet", image.id], capture=True).strip()
    try:
        yield name
    finally:
        _run([PROGRAM, "rm", name], capture=True)


def run_command(name: str, command: Sequence[str]) -> list[str]:
    """The command line that runs ``command`` in a container, as the image's own user."""
    return [PROGRAM, "run", name, "--", *command]


def output(name: str, command: Sequence[str]) -> str:
    """What a command in a container prints."""
    return _run(run_command(name, command), capture=True)


def tag(image: Image, name: str) -> None:
    """Give the image a name; another image that had it loses it."""
    _run([PROGRAM, "tag", image.id, name])


def remove(image: Image) -> None:
    """Delete the image."""
    _run([PROGRAM, "rmi", image.id], capture=True)


def archive(name: str, path: Path, scratch: Path) -> str:
    """Write the image as an OCI archive, by one rename; its digest, ``sha256:…``."""
    digest = scratch / "digest"
    written = path.with_name(f".{path.name}")
    written.unlink(missing_ok=True)
    reference = name.rpartition("/")[2]
    try:
        _run(
            [PROGRAM, "push", f"--digestfile={digest}", name, f"oci-archive:{written}:{reference}"]
        )
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)
    return digest.read_text(encoding="utf-8").strip()


def environment() -> dict[str, str]:
    """The environment for buildah's command lines."""
    return {"BUILDAH_ISOLATION": "chroot", **os.environ}


def _pairs(flag: str, values: Mapping[str, object]) -> list[str]:
    return [f"{flag}={name}={value}" for name, value in values.items()]


def _run(command: Sequence[str], *, capture: bool = False) -> str:
    """What the command prints if captured, else nothing; its messages go to stderr."""
    done = subprocess.run(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else sys.__stderr__,
        stderr=subprocess.PIPE if capture else None,
        text=True,
    )
    if done.returncode != 0:
        said = f": {done.stderr.strip()}" if capture else "; what it said is above"
        raise DeploymentError(f"`{shlex.join(command)}` ended with status {done.returncode}{said}")
    return done.stdout if capture else ""
