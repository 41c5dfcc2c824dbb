"""What several tests need."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from live import unused_port

os.environ.pop("DIGITS_FONTS", None)  # which fonts there are shall not decide what is tested


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with MNIST and the labelled pictures."""
    folder = os.environ.get("DIGITS_DATA", "")
    if not folder:
        pytest.skip("DIGITS_DATA is not set")
    if not Path(folder).is_dir():
        pytest.skip(f"DIGITS_DATA={folder} is no folder")
    return Path(folder).resolve()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI has the data, a test that needs it fails rather than skips itself unnoticed."""
    report = yield
    strict = os.environ.get("CI") == "true" and os.environ.get("DIGITS_DATA")
    if strict and report.skipped and item.get_closest_marker("data"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI although DIGITS_DATA is set: {report.longrepr}"
    return report


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    return unused_port()
