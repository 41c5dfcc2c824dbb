"""Where a model comes from: the revision of the code, the packages, the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess

from digits.settings import ROOT, available_cores

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "tf2onnx", "onnxruntime")


def git_revision() -> str | None:
    """The commit of this checkout, with ``-dirty`` if tracked files differ; None without git."""
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip() or None


def versions() -> dict[str, str]:
    """Of Python and of the packages that shape a model; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """The kind of machine, not which one: "Linux x86_64, 2 cores"."""
    cores = available_cores()
    return f"{platform.system()} {platform.machine()}, {cores} core{'s' if cores > 1 else ''}"
