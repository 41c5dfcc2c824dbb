"""The entry script of Azure's inference server, and the same thing on the command line.

    uv run score.py PICTURE...               # what do you read in these?
    uv run score.py --check LABELS.csv       # how well do you read these?

Azure calls ``init()`` once in each worker and ``run(request)`` for every request; the command line
calls the very same two. All that ``run`` answers, mistakes of the client included, is an
`AMLResponse`: what it raised would reach the client as an opaque 500.
"""

from __future__ import annotations

import sys

from digits.settings import Settings
from digits.wire import Service, azure

try:
    from azureml_inference_server_http.api.aml_request import rawhttp
    from azureml_inference_server_http.api.aml_response import AMLResponse
except ImportError:  # on the command line, without Azure's server
    rawhttp, AMLResponse = azure.plain_rawhttp, azure.PlainResponse

_service: Service | None = None


def init() -> None:
    """Load the model. Raises ModelError or ConfigurationError, which name what is wrong."""
    global _service
    _service = Service.load(Settings.from_env())


@rawhttp
def run(request: azure.AzureRequest) -> AMLResponse:
    """Answer one request to /score."""
    if _service is None:
        raise RuntimeError("init() has not been called")
    answer = _service.score(azure.to_request(request))
    return AMLResponse(answer.body, answer.status, azure.headers_of(answer))


def main(argv: list[str] | None = None) -> int:
    """Read pictures given on the command line."""
    from digits.harness import command

    return command.main(argv, init=init, run=run)


if __name__ == "__main__":
    sys.exit(main())
