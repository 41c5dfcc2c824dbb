"""Reading ids are recognised by whoever has the key, and by nobody else."""

from __future__ import annotations

import time

import pytest

from digits.settings import Settings
from digits.wire.ids import Signer, request_id

SIGNER = Signer(b"k" * 32)


def test_an_issued_id_is_recognised_with_its_time():
    assert SIGNER.issued_at(SIGNER.issue(now=1_700_000_000.9)) == 1_700_000_000
    assert abs(SIGNER.issued_at(SIGNER.issue()) - time.time()) < 60


def test_an_id_is_short_and_safe_in_urls():
    issued = SIGNER.issue()

    assert len(issued) == 28
    assert issued.replace("-", "").replace("_", "").isalnum()


def test_ids_of_the_same_second_differ():
    assert len({SIGNER.issue(now=5) for _ in range(100)}) == 100


@pytest.mark.parametrize("place", range(28))
def test_a_changed_id_is_unknown(place):
    issued = SIGNER.issue(now=1_700_000_000)
    other = "A" if issued[place] != "A" else "B"

    assert SIGNER.issued_at(issued[:place] + other + issued[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "x", "A" * 28, "ä" * 28, "=" * 28, "A" * 10_000, "\0" * 28])
def test_what_was_never_issued_is_unknown(text):
    assert SIGNER.issued_at(text) is None


def test_processes_with_one_configured_key_agree():
    one, other = (Signer.of(Settings(id_key="secret")) for _ in range(2))

    assert one.issued_at(other.issue()) is not None
    assert Signer.of(Settings(id_key="another")).issued_at(one.issue()) is None


def test_without_a_configured_key_each_process_has_its_own():
    one, other = (Signer.of(Settings()) for _ in range(2))

    assert one.issued_at(other.issue()) is None


def test_the_key_is_never_shown():
    assert "secret" not in repr(Settings(id_key="secret", api_key="secret"))
    assert "kkk" not in repr(SIGNER)


@pytest.mark.parametrize("offered", ["a", "0f-3.b_c:d/e+f=g@h", "x" * 100])
def test_a_sane_request_id_is_kept(offered):
    assert request_id(offered) == offered


@pytest.mark.parametrize(
    "offered", [None, "", "x" * 101, "a b", "a\r\nset-cookie: x", "-a", "é", "a\n", '"', "<script>"]
)
def test_any_other_is_replaced(offered):
    given = request_id(offered)

    assert len(given) == 24
    assert given != request_id(offered)
