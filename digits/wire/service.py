"""``POST /score``, for every server and the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digits.errors import DigitsError, MethodNotAllowed, ModelError
from digits.reader import Reader
from digits.reading import Reading
from digits.settings import Settings
from digits.trace import Trace
from digits.wire import answers, stages, warmup
from digits.wire.ids import Signer
from digits.wire.key import NO_KEY, KeyCheck
from digits.wire.message import Answer, Request
from digits.wire.options import Options
from digits.wire.order import Order


@dataclass(frozen=True, slots=True)
class Scored:
    """One picture read, with pictures of the stages where they were asked for."""

    reading: Reading
    stages: dict[str, str] | None = None


Outcome = Scored | DigitsError


@dataclass(frozen=True)
class Service:
    """A loaded reader and what it takes to answer with it. Safe to share between threads.

    A server that wants to do other things between two pictures calls `take`, `read` and `compose`
    itself, and asks for the key before the body is there; `score` does all of it.
    """

    reader: Reader
    signer: Signer
    max_body: int
    check_key: KeyCheck = NO_KEY

    @classmethod
    def load(cls, settings: Settings) -> Service:
        """Load the model and have it read a first picture. Raises ModelError."""
        service = cls(
            Reader.load(settings),
            Signer.of(settings),
            settings.max_body,
            KeyCheck(settings.api_key),
        )
        service.warm_up()
        return service

    def warm_up(self) -> None:
        """Read a picture that is drawn here: the first one takes long. Raises ModelError."""
        outcome = self.read(warmup.picture(), Options(), "warm-up")
        if isinstance(outcome, DigitsError):
            raise ModelError(
                f"the model in {self.reader.folder.path} cannot read a picture: {outcome}"
            )

    def score(self, request: Request) -> Answer:
        """Answer a scoring request, whatever is in it. Raises nothing."""
        try:
            self.check_key(request.headers)
            order = self.take(request)
            outcomes = [self.read(picture, order.options, request.id) for picture in order.pictures]
            return self.compose(order, outcomes, request.id)
        except DigitsError as error:
            return answers.refusal(error, request.id)
        except Exception:
            return answers.refusal(answers.internal(request.id), request.id)

    def take(self, request: Request) -> Order:
        """What the request asks for. Raises DigitsError."""
        if request.method != "POST":
            raise MethodNotAllowed("/score is for POST: send it a picture")
        return Order.of(request, self.reader.limits, max_body=self.max_body)

    def read(self, picture: bytes | DigitsError, options: Options, name: str) -> Outcome:
        """Read one picture of an order, for the request called ``name``. Raises nothing."""
        if isinstance(picture, DigitsError):
            return picture
        trace = Trace() if options.explain else None
        try:
            reading = self.reader.read(picture, single=options.single, trace=trace)
            return Scored(reading, stages.as_data_urls(trace) if trace else None)
        except DigitsError as error:
            return error
        except Exception:
            return answers.internal(name)

    def compose(self, order: Order, outcomes: Sequence[Outcome], name: str) -> Answer:
        """The answer to an order whose pictures have all been tried."""
        if order.form == "readings":
            return answers.ok({"readings": [self.item(each, name) for each in outcomes]}, name)
        outcome = outcomes[0]
        if isinstance(outcome, DigitsError):
            return answers.refusal(outcome, name)
        if order.form == "digits":
            return answers.ok([digit.digit for digit in outcome.reading.digits], name)
        return answers.ok(self.item(outcome, name), name)

    def item(self, outcome: Outcome, name: str) -> dict[str, object]:
        """One picture's part of an answer: a reading, or its error."""
        if isinstance(outcome, DigitsError):
            return {"error": answers.describe(outcome, name)}
        item: dict[str, object] = {"id": self.signer.issue(), **outcome.reading.to_dict()}
        if outcome.stages is not None:
            item["stages"] = outcome.stages
        return item
