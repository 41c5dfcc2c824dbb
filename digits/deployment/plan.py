"""What a local deployment is going to do, decided and checked before anything is changed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digits.deployment.address import Address
from digits.deployment.smoke import Sample, first_sample
from digits.model import ModelFolder
from digits.registry.protocol import ModelVersion, Registry
from digits.settings import ROOT, Settings

Server = Literal["own", "azmlinfsrv"]

MANIFEST = ROOT / "test_images" / "manifest.csv"
ENTRY_SCRIPT = ROOT / "score.py"
READY_PATH: Mapping[Server, str] = {"own": "/health/ready", "azmlinfsrv": "/"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One local deployment. ``version`` is None while ``folder`` is still to be registered;
    ``follows`` is the stage, as NAME@STAGE, whose moves a running server follows."""

    folder: ModelFolder
    version: ModelVersion | None
    server: Server
    address: Address
    workers: int
    sample: Sample
    settings: Settings
    follows: str | None = None

    @classmethod
    def make(
        cls,
        settings: Settings,
        registry: Registry,
        *,
        reference: str | None,
        server: Server,
        host: str,
        port: int,
    ) -> Plan:
        """Choose the model, check it, the port and the smoke test's picture. Changes nothing.

        Without a reference it is the shipped model, registered or not.
        """
        version, folder = choose(registry, reference, settings.model_dir)
        return cls(
            folder=folder,
            version=version,
            server=server,
            address=Address.claim(host, port),
            workers=settings.workers,
            sample=first_sample(MANIFEST),
            settings=settings,
            follows=reference if server == "own" and "@" in (reference or "") else None,
        )

    @property
    def reference(self) -> str:
        """``NAME:VERSION`` of what is deployed."""
        return self.version.reference if self.version else f"{self.folder.card.name}:(next)"

    def command(self, orders: int | None = None) -> list[str]:
        """The server's command line; ``orders`` is a file descriptor on which it takes orders."""
        port, workers = str(self.address.port), str(self.workers)
        if self.server == "own":
            options = ["--host", self.address.host, "--port", port, "--workers", workers]
            if orders is not None:
                options += ["--orders", str(orders)]
            return [sys.executable, "-m", "digits.serving", *options]
        return [
            str(Path(sys.executable).with_name("azmlinfsrv")),
            *("--entry_script", str(ENTRY_SCRIPT), "--model_dir", str(self.folder.path)),
            *("--port", port, "--worker_count", workers),
        ]

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The server's environment: ``environ``, but for what says which model to load."""
        chosen = {"DIGITS_MODEL_DIR": str(self.folder.path)}
        if self.version:
            chosen["DIGITS_MODEL_VERSION"] = str(self.version.version)
        if self.server == "azmlinfsrv":
            # By default it takes a config.json of the folder one happens to be in for its own.
            chosen["AML_APP_ROOT"] = str(ROOT)
            # Its control socket is one file for all servers of a user; this one needs none.
            arguments = environ.get("GUNICORN_CMD_ARGS", "")
            chosen["GUNICORN_CMD_ARGS"] = f"{arguments} --no-control-socket".strip()
        # Left in, it would win over the folder chosen here.
        kept = {name: value for name, value in environ.items() if name != "AZUREML_MODEL_DIR"}
        return {**kept, **chosen}

    def describe(self) -> str:
        """The plan in lines for people."""
        model = f"{self.reference}, sha256 {self.folder.sha256[:12]}, from {self.folder.path}"
        registered = "" if self.version else " (registered first: this content is not yet)"
        binding = " (Azure's server binds to all interfaces)" if self.server != "own" else ""
        follows = [f"follows     {self.follows}, wherever it is moved"] if self.follows else []
        return "\n".join(
            (
                f"model       {model}{registered}",
                *follows,
                f"endpoint    {self.address.url}, worker processes: {self.workers}{binding}",
                f"server      {shlex.join(self.command())}",
                f"ready when  GET {READY_PATH[self.server]} answers 200",
                f"smoke test  {self.sample.picture} must read {'/'.join(self.sample.rows)}",
            )
        )


def choose(
    registry: Registry, reference: str | None, shipped: Path
) -> tuple[ModelVersion | None, ModelFolder]:
    """The version a reference means; without one, the newest that has the shipped content.

    None for a version says that the shipped content is not registered yet.
    Raises RegistryError or ModelError when the model is not there or not what it was.
    """
    if reference is None:
        folder = ModelFolder.open(shipped)
        same = [v for v in registry.versions(folder.card.name) if v.sha256 == folder.sha256]
        if not same:
            return None, folder
        reference = same[-1].reference
    version = registry.resolve(reference)
    return version, ModelFolder.open(version.path)
