"""All parameters of the reader in one value, which travels in the model's card.

A model carries its preprocessing with it, so an old one keeps the values that it was tuned with;
what its card does not name has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

from digits import card
from digits.apart import ApartParameters
from digits.confidence import ConfidenceParameters
from digits.enclosures import EnclosureParameters
from digits.errors import ModelError
from digits.faint import FaintParameters
from digits.ink import InkParameters
from digits.layout import MOST_LABELS, LayoutParameters
from digits.look import LookParameters
from digits.rows import RowsParameters
from digits.search import SearchParameters
from digits.sheet import SheetParameters

T = TypeVar("T")

RETIRED = frozenset({"parameters.layout.fragment", "parameters.search.company.elsewhere"})
"""What cards of older models name and no stage asks for any more."""

MOST = 100_000_000
"""No count is larger: more pixels than any picture has."""
NEEDED = frozenset(
    {
        "parameters.ink.working_pixels",
        "parameters.layout.join_pieces",
        "parameters.layout.most_pieces",
        "parameters.layout.most_candidates",
        "parameters.rows.slope_digits",
    }
)
"""Counts that must not be 0, for nothing could be read."""


@dataclass(frozen=True)
class Parameters:
    """The parameters of each stage."""

    ink: InkParameters = field(default_factory=InkParameters)
    sheet: SheetParameters = field(default_factory=SheetParameters)
    layout: LayoutParameters = field(default_factory=LayoutParameters)
    faint: FaintParameters = field(default_factory=FaintParameters)
    enclosures: EnclosureParameters = field(default_factory=EnclosureParameters)
    apart: ApartParameters = field(default_factory=ApartParameters)
    look: LookParameters = field(default_factory=LookParameters)
    search: SearchParameters = field(default_factory=SearchParameters)
    rows: RowsParameters = field(default_factory=RowsParameters)
    confidence: ConfidenceParameters = field(default_factory=ConfidenceParameters)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Parameters:
        """What `dataclasses.asdict` made; a stage or value that is not named has its default.

        Raises ModelError for a name that this version of the reader does not know, and for a value
        that it cannot be.
        """
        built = _build(cls, values, "parameters")
        _check_labels(built)
        return built


def _check_labels(parameters: Parameters) -> None:
    """Every piece of a picture has a label of its own, and each part of one when it is cut."""
    # Rows are parted on trial, and then for good.
    most = parameters.layout.most_labels(2 * parameters.apart.rounds)
    if most > MOST_LABELS:
        raise ModelError(
            f"parameters.layout.most_pieces in the model's card is "
            f"{parameters.layout.most_pieces:,}: cut by layout.cuts and layout.touching_cuts, and "
            f"parted in apart.rounds, they may need {most:,} labels, of which there are "
            f"{MOST_LABELS:,}"
        )


def _build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    hints = get_type_hints(kind)
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    values = {name: value for name, value in values.items() if f"{where}.{name}" not in RETIRED}
    for name in values:
        if name not in known:
            raise ModelError(f"the model's card sets {where}.{name}, which this reader has not")
    built: dict[str, Any] = {}
    for name, value in values.items():
        hint = hints[name]
        if is_dataclass(hint) and isinstance(hint, type):
            if not isinstance(value, Mapping):
                raise ModelError(f"{where}.{name} in the model's card must be an object")
            built[name] = _build(hint, value, f"{where}.{name}")
        else:
            known_as = f"{where}.{name}"
            what = f"{known_as} in the model's card"
            exact = card.number(value, what)
            built[name] = _count(exact, what, known_as in NEEDED) if hint is int else exact
    return kind(**built)


def _count(exact: float, what: str, needed: bool) -> int:
    least = 1 if needed else 0
    if not exact.is_integer() or not least <= exact <= MOST:
        raise ModelError(f"{what} must be a whole number from {least} to {MOST:,}, not {exact:,}")
    return int(exact)
