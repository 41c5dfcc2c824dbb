"""``score_many.py`` before it starts Ray: usage, settings, and that it needs no Ray to say so."""

from __future__ import annotations

import pytest

import score_many


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        ([], "the following arguments are required: INPUT, --out"),
        (["in"], "the following arguments are required: --out"),
        (["in", "--out", "o", "--workers", "0"], "from 1 to 256, not '0'"),
        (["in", "--out", "o", "--workers", "many"], "from 1 to 256, not 'many'"),
        (["in", "--out", "o", "--ray", "auto"], "is HOST:PORT, not 'auto'"),
        (["in", "--out", "o", "--ray", "a:1", "--workers", "2"], "leave it out with --ray"),
    ],
)
def test_wrong_usage_ends_with_2(
    capsys: pytest.CaptureFixture[str], argv: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        score_many.main(argv)
    printed = capsys.readouterr()
    assert (stopped.value.code, printed.out) == (2, "")
    assert complaint in printed.err


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        score_many.main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(option in printed for option in ("INPUT", "--out", "--ray", "--workers"))


def test_a_bad_setting_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITS_MAX_BYTES", "lots")
    assert score_many.main(["in", "--out", "o"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("score_many.py: DIGITS_MAX_BYTES='lots' cannot be used")
