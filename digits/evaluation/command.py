"""``train.py --evaluate``: measure a model folder and write down what came out."""

from __future__ import annotations

import time
from pathlib import Path

from digits.card import ModelCard
from digits.evaluation import record, sections, suite
from digits.evaluation.suite import Findings, Plan
from digits.model import VERSION_RECORD, ModelFolder
from digits.training import origin, report
from digits.training.workspace import METRICS, best_epoch, read_metrics

GALLERIES = "galleries"


def evaluate(plan: Plan, out: Path) -> Findings:
    """Measure ``plan.model`` and write report and record into ``out``.

    Card and networks stay as they are. Where ``out`` is another folder, sheets of what was misread
    among other people's pictures go there too. Raises DigitsError.
    """
    opened = ModelFolder.open(plan.model)
    revision = origin.git_revision()  # before anything that is written changes the checkout
    out.mkdir(parents=True, exist_ok=True)
    times = _count(plan, out, opened.card)
    started = time.monotonic()
    findings = suite.run(plan)
    _report(out, plan, opened.card, findings, times)
    record.write(
        out,
        {
            "model": {"name": opened.card.name, "sha256": opened.sha256},
            "command": "uv run train.py --evaluate MODEL_DIR",
            "split": plan.split,
            record.TIMES: times,
            "revision": revision,
            "machine": origin.machine(),
            "seconds": round(time.monotonic() - started),
            "seeds": suite.seeds(),
            "uncertain_below": opened.card.thresholds.get("uncertain"),
            **findings.figures,
        },
    )
    if not _same(out, plan.model):
        sections.save_private(out / GALLERIES, findings)
    return findings


def _count(plan: Plan, out: Path, card: ModelCard) -> int:
    """Looks at the test split with this one, which is counted before it is taken.

    The count is kept in the model folder. A registered one never changes, so its count is kept
    where the report goes.
    """
    if plan.split != "test":
        return record.times_tested(plan.model, card)
    registered = (plan.model.resolve().parent / VERSION_RECORD).is_file()
    if registered and not _same(out, plan.model):
        return max(record.times_tested(folder, card) for folder in (plan.model, out)) + 1
    return record.count_test(plan.model, card)


def _report(out: Path, plan: Plan, card: ModelCard, findings: Findings, times: int) -> None:
    written = sections.sections(out, findings, times=times, split=plan.split)
    written.insert(1, report.mnist_section(out, plan.part, findings.network))
    history = read_metrics(plan.model / METRICS)
    if history:
        written.append(report.learning_section(out, history, best_epoch(history)))
    report.write(out, card, written)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
