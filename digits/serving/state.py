"""Where a worker is in its life."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class State:
    """``warm``: the model has read its first picture. ``leaving``: told to stop. ``retired``:
    another worker has taken its place; the server as a whole goes on."""

    warm: bool = False
    leaving: bool = False
    retired: bool = False

    @property
    def ready(self) -> bool:
        """Whether new work should be sent here."""
        return self.warm and not self.leaving

    @property
    def parting(self) -> bool:
        """Whether connections end with their next answer."""
        return self.leaving or self.retired
