"""Azure Monitor's autoscale settings of one endpoint's colours, by its REST interface.

Neither generation of the SDK knows them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from digits.deployment.azure_autoscale import TAG, Autoscale
from digits.deployment.azure_http import send
from digits.errors import DeploymentError
from digits.registry.azure_client import credential, manager
from digits.registry.azure_errors import refusal

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineDeployment

API_VERSION = "2022-10-01"
ROLE = "it needs Monitoring Contributor on the resource group; or say --no-autoscale"


class AzureMonitor:
    """The autoscale settings of an endpoint's colours; their ARM ids begin with ``prefix``."""

    def __init__(self, rules: Autoscale, *, prefix: str) -> None:
        self._rules = rules
        self._prefix = prefix

    @classmethod
    def of(cls, client: MLClient, rules: Autoscale, *, endpoint: str) -> AzureMonitor:
        """Those of an endpoint of the client's workspace, in the workspace's resource group."""
        group = (
            f"/subscriptions/{client.subscription_id}/resourceGroups/{client.resource_group_name}"
        )
        folder = f"{group}/providers/Microsoft.Insights/autoscaleSettings"
        return cls(rules, prefix=f"{folder}/{client.workspace_name}-{endpoint}-")

    def keep(self, deployment: ManagedOnlineDeployment, *, location: str) -> bool:
        """See that the rules hold for a colour; whether that took a change."""
        doing = f"setting the autoscale rules of {deployment.name} ({ROLE})"
        present = self._ask("GET", deployment.name, doing) or {}
        tags = present.get("tags")
        if isinstance(tags, dict) and tags.get(TAG) == self._rules.fingerprint:
            return False
        wanted = self._rules.settings(target=str(deployment.id), location=location)
        self._ask("PUT", deployment.name, doing, body=wanted)
        return True

    def drop(self, colour: str) -> None:
        """Delete the rules of a colour, if there are any."""
        doing = f"deleting the autoscale rules of {colour} ({ROLE})"
        self._ask("DELETE", colour, doing)

    def _ask(
        self, method: str, colour: str, doing: str, *, body: dict[str, object] | None = None
    ) -> dict[str, object] | None:
        """The answer's JSON; None when there is no such thing, or nothing was said."""
        url = f"{manager()}{self._prefix}{colour}?api-version={API_VERSION}"
        token = credential().get_token(f"{manager()}/.default").token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body else None
        status, _, answer = send(method, url, headers=headers, content=content)
        if status == 404 and method != "PUT":
            return None
        if status >= 400:
            raise DeploymentError(refusal(doing, status, answer.decode(errors="replace")))
        return dict(json.loads(answer)) if answer else None
