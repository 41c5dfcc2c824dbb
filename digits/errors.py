"""What can go wrong, each with the HTTP status and the code that a client sees.

One root. The class says how an error is answered; the message says, in the user's words, what was
wrong with their input and what to do about it. Only ``digits.wire`` turns an error into an answer.
"""

from __future__ import annotations


class DigitsError(Exception):
    """Root of all errors this package raises on purpose."""

    status = 500
    code = "internal"


class BadRequest(DigitsError):
    """The request does not say what to read: no body, bad JSON, bad base64, wrong field."""

    status = 400
    code = "bad_request"


class Unauthorized(DigitsError):
    """A key is configured and the request's is missing or wrong."""

    status = 401
    code = "unauthorized"


class NotFound(DigitsError):
    """No such route or thing."""

    status = 404
    code = "not_found"


class FeedbackOff(NotFound):
    """No store for corrections is configured."""

    code = "feedback_off"


class UnknownReading(NotFound):
    """An id that this deployment did not issue."""

    code = "unknown_reading"


class MethodNotAllowed(DigitsError):
    """The route exists, but not for this method; ``allow`` lists those that it is for."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, *, allow: str = "POST") -> None:
        super().__init__(message)
        self.allow = allow


class TooLarge(DigitsError):
    """Over one of the limits on bytes, pixels or the request's body."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(DigitsError):
    """Not a picture in a supported format, or a body of a type that is not understood."""

    status = 415
    code = "unsupported_media_type"


class HeadersTooLarge(DigitsError):
    """The request line and the headers are larger than any honest request's."""

    status = 431
    code = "headers_too_large"


class UnreadableImage(DigitsError):
    """A picture, but truncated or corrupt."""

    status = 422
    code = "unreadable_image"


class Overloaded(DigitsError):
    """Too many pictures are waiting already."""

    status = 503
    code = "overloaded"


class NotReady(DigitsError):
    """The model is not loaded yet, or the server is shutting down."""

    status = 503
    code = "not_ready"


class StoreUnavailable(DigitsError):
    """The store of corrections cannot be reached or written."""

    status = 503
    code = "store_unavailable"


class Timeout(DigitsError):
    """Not answered within the configured time."""

    status = 504
    code = "timeout"


class ConfigurationError(DigitsError):
    """A setting has a value that cannot be used; the message names the setting."""


class ModelError(DigitsError):
    """A model folder is missing, incomplete, or not what its card says."""


class RegistryError(DigitsError):
    """The registry cannot do what was asked of it."""


class DeploymentError(DigitsError):
    """A deployment could not be made, or did not prove itself."""


class DataError(DigitsError):
    """Training or evaluation data is missing, incomplete or not what it should be."""
