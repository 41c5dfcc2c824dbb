"""A whole run: list, read what is left, write, and say how it goes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from digits.batch import engine, listing, plan, storage
from digits.batch.entry import Entry
from digits.batch.output import Output
from digits.batch.plan import Plan
from digits.batch.scoring import Scoring
from digits.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a run did: all pictures of the input, those read by this run, and not read by it."""

    pictures: int
    scored: int
    unread: int


def score(given: str, out: str, settings: Settings, *, ray: str | None = None) -> Outcome:
    """Read all pictures of INPUT that are not in OUT yet. Raises DigitsError."""
    scoring = Scoring.of(settings)
    scoring.warm_up()
    output = Output.at(out)
    given = storage.local(given)
    with plan.prepared(
        output,
        given=given if storage.is_url(given) else str(Path(given).resolve()),
        base=str(Path.cwd()),
        model=scoring.folder.sha256,
        listed=_counted(given),
    ) as prepared:
        if prepared.done and prepared.left:
            logger.info("%d of %d pictures are there", prepared.pictures_done, prepared.pictures)
        if not prepared.left:
            return Outcome(prepared.pictures, 0, 0)
        root = str(Path(given).absolute()) if Path(given).is_dir() else ""
        scoring = replace(scoring, base=prepared.base, root=root)
        return _score(prepared, output, scoring, settings.workers, ray)


def _score(
    prepared: Plan, output: Output, scoring: Scoring, workers: int, ray: str | None
) -> Outcome:
    scored = unread = 0
    names = {chunk.number: chunk.part for chunk in prepared.left}
    with (
        engine.session(ray, workers) as cores,
        tqdm(
            total=prepared.pictures,
            initial=prepared.pictures_done,
            unit="picture",
            disable=not sys.stderr.isatty(),
        ) as bar,
    ):
        for number, part in engine.parts(prepared, scoring, workers=cores):
            output.write(names[number], part.content)
            scored += part.pictures
            unread += part.unread
            bar.update(part.pictures)
    return Outcome(prepared.pictures, scored, unread)


def _counted(given: str) -> Iterable[Entry]:
    return tqdm(
        listing.entries(given), desc="listing", unit="picture", disable=not sys.stderr.isatty()
    )
