"""Which workspace of Azure ML is meant: flags, then DIGITS_AZURE_*, then .azureml/config.json."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from digits.errors import ConfigurationError

PREFIX = "DIGITS_AZURE_"
CONFIG = Path(".azureml") / "config.json"
"""Where both generations of the SDK look as well, here and in the folders above.

They would also take a plain config.json, which we do not: Azure's server takes one beside
score.py for its own.
"""

CONFIG_KEYS = {
    "subscription": "subscription_id",
    "resource_group": "resource_group",
    "workspace": "workspace_name",
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A workspace; a part that nobody configured is None."""

    subscription: str | None = None
    resource_group: str | None = None
    workspace: str | None = None

    @classmethod
    def resolve(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
        **flags: str | None,
    ) -> Target:
        """Each part from its flag, else the environment, else the file above ``folder`` (here).

        Raises ConfigurationError naming what cannot be used.
        """
        environ = os.environ if environ is None else environ
        config = _read_config(Path.cwd() if folder is None else folder)
        parts = {
            part: flags.get(part) or environ.get(PREFIX + part.upper(), "").strip() or config[part]
            for part in CONFIG_KEYS
        }
        return cls(**parts)

    def complete(self) -> tuple[str, str, str]:
        """Subscription, resource group, workspace. Raises ConfigurationError on a missing one."""
        parts = (self.subscription, self.resource_group, self.workspace)
        missing = [part for part, value in zip(CONFIG_KEYS, parts, strict=True) if not value]
        if missing:
            ways = "; ".join(
                f"--{part.replace('_', '-')}, {PREFIX}{part.upper()} or"
                f" {CONFIG_KEYS[part]!r} in {CONFIG}"
                for part in missing
            )
            raise ConfigurationError(f"which Azure ML workspace is meant? Missing: {ways}")
        return self.subscription or "", self.resource_group or "", self.workspace or ""

    def describe(self) -> str:
        """The workspace for people, with a placeholder for each part that is not configured."""
        return (
            f"{self.workspace or '<workspace>'} in resource group"
            f" {self.resource_group or '<resource group>'} of subscription"
            f" {self.subscription or '<subscription>'}"
        )


def _read_config(folder: Path) -> dict[str, str | None]:
    for above in (folder, *folder.resolve().parents):
        path = above / CONFIG
        if path.is_file():
            return _parse_config(path)
    return dict.fromkeys(CONFIG_KEYS)


def _parse_config(path: Path) -> dict[str, str | None]:
    try:
        values = json.loads(path.read_bytes())
        found = {part: values.get(key) for part, key in CONFIG_KEYS.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"{path} is not the configuration of a workspace: {error}"
        ) from None
    for part, value in found.items():
        if value is not None and not isinstance(value, str):
            raise ConfigurationError(f"{CONFIG_KEYS[part]!r} in {path} must be a text")
    return found
