"""Throw bytes at everything that parses them, in this process, guided by coverage.

    uv run --isolated --frozen --no-dev --with atheris python tests/fuzz/wire.py \
        -max_total_time=600 -timeout=30 -rss_limit_mb=2000 CORPUS

CORPUS is a folder that keeps what was found to reach new code; it is filled with good examples
when it is empty. It ends with a stack trace for anything that is answered with 500, that is not
JSON, or that raises; libFuzzer itself ends it for what hangs or takes too much memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["digits", "python_multipart", "PIL"]):
    from targets import SETTINGS, examples, try_one

    from digits.wire import Service


def main() -> None:
    """Fill the corpus if need be, then fuzz until libFuzzer has had enough."""
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            for number, example in enumerate(examples()):
                (folder / f"good-{number}").write_bytes(example)
    service = Service.load(SETTINGS)
    atheris.Setup(sys.argv, lambda data: try_one(service, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
