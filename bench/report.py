"""The table of a comparison: medians over rounds, ratios taken within a round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

Limits = dict[str, float]
Rounds = Sequence[tuple[Limits, dict[str, Any]]]
Figure = Callable[[Limits, Any], float]

OURS = "ours"


def table(rounds: Rounds, *, seconds: float) -> str:
    """Markdown: figures of each server, then ours against the others, with each round's ratio."""
    names = list(rounds[0][1])
    head = [
        f"Medians over {len(rounds)} interleaved rounds of {seconds:g} s each; 32 connections, "
        "two workers, one thread each in onnxruntime and OpenCV.",
        "Overhead: processor time for a request less the in-process limit of the same round.",
    ]
    parts = [head, _figures(rounds, names)]
    if OURS in names:
        parts.append(_ratios(rounds, names))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _figures(rounds: Rounds, names: list[str]) -> list[str]:
    lines = ["| | in process | " + " | ".join(names) + " |", "|" + " --- |" * (len(names) + 2)]
    for case in rounds[0][0]:
        limit = median(limits[case] for limits, _ in rounds)
        for label, figure, shown in (
            ("processor µs", _cpu(case), f"{limit:.0f}"),
            ("overhead µs", _overhead(case), ""),
            ("requests/s", lambda _, visit, case=case: visit.timings[case].load.per_s, ""),
            ("p50 ms", lambda _, visit, case=case: visit.timings[case].load.p50_ms, ""),
            ("p99 ms", lambda _, visit, case=case: visit.timings[case].load.p99_ms, ""),
            ("failed", lambda _, visit, case=case: visit.timings[case].load.failed, ""),
            ("cores others used", lambda _, v, case=case: v.timings[case].foreign_cores, ""),
        ):
            cells = [_shown(_median(rounds, name, figure)) for name in names]
            lines.append(f"| {case}: {label} | {shown} | " + " | ".join(cells) + " |")
    for label, figure in (
        ("cold start s", lambda _, visit: visit.cold_start_s),
        ("memory, resident MiB", lambda _, visit: visit.rss_mib),
        ("memory, proportional MiB", lambda _, visit: visit.pss_mib),
        ("idle, share of a core", lambda _, visit: visit.idle_cpu),
        ("small: p99 ms alone", lambda _, visit: visit.p99_alone_ms),
        ("small: p99 ms beside a 9 megapixel photo a second", lambda _, v: v.p99_beside_ms),
        ("the 9 megapixel photo, s", lambda _, v: v.large_s),
        ("the 9 megapixel photo, failed", lambda _, v: v.large_failed),
    ):
        cells = [_shown(_median(rounds, name, figure)) for name in names]
        lines.append(f"| {label} | | " + " | ".join(cells) + " |")
    return lines


def _ratios(rounds: Rounds, names: list[str]) -> list[str]:
    lines = ["| ours | median | each round |", "| --- | --- | --- |"]
    for other in (name for name in names if name != OURS):
        for case in (case for case in rounds[0][0] if not case.startswith("photo")):
            lines.append(_against(rounds, other, f"{case}: overhead", _overhead(case)))
        lines.append(_against(rounds, other, "cold start", lambda _, v: v.cold_start_s))
        lines.append(_against(rounds, other, "resident memory", lambda _, v: v.rss_mib))
        lines.append(_against(rounds, other, "proportional memory", lambda _, v: v.pss_mib))
    share = [median(visits[OURS].photo_shares) for _, visits in rounds]
    lines.append(_line("photo: share of the in-process limit reached, in turns", share))
    own = _overhead("photo remembered")
    share = [
        limits["photo"] / (limits["photo"] + own(limits, visits[OURS])) for limits, visits in rounds
    ]
    lines.append(_line("photo: the same, by the overhead with a reader that remembers", share))
    beside = [visits[OURS].p99_beside_ms / visits[OURS].p99_alone_ms for _, visits in rounds]
    lines.append(_line("small: p99 beside large photos over p99 alone", beside))
    return lines


def _against(rounds: Rounds, other: str, label: str, figure: Figure) -> str:
    ratios = [
        figure(limits, visits[OURS]) / figure(limits, visits[other]) for limits, visits in rounds
    ]
    return _line(f"{label} over {other}'s", ratios)


def _line(label: str, values: Sequence[float]) -> str:
    return f"| {label} | {median(values):.2f} | {', '.join(f'{each:.2f}' for each in values)} |"


def _cpu(case: str) -> Figure:
    return lambda limits, visit: visit.timings[case].cpu_us


def _overhead(case: str) -> Figure:
    return lambda limits, visit: visit.timings[case].cpu_us - limits[case]


def _median(rounds: Rounds, name: str, figure: Figure) -> float:
    return median(figure(limits, visits[name]) for limits, visits in rounds)


def _shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
