"""What a deployment is: something that can say what it would do, and do it."""

from __future__ import annotations

from typing import Protocol


class Deployment(Protocol):
    """A model on its way to an endpoint. Making one checks all that can be checked beforehand."""

    def describe(self) -> str:
        """The plan, for people: what ``run`` would do, changing nothing."""

    def run(self) -> None:
        """Do it. Raises DeploymentError when it cannot be done or does not prove itself."""
