"""Counts that several processes make add up, in Prometheus' own format."""

from __future__ import annotations

import os
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digits.errors import BadRequest, DigitsError
from digits.reading import Digit, Milliseconds, Reading
from digits.serving.metrics import Layout, Spread, Tally, exposition, sample
from digits.serving.shared import Board
from digits.serving.site import PATHS
from digits.serving.telemetry import OUTCOMES, STATUSES, Families, Telemetry, resident_bytes
from digits.wire.service import Scored


def values(text: str) -> dict[tuple, float]:
    """Every sample by name and labels, as Prometheus' own parser sees them."""
    return {
        (each.name, *sorted(each.labels.items())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


@pytest.fixture
def small():
    layout = Layout()
    counter = layout.add(
        "counter", "asked_total", "Asked.", series=[(("who", "a"),), (("who", "b"),)]
    )
    gauge = layout.add("gauge", "open", "Open.")
    histogram = layout.add("histogram", "seconds", "Taken.", buckets=[0.1, 1])
    return layout, counter, gauge, histogram


def test_rows_add_up(small):
    layout, counter, gauge, histogram = small
    board = Board(rows=3, width=layout.width)
    for index in range(3):
        row = board.row(index)
        Tally(counter, row).add("a")
        Tally(counter, row).add("b", amount=index)
        Tally(gauge, row).set(value=index + 1)
        for value in (0.05, 0.1, 0.5, 7):
            Spread(histogram, row).observe(value)

    found = values(exposition(layout, board))

    assert found == {
        ("asked_total", ("who", "a")): 3,
        ("asked_total", ("who", "b")): 3,
        ("open",): 6,
        ("seconds_bucket", ("le", "0.1")): 6,
        ("seconds_bucket", ("le", "1")): 9,
        ("seconds_bucket", ("le", "+Inf")): 12,
        ("seconds_sum",): pytest.approx(22.95),
        ("seconds_count",): 12,
    }


def test_forked_processes_count_on_one_board(small):
    layout, counter, _, _ = small
    board = Board(rows=4, width=layout.width)
    for index in range(4):
        if not (pid := os.fork()):
            tally = Tally(counter, board.row(index))
            for _ in range(1000):
                tally.add("a")
            board.beat(index, os.getpid())
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0

    assert board.total(counter.start) == 4000
    assert len({pid for _, pid in board.processes()}) == 4


def test_labels_are_escaped():
    line = sample("info", (("text", 'a"b\\c\nd'),), 1)

    assert values(f"{line}\n") == {("info", ("text", 'a"b\\c\nd')): 1}


def reading(*confidences: float) -> Reading:
    digits = tuple(
        Digit(index, confidence, (0.1,) * 10, (0, 0, 1, 1), 0, confidence < 0.5)
        for index, confidence in enumerate(confidences)
    )
    return Reading(digits, 10, 20, "dark_on_light", "digits", "1", Milliseconds(1, 2, 3, 6))


def test_a_reading_is_counted_in_all_its_aspects():
    families = Families.lay_out(PATHS)
    board = Board(rows=2, width=families.layout.width)
    telemetry = Telemetry(families, board.row(1))

    telemetry.tried([Scored(reading(0.999, 0.4)), BadRequest("no"), Scored(reading(0.8))])
    telemetry.answered("/score", 200, 0.02)
    telemetry.waited(0.5)

    found = values(exposition(families.layout, board))
    assert found["digits_pictures_total", ("outcome", "read")] == 2
    assert found["digits_pictures_total", ("outcome", "bad_request")] == 1
    assert found["digits_read_total", ("digit", "0")] == 2
    assert found["digits_read_total", ("digit", "1")] == 1
    assert found["digits_uncertain_total", ("digit", "1")] == 1
    assert found["digits_uncertain_total", ("digit", "0")] == 0
    assert found["digits_confidence_bucket", ("digit", "0"), ("le", "0.8")] == 1
    assert found["digits_confidence_count", ("digit", "0")] == 2
    assert found["digits_stage_seconds_sum", ("stage", "find")] == pytest.approx(0.004)
    assert found["digits_stage_seconds_count", ("stage", "total")] == 2
    assert found["digits_stage_seconds_sum", ("stage", "wait")] == 0.5
    assert found["digits_requests_total", ("route", "/score"), ("status", "200")] == 1
    assert found["digits_request_seconds_bucket", ("le", "0.025"), ("route", "/score")] == 1


def test_a_successor_keeps_the_counts_and_drops_the_gauges():
    families = Families.lay_out(PATHS)
    board = Board(rows=1, width=families.layout.width)
    first = Telemetry(families, board.row(0))
    first.answered("/score", 200, 0.1)
    first.waiting.set(value=5)

    successor = Telemetry(families, board.row(0))
    successor.start_over()
    successor.answered("/score", 200, 0.1)

    assert board.total(families.waiting.start) == 0
    assert 'digits_requests_total{route="/score",status="200"} 2\n' in exposition(
        families.layout, board
    )


def test_every_error_there_is_can_be_counted():
    def below(kind: type[DigitsError]) -> set[type[DigitsError]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    assert {kind.status for kind in below(DigitsError)} <= set(STATUSES)
    for_pictures = {"bad_request", "too_large", "unsupported_media_type", "unreadable_image"}
    assert for_pictures | {"internal", "read"} == set(OUTCOMES)


def test_names_follow_the_conventions():
    families = Families.lay_out(PATHS)

    for family in families.layout.families:
        assert re.fullmatch(r"digits_[a-z_]+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter")


def test_memory_of_a_process():
    assert resident_bytes(os.getpid()) > 10_000_000
    assert resident_bytes(2**22 + 1) == 0
