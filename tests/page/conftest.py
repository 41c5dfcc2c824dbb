"""The page in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from own_server import OwnServer, own_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_MS = 120_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MAX_BYTES = 150_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


def missing(what: str) -> NoReturn:
    """Elsewhere these tests are skipped; in CI nothing may be missing."""
    reason = (
        f"{what} is not here: tools/test_packages.sh, then uv run --group browser pytest -m slow"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        # Root may not use the sandbox, and containers have little shared memory.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Iterator[OwnServer]:
    logs = tmp_path_factory.mktemp("server")
    with own_server(logs, feedback=store, max_bytes=MAX_BYTES, timeout_s=60) as running:
        yield running


@pytest.fixture(scope="package")
def axe(repo_root: Path) -> str:
    path = repo_root / ".digits" / "browser" / "package" / "axe.min.js"
    if not path.is_file():
        missing("axe-core")
    return path.read_text(encoding="utf-8")


@contextmanager
def visiting(browser: Browser, port: int, **options: object) -> Iterator[Page]:
    """The page, loaded. Whatever it complains of, or asks of another host, fails the test."""
    address = f"http://127.0.0.1:{port}/"
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _bad(said) else None)
    page.on("request", lambda asked: complaints.append(asked.url) if _away(asked.url) else None)
    page.goto(address)
    page.locator("#samples li").first.wait_for()
    yield page
    context.close()
    assert complaints == []


def _bad(said: object) -> bool:
    """Chromium reports every refused request as an error: those are what some tests are about."""
    kind, text = str(getattr(said, "type", "")), str(getattr(said, "text", ""))
    return kind == "error" and not text.startswith("Failed to load resource")


def _away(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:"))


@pytest.fixture
def page(browser: Browser, server: OwnServer) -> Iterator[Page]:
    with visiting(browser, server.port, viewport={"width": 1280, "height": 900}) as loaded:
        yield loaded
