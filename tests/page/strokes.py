"""Writing on the page's sheet as a hand does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SEVEN = ((0.0, 0.0), (0.1, 0.0), (0.2, 0.0), (0.25, 0.01), (0.2, 0.2), (0.15, 0.35), (0.12, 0.5))


def places(pad: Locator, left: float, top: float = 0.2) -> list[tuple[float, float]]:
    """A seven's points in pixels of the page; ``left`` and ``top`` are shares of the sheet."""
    box = pad.bounding_box()
    assert box is not None
    return [
        (box["x"] + (left + x) * box["width"], box["y"] + (top + y) * box["height"])
        for x, y in SEVEN
    ]


def write_seven(page: Page, *, left: float = 0.3) -> None:
    """With the mouse."""
    first, *others = places(page.locator("#pad"), left)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def write_seven_with_pen(page: Page, *, force: float) -> None:
    """With a pen that is pressed; Playwright's mouse cannot, the browser's own protocol can."""
    session = page.context.new_cdp_session(page)
    path = places(page.locator("#pad"), 0.3)
    kinds = ["mousePressed"] + ["mouseMoved"] * (len(path) - 1) + ["mouseReleased"]
    for kind, (x, y) in zip(kinds, [*path, path[-1]], strict=True):
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        pen = {"pointerType": "pen", "force": force if kind != "mouseReleased" else 0}
        session.send("Input.dispatchMouseEvent", event | pen)
