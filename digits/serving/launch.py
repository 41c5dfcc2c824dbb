"""From settings to a running server."""

from __future__ import annotations

import logging
import resource

from digits.serving.feedback import check_store
from digits.serving.logs import DirectWriter, JsonHandler
from digits.serving.master import Master
from digits.serving.orders import Orders
from digits.serving.site import PATHS
from digits.serving.sockets import claim
from digits.serving.telemetry import Families
from digits.settings import Settings
from digits.wire import Service

logger = logging.getLogger(__name__)

STDERR = 2
FILES = 4096
"""Open files that a worker should be allowed: a thousand clients and some more."""


def launch(settings: Settings, *, host: str, port: int, orders: int | None = None) -> None:
    """Serve until a signal says stop; ``orders`` is a pipe on which other models are ordered.

    Raises DeploymentError or ModelError.
    """
    logging.basicConfig(level=logging.INFO, handlers=[JsonHandler(DirectWriter(STDERR).write)])
    listeners = claim(host, port, settings.workers)
    _allow_files()
    check_store(settings)
    service = Service.load(settings)
    where = "http://{}:{}".format(*listeners[0].getsockname()[:2])
    logger.info(
        "serving %s %s at %s with %d workers",
        service.reader.folder.card.name,
        service.reader.version,
        where,
        settings.workers,
    )
    Master(service, settings, Families.lay_out(PATHS), listeners, Orders(orders)).run()


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
