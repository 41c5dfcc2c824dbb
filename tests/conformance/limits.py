"""The limits in force on the servers under test: small, so that tests can reach them."""

from __future__ import annotations

MAX_BYTES, MAX_BODY, MAX_PIXELS = 300_000, 1_000_000, 2_000_000
LIMITS = {
    "DIGITS_MAX_BYTES": str(MAX_BYTES),
    "DIGITS_MAX_BODY": str(MAX_BODY),
    "DIGITS_MAX_PIXELS": str(MAX_PIXELS),
}
