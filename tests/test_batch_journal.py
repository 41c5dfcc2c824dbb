"""A picture that kills whoever reads it is found out and left out; one that does not is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from digits.batch.journal import DEATHS, Journal


class Died(BaseException):
    """Stands for the end of a process: nothing that comes after it is done."""


def read(folder: Path, deadly: set[int], pictures: int = 5) -> list[int]:
    """What one worker reads of a chunk; Died at a deadly picture, its journal left behind."""
    journal = Journal("run", 7, pictures, folder=folder)
    journal.__enter__()
    done = []
    for place in range(pictures):
        if journal.at(place):
            if place in deadly:
                raise Died
            done.append(place)
        journal.done()
    journal.__exit__(None, None, None)
    return done


def test_a_chunk_that_nobody_died_at_is_read_whole_and_leaves_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, set()) == [0, 1, 2, 3, 4]
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_died_by_chance_costs_no_picture(tmp_path: Path) -> None:
    with pytest.raises(Died):
        read(tmp_path, {2})

    assert read(tmp_path, set()) == [0, 1, 2, 3, 4]


def test_who_dies_between_two_pictures_died_of_neither(tmp_path: Path) -> None:
    for _ in range(DEATHS):
        journal = Journal("run", 7, 5, folder=tmp_path)
        journal.__enter__()
        journal.at(1)
        journal.done()

    assert read(tmp_path, set()) == [0, 1, 2, 3, 4]


def test_each_deadly_picture_is_left_out_after_so_many_deaths(tmp_path: Path) -> None:
    for _ in range(2 * DEATHS):
        with pytest.raises(Died):
            read(tmp_path, {1, 3})

    assert read(tmp_path, {1, 3}) == [0, 2, 4]
    assert list(tmp_path.iterdir()) == []


def test_another_chunk_and_another_run_know_nothing_of_it(tmp_path: Path) -> None:
    for _ in range(DEATHS):
        with pytest.raises(Died):
            read(tmp_path, {0})

    for run, chunk in (("run", 8), ("other", 7)):
        with Journal(run, chunk, 1, folder=tmp_path) as journal:
            assert journal.at(0)


def test_a_journal_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "digits-many-run-7").write_bytes(b"\0" * 3)

    assert read(tmp_path, set()) == [0, 1, 2, 3, 4]
