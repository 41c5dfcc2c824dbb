"""Whether a new model may take the old one's place: better where it should be, nowhere worse.

Both answer the same cases, so only those count on which they differ: an exact sign test on them
(McNemar 1947) says how likely chance alone would part them so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

LIKELY = 0.05
"""A difference that chance alone makes less often than this is one."""

Right = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Old and new on the same ``cases``: how many each got right, how many the new one ``fixed``
    (the old one was wrong) and ``broke`` (the old one was right)."""

    name: str
    cases: int
    old_right: int
    new_right: int
    fixed: int
    broke: int

    @classmethod
    def of(cls, name: str, old: Right, new: Right) -> Comparison:
        """Two ``[n]`` arrays of what each got right."""
        return cls(
            name=name,
            cases=len(old),
            old_right=int(old.sum()),
            new_right=int(new.sum()),
            fixed=int((new & ~old).sum()),
            broke=int((old & ~new).sum()),
        )

    @property
    def better(self) -> bool:
        """More right than chance explains."""
        return sign_test(self.fixed, self.broke) < LIKELY

    @property
    def worse(self) -> bool:
        """Fewer right than chance explains."""
        return sign_test(self.broke, self.fixed) < LIKELY

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "cases": self.cases,
            "old_right": self.old_right,
            "new_right": self.new_right,
            "fixed": self.fixed,
            "broke": self.broke,
            "p_better": round(sign_test(self.fixed, self.broke), 5),
            "p_worse": round(sign_test(self.broke, self.fixed), 5),
        }


@dataclass(frozen=True)
class Verdict:
    """``wanted`` is where the new model must be better, ``others`` where it must not be worse."""

    wanted: Comparison
    others: tuple[Comparison, ...]

    @property
    def passed(self) -> bool:
        """Whether the new model may take the old one's place."""
        return self.wanted.better and not any(each.worse for each in self.others)

    @property
    def comparisons(self) -> Sequence[Comparison]:
        """All of them."""
        return (self.wanted, *self.others)

    def reasons(self) -> list[str]:
        """Why not, in words; nothing if it passed."""
        found = []
        if not self.wanted.better:
            found.append(
                f"no better beyond chance on {self.wanted.name}: {self.wanted.new_right} of "
                f"{self.wanted.cases} right, before {self.wanted.old_right} (it fixed "
                f"{self.wanted.fixed} and broke {self.wanted.broke})"
            )
        found += [
            f"worse on {each.name}: {each.new_right} of {each.cases} right, before "
            f"{each.old_right} (it fixed {each.fixed} and broke {each.broke})"
            for each in self.others
            if each.worse
        ]
        return found

    def table(self) -> str:
        """Old and new side by side, in Markdown."""
        lines = [
            "| measured on | cases | old right | new right | fixed | broke | |",
            "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
        ]
        for each in self.comparisons:
            said = "better" if each.better else "worse" if each.worse else "the same within chance"
            lines.append(
                f"| {each.name} | {each.cases:,} | {each.old_right:,} | {each.new_right:,} | "
                f"{each.fixed} | {each.broke} | {said} |"
            )
        return "\n".join(lines)


def sign_test(successes: int, failures: int) -> float:
    """The probability of at least so many successes where both are equally likely; 1 of none."""
    trials = successes + failures
    ways = sum(math.comb(trials, count) for count in range(successes, trials + 1))
    return float(Fraction(ways, 2**trials))  # either may be too large for a float
