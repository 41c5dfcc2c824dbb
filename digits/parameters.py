"""All parameters of the reader in one value, which travels in the model's card.

A model carries its preprocessing with it, so an old one keeps the values that it was tuned with;
what its card does not name has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

from digits.apart import ApartParameters
from digits.confidence import ConfidenceParameters
from digits.errors import ModelError
from digits.faint import FaintParameters
from digits.ink import InkParameters
from digits.layout import LayoutParameters
from digits.search import SearchParameters
from digits.sheet import SheetParameters

T = TypeVar("T")

RETIRED = frozenset({"parameters.layout.fragment", "parameters.search.company.elsewhere"})
"""What cards of older models name and no stage asks for any more."""


@dataclass(frozen=True)
class Parameters:
    """The parameters of each stage."""

    ink: InkParameters = field(default_factory=InkParameters)
    sheet: SheetParameters = field(default_factory=SheetParameters)
    layout: LayoutParameters = field(default_factory=LayoutParameters)
    faint: FaintParameters = field(default_factory=FaintParameters)
    apart: ApartParameters = field(default_factory=ApartParameters)
    search: SearchParameters = field(default_factory=SearchParameters)
    confidence: ConfidenceParameters = field(default_factory=ConfidenceParameters)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Parameters:
        """What `dataclasses.asdict` made; a stage or value that is not named has its default.

        Raises ModelError for a name that this version of the reader does not know.
        """
        return _build(cls, values, "parameters")


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
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelError(f"{where}.{name} in the model's card must be a number")
        else:
            built[name] = hint(value)
    return kind(**built)
