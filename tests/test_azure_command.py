"""Options that mean nothing where they are given are refused, not ignored."""

from __future__ import annotations

import pytest

import deploy


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--retire", "--retire is not for --to local"),
        ("--endpoint digits", "--endpoint is not for --to local"),
        ("--soak 5", "--soak is not for --to local"),
        ("--allow-unknown-origin", "--allow-unknown-origin is not for --to local"),
        ("--no-autoscale", "--no-autoscale is not for --to local"),
        ("--to azure --port 80", "--port is not for --to azure"),
        ("--to azure --server azmlinfsrv", "--server is not for --to azure"),
        ("--package", "--package is not for --to local"),
        ("--to azure --package", "--package is not for --to azure"),
        ("--to azure-v1 --port 80", "--port is not for --to azure-v1"),
        ("--to azure-v1 --rollback", "--rollback is not for --to azure-v1"),
        ("--to azure-v1 --instance-count 2", "--instance-count is not for --to azure-v1"),
        ("--to azure-v1 --dry-run --package", "leave --package out"),
        ("--to azure --dry-run --delete", "leave --delete out"),
        ("--to azure --status --delete", "not allowed with argument --status"),
        ("--to azure --soak -1", "seconds from 0 to 86400, not '-1'"),
        ("--to azure --soak 86401", "seconds from 0 to 86400, not '86401'"),
        ("--to azure --instance-count 0", "a whole number from 1 to 100, not '0'"),
        ("--to azure --instance-count 101", "a whole number from 1 to 100, not '101'"),
    ],
)
def test_it_is_wrong_usage(capsys: pytest.CaptureFixture[str], line: str, complaint: str) -> None:
    with pytest.raises(SystemExit) as caught:
        deploy.main(line.split())
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err
