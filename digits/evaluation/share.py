"""A share of something counted, with what chance leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from digits.training.evaluation import wilson


@dataclass(frozen=True)
class Share:
    """``hits`` of ``of``."""

    hits: int
    of: int

    @classmethod
    def count(cls, outcomes: Iterable[bool]) -> Share:
        """How many of the outcomes are true."""
        listed = list(outcomes)
        return cls(sum(listed), len(listed))

    @property
    def value(self) -> float:
        """From 0 to 1; 0 where nothing was counted."""
        return self.hits / self.of if self.of else 0.0

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values; ``low`` and ``high`` bound Wilson's interval of 95 %.

        Share and bounds are null where nothing was counted.
        """
        if not self.of:
            return {"hits": 0, "of": 0, "share": None, "low": None, "high": None}
        low, high = wilson(self.hits, self.of)
        return {
            "hits": self.hits,
            "of": self.of,
            "share": round(self.value, 5),
            "low": round(low, 5),
            "high": round(high, 5),
        }
