"""The routes of the Open Inference Protocol v2."""

from __future__ import annotations

from functools import partial

from digits.errors import NotFound, NotReady
from digits.serving.desk import Desk
from digits.serving.routes import Exchange, Route
from digits.serving.scoring import Scoring
from digits.serving.state import State
from digits.wire import Answer, Request, Service, answers, inference
from digits.wire.inference import Inference
from digits.wire.options import Options

LIGHT_TILES = 4
"""So many ready digits are classified on the event loop, more in the thread."""

INLINE_BODY = 64 * 1024


class InferenceProtocol:
    """Answers clients that speak the protocol. The model may be named with its version."""

    def __init__(self, service: Service, scoring: Scoring, desk: Desk, state: State) -> None:
        self._service = service
        self._scoring = scoring
        self._desk = desk
        self._state = state

    def routes(self) -> list[Route]:
        """All of them."""
        model = "/v2/models/{name}"
        version = model + "/versions/{version}"
        routes = [
            Route("/v2", {"GET": self.server}),
            Route("/v2/health/live", {"GET": self.live}, open=True, quiet=True),
            Route("/v2/health/ready", {"GET": self.ready}, open=True, quiet=True),
        ]
        for path in (model, version):
            routes += [
                Route(path, {"GET": self.model}),
                Route(f"{path}/ready", {"GET": self.model_ready}, quiet=True),
                Route(f"{path}/infer", {"POST": self.infer}, scores=True),
            ]
        return routes

    async def server(self, exchange: Exchange) -> Answer:
        """What this server is."""
        value = {"name": "digits", "version": "1", "extensions": ["binary_tensor_data"]}
        return answers.ok(value, exchange.request.id)

    async def live(self, exchange: Exchange) -> Answer:
        """Alive."""
        return answers.ok({"live": True}, exchange.request.id)

    async def ready(self, exchange: Exchange) -> Answer:
        """Raises NotReady."""
        if not self._state.ready:
            raise NotReady("not ready to read pictures")
        return answers.ok({"ready": True}, exchange.request.id)

    async def model(self, exchange: Exchange) -> Answer:
        """The model's inputs and outputs. Raises NotFound."""
        self._check_model(exchange)
        return answers.ok(inference.metadata(self._service.reader), exchange.request.id)

    async def model_ready(self, exchange: Exchange) -> Answer:
        """Raises NotFound or NotReady."""
        self._check_model(exchange)
        if not self._state.ready:
            raise NotReady("not ready to read pictures")
        value = {"name": self._service.reader.folder.card.name, "ready": True}
        return answers.ok(value, exchange.request.id)

    async def infer(self, exchange: Exchange) -> Answer:
        """Read pictures or classify ready digits. Raises DigitsError."""
        self._check_model(exchange)
        deadline = self._desk.deadline()
        asked = await self._take(exchange.request, deadline)
        with self._desk.places(len(asked.pictures) or 1, deadline) as places:
            if asked.pictures:
                await self._scoring.read(asked.pictures, Options(), exchange, places)
                given = inference.readings(self._service, exchange.outcomes, exchange.request.id)
            else:
                classify = partial(inference.classify, self._service, asked)
                light = len(asked.tiles) <= LIGHT_TILES
                given = await self._desk.turn(classify, places, light=light)
        return inference.answer(self._service, asked, given, exchange.request.id)

    async def _take(self, request: Request, deadline: float) -> Inference:
        with self._desk.places(1, deadline) as places:
            work = partial(inference.take, self._service, request)
            light = len(request.body) <= INLINE_BODY
            return await self._desk.turn(work, places, light=light)

    def _check_model(self, exchange: Exchange) -> None:
        parts = exchange.request.path.split("/")
        reader = self._service.reader
        name = reader.folder.card.name
        if parts[3] != name:
            raise NotFound(f"the model here is called {name}")
        if len(parts) > 5 and parts[4] == "versions" and parts[5] != reader.version:
            raise NotFound(f"the version of {name} here is {reader.version}")
