"""What is where: paths, methods, and who may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from digits.errors import MethodNotAllowed, NotFound
from digits.serving.telemetry import OTHER
from digits.wire import Answer, Request
from digits.wire.service import Outcome


@dataclass(slots=True)
class Exchange:
    """A request on its way through the server, and what there is to tell about it."""

    request: Request
    route: str = OTHER
    quiet: bool = False
    outcomes: list[Outcome] = field(default_factory=list)


Handle = Callable[[Exchange], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One path. ``{name}`` in it stands for one part of a path.

    ``open`` needs no key; ``scores`` needs a place to wait; ``quiet`` is asked so
    often, by probes, that a success is not worth a line in the log.
    """

    path: str
    methods: Mapping[str, Handle]
    open: bool = False
    scores: bool = False
    quiet: bool = False

    def handle(self, method: str) -> Handle:
        """What answers this method. Raises MethodNotAllowed."""
        handle = self.methods.get("GET" if method == "HEAD" else method)
        if handle is None:
            allow = ", ".join([*self.methods, *(["HEAD"] if "GET" in self.methods else [])])
            raise MethodNotAllowed(f"{self.path} is for {allow}", allow=allow)
        return handle


class Routes:
    """Finds the route of a path."""

    def __init__(self, routes: list[Route]) -> None:
        self.all = tuple(routes)
        self._exact = {route.path: route for route in routes if "{" not in route.path}
        self._patterns = [(route.path.split("/"), route) for route in routes if "{" in route.path]

    def find(self, path: str) -> Route:
        """Raises NotFound."""
        route = self._exact.get(path)
        if route is not None:
            return route
        parts = path.split("/", 12)
        for pattern, route in self._patterns:
            if len(parts) == len(pattern) and all(
                one == other or one.startswith("{") and other
                for one, other in zip(pattern, parts, strict=True)
            ):
                return route
        raise NotFound("there is nothing at this path; GET /docs shows what there is")
