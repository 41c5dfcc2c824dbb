"""Reads handwritten numbers from pictures."""

from __future__ import annotations

import os

# From 1.29 on onnxruntime reports to Microsoft which models it runs, on Linux too, and starts a
# thread for it. It looks at this when it is first imported, which no module of ours does before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
