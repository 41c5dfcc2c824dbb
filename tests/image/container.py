"""An image from its OCI archive, run as its own configuration says, with nothing to write to.

A container runtime needs control groups, which not every machine that runs tests has; bubblewrap
does without. It shares the network, so a server listens on this machine's own 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHITEOUT = ".wh."


@dataclass(frozen=True)
class Unpacked:
    """The file system of an image, its configuration and its digest."""

    root: Path
    config: dict[str, Any]
    digest: str

    @property
    def entrypoint(self) -> list[str]:
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    def command(self, *inside: str) -> list[str]:
        """The command line that runs something in a container of it."""
        uid, gid = self.config["User"].split(":")
        line = ["bwrap", "--ro-bind", str(self.root), "/", "--proc", "/proc", "--dev", "/dev"]
        line += ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--clearenv"]
        for variable in self.config["Env"]:
            line += ["--setenv", *variable.split("=", 1)]
        line += ["--chdir", self.config["WorkingDir"]]
        if os.geteuid() != 0:
            return [*line, "--unshare-user", "--uid", uid, "--gid", gid, "--cap-drop=ALL", *inside]
        become = ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--no-new-privs"]
        return [*line, *become, "--inh-caps=-all", "--bounding-set=-all", *inside]

    def run(self, *inside: str) -> str:
        """What a command prints in a container of it."""
        done = subprocess.run(self.command(*inside), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout


def unpack(archive: Path, folder: Path) -> Unpacked:
    """The only image of an OCI archive."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder / "layout", filter="data")
    blobs = folder / "layout" / "blobs" / "sha256"
    index = json.loads((folder / "layout" / "index.json").read_bytes())
    (entry,) = index["manifests"]

    def blob(reference: dict[str, Any]) -> Path:
        return blobs / reference["digest"].removeprefix("sha256:")

    manifest = json.loads(blob(entry).read_bytes())
    root = folder / "root"
    root.mkdir(mode=0o755)
    for layer in manifest["layers"]:
        _apply(blob(layer), root)
    config = json.loads(blob(manifest["config"]).read_bytes())["config"]
    return Unpacked(root, config, entry["digest"])


def _apply(layer: Path, root: Path) -> None:
    """Extract a layer over those below; its whiteouts name what it deletes of them."""
    # Devices are the runtime's own.
    command = ["tar", "--extract", "--gzip", "--file", str(layer), "--directory", str(root)]
    subprocess.run(
        [*command, "--no-same-owner", "--exclude=./dev/*", "--exclude=dev/*"], check=True
    )
    for mark in list(root.rglob(f"{WHITEOUT}*")):
        deleted = mark.with_name(mark.name.removeprefix(WHITEOUT))
        assert not deleted.name.startswith(WHITEOUT), f"{mark} is more than a deletion"
        if deleted.is_dir() and not deleted.is_symlink():
            shutil.rmtree(deleted)
        else:
            deleted.unlink(missing_ok=True)
        mark.unlink()
