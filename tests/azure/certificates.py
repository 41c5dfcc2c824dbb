"""A certificate authority of the tests' own, and one certificate for all they pretend to be."""

from __future__ import annotations

import subprocess
from pathlib import Path

NAMES = "DNS:localhost,IP:127.0.0.1,DNS:*.blob.core.azurite.test,DNS:mcr.microsoft.com"


def make(folder: Path) -> None:
    """Write ca.pem, server.pem and server.key; 30 days, for this machine alone."""
    key = ("-newkey", "rsa:2048", "-nodes", "-days", "30")
    openssl(
        folder,
        *("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=tests"),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
    )
    openssl(
        folder, "req", *key[:3], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=x"
    )
    (folder / "names").write_text(f"subjectAltName={NAMES}\n")
    openssl(
        folder,
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
        *("-CAcreateserial", "-days", "30", "-extfile", "names", "-out", "server.pem"),
    )


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
