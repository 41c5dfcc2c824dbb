"""Draw docs/images/page.jpg: the page of a running endpoint, with a sample read.

uv run deploy.py &
uv run --group browser tools/page_picture.py
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "colours.jpg"
STROKE = ((0.4, 0.25), (0.5, 0.24), (0.58, 0.25), (0.55, 0.4), (0.5, 0.55), (0.47, 0.72))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:5001/")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "page.jpg")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 960})
        page.goto(arguments.url)
        write(page)
        page.locator(f'#samples button:has(img[src$="{SAMPLE}"])').click()
        page.locator("#cards li").nth(2).wait_for()
        page.locator("#cards canvas.filled").last.wait_for(timeout=60_000)
        page.mouse.move(5, 5)
        page.evaluate("() => scrollTo(0, 0)")
        page.screenshot(path=arguments.out, type="jpeg", quality=85)
        browser.close()


def write(page: Page) -> None:
    """A seven, with the mouse."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in STROKE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.locator("#cards canvas.filled").wait_for(timeout=60_000)


if __name__ == "__main__":
    main()
