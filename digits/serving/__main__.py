"""``python -m digits.serving``: serve the model on this machine until told to stop."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence

from digits.errors import DigitsError
from digits.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped by a signal, 1 could not serve, 2 wrong usage."""
    _occupy_standard_streams()
    arguments = _parser().parse_args(argv)
    # numpy would keep a pool of threads that nothing here uses.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        settings = Settings.from_env(
            workers=arguments.workers, id_key=os.environ.get("DIGITS_ID_KEY") or secrets.token_hex()
        )
        from digits.serving import launch  # imports all that a worker needs, which takes a while

        launch.launch(settings, host=arguments.host, port=arguments.port, orders=arguments.orders)
    except DigitsError as error:
        print(f"digits.serving: {error}", file=sys.stderr)
        return 1
    return 0


def _occupy_standard_streams() -> None:
    """Where one was closed, a socket would take its number, and the log would go to a client."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m digits.serving",
        description="Serve the model over HTTP until SIGTERM or Ctrl-C. Which model, and the "
        "limits in force, come from DIGITS_* in the environment.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=5001, help="port, 0 for a free one (%(default)s)"
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        help="processes that score (default: DIGITS_WORKERS, else the processor's cores)",
    )
    parser.add_argument(
        "--orders",
        type=_descriptor,
        metavar="FD",
        help="file descriptor of a pipe on which lines of JSON may come, "
        '{"model": DIR, "version": V}, each an order to serve that model from then on',
    )
    return parser


def _descriptor(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a file descriptor")
    try:
        os.fstat(int(text))
    except OSError:
        raise argparse.ArgumentTypeError(f"nothing is open as {text}") from None
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 256")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
