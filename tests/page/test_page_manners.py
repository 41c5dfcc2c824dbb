"""What the page owes its readers: words for what went wrong, access for all, no strangers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import visiting
from own_server import OwnServer, own_server
from reading import PATIENT, explained, read, sample, truth
from strokes import write_seven

from digits.feedback.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

OVERLOADED = {"error": {"code": "overloaded", "message": "64 pictures wait", "id": "x"}}


def corrections(store: Path) -> list[tuple[tuple[str, ...], int | None]]:
    kept = [each.correction for each in Store.join(str(store)).all()]
    return [(each.rows, None if each.boxes is None else len(each.boxes)) for each in kept]


def test_a_wrong_digit_is_corrected_kept_and_deleted_again(page: Page, store: Path) -> None:
    from playwright.sync_api import expect

    write_seven(page)
    read(page, "7")
    page.locator("#cards select").select_option("1")
    expect(page.locator("#truth")).to_have_value("1")
    expect(page.locator("#kept")).to_contain_text("The picture will be kept.")
    expect(page.locator("#kept")).to_contain_text("for 365 days")
    assert corrections(store) == []
    page.click("#correction button[type=submit]")
    expect(page.locator("#corrected")).to_contain_text("are kept", timeout=PATIENT)
    assert corrections(store) == [(("1",), 1)]
    page.get_by_role("button", name="Delete it again").click()
    expect(page.locator("#corrected")).to_contain_text("Deleted", timeout=PATIENT)
    assert corrections(store) == []

    page.locator("#truth").fill("1x")
    page.click("#correction button[type=submit]")
    expect(page.locator("#truth-problem")).to_contain_text("Only the digits 0 to 9")
    page.locator("#truth").fill("12\n3")
    page.click("#correction button[type=submit]")
    expect(page.locator("#corrected")).to_contain_text("are kept", timeout=PATIENT)
    assert corrections(store) == [(("12", "3"), None)]


def test_offline_is_said_and_passes(page: Page) -> None:
    from playwright.sync_api import expect

    page.context.set_offline(True)
    write_seven(page)
    expect(page.locator("#problem")).to_contain_text("This device is offline.", timeout=PATIENT)
    page.context.set_offline(False)
    read(page, "7")
    expect(page.locator("#problem")).to_be_empty()


def test_overload_is_waited_for_and_then_said(page: Page) -> None:
    from playwright.sync_api import expect

    refused = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        answer = {"content-type": "application/json", "retry-after": "1"}
        route.fulfill(status=503, headers=answer, body=json.dumps(OVERLOADED))

    page.route("**/score", refuse)
    sample(page, "digit_3.png").click()
    expect(page.locator("#problem")).to_contain_text("too much to do", timeout=PATIENT)
    assert len(refused) == 3
    page.unroute("**/score")
    page.get_by_role("button", name="Try again").click()
    read(page, "3")


def test_what_is_no_picture_is_named(page: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    for content, words in [(b"hello", "no picture that can be read"), (b"", "file is empty")]:
        path = tmp_path / "file.png"
        path.write_bytes(content)
        page.locator("#file").set_input_files(path)
        expect(page.locator("#problem")).to_contain_text(words, timeout=PATIENT)


def test_an_endpoint_with_a_key_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    with (
        own_server(tmp_path, api_key="secret-of-this-test", timeout_s=60) as guarded,
        visiting(browser, guarded.port) as page,
    ):
        expect(page.locator("#problem")).to_contain_text("asks for a key", timeout=PATIENT)
        page.locator("#key-field").fill("secret-of-this-test")
        page.click("#key button")
        expect(page.locator("#problem")).to_be_empty(timeout=PATIENT)
        write_seven(page)
        read(page, "7")
        # Without a store there is nothing to correct with, and the page says so.
        expect(page.locator("#correct")).to_be_hidden()
        expect(page.locator("#keeps-none")).to_be_visible()


def test_nothing_but_its_own_scripts_runs(browser: Browser, server: OwnServer) -> None:
    policy = server.get("/", Accept="text/html").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    injected = """() => {
      const script = document.createElement("script");
      script.textContent = "window.injected = true";
      document.body.append(script);
      return window.injected === undefined;
    }"""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    assert page.evaluate(injected)
    context.close()


def test_on_a_phone_everything_fits_and_a_finger_writes(
    browser: Browser, server: OwnServer
) -> None:
    from playwright.sync_api import expect

    phone = {
        "viewport": {"width": 360, "height": 740},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
        "color_scheme": "dark",
    }
    overflow = "() => document.documentElement.scrollWidth - innerWidth"
    crowded = """() => [...document.querySelectorAll(".card")].filter(
      (card) => card.scrollWidth > card.clientWidth).length"""
    with visiting(browser, server.port, **phone) as page:
        assert page.evaluate(overflow) <= 0
        write_seven(page)
        read(page, "7")
        page.click("#tab-picture")
        expect(page.locator("label.camera")).to_be_visible()
        sample(page, "phone.jpg").click()
        read(page, truth()["phone.jpg"])
        page.click("#digits summary")
        assert page.evaluate(overflow) <= 0
        assert page.evaluate(crowded) == 0
        buttons = page.locator("main button:visible, main .button:visible").all()
        assert all((button.bounding_box() or {"height": 0})["height"] >= 24 for button in buttons)


def test_tabs_answer_to_arrow_keys(page: Page) -> None:
    from playwright.sync_api import expect

    page.locator("#tab-draw").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#tab-picture")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#draw")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, server: OwnServer, axe: str, scheme: str) -> None:
    with visiting(browser, server.port, color_scheme=scheme) as page:
        page.evaluate(axe)
        assert violations(page) == []
        sample(page, "shadow.jpg").click()
        explained(page)
        for part in ("#steps", "#correct"):
            page.click(f"{part} summary")
        assert violations(page) == []
        page.click("#tab-picture")
        assert violations(page) == []


def violations(page: Page) -> list[str]:
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]
