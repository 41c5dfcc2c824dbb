"""A server that is told to serve another model goes over to it, whatever it is doing just then."""

from __future__ import annotations

import os

from own_server import OwnServer, own_server, until

from digits.serving.orders import Order
from digits.settings import ROOT

IN_A_ROW = 40
"""New connections: more than chance lets miss one of two workers."""


def serve_all(server: OwnServer, version: str) -> bool:
    """Whether no worker is met that serves another version."""
    return all(server.get("/model").json["version"] == version for _ in range(IN_A_ROW))


def test_an_order_overtakes_the_one_that_is_being_carried_out(tmp_path):
    reading, giving = os.pipe()
    try:
        with own_server(tmp_path, workers=2, orders=reading, model_version="1") as server:
            for version in ("2", "3"):  # the second while a worker gets ready to serve the first
                os.write(giving, Order(ROOT / "models" / "digits", version).line())
                loaded = f"loaded digits {version}"
                until(lambda said=loaded: said in server.log.read_text(encoding="utf-8"))
            until(lambda: serve_all(server, "3"))
            said = server.log.read_text(encoding="utf-8")
    finally:
        os.close(reading)
        os.close(giving)
    assert said.count("serves version 2") == 1
    assert said.count("serves version 3") == 2
