"""The address an endpoint listens on, checked before anything is started."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from digits.errors import DeploymentError

ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean "all interfaces", and how this machine reaches such a server."""


@dataclass(frozen=True)
class Address:
    """Host and port to listen on."""

    host: str
    port: int

    @classmethod
    def claim(cls, host: str, port: int) -> Address:
        """The address, if it is free; port 0 stands for any free one.

        The check binds without SO_REUSEPORT: workers that share a port among themselves would
        otherwise silently share it with another deployment too.
        Raises DeploymentError saying what is in the way.
        """
        try:
            family, kind, protocol, _, name = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(name)
                return cls(host, probe.getsockname()[1])
        except OSError as error:
            raise DeploymentError(_reason(host, port, error)) from None

    @property
    def reachable_host(self) -> str:
        """A host under which this very machine reaches the endpoint."""
        return ANY_HOST.get(self.host, self.host)

    @property
    def url(self) -> str:
        """The endpoint's base URL, as seen from this machine, without a slash at the end."""
        host = self.reachable_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use: stop what listens there, or choose another with"
            " --port (--port 0 takes any free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges: choose one above 1023 with --port"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is not an address of this machine: {error.strerror}"
    return f"{host}:{port} cannot be listened on: {error}"
