"""What a worker counts, for the metrics page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from digits.errors import DigitsError
from digits.reading import Reading
from digits.serving.metrics import Family, Layout, Spread, Tally
from digits.wire.service import Outcome

OTHER = "other"
"""The route of a request for a path that nothing is at."""

STATUSES = (200, 201, 204, 400, 401, 404, 405, 413, 415, 422, 431, 500, 503, 504)
STAGES = ("wait", "decode", "find", "classify", "total")
OUTCOMES = (
    "read",
    "bad_request",
    "too_large",
    "unsupported_media_type",
    "unreadable_image",
    "internal",
)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CONFIDENCES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class Families:
    """Everything that is counted, laid out for a board."""

    layout: Layout
    requests: Family
    request_seconds: Family
    pictures: Family
    stage_seconds: Family
    digits: Family
    uncertain: Family
    confidence: Family
    waiting: Family
    connections: Family
    body_bytes: Family
    restarts: Family
    lost_lines: Family

    @classmethod
    def lay_out(cls, routes: Iterable[str]) -> Families:
        """For a server with these routes."""
        layout = Layout()
        return cls(
            layout=layout,
            **_of_requests(layout, (*routes, OTHER)),
            **_of_pictures(layout),
            **_of_processes(layout),
        )


def _of_requests(layout: Layout, routes: Sequence[str]) -> dict[str, Family]:
    return {
        "requests": layout.add(
            "counter",
            "digits_requests_total",
            "Requests answered, by route and status.",
            series=[
                (("route", route), ("status", str(status)))
                for route in routes
                for status in STATUSES
            ],
        ),
        "request_seconds": layout.add(
            "histogram",
            "digits_request_seconds",
            "Time from a complete request to its answer, by route.",
            series=[(("route", route),) for route in routes],
            buckets=SECONDS,
        ),
    }


def _of_pictures(layout: Layout) -> dict[str, Family]:
    ten = [(("digit", str(digit)),) for digit in range(10)]
    return {
        "pictures": layout.add(
            "counter",
            "digits_pictures_total",
            "Pictures taken in, by what became of them: read, or an error's code.",
            series=[(("outcome", outcome),) for outcome in OUTCOMES],
        ),
        "stage_seconds": layout.add(
            "histogram",
            "digits_stage_seconds",
            "Time a picture spent in each stage; total is decode, find and classify.",
            series=[(("stage", stage),) for stage in STAGES],
            buckets=SECONDS,
        ),
        "digits": layout.add("counter", "digits_read_total", "Digits read.", series=ten),
        "uncertain": layout.add(
            "counter", "digits_uncertain_total", "Digits read and marked uncertain.", series=ten
        ),
        "confidence": layout.add(
            "histogram",
            "digits_confidence",
            "Confidence of the digits read, by digit: where it sinks, the input has changed.",
            series=ten,
            buckets=CONFIDENCES,
        ),
    }


def _of_processes(layout: Layout) -> dict[str, Family]:
    return {
        "waiting": layout.add(
            "gauge", "digits_waiting_pictures", "Pictures accepted and not yet begun."
        ),
        "connections": layout.add("gauge", "digits_connections", "Open connections."),
        "body_bytes": layout.add(
            "gauge",
            "digits_body_bytes",
            "Bytes of request bodies and of answers that were not taken, in memory.",
        ),
        "restarts": layout.add(
            "counter", "digits_worker_restarts_total", "Workers that died and were replaced."
        ),
        "lost_lines": layout.add(
            "counter", "digits_log_lines_lost_total", "Log lines that nobody took in time."
        ),
    }


class Telemetry:
    """Counts into one process's row."""

    def __init__(self, families: Families, row: memoryview[float]) -> None:
        self._requests = Tally(families.requests, row)
        self._request_seconds = Spread(families.request_seconds, row)
        self._pictures = Tally(families.pictures, row)
        self._stage_seconds = Spread(families.stage_seconds, row)
        self._digits = Tally(families.digits, row)
        self._uncertain = Tally(families.uncertain, row)
        self._confidence = Spread(families.confidence, row)
        self.waiting = Tally(families.waiting, row)
        self.connections = Tally(families.connections, row)
        self.body_bytes = Tally(families.body_bytes, row)
        self.restarts = Tally(families.restarts, row)
        self.lost_lines = Tally(families.lost_lines, row)

    def start_over(self) -> None:
        """A new process in a dead one's row: what it held is gone, what it counted stays."""
        for gauge in (self.waiting, self.connections, self.body_bytes):
            gauge.set(value=0)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.add(route, str(status))
        self._request_seconds.observe(seconds, route)

    def tried(self, outcomes: Sequence[Outcome]) -> None:
        """Count what became of each picture of a request."""
        for outcome in outcomes:
            if isinstance(outcome, DigitsError):
                self._pictures.add(outcome.code)
            else:
                self._pictures.add("read")
                self._count(outcome.reading)

    def waited(self, seconds: float) -> None:
        """Count the time that a picture waited for its turn."""
        self._stage_seconds.observe(seconds, "wait")

    def _count(self, reading: Reading) -> None:
        observe = self._stage_seconds.observe
        observe(reading.ms.decode / 1000, "decode")
        observe(reading.ms.find / 1000, "find")
        observe(reading.ms.classify / 1000, "classify")
        observe(reading.ms.total / 1000, "total")
        for digit in reading.digits:
            name = str(digit.digit)
            self._digits.add(name)
            self._confidence.observe(digit.confidence, name)
            if digit.uncertain:
                self._uncertain.add(name)


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 if it is gone or this is not Linux."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
