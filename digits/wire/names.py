"""Names of files, which need not be text, where text is wanted."""

from __future__ import annotations


def shown(name: str) -> str:
    """The name as text; what is none in it is replaced."""
    return name.encode(errors="surrogateescape").decode(errors="replace")
