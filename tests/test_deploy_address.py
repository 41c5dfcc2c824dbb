"""A port that is taken, or a host that is not ours, is found out before anything starts."""

from __future__ import annotations

import socket

import pytest

from digits.deployment.address import Address
from digits.errors import DeploymentError


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_free_port_is_kept_and_left_free(free_port):
    for _ in range(2):
        assert Address.claim("127.0.0.1", free_port) == Address("127.0.0.1", free_port)


def test_port_0_becomes_a_free_one():
    address = Address.claim("127.0.0.1", 0)
    assert 1024 <= address.port <= 65535
    assert Address.claim("127.0.0.1", address.port) == address


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_taken_port_is_refused_even_if_its_owner_would_share_it(taken, host):
    with pytest.raises(DeploymentError, match=f"port {taken} on {host} is in use: .*--port"):
        Address.claim(host, taken)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_foreign_host_is_refused(host):
    with pytest.raises(DeploymentError, match=f"--host {host} is not an address of this machine"):
        Address.claim(host, 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5001"),
        ("0.0.0.0", "http://127.0.0.1:5001"),
        ("::", "http://[::1]:5001"),
        ("fd00::7", "http://[fd00::7]:5001"),
        ("digits.example", "http://digits.example:5001"),
    ],
)
def test_the_url_is_one_that_this_machine_can_reach(host, url):
    assert Address(host, 5001).url == url
