"""What the clients of five older systems send and expect; their quirks stay in here.

Those systems read one digit a picture, so these routes do as well. The fifth sends a JSON string
to ``/score``, which answers it with a bare list; that is `digits.wire.order`'s.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import pybase64

from digits import picture as pictures
from digits.errors import BadRequest, DigitsError
from digits.picture import Limits
from digits.pyramid import Pyramid
from digits.reading import Digit
from digits.wire import answers, multipart
from digits.wire.encoded import decode_picture
from digits.wire.message import JSON, TEXT, Answer, Request
from digits.wire.service import Outcome

HTML = "text/html; charset=utf-8"
NO_FILE = "No files uploaded !"
SEVERAL_FILES = "Mutliple file uploads not allowed !"
NOT_UNDERSTOOD = "Sorry, uploaded image file not understood !!"

SHOWN = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp", b"BM": "bmp"}
"""How the pictures start that any browser shows; others are shown as PNG."""

PREVIEW_SIDE = 1000
"""Pixels of the longer side of such a PNG at most."""


class _Message(BadRequest):
    """A sentence that a client knows by heart."""


@dataclass(frozen=True)
class Dialect:
    """One older system's way to ask and to be answered.

    ``take`` finds the picture in a request and raises DigitsError; ``answer`` makes an answer of
    what was read in the picture (empty where ``take`` found none), or of why it was not. One that
    ``shows`` the picture wants one of a kind that `is_shown`: see `preview`.
    """

    path: str
    take: Callable[[Request, Limits], bytes]
    answer: Callable[[Request, bytes, Outcome], Answer]
    shows: bool = False


def _take_only_file(request: Request, limits: Limits) -> bytes:
    return multipart.only_file(request.headers.get("content-type", ""), request.body)


def _take_file_or_say_so(request: Request, limits: Limits) -> bytes:
    try:
        files = multipart.files(request.headers.get("content-type", ""), request.body)
    except BadRequest:
        files = []  # what is no form has no files
    if not files:
        raise _Message(NO_FILE)
    if len(files) > 1:
        raise _Message(SEVERAL_FILES)
    return files[0]


def _take_data_url(request: Request, limits: Limits) -> bytes:
    """The body is the data: URL, whatever its type claims: jQuery says it is a form."""
    return decode_picture(request.body.decode("latin-1").strip(), limits)


def _answer_pair(request: Request, picture: bytes, outcome: Outcome) -> Answer:
    """``[8, ["0.00001", …]]``; what went wrong is plain text with status 200."""
    if isinstance(outcome, _Message):
        return _text(str(outcome), request)
    digit = None if isinstance(outcome, DigitsError) else _only(outcome.reading.digits)
    if digit is None:
        return _text(NOT_UNDERSTOOD, request)
    return _json([digit.digit, [f"{each:.5f}" for each in digit.probabilities]], request)


def _answer_result(request: Request, picture: bytes, outcome: Outcome) -> Answer:
    """``{"result": "3"}``; empty where there is no digit."""
    if isinstance(outcome, DigitsError):
        return answers.refusal(outcome, request.id)
    return _json({"result": _written(outcome.reading.digits)}, request)


def _answer_string(request: Request, picture: bytes, outcome: Outcome) -> Answer:
    """``"7"``; empty where there is no digit."""
    if isinstance(outcome, DigitsError):
        return answers.refusal(outcome, request.id)
    return _json(_written(outcome.reading.digits), request)


def _answer_page(request: Request, picture: bytes, outcome: Outcome) -> Answer:
    """A page with the digit. A browser gets what went wrong as a page, with the error's status."""
    if not isinstance(outcome, DigitsError):
        return _page(_result(picture, _only(outcome.reading.digits)), request)
    if "text/html" not in request.headers.get("accept", ""):
        return answers.refusal(outcome, request.id)
    said = f'<p role="alert" class="error">{html.escape(str(outcome))}</p>'
    return _page(said + FORM, request, status=outcome.status)


def form_page(request: Request) -> Answer:
    """The page to choose a picture on: ``GET /predict``."""
    return _page(FORM, request)


def is_shown(picture: bytes) -> bool:
    """Whether any browser shows a picture of this kind."""
    return picture.startswith(tuple(SHOWN))


def preview(picture: bytes, limits: Limits) -> bytes:
    """A PNG of a picture that browsers may not show. Raises DigitsError if it cannot be read."""
    small = Pyramid(pictures.decode(picture, limits).grey).shrunk(PREVIEW_SIDE)
    return cv2.imencode(".png", small)[1].tobytes()


DIALECTS = (
    Dialect("/upload/", _take_file_or_say_so, _answer_pair),
    Dialect("/upload", _take_data_url, _answer_result),
    Dialect("/predict", _take_only_file, _answer_page, shows=True),
    Dialect("/digit-classifier-api", _take_only_file, _answer_string),
)

FORM = """\
<form method="post" action="/predict" enctype="multipart/form-data">
<p><label for="file">A picture of one digit</label></p>
<p><input id="file" name="file" type="file" accept="image/*" required></p>
<p><button type="submit">Read it</button></p>
</form>
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>One digit</title>
<link rel="stylesheet" href="/page/predict.css">
</head>
<body>
<main>
<h1>One digit</h1>
{content}
</main>
</body>
</html>
"""

_BAR = """\
<tr><th scope="row">{digit}</th><td><svg viewBox="0 0 100 8" preserveAspectRatio="none" \
aria-hidden="true"><rect width="{percent:.2f}" height="8"/></svg></td><td>{percent:.2f} %</td></tr>
"""


def _only(digits: Sequence[Digit]) -> Digit | None:
    return digits[0] if digits else None


def _written(digits: Sequence[Digit]) -> str:
    return "".join(str(digit.digit) for digit in digits[:1])


def _json(value: object, request: Request) -> Answer:
    """With a blank after each comma and colon, as these clients have always got it."""
    return Answer(200, JSON, json.dumps(value).encode(), (("x-request-id", request.id),))


def _text(message: str, request: Request) -> Answer:
    return Answer(200, TEXT, message.encode(), (("x-request-id", request.id),))


def _page(content: str, request: Request, *, status: int = 200) -> Answer:
    body = _PAGE.format(content=content).encode()
    return Answer(status, HTML, body, (("x-request-id", request.id),))


def _result(picture: bytes, digit: Digit | None) -> str:
    shown = f'<p><img src="{_data_url(picture)}" alt="the picture"></p>\n'
    again = '<p><a href="/predict">Another picture</a></p>\n'
    if digit is None:
        return f'{shown}<p>There is no digit in it: <b id="digit">none</b></p>\n{again}'
    bars = "".join(
        _BAR.format(digit=value, percent=100 * probability)
        for value, probability in enumerate(digit.probabilities)
    )
    doubt = " <span>(uncertain)</span>" if digit.uncertain else ""
    return (
        f'{shown}<p>This is a <b id="digit">{digit.digit}</b>{doubt}</p>\n'
        f"<table><caption>How probable each digit is</caption>\n{bars}</table>\n{again}"
    )


def _data_url(picture: bytes) -> str:
    kind = next(kind for start, kind in SHOWN.items() if picture.startswith(start))
    return f"data:image/{kind};base64,{pybase64.b64encode(picture).decode()}"
