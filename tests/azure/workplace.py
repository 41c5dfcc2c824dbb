"""A workspace of a test's own, and how the scripts are run against it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import arm
import pytest
import storage
from cloud import Cloud, Fault, Json

from digits.settings import ROOT

UV = os.environ.get("UV") or "uv"
NPM = Path(os.environ.get("DIGITS_TEST_NPM", ROOT / ".digits" / "npm")) / "node_modules"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


@dataclasses.dataclass
class Workplace:
    """A fresh workspace, and how the scripts are run against it."""

    cloud: Cloud
    python: Path
    to: str
    environ: dict[str, str]
    path: str

    def start(self, *command: str, **environ: str) -> subprocess.Popen[str]:
        """Start ``register.py …`` or ``deploy.py …``, in the environment with the SDK."""
        return subprocess.Popen(
            [self.python, *command],
            cwd=ROOT,
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        process = self.start(*command, **environ)
        out, err = process.communicate(timeout=600)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def deploy(self, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """``deploy.py --to …``, without a pause at 10 %."""
        return self.run(*self.deployer, *options, **environ)

    def register(self, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """``register.py --to …``."""
        return self.run("register.py", "--to", self.to, *options, **environ)

    @property
    def deployer(self) -> list[str]:
        return ["deploy.py", "--to", self.to, *(["--soak", "0"] if self.to == "azure" else [])]

    def killed(self, fault: Fault, *options: str) -> None:
        """Deploy, and kill the deployer when the fault holds its call."""
        self.cloud.faults = [fault]
        process = self.start(*self.deployer, *options)
        while not fault.reached.wait(0.1):
            assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
        self.cloud.reset()

    def asked(self) -> list[str]:
        """What the cloud was asked, but for where its parts are: an SDK asks that when imported."""
        return [call.path for call in self.cloud.calls if "metadata" not in call.path]

    def traffic_set(self, name: str = "digits") -> list[dict[str, int]]:
        """Every traffic the endpoint was given since the last reset, in order."""
        path = f"{self.path}/onlineEndpoints/{name}"
        puts = [call for call in self.cloud.calls if (call.method, call.path) == ("PUT", path)]
        return [call.json["properties"]["traffic"] for call in puts]

    def endpoint(self, name: str = "digits") -> dict[str, object]:
        """Traffic and tags, as the cloud has them."""
        resource = self.cloud.get(f"{self.path}/onlineEndpoints/{name}")
        return {"traffic": resource["properties"]["traffic"], "tags": resource["tags"]}

    def secrets_kept(self) -> list[Path]:
        """The files of the user's home that hold a token or a key."""
        secrets = [text.encode() for text in (self.cloud.token, storage.KEY, arm.ENDPOINT_KEY)]
        files = [path for path in Path(self.environ["HOME"]).rglob("*") if path.is_file()]
        return [file for file in files if any(each in file.read_bytes() for each in secrets)]

    def colour(self, colour: str, name: str = "digits") -> Json:
        """One deployment, as the cloud has it."""
        return self.cloud.get(f"{self.path}/onlineEndpoints/{name}/deployments/{colour}")

    def rules(self) -> list[str]:
        """The colours that have autoscale rules."""
        found = [
            each["properties"]["targetResourceUri"]
            for key, each in self.cloud.resources.items()
            if "/autoscaleSettings/" in key
        ]
        return sorted(uri.rpartition("/")[2] for uri in found if uri.startswith(self.path))

    def colours(self, name: str = "digits") -> dict[str, str]:
        """The deployments and the models they run."""
        found = self.cloud.children(f"{self.path}/onlineEndpoints/{name}/deployments")
        return {each["name"]: each["tags"]["model"] for each in found}


def as_a_user() -> dict[str, str]:
    """The environment in which a script brings its SDK by itself, without the network."""
    done = subprocess.run([UV, "cache", "dir"], check=True, capture_output=True, text=True)
    return {"UV_OFFLINE": "1", "UV_CACHE_DIR": done.stdout.strip(), "DIGITS_ISOLATED": ""}


def needed(present: object, what: str) -> None:
    """Skip where ``what`` is not installed, but not in CI: there it must be."""
    if not present:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{what} is missing, which CI installs")
        pytest.skip(f"{what} is missing")


def clean_environment(cloud: Cloud, home: Path, workspace: str, to: str) -> dict[str, str]:
    """No credential of this machine's, and no way out of it."""
    authority = str(cloud.blobs.authority)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "UV": UV,
        "DIGITS_ISOLATED": to,
        "DIGITS_AZURE_SUBSCRIPTION": SUBSCRIPTION,
        "DIGITS_AZURE_RESOURCE_GROUP": "rg",
        "DIGITS_AZURE_WORKSPACE": workspace,
        "ARM_CLOUD_METADATA_URL": f"{cloud.url}/metadata/endpoints?api-version=2019-05-01",
        "REQUESTS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
        "HTTPS_PROXY": f"http://127.0.0.1:{cloud.proxy_port}",
        "NO_PROXY": "127.0.0.1,localhost",
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{cloud.proxy_port}/identity",
        "IDENTITY_HEADER": arm.IDENTITY_SECRET,
    }
