"""A client that says what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection

from samples import as_base64

OCTETS = "application/octet-stream"
JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error's code; the answer must be an error of the agreed form."""
        error = self.json["error"]
        assert set(error) == {"code", "message", "id"}
        assert error["id"] == self.headers["x-request-id"]
        assert self.headers["content-type"] == JSON
        return error["code"]

    @property
    def message(self) -> str:
        return self.json["error"]["message"]


@dataclass(frozen=True)
class Client:
    """Talks to a server on this machine."""

    port: int

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", path, headers=headers)

    def score(self, body: bytes, kind: str | None = OCTETS, query: str = "", **headers) -> Reply:
        given = {"Content-Type": kind} if kind else {}
        return self.call("POST", f"/score{query}", body, given | headers)

    def score_json(self, value: object, query: str = "") -> Reply:
        return self.score(json.dumps(value).encode(), JSON, query)

    def image(self, data: bytes, query: str = "") -> Reply:
        """As {"image": base64}."""
        return self.score_json({"image": as_base64(data)}, query)
