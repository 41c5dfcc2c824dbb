"""The evaluation's part of REPORT.md: findings turned into tables, pictures and a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from digits.evaluation import gallery, plots, table
from digits.evaluation.suite import Findings
from digits.training.report import PICTURES, Section, pictures_folder

Figures = Mapping[str, Any]

TITLES = {"report": "to report on", "tune": "to tune on", "": "this project's own"}


def sections(folder: Path, findings: Findings, *, times: int, split: str) -> list[Section]:
    """All sections, their pictures written into ``folder``.

    ``times`` is how often the model was measured on MNIST's test split.
    """
    figures: Figures = findings.figures
    for name, entries in findings.galleries.items():
        gallery.save(pictures_folder(folder) / f"{name}.png", entries)
    made = [
        Section("At a glance", f"{table.markdown(figures)}\n\n{_looks(times, split)}", {}),
        _pictures(findings),
        _metamorphic(folder, figures),
        _uncertain(folder, findings),
        _pages(figures),
        _touching(figures),
        _speed(figures),
    ]
    if figures["negatives"]:
        made.insert(2, _negatives(findings))
    return made


def save_private(folder: Path, findings: Findings) -> None:
    """Sheets of other people's pictures, for a folder that is not part of a model."""
    for name, entries in findings.private.items():
        gallery.save(folder / f"{name}.jpg", entries)


def _looks(times: int, split: str) -> str:
    if split != "test":
        return "These are figures of MNIST's **validation** split: the test split was not touched."
    counted = "once" if times == 1 else f"{times} times"
    return f"This model was measured on MNIST's test split {counted}, training's own look included."


def _pictures(findings: Findings) -> Section:
    parts = []
    for name in ("pictures_others", "pictures_own"):
        measured: Figures | None = findings.figures[name]  # type: ignore[assignment]
        for split, groups in (measured or {"splits": {}})["splits"].items():
            parts.append(f"Pictures that are {TITLES.get(split, split)}:")
            parts.append(_tallies("kind", groups["kinds"]))
            if list(groups["sources"]) != [""]:
                parts.append(_tallies("source", groups["sources"]))
    if findings.galleries.get("pictures_own"):
        parts.append(
            "The worst of this project's own: misread, or else the least sure digits in them.\n\n"
            "![The worst of our own](report/pictures_own.png)"
        )
    return Section("Labelled pictures", "\n\n".join(parts), {})


def _negatives(findings: Findings) -> Section:
    measured: Figures = findings.figures["negatives"]  # type: ignore[assignment]
    text = (
        f"Made for this, in {measured['fonts']} fonts that training never saw, of which "
        f"{measured['fonts_by_hand']} look written by hand. Left alone means that no digit at all "
        f"was read.\n\n{_shares('what', 'left alone', measured['categories'])}"
    )
    if findings.galleries["negatives"]:
        text += f"\n\n![What was read where there is no digit]({PICTURES}/negatives.png)"
    return Section("Pictures without digits", text, {})


def _metamorphic(folder: Path, figures: Figures) -> Section:
    measured = figures["metamorphic"]
    plots.shares(pictures_folder(folder) / "changes.png", measured["relations"])
    text = (
        f"{measured['pictures']} pictures that are read right were changed and read again. A "
        "reading is unchanged if all rows are.\n\n"
        f"{_shares('change', 'unchanged', measured['relations'])}\n\n"
        f"![Share unchanged, with 95 % intervals]({PICTURES}/changes.png)"
    )
    return Section("Changed pictures", text, {})


def _uncertain(folder: Path, findings: Findings) -> Section:
    figures: Figures = findings.figures
    measured = figures["degraded"]
    curves = {
        "MNIST": figures["mnist_network"]["risk_coverage"],
        "degraded": measured["risk_coverage"],
    }
    plots.risk_coverage(pictures_folder(folder) / "risk.png", curves)
    lines = [
        f"{measured['pictures']:,} pictures with {measured['digits']:,} digits, spoilt in many "
        f"ways: {measured['errors']} of the digits read are wrong, and {measured['missed']} were "
        "not read at all.",
        _shares(
            "of the digits read",
            "marked uncertain",
            {"wrong": measured["flagged"]["wrong"], "right": measured["flagged"]["right"]},
        ),
        _shares(
            "damage",
            "pictures read right",
            {name: part["exact"] for name, part in measured["damages"].items()},
        ),
        f"![Errors among the surest digits]({PICTURES}/risk.png)",
    ]
    if findings.galleries["degraded"]:
        lines.append(f"Wrong and sure of it:\n\n![Sure mistakes]({PICTURES}/degraded.png)")
    return Section("Knowing when it errs", "\n\n".join(lines), {})


def _pages(figures: Figures) -> Section:
    measured = figures["pages"]
    apart = {f"{pitch} of a digit's height": share for pitch, share in measured["pitches"].items()}
    found = ", ".join(
        f"{part['found']} of {part['written']} at {pitch}"
        for pitch, part in measured["digits"].items()
    )
    text = (
        "Pages of ten rows of ten digits, written closer and closer until the rows touch. A row "
        f"counts that is read exactly.\n\n{_shares('from row to row', 'read exactly', apart)}\n\n"
        f"Digits found: {found}."
    )
    return Section("Pages of a hundred digits", text, {})


def _touching(figures: Figures) -> Section:
    overlaps = figures["touching"]["overlaps"]
    digits = {
        f"{overlap} of a digit's height": part["digits"] for overlap, part in overlaps.items()
    }
    numbers = ", ".join(
        f"{part['numbers']['hits']} of {part['numbers']['of']} at {overlap}"
        for overlap, part in overlaps.items()
    )
    text = (
        "Numbers of two to six digits, each pushed into the last one until their ink meets, and "
        "further: less than nothing is a gap.\n\n"
        f"{_shares('overlap', 'digits read right', digits)}\n\nWhole numbers read: {numbers}."
    )
    return Section("Digits that touch", text, {})


def _speed(figures: Figures) -> Section:
    rows = [
        (
            timing["what"],
            f"{timing['ms']:.3g} ms",
            f"{timing['against']}: {timing['against_ms']:.3g} ms",
            f"{timing['ratio']:.2f} times",
            f"{timing['low']:.2f} to {timing['high']:.2f}",
        )
        for group in figures["speed"].values()
        for timing in group
    ]
    text = (
        "Processor time on one thread, in turns with the yardstick; medians. A photo's is that of "
        "the whole reading, the yardstick's that of decoding the same bytes to grey.\n\n"
        + _table(("what", "time", "yardstick", "ratio", "95 % interval"), rows)
    )
    return Section("Time", text, {})


def _tallies(of: str, groups: Figures) -> str:
    rows = [
        (name, *_figure(group["exact"]), _rate(group["digit_error_rate"]))
        for name, group in groups.items()
    ]
    return _table((of, "exact", "95 % interval", "digit error rate"), rows)


def _shares(of: str, what: str, shares: Figures) -> str:
    rows = [(name, *_figure(share)) for name, share in shares.items()]
    return _table((of, what, "95 % interval"), rows)


def _figure(share: Figures) -> tuple[str, str]:
    if not share["of"]:
        return "none there", ""
    return (
        f"{share['hits']:,} of {share['of']:,} ({share['share']:.1%})",
        f"{share['low']:.1%} to {share['high']:.1%}",
    )


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
