"""The same reader behind LitServe, two workers; it takes JSON only."""

from __future__ import annotations

import base64
import sys

import litserve as ls

from digits.reader import Reader
from digits.settings import Settings
from digits.wire.ids import Signer


class Digits(ls.LitAPI):
    """LitServe's four steps."""

    def setup(self, device: str) -> None:
        self.reader = Reader.load(Settings.from_env())
        self.signer = Signer.of(Settings.from_env())

    def decode_request(self, request: dict[str, str]) -> bytes:
        return base64.b64decode(request["image"])

    def predict(self, data: bytes) -> dict[str, object]:
        return {"id": self.signer.issue(), **self.reader.read(data).to_dict()}

    def encode_response(self, output: dict[str, object]) -> dict[str, object]:
        return output


if __name__ == "__main__":
    api = Digits(api_path="/score")
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=2)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
