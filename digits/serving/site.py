"""All routes of the server, in one place."""

from __future__ import annotations

from digits.serving import pages, samples
from digits.serving.about import About
from digits.serving.feedback import Feedback
from digits.serving.legacy import Legacy
from digits.serving.protocol import InferenceProtocol
from digits.serving.routes import Route
from digits.serving.scoring import Scoring


def site(
    scoring: Scoring, about: About, protocol: InferenceProtocol, legacy: Legacy, feedback: Feedback
) -> list[Route]:
    """What is where."""
    return [
        Route("/score", {"POST": scoring.score}, scores=True),
        Route("/", {"GET": pages.home}, open=True, quiet=True),
        Route("/health/live", {"GET": about.live}, open=True, quiet=True),
        Route("/health/ready", {"GET": about.ready}, open=True, quiet=True),
        Route("/metrics", {"GET": about.metrics}, quiet=True),
        Route("/model", {"GET": about.model}),
        Route("/swagger.json", {"GET": about.swagger}, open=True, quiet=True),
        Route("/docs", {"GET": pages.docs}, open=True, quiet=True),
        Route("/static/{file}", {"GET": pages.static}, open=True, quiet=True),
        Route("/page/{file}", {"GET": pages.static}, open=True, quiet=True),
        Route("/samples", {"GET": samples.listing}, open=True, quiet=True),
        Route("/samples/{file}", {"GET": samples.sample}, open=True, quiet=True),
        *protocol.routes(),
        *legacy.routes(),
        *feedback.routes(),
    ]


PATHS = (
    "/score",
    "/",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/model",
    "/swagger.json",
    "/docs",
    "/static/{file}",
    "/page/{file}",
    "/samples",
    "/samples/{file}",
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/{name}",
    "/v2/models/{name}/ready",
    "/v2/models/{name}/infer",
    "/v2/models/{name}/versions/{version}",
    "/v2/models/{name}/versions/{version}/ready",
    "/v2/models/{name}/versions/{version}/infer",
    "/upload/",
    "/upload",
    "/predict",
    "/digit-classifier-api",
    "/feedback",
    "/feedback/{id}",
)
"""All of them by name: the metrics are laid out for them before there is a worker."""
