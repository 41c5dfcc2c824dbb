"""What the page has read, once it has: no test looks at a reading that is about to change."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from digits.settings import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PATIENT = 120_000


def truth() -> dict[str, str]:
    """Rows of each sample, as the page writes them, by file."""
    with (ROOT / "test_images" / "manifest.csv").open(encoding="utf-8") as file:
        return {row["file"]: row["rows"].replace("/", "\n") for row in csv.DictReader(file)}


def sample(page: Page, file: str) -> Locator:
    """The button of a sample."""
    return page.locator(f'#samples button[data-sample="{file}"]')


def explained(page: Page) -> None:
    """Wait until all that was given is read and explained: nothing changes by itself then."""
    from playwright.sync_api import expect

    expect(page.locator("#reading")).to_have_attribute("data-state", "explained", timeout=PATIENT)


def read(page: Page, rows: str) -> None:
    """Wait until all that was given is read, and reads this."""
    from playwright.sync_api import expect

    explained(page)
    expect(page.locator("#rows")).to_have_text(rows)
