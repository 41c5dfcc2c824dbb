"""Values that cannot be used are refused by the name of their variable."""

from __future__ import annotations

import os

import pytest

from digits.errors import ConfigurationError
from digits.settings import Settings


@pytest.mark.parametrize("name", ["DIGITS_API_KEY", "DIGITS_ID_KEY"])
@pytest.mark.parametrize(
    ("value", "complaint"),
    [(" ", "is blank"), (os.fsdecode(b"\xffsecret"), "not printable"), ("sec\nret", "not print")],
)
def test_a_key_that_is_none_is_refused_and_not_printed(
    name: str, value: str, complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} .*{complaint}") as raised:
        Settings.from_env({name: value})
    assert "sec" not in str(raised.value)


def test_a_key_that_is_not_there_is_none() -> None:
    assert Settings.from_env({"DIGITS_API_KEY": ""}).api_key is None
    assert Settings.from_env({"DIGITS_API_KEY": "s3 cret"}).api_key == "s3 cret"
    assert Settings.from_env({"DIGITS_API_KEY": "s3cret\n"}).api_key == "s3cret"
    assert "s3" not in repr(Settings.from_env({"DIGITS_API_KEY": "s3cret"}))


@pytest.mark.parametrize(
    "origin", ["*", "example.org", "https://", "https://a/b", "https://a?b", "https://u@a"]
)
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    with pytest.raises(ConfigurationError, match="DIGITS_CORS_ORIGINS=.* is not an origin"):
        Settings.from_env({"DIGITS_CORS_ORIGINS": f"https://good.example,{origin}"})


def test_origins_may_end_with_a_slash() -> None:
    given = {"DIGITS_CORS_ORIGINS": "https://a.example/, http://localhost:3000"}
    assert Settings.from_env(given).cors_origins == ("https://a.example", "http://localhost:3000")
