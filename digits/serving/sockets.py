"""The listening sockets: one for each worker, all on one address."""

from __future__ import annotations

import errno
import socket
from typing import Any

from digits.errors import DeploymentError

Address = tuple[Any, ...]
BACKLOG = 1024
"""Connections that the kernel keeps for one worker until it accepts them."""


def claim(host: str, port: int, count: int) -> list[socket.socket]:
    """Sockets bound to the address, not yet listening; the kernel shares the clients out.

    Port 0 chooses a free one. Raises DeploymentError when the address cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise DeploymentError(f"{host!r} is not an address of this machine: {error}") from None
    # A first socket that shares with nobody finds out whether somebody else is there already;
    # those that share would quietly take half of the other's clients.
    with _bound(family, address, shared=False) as probe:
        address = probe.getsockname()
    if count == 1 or not hasattr(socket, "SO_REUSEPORT"):
        only = _bound(family, address, shared=False)
        return [only] + [only.dup() for _ in range(count - 1)]
    return [_bound(family, address, shared=True) for _ in range(count)]


def _bound(family: int, address: Address, *, shared: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setblocking(False)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise DeploymentError(_reason(address, error)) from None
    return listener


def _reason(address: Address, error: OSError) -> str:
    host, port = str(address[0]), address[1]
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; stop what listens there or choose another --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that this user has not; choose one from 1024 on"
    return f"cannot listen on {host} port {port}: {error.strerror}"
