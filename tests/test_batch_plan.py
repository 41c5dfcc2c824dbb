"""What a run keeps beside its output: chunks that are the same however often it is started."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from digits.batch import plan
from digits.batch.entry import Entry
from digits.batch.output import Output
from digits.errors import DataError

ENTRIES = [Entry(f"p/{number}.png", 900) for number in range(100)]


def prepare(folder: Path, *, entries=ENTRIES, given="/in", model="f" * 64):
    return plan.prepared(
        Output.at(str(folder)), given=given, base="/here", model=model, listed=entries
    )


def listed(prepared: plan.Plan) -> list[Entry]:
    return [entry for _, packed in prepared.packed() for entry in plan.unpack(packed)]


def test_a_small_input_keeps_several_workers_busy_and_a_large_one_makes_few_files() -> None:
    sizes = [len(chunk) for chunk in plan.cut(iter(ENTRIES))]
    assert sizes == [16, 16, 16, 16, 16, 16, 4]
    sizes = [len(chunk) for chunk in plan.cut(Entry(str(n), 900) for n in range(200_000))]
    assert sum(sizes) == 200_000
    assert sorted(sizes[:-1]) == sizes[:-1]
    assert len(sizes) < 600
    done = 0
    for size in sizes:
        assert size <= max(plan.FEWEST, done / plan.SHARE)
        done += size


def test_large_pictures_come_in_small_chunks() -> None:
    entries = (Entry(str(n), 5_000_000) for n in range(1000))
    assert all(len(chunk) <= 13 for chunk in plan.cut(entries))
    assert [len(chunk) for chunk in plan.cut([Entry("huge", 10**10), Entry("small", 1)])] == [1, 1]


def test_listing_is_not_kept_in_memory() -> None:
    endless = (Entry(str(number)) for number in iter(int, 1))
    assert len(list(islice(plan.cut(endless), 40))) == 40


def test_the_second_run_does_what_the_first_has_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with prepare(out) as first:
        assert listed(first) == ENTRIES
        assert (first.pictures, first.pictures_done) == (100, 0)
    for number in (0, 6):
        Output.at(str(out)).write(first.chunks[number].part, b"done")
    with prepare(out, entries=ENTRIES[50:]) as second:
        assert (second.pictures, second.pictures_done) == (100, 20)
        assert listed(second) == ENTRIES[16:96]
        assert second.base == "/here"


def test_a_list_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def interrupted():
        yield from ENTRIES[:40]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), prepare(out, entries=interrupted()):
        pass
    with prepare(out) as again:
        assert listed(again) == ENTRIES


def test_a_list_without_its_head_was_not_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with prepare(out, entries=ENTRIES[:10]):
        pass
    (out / plan.HEAD).unlink()
    with prepare(out) as again:
        assert listed(again) == ENTRIES


def test_half_written_files_are_cleared_away(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with prepare(out):
        (out / ".tmp-123-part-000003.parquet").write_bytes(b"PAR1")
    with prepare(out) as again:
        assert again.pictures_done == 0
    assert sorted(path.name for path in out.iterdir()) == [plan.HEAD, plan.LIST]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"given": "/other"}, "holds the readings of /in: take another --out for /other"),
        ({"model": "0" * 64}, r"another model \(sha256 ffffffffffff, now 000000000000\)"),
    ],
)
def test_what_belongs_to_something_else_is_left_alone(
    tmp_path: Path, change: dict[str, str], complaint: str
) -> None:
    with prepare(tmp_path / "out"):
        pass
    with pytest.raises(DataError, match=complaint), prepare(tmp_path / "out", **change):
        pass


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(DataError, match=r"is not empty \(thesis.docx\)"), prepare(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_out_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out.parquet").touch()
    with (
        pytest.raises(DataError, match="is a file; --out names a folder"),
        prepare(tmp_path / "out.parquet"),
    ):
        pass
