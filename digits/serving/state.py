"""Where a worker is in its life."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class State:
    """``warm``: the model has read its first picture. ``leaving``: told to stop."""

    warm: bool = False
    leaving: bool = False

    @property
    def ready(self) -> bool:
        """Whether new work should be sent here."""
        return self.warm and not self.leaving
