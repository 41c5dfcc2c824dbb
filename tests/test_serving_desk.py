"""The queues of a worker: who is let in, in what order, and until when."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
import zlib
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from PIL import Image
from samples import blank, encoded, picture

from digits.errors import Overloaded, Timeout
from digits.serving.desk import Desk
from digits.serving.shared import Board
from digits.serving.telemetry import Families, Telemetry
from digits.serving.weight import LIGHT_BYTES, LIGHT_PIXELS, is_light

Scene = Callable[[Desk], Awaitable[None]]


def play(scene: Scene, *, queue: int = 3, timeout_s: float = 5) -> None:
    """Run a scene at a new desk."""
    families = Families.lay_out(["/score"])
    telemetry = Telemetry(families, Board(rows=1, width=families.layout.width).row(0))

    async def run() -> None:
        await scene(Desk(queue=queue, timeout_s=timeout_s, telemetry=telemetry))

    asyncio.run(asyncio.wait_for(run(), 30))


@pytest.mark.parametrize("light", [True, False])
def test_work_is_done_in_the_order_it_was_asked_for(light):
    async def scene(desk: Desk) -> None:
        done: list[int] = []

        async def ask(number: int) -> int:
            with desk.places(1, desk.deadline()) as places:
                await desk.turn(lambda: done.append(number), places, light=light)
            return number

        assert await asyncio.gather(*(ask(number) for number in range(50))) == list(range(50))
        assert done == list(range(50))

    play(scene, queue=100)


def test_light_work_is_done_on_the_loop_and_heavy_work_is_not():
    async def scene(desk: Desk) -> None:
        with desk.places(2, desk.deadline()) as places:
            here = await desk.turn(threading.get_ident, places, light=True)
            there = await desk.turn(threading.get_ident, places, light=False)
        assert here == threading.get_ident() != there

    play(scene)


@pytest.mark.parametrize("light", [True, False])
def test_what_work_raises_reaches_who_asked(light):
    async def scene(desk: Desk) -> None:
        with desk.places(1, desk.deadline()) as places, pytest.raises(ZeroDivisionError):
            await desk.turn(lambda: 1 // 0, places, light=light)
        assert not desk.full

    play(scene)


def test_light_work_is_not_held_up_by_heavy_work():
    async def scene(desk: Desk) -> None:
        release = threading.Event()
        with desk.places(2, desk.deadline()) as places:
            heavy = asyncio.ensure_future(desk.turn(release.wait, places, light=False))
            assert await desk.turn(lambda: "light", places, light=True) == "light"
            assert not heavy.done()
            assert desk.busy_for > 0
            release.set()
            assert await heavy is True
        assert desk.busy_for == 0

    play(scene)


def test_requests_of_many_pictures_take_turns():
    async def scene(desk: Desk) -> None:
        done: list[str] = []

        async def ask(name: str, count: int) -> None:
            with desk.places(count, desk.deadline()) as places:
                for _ in range(count):
                    await desk.turn(lambda: done.append(name), places, light=False)

        await asyncio.gather(ask("many", 4), ask("one", 1))
        assert done.index("one") <= 1

    play(scene, queue=10)


def test_as_many_as_the_queue_holds_may_wait_and_no_more():
    async def scene(desk: Desk) -> None:
        release = threading.Event()

        async def ask() -> None:
            with desk.places(1, desk.deadline()) as places:
                await desk.turn(release.wait, places, light=False)

        working = asyncio.ensure_future(ask())
        await asyncio.sleep(0)
        waiting = [asyncio.ensure_future(ask()) for _ in range(3)]
        await asyncio.sleep(0)
        assert desk.full
        with pytest.raises(Overloaded, match="3 pictures are waiting"):
            await ask()
        release.set()
        await asyncio.gather(working, *waiting)
        assert not desk.full
        await ask()

    play(scene, queue=3)


def test_many_are_let_in_together_only_when_nobody_waits():
    def refused(desk: Desk, count: int) -> bool:
        try:
            with desk.places(count, desk.deadline()):
                return False
        except Overloaded:
            return True

    async def scene(desk: Desk) -> None:
        with desk.places(64, desk.deadline()):
            assert refused(desk, 1)
        with desk.places(1, desk.deadline()):
            assert refused(desk, 3)
            assert not refused(desk, 2)
        assert not refused(desk, 64)

    play(scene, queue=3)


def test_who_waits_too_long_is_told_and_never_served():
    async def scene(desk: Desk) -> None:
        release, served = threading.Event(), []

        async def ask(work: Callable[[], object]) -> None:
            with desk.places(1, desk.deadline()) as places:
                await desk.turn(work, places, light=False)

        first = asyncio.ensure_future(ask(release.wait))
        await asyncio.sleep(0)
        with pytest.raises(Timeout, match="0.2 s"):
            await ask(lambda: served.append(1))
        with pytest.raises(Timeout):
            await first
        assert not desk.full
        release.set()
        await ask(lambda: None)
        assert served == []

    play(scene, timeout_s=0.2)


def test_who_could_not_be_served_in_time_is_refused_at_once():
    async def scene(desk: Desk) -> None:
        release, refused = threading.Event(), []

        async def ask(work: Callable[[], object]) -> None:
            try:
                with desk.places(1, desk.deadline()) as places:
                    await desk.turn(work, places, light=False)
            except Overloaded as error:
                refused.append(str(error))

        await ask(partial(time.sleep, 0.2))  # from now on it knows how long one takes
        asked = [asyncio.ensure_future(ask(release.wait)) for _ in range(100)]
        await asyncio.sleep(0)
        # Of ten seconds forty may get their share at most; one that nobody is before, always.
        assert 59 <= len(refused) <= 98
        assert all("DIGITS_TIMEOUT_S" in each for each in refused)
        release.set()
        await asyncio.gather(*asked)
        assert not desk.full

    play(scene, queue=200, timeout_s=10)


def test_who_leaves_is_not_served():
    async def scene(desk: Desk) -> None:
        release, served = threading.Event(), []

        async def ask(work: Callable[[], object]) -> None:
            with desk.places(1, desk.deadline()) as places:
                await desk.turn(work, places, light=False)

        first = asyncio.ensure_future(ask(release.wait))
        await asyncio.sleep(0)
        leaving = asyncio.ensure_future(ask(lambda: served.append(1)))
        await asyncio.sleep(0)
        leaving.cancel()
        release.set()
        await first
        await ask(lambda: None)
        assert served == []
        assert not desk.full

    play(scene)


def test_who_leaves_takes_the_picture_along():
    class Picture:
        def read(self) -> None:
            pass

    async def scene(desk: Desk) -> None:
        release, pictures = threading.Event(), weakref.WeakSet[Picture]()

        async def ask(work: Callable[[], object]) -> None:
            with desk.places(1, desk.deadline()) as places:
                await desk.turn(work, places, light=False)

        async def ask_with_a_picture() -> None:
            picture = Picture()
            pictures.add(picture)
            await ask(picture.read)

        await ask(partial(time.sleep, 0.1))  # from now on it knows how long one takes
        first, second = (asyncio.ensure_future(ask(release.wait)) for _ in range(2))
        for _ in range(500):  # each of which would make the others wait if it counted
            leaving = asyncio.ensure_future(ask_with_a_picture())
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        del leaving
        await asyncio.sleep(0)
        gc.collect()
        assert len(pictures) == 0
        patient = asyncio.ensure_future(ask_with_a_picture())
        release.set()
        await asyncio.gather(first, second, patient)

    play(scene)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("chunks", "light"),
    [
        (chunk(b"tEXt", b"Software\0a program"), True),
        (chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000))), False),
        (chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(1_000_000))), False),
        (chunk(b"acTL", bytes(8)), False),
        (chunk(b"IHDR", bytes.fromhex("00001b5800001b580100000000")), False),
        (chunk(b"tEXt", b"k\0") * 100, False),
    ],
)
def test_a_png_that_may_take_long_is_not_light(chunks: bytes, light: bool):
    head = 8 + 25
    png = blank(28, 28)

    assert is_light(png[:head] + chunks + png[head:]) == light


def test_a_png_that_begins_with_something_else_is_not_light():
    png = blank(28, 28)

    assert not is_light(png[:8] + chunk(b"tEXt", b"\0\0\0\x1c" * 2) + png[8:])


def test_only_small_pngs_are_light():
    side = int(LIGHT_PIXELS**0.5)

    assert is_light(picture("digit_3.png"))
    assert is_light(blank(side, side))
    assert not is_light(blank(side, side + 1))
    assert not is_light(encoded(Image.new("L", (28, 28)), "BMP"))
    assert not is_light(picture("phone.jpg"))
    assert is_light(blank(8, 8) + b"\0" * (LIGHT_BYTES - len(blank(8, 8))))
    assert not is_light(blank(8, 8) + b"\0" * LIGHT_BYTES)
    assert not is_light(b"")
