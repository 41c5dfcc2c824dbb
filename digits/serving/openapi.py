"""The OpenAPI description of the server: kept as YAML beside this, served as JSON."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import orjson
import yaml

DOCUMENT = Path(__file__).with_name("openapi.yaml")


@lru_cache(maxsize=1)
def as_json() -> bytes:
    """The document; read and converted once."""
    return orjson.dumps(yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")))
