"""Bytes on the wire to readings and back: what every server and the command line have in common.

Nothing in here knows a web framework. A `Request` goes in, an `Answer` comes out, and this is the
one place where an error becomes an answer.
"""

from __future__ import annotations

from digits.wire.message import Answer, Request
from digits.wire.service import Service

__all__ = ["Answer", "Request", "Service"]
