"""What the server says about itself: alive, ready, its model, its numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from digits.errors import NotReady
from digits.reader import Reader
from digits.serving import openapi
from digits.serving.metrics import exposition, sample
from digits.serving.routes import Exchange
from digits.serving.shared import Board
from digits.serving.state import State
from digits.serving.telemetry import Families, resident_bytes
from digits.settings import Settings
from digits.wire import Answer, answers
from digits.wire.message import JSON
from digits.wire.order import MAX_IMAGES

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class About:
    """Answers questions about this server."""

    reader: Reader
    settings: Settings
    families: Families
    board: Board
    state: State

    async def live(self, exchange: Exchange) -> Answer:
        """The event loop turns, which is all that live means."""
        return answers.ok({"status": "live"}, exchange.request.id)

    async def ready(self, exchange: Exchange) -> Answer:
        """Raises NotReady before the model has read a picture and while shutting down."""
        if not self.state.ready:
            raise NotReady("not ready to read pictures")
        return answers.ok({"status": "ready"}, exchange.request.id)

    async def model(self, exchange: Exchange) -> Answer:
        """The model's name, version, hash and figures, and the limits in force."""
        folder, settings = self.reader.folder, self.settings
        value = {
            "name": folder.card.name,
            "version": self.reader.version,
            "sha256": folder.sha256,
            "created": folder.card.created,
            "metrics": folder.card.metrics,
            "thresholds": folder.card.thresholds,
            "limits": {
                "max_bytes": settings.max_bytes,
                "max_pixels": settings.max_pixels,
                "max_body": settings.max_body,
                "max_images": MAX_IMAGES,
                "queue": settings.queue,
                "timeout_s": settings.timeout_s,
                "workers": settings.workers,
            },
            "feedback": {"days": settings.feedback_days} if settings.feedback else None,
        }
        return answers.ok(value, exchange.request.id)

    async def metrics(self, exchange: Exchange) -> Answer:
        """Everything that is counted, summed over the workers."""
        text = exposition(self.families.layout, self.board) + "\n".join(self._facts()) + "\n"
        headers = (("x-request-id", exchange.request.id),)
        return Answer(200, PROMETHEUS, text.encode(), headers)

    async def swagger(self, exchange: Exchange) -> Answer:
        """The OpenAPI document."""
        # Read and converted at the first request, which takes a while.
        document = await asyncio.get_running_loop().run_in_executor(None, openapi.as_json)
        return Answer(200, JSON, document, (("x-request-id", exchange.request.id),))

    def _facts(self) -> Sequence[str]:
        """What is read off at the moment of asking."""
        folder = self.reader.folder
        info = (
            ("name", folder.card.name),
            ("version", self.reader.version),
            ("sha256", folder.sha256),
        )
        resident = [
            sample("digits_resident_bytes", (("worker", str(row)),), resident_bytes(pid))
            for row, pid in self.board.processes()
        ]
        return [
            "# HELP digits_model_info The model that is served.",
            "# TYPE digits_model_info gauge",
            sample("digits_model_info", info, 1),
            "# HELP digits_resident_bytes Resident memory of each worker.",
            "# TYPE digits_resident_bytes gauge",
            *resident,
        ]
