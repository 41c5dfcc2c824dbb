"""Processes that end when the one that started them does, however that ended (on Linux).

``python -m digits.deployment.tether PID COMMAND…`` becomes the command, tied to the parent PID. A
program of its own, since code between fork and exec is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str]) -> list[str]:
    """The command line that runs ``command`` as a child that does not outlive this process."""
    return [sys.executable, "-m", "digits.deployment.tether", str(os.getpid()), *command]


def end_with(parent: int) -> None:
    """Let the kernel send this process SIGTERM when its parent ends; kept across exec."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def end_with_launcher() -> None:
    """Stop this process when the ``uv run`` that started it is killed, which could not tell us.

    Started by anything else, a shell say, it is meant to go on without it.
    """
    parent = os.getppid()
    launcher = Path(f"/proc/{parent}/comm")
    if launcher.exists() and launcher.read_text(encoding="utf-8").strip() == "uv":
        end_with(parent)


def main(argv: Sequence[str]) -> int:
    """Become the command; the exit status if that fails."""
    parent, *command = argv
    end_with(int(parent))
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
