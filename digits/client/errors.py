"""What a client may have to hear."""

from __future__ import annotations


class ScoringError(Exception):
    """The endpoint refused, in its own words.

    ``status`` is HTTP's, ``code`` the endpoint's, such as ``unreadable_image``; ``request_id``
    finds the request in its log.
    """

    def __init__(self, message: str, *, status: int, code: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id


class Unavailable(ScoringError):
    """Overloaded, starting, stopping or out of reach, also after all attempts.

    ``status`` is 0 if there was no answer at all.
    """
