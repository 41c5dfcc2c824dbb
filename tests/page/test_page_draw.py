"""Drawing: what is written is read while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import explained, read
from strokes import write_seven, write_seven_with_pen

if TYPE_CHECKING:
    from playwright.sync_api import Page

INK = """() => {
  const pad = document.getElementById("pad");
  const data = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data;
  return data.filter((value, index) => index % 4 === 3 && value > 127).length;
}"""


def test_sevens_are_read_undone_and_cleared(page: Page) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#undo")).to_be_disabled()
    write_seven(page, left=0.15)
    read(page, "7")
    write_seven(page, left=0.55)
    read(page, "77")
    assert page.locator("#shown .box").count() == 2
    assert "2 digits" in page.inner_text("#status")

    page.keyboard.press("Control+z")
    read(page, "7")
    write_seven(page, left=0.55)
    read(page, "77")
    page.click("#undo")
    read(page, "7")
    page.click("#clear")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#clear")).to_be_disabled()
    assert page.evaluate(INK) == 0


def test_each_digit_has_its_ten_bars_and_its_28x28_image(page: Page) -> None:
    write_seven(page)
    explained(page)
    assert page.locator("#cards li").count() == 1
    assert page.locator("#cards canvas.filled").count() == 1
    assert page.locator("#cards .bar").count() == 10
    widths = [float(bar.get_attribute("width") or 0) for bar in page.locator("#cards .bar").all()]
    assert widths.index(max(widths)) == 7
    dark = """(canvas) => {
      const data = canvas.getContext("2d").getImageData(0, 0, 28, 28).data;
      return data.filter((value, index) => index % 4 === 0 && value < 128).length;
    }"""
    assert 20 < page.locator("#cards canvas").evaluate(dark) < 400
    page.click("#steps summary")
    shown = page.locator("#stages figure").all_inner_texts()
    assert [each.split(" ")[0] for each in shown] == ["1.", "2.", "3.", "4.", "5.", "6."]


def test_a_pen_presses_a_thicker_line_and_the_slider_a_thicker_pen(page: Page) -> None:
    inked = []
    for force, thickness in [(0.2, 10), (1.0, 10), (1.0, 20)]:
        page.locator("#thickness").fill(str(thickness))
        write_seven_with_pen(page, force=force)
        read(page, "7")
        inked.append(page.evaluate(INK))
        page.click("#clear")
    assert inked[0] * 1.5 < inked[1]
    assert inked[1] * 1.5 < inked[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ink_can_be_seen_on_the_paper(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    colours = """() => {
      const style = getComputedStyle(document.getElementById("pad"));
      return [style.color, style.backgroundColor].map(
        (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, each) => sum + Number(each), 0));
    }"""
    ink, paper = page.evaluate(colours)
    assert abs(ink - paper) > 600
    assert (ink < paper) == (scheme == "light")


ALL_AT_ONCE = """(file) => {
  const pad = document.getElementById("pad");
  const { left, top } = pad.getBoundingClientRect();
  const at = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, button: 0, clientX: left + x, clientY: top + y }));
  pad.setPointerCapture = () => {};
  at("pointerdown", 90, 60);
  at("pointermove", 90, 160);
  at("pointerup", 90, 160);
  document.querySelector(file ? `button[data-sample="${file}"]` : "#tab-picture").click();
}"""


def test_a_sample_that_is_chosen_right_after_drawing_is_what_is_read(page: Page) -> None:
    page.evaluate(ALL_AT_ONCE, "digit_3.png")
    read(page, "3")
    page.wait_for_timeout(1000)  # longer than a drawing waits to be read
    read(page, "3")


def test_a_drawing_is_read_although_its_tab_was_left(page: Page) -> None:
    page.evaluate(ALL_AT_ONCE, None)
    read(page, "1")
