"""Azurite, the genuine emulator of Azure's blob storage, and how the control plane reads it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import live

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's well-known account, the same everywhere."""

CONTAINER = "azureml"
SUFFIX = "core.azurite.test"


@dataclass(frozen=True)
class Storage:
    """A running Azurite with one container."""

    port: int
    authority: Path

    @property
    def account_url(self) -> str:
        """As clients see it; the proxy leads them here."""
        return f"https://{ACCOUNT}.blob.{SUFFIX}:{self.port}"

    def blob_url(self, name: str) -> str:
        """Of one blob or folder, with the right to write it."""
        return f"{self.account_url}/{CONTAINER}/{name}?{signature()}"

    def names(self, prefix: str) -> list[str]:
        """The blobs whose names begin so."""
        asked = {"restype": "container", "comp": "list", "prefix": prefix}
        listing = ElementTree.fromstring(self._ask("GET", CONTAINER, **asked))
        return [name.text or "" for name in listing.iter("Name")]

    def read(self, name: str) -> bytes:
        """The content of one blob."""
        return self._ask("GET", f"{CONTAINER}/{quote(name)}")

    def sha256s(self, prefix: str) -> dict[str, str]:
        """The hash of each blob below ``prefix``, by the rest of its name."""
        return {
            name.removeprefix(prefix).lstrip("/"): hashlib.sha256(self.read(name)).hexdigest()
            for name in self.names(prefix)
        }

    def fetch(self, prefix: str, folder: Path) -> None:
        """Copy all blobs below ``prefix`` into ``folder/<last part of prefix>``."""
        names = self.names(prefix.rstrip("/"))
        assert names, f"nothing was uploaded to {prefix}"
        above = prefix.rstrip("/").rpartition("/")[0]
        for name in names:
            target = folder / name.removeprefix(above).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.read(name))

    def create_container(self) -> None:
        self._ask("PUT", CONTAINER, restype="container")

    def _ask(self, method: str, path: str, **query: str) -> bytes:
        url = f"https://127.0.0.1:{self.port}/{ACCOUNT}/{path}?{urlencode(query)}&{signature()}"
        context = ssl.create_default_context(cafile=str(self.authority))
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        with opener.open(Request(url, method=method), timeout=30) as answer:
            return bytes(answer.read())


def signature() -> str:
    """A shared access signature for the account: everything, for a while."""
    fields = {"sp": "rwdlac", "ss": "b", "srt": "sco", "se": "2099-01-01T00:00:00Z"}
    version = "2019-02-02"
    order = (ACCOUNT, fields["sp"], fields["ss"], fields["srt"], "", fields["se"], "", "", version)
    text = "".join(f"{field}\n" for field in order)
    digest = hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)
    return urlencode({"sv": version, **fields, "sig": base64.b64encode(digest).decode()})


@contextmanager
def running(azurite: Path, *, certificates: Path, folder: Path) -> Iterator[Storage]:
    """Start Azurite's blob service; ``azurite`` is its package's folder."""
    port = live.unused_port()
    command = ["node", str(azurite / "dist" / "src" / "blob" / "main.js")]
    command += ["--blobPort", str(port), "--location", str(folder), "--skipApiVersionCheck"]
    command += ["--cert", str(certificates / "server.pem"), "--disableTelemetry"]
    command += ["--key", str(certificates / "server.key")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while not listens(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        storage = Storage(port, certificates / "ca.pem")
        storage.create_container()
        yield storage
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
