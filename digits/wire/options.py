"""The options of a scoring request: ``?single=1`` and ``?explain=1``."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from digits.errors import BadRequest

_SWITCH = {"1": True, "true": True, "0": False, "false": False, "": False}


@dataclass(frozen=True, slots=True)
class Options:
    """``single`` reads the whole picture as one digit; ``explain`` adds a picture of each stage."""

    single: bool = False
    explain: bool = False

    @classmethod
    def parse(cls, query: str) -> Options:
        """From the undecoded query string; options it does not know are left alone."""
        if not query:
            return DEFAULT
        try:
            given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=20))
        except ValueError:
            raise BadRequest(
                "the query has over 20 options; /score has two, single and explain"
            ) from None
        return cls(_switch(given, "single"), _switch(given, "explain"))


DEFAULT = Options()


def _switch(given: dict[str, str], name: str) -> bool:
    value = given.get(name, "").lower()
    if value not in _SWITCH:
        raise BadRequest(f"the option {name} is 1 or 0, as in /score?{name}=1")
    return _SWITCH[value]
