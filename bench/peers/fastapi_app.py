"""The same reader behind FastAPI, as its documentation shows it: a plain function in the pool."""

from __future__ import annotations

import base64
import logging
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from digits.reader import Reader
from digits.settings import Settings
from digits.wire.ids import Signer

logging.basicConfig(level=logging.INFO)
app = FastAPI()
reader = Reader.load(Settings.from_env())
signer = Signer.of(Settings.from_env())


async def picture(request: Request) -> bytes:
    """The picture of a request: bytes, or base64 in JSON."""
    if request.headers.get("content-type") == "application/json":
        return base64.b64decode((await request.json())["image"])
    return await request.body()


@app.post("/score")
def score(data: Annotated[bytes, Depends(picture)]) -> dict[str, object]:
    """Read one picture."""
    return {"id": signer.issue(), **reader.read(data).to_dict()}
