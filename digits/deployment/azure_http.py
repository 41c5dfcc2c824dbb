"""Plain HTTPS requests by the pipeline that Azure's SDKs use: proxies, certificates, retries."""

from __future__ import annotations

from collections.abc import Mapping

from digits.errors import DeploymentError
from digits.registry.azure_errors import explained, patience_s

RETRIES = 4


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the answer, whatever the status.

    Busy servers and broken connections are tried again; DeploymentError when that does not help.
    """
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import RetryPolicy
    from azure.core.rest import HttpRequest

    patience = patience_s()
    request = HttpRequest(method, url, headers=dict(headers or {}), content=content)
    client = PipelineClient(url, policies=[RetryPolicy(retry_total=RETRIES)])
    with explained(f"{method} {url}", as_error=DeploymentError), client:
        response = client.send_request(request, connection_timeout=patience, read_timeout=patience)
        return response.status_code, response.headers, response.read()
