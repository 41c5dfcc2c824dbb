"""Pictures: chosen, dropped, pasted, scaled down, one of the samples."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import MAX_BYTES
from own_server import OwnServer
from reading import explained, read, sample, truth
from samples import picture

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

GIVE = """([kind, name, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
    : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


def choose(page: Page, path: Path) -> dict[str, object]:
    """Choose a file, and what the endpoint answers about it."""
    answers: list[dict[str, object]] = []

    def pass_on(route: Route) -> None:
        response = route.fetch(timeout=120_000)
        answers.append(response.json())
        route.fulfill(response=response)

    page.route("**/score", pass_on, times=1)
    with page.expect_response(lambda answer: answer.url.endswith("/score")) as awaited:
        page.locator("#file").set_input_files(path)
    assert awaited.value.status == 200
    return answers[0]


def test_every_test_picture_is_shown_as_it_is_read(page: Page, repo_root: Path) -> None:
    from playwright.sync_api import expect

    page.click("#tab-picture")
    for name in truth():
        reading = choose(page, repo_root / "test_images" / name)
        text = reading["text"] or "No digits found in this picture."
        assert isinstance(text, str)
        read(page, text)
        digits = reading["digits"]
        assert isinstance(digits, list)
        expect(page.locator("#shown .box")).to_have_count(len(digits))
        doubtful = sum(digit["uncertain"] for digit in digits)
        expect(page.locator("#shown .found", has_text="?")).to_have_count(doubtful)
        expect(page.locator("#cards .mark", has_text="? uncertain")).to_have_count(doubtful)


def test_pasted_and_dropped(page: Page) -> None:
    for kind, name, rows in [("paste", "digit_3.png", "3"), ("drop", "digit_8.png", "8")]:
        page.evaluate(GIVE, [kind, name, base64.b64encode(picture(name)).decode()])
        read(page, rows)


def test_a_picture_over_the_limit_is_scaled_down_in_the_browser(
    page: Page, tmp_path: Path, repo_root: Path
) -> None:
    from PIL import Image

    large = tmp_path / "large.png"
    with Image.open(repo_root / "test_images" / "number_line.jpg") as original:
        original.convert("RGB").save(large)
    assert large.stat().st_size > MAX_BYTES
    with page.expect_request(lambda asked: asked.url.endswith("/score")) as asked:
        reading = choose(page, large)
    assert len(asked.value.post_data_buffer or b"") <= MAX_BYTES
    assert reading["rows"] == ["0123456789"]


def test_a_tiff_which_no_browser_shows_is_shown(page: Page, repo_root: Path) -> None:
    choose(page, repo_root / "test_images" / "digit_0.tiff")
    explained(page)
    shown = page.locator("#shown img")
    assert str(shown.get_attribute("src")).startswith("data:image/png;base64,")


def test_a_sample_is_one_click_or_key_away(page: Page, server: OwnServer) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#samples li")).to_have_count(len(truth()))
    sample(page, "digit_3.png").focus()
    page.keyboard.press("Enter")
    read(page, "3")
    assert server.get("/samples/../../README.md").status == 404
    assert server.get("/samples/manifest.csv").status == 404
    assert server.get("/samples/digit_3.png").body == picture("digit_3.png")


def test_of_two_samples_the_one_chosen_last_is_read(page: Page) -> None:
    """The first is not waited for any more: it could come later than the second."""
    page.route("**/samples/phone.jpg", lambda route: None)  # never comes
    with page.expect_event("requestfailed", lambda asked: asked.url.endswith("/phone.jpg")):
        with page.expect_request("**/samples/phone.jpg"):
            sample(page, "phone.jpg").click()
        sample(page, "digit_3.png").click()
    read(page, "3")
