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

MOST, MOST_PIXELS = 10_000, 5_000_000
"""No count is larger, and no area: what takes that many rounds, or pieces, takes for ever, and sums
over more pixels need more than 32 bits (`digits.tile`)."""
MOST_NUMBER = 1_000_000.0
"""No other number is larger, and none is below 0."""


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
        _check_company(built)
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


def _check_company(parameters: Parameters) -> None:
    """By these, what stands beside a digit is divided."""
    company = parameters.search.company
    for name, right, wanted in (
        ("usual_share", 0 < company.usual_share < 1, "between 0 and 1"),
        ("usual_weight", company.usual_weight > 0, "more than 0"),
        ("page_weight", company.page_weight > 0, "more than 0"),
        ("unlike", company.unlike < company.alike, f"less than alike, {company.alike}"),
        (
            "signs.dwarf",
            company.signs.dwarf < company.signs.usual,
            f"less than signs.usual, {company.signs.usual}",
        ),
    ):
        if not right:
            raise ModelError(
                f"parameters.search.company.{name} in the model's card must be {wanted}"
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
            what = f"{where}.{name} in the model's card"
            exact = card.number(value, what)
            if hint is int:
                built[name] = _count(exact, what, MOST_PIXELS if name.endswith("pixels") else MOST)
            elif 0 <= exact <= MOST_NUMBER:
                built[name] = exact
            else:
                raise ModelError(f"{what} must be from 0 to {MOST_NUMBER:,.0f}, not {exact:,}")
    return kind(**built)


def _count(exact: float, what: str, most: int) -> int:
    """None is 0: all are of pixels, rounds or pieces, without which nothing is read."""
    if not exact.is_integer() or not 1 <= exact <= most:
        raise ModelError(f"{what} must be a whole number from 1 to {most:,}, not {exact:,}")
    return int(exact)
