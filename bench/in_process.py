"""The limit: the same bytes through `digits.wire` in a loop, in one process, without a server.

    uv run bench/in_process.py BODY_FILE CONTENT_TYPE SECONDS [--answer]

Prints one line of JSON: requests, and processor microseconds for each; with --answer the answer.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from digits.settings import Settings
from digits.wire import Request, Service


def main() -> None:
    """Score one body over and over."""
    body, kind, seconds = Path(sys.argv[1]).read_bytes(), sys.argv[2], float(sys.argv[3])
    service = Service.load(Settings.from_env())
    request = Request("POST", "/score", "", {"content-type": kind}, body, "limit")
    for _ in range(5):
        assert service.score(request).status == 200
    if "--answer" in sys.argv:
        print(service.score(request).body.decode())
        return
    count, began, until = 0, time.process_time(), time.monotonic() + seconds
    while time.monotonic() < until:
        service.score(request)
        count += 1
    spent = time.process_time() - began
    print(json.dumps({"requests": count, "cpu_us": spent / count * 1e6}))


if __name__ == "__main__":
    main()
