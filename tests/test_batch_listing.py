"""INPUT to pictures, and pictures to bytes: every kind of input that is on this machine."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import samples

from digits.batch import archives, entry, fetch, listing
from digits.batch.entry import Entry
from digits.errors import DataError, DigitsError, TooLarge, UnreadableImage
from digits.wire.names import shown

PICTURE = samples.picture("digit_3.png")
FETCHER = fetch.Fetcher(max_bytes=100_000)


def names(given: Path | str, root: Path) -> list[str]:
    return [Path(each.path).relative_to(root).as_posix() for each in listing.entries(str(given))]


def fetched(given: Path | str) -> dict[str, bytes | DigitsError]:
    found = FETCHER.all(listing.entries(str(given)))
    return {Path(each.path).name: content for each, content in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures in folders, and what must be left out."""
    root = tmp_path / "pictures"
    (root / "b" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in ("c.png", "a.JPG", "b/deep/x.webp", ".hidden/h.png", "b/._x.png", "b/notes.md"):
        (root / name).write_bytes(PICTURE)
    return root


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_a_folder_means_the_pictures_in_it_and_below_it(folder: Path) -> None:
    assert names(folder, folder) == ["a.JPG", "b/deep/x.webp", "c.png"]
    assert names(f"file://{folder}", folder) == ["a.JPG", "b/deep/x.webp", "c.png"]


def test_a_glob_means_the_files_that_match(folder: Path) -> None:
    assert names(folder / "*.*", folder) == ["a.JPG", "c.png"]
    assert names(folder / "**" / "*.webp", folder) == ["b/deep/x.webp"]


def test_a_folder_whose_name_looks_like_a_glob_is_a_folder(tmp_path: Path) -> None:
    odd = tmp_path / "scan[1]"
    odd.mkdir()
    (odd / "a.png").write_bytes(PICTURE)
    assert names(odd, odd) == ["a.png"]


def test_a_list_may_be_relative_to_itself_or_to_the_present_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "list.txt").write_text(f"a.JPG\n\n  b/deep/x.webp \n{folder}/c.png\nnowhere.png\n")
    monkeypatch.chdir(folder / "b")
    (folder / "b" / "nowhere.png").write_bytes(PICTURE)
    found = [each.path for each in listing.entries(str(folder / "list.txt"))]
    assert found == [
        str(folder / "a.JPG"),
        str(folder / "b" / "deep" / "x.webp"),
        str(folder / "c.png"),
        "nowhere.png",
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_a_zip_are_read_from_their_place(tmp_path: Path, method: int) -> None:
    long = "n" * 2000 + ".png"  # more than is read along with the member
    members = {"a.png": PICTURE, "in/b.png": samples.blank(), "no.txt": b"-", long: PICTURE}
    shard = zipped(tmp_path / "shard.zip", members, method)
    assert names(shard, shard) == ["a.png", "in/b.png", long]
    assert fetched(shard) == {"a.png": PICTURE, "b.png": samples.blank(), long: PICTURE}


def test_members_of_a_tar_are_read_from_their_place(tmp_path: Path) -> None:
    shard = tarred(tmp_path / "shard.TAR", {"a.png": PICTURE, "no.txt": b"-", "b.png": b"broken"})
    assert names(shard, shard) == ["a.png", "b.png"]
    assert fetched(shard) == {"a.png": PICTURE, "b.png": b"broken"}


def test_archives_in_a_folder_are_looked_into(folder: Path) -> None:
    zipped(folder / "z.zip", {"1.png": PICTURE})
    tarred(folder / "b" / "t.tar", {"2.png": PICTURE})
    assert names(folder, folder) == [
        "a.JPG", "b/deep/x.webp", "b/t.tar/2.png", "c.png", "z.zip/1.png",
    ]  # fmt: skip


def test_one_picture_is_an_input_as_well(folder: Path) -> None:
    assert names(folder / "c.png", folder) == ["c.png"]


def broken_tar(folder: Path) -> Path:
    whole = tarred(folder / "whole.tar", {"a.png": PICTURE * 40, "b.png": PICTURE * 40})
    (folder / "cut.tar").write_bytes(whole.read_bytes()[:3000])
    return folder / "cut.tar"


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda folder: folder / "nowhere", "there is no such file or folder"),
        (lambda folder: folder / "*.png", "holds no pictures"),
        (lambda folder: folder, "holds no pictures"),
        (lambda folder: tarred(folder / "s.tar.gz", {"a.png": PICTURE}, "w:gz"), "unpack it first"),
        (lambda folder: _written(folder / "x.zip", b"no zip"), "cannot be read as an archive"),
        (lambda folder: _written(folder / "x.tar", b"no tar" * 200), "cannot be read as an arch"),
        (broken_tar, "was it copied completely"),
    ],
)
def test_an_input_that_cannot_be_read_is_said_so(tmp_path: Path, make, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        list(listing.entries(str(make(tmp_path))))


def test_a_broken_archive_among_others_costs_nothing_but_itself(folder: Path) -> None:
    _written(folder / "x.zip", b"no zip")
    zipped(folder / "y.zip", {"odd.png": PICTURE}, zipfile.ZIP_LZMA)
    broken_tar(folder / "b")
    (folder / "b" / "whole.tar").unlink()
    (folder / "list.txt").write_text("gone.zip\nc.png\n")
    for given in (folder, folder / "list.txt"):
        found = fetched(given)
        assert found.pop("c.png") == PICTURE
        said = {name: str(each) for name, each in found.items() if not isinstance(each, bytes)}
        assert all("Traceback" not in each for each in said.values())
        if given == folder:
            assert found["x.webp"] == PICTURE
            assert "x.zip cannot be read as an archive" in said["x.zip"]
            assert "was it copied completely" in said["cut.tar"]
            assert said["odd.png"].startswith("it is compressed within its archive in a way")
        else:
            assert list(said) == ["gone.zip"]
            assert "there is no such file" in said["gone.zip"]


@pytest.mark.parametrize("members", [0, 1, 9])
def test_a_tar_that_is_cut_or_damaged_at_a_header_is_noticed(tmp_path: Path, members: int) -> None:
    """Python's own reader ends there as if that were all."""
    whole = tarred(tmp_path / "whole.tar", {f"{n}.png": PICTURE for n in range(10)}).read_bytes()
    header = members * 1024  # a header, and a picture of less than 512 bytes
    damaged = bytearray(whole)
    damaged[header + 100 : header + 108] = b"\xff" * 8
    for content in (whole[:header], whole[: header + 100], damaged):
        listed = listing.entries(str(_written(tmp_path / "cut.tar", bytes(content))))
        with pytest.raises(DataError, match="was it copied completely"):
            list(listed)
    assert len(list(listing.entries(str(tmp_path / "whole.tar")))) == 10


def test_a_zip_of_a_later_version_costs_nothing_but_itself(folder: Path) -> None:
    shard = zipped(folder / "later.zip", {"a.png": PICTURE})
    content = bytearray(shard.read_bytes())
    content[content.index(b"PK\1\2") + 6] = 99
    shard.write_bytes(content)
    found = fetched(folder)
    assert found["c.png"] == PICTURE
    assert "version 9.9" in str(found["later.zip"])


def test_a_folder_that_is_closed_costs_nothing_but_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: str) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return opened(path)

    opened = os.scandir
    monkeypatch.setattr(listing.os, "scandir", scandir)
    found = fetched(folder)
    assert found["c.png"] == PICTURE
    assert "deep cannot be listed: Permission denied" in str(found["deep"])
    with pytest.raises(DataError, match="cannot be listed"):
        list(listing.entries(str(folder / "b" / "deep")))


def test_a_folder_of_a_storage_that_cannot_be_listed_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def walk(path: str, *, detail: bool, on_error: Callable[[OSError], None]) -> Iterator[object]:
        yield path, {}, {"a.png": {"name": f"{path}/a.png", "size": 5}}
        on_error(PermissionError("closed"))

    system = SimpleNamespace(isfile=lambda path: False, isdir=lambda path: True, walk=walk)
    monkeypatch.setattr(listing.storage, "opened", lambda url: (system, "in"))
    listed = listing.entries("s3://in")
    assert next(listed).path == "s3://in/a.png"
    with pytest.raises(DataError, match="cannot be listed: closed"):
        list(listed)


def test_a_line_of_a_list_that_names_nothing_costs_nothing_but_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SimpleNamespace(available_protocols=lambda: ["abfs", "s3"])
    monkeypatch.setitem(sys.modules, "fsspec", known)
    odd = "C://scans/a.png\nabfs://pictures@other.dfs.core.windows.net/b.png\n"
    (folder / "list.txt").write_text(f"c.png\n{odd}")
    found = fetched(folder / "list.txt")
    assert found["c.png"] == PICTURE
    assert "there is no storage of this kind" in str(found["a.png"])
    assert "the account is taken from the environment" in str(found["b.png"])


def test_a_disk_that_is_gone_is_no_pictures_fault(tmp_path: Path) -> None:
    mount = tmp_path / "mnt"
    mount.mkdir()
    fetcher = fetch.Fetcher(max_bytes=100_000, root=str(mount))
    gone = Entry(str(mount / "a.png"), 5)
    with pytest.raises(DataError, match="is it mounted"):
        fetcher.one(gone)
    (mount / "b.png").write_bytes(PICTURE)
    assert str(fetcher.one(gone)) == "there is no such file"
    fetcher = fetch.Fetcher(max_bytes=100_000, root=str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="is it mounted"):
        fetcher.one(gone)


def test_names_need_be_no_text(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.png")
    (tmp_path / odd).write_bytes(PICTURE)
    (tmp_path / "list.txt").write_bytes(b"caf\xe9.png\n" + b"n" * 300 + b".png\n" + b"a\0b.png\n")
    entries = list(listing.entries(str(tmp_path / "list.txt")))
    kept = entry.load(entry.dump(entries))
    assert kept == entries
    found = [content for _, content in FETCHER.all(kept)]
    assert found[0] == PICTURE
    assert [str(each).partition(":")[0] for each in found[1:]] == ["the file cannot be read"] * 2
    assert shown(odd) == "caf\N{REPLACEMENT CHARACTER}.png"


def test_another_account_than_the_environments_is_refused() -> None:
    with pytest.raises(DataError, match="the account is taken from the environment"):
        list(listing.entries("abfs://pictures@other.dfs.core.windows.net/in"))


class Storage:
    """One that knows an object and does not give it; or that fails as a whole."""

    def __init__(self, error: Exception, *, knows: bool) -> None:
        self.error, self.knows = error, knows

    def cat_file(self, path: str, **range_: int) -> bytes:
        raise self.error

    def info(self, path: str) -> dict[str, str]:
        if not self.knows:
            raise self.error
        return {"name": path}


@pytest.mark.parametrize(
    ("error", "knows", "others", "own_fault"),
    [
        (RuntimeError("archived"), True, False, True),
        (RuntimeError("no answer"), False, True, False),
        (PermissionError("forbidden"), False, True, True),
        (PermissionError("forbidden"), False, False, False),
    ],
)
def test_an_object_that_is_not_given_is_told_from_a_storage_that_fails(
    error: Exception, knows: bool, others: bool, own_fault: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(error, knows=knows)
    monkeypatch.setattr(fetch.storage, "opened", lambda url: (storage, "in/a.png"))
    monkeypatch.setattr(fetch, "PAUSE_S", 0)
    monkeypatch.setattr(fetch, "_answering", {"s3"} if others else set())
    asked = Entry("s3://pictures/in/a.png", 5)
    if own_fault:
        assert str(FETCHER.one(asked)) == f"the storage does not give it: {error}"
    else:
        with pytest.raises(DataError, match=f"tried 4 times: {error}"):
            FETCHER.one(asked)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_what_is_wrong_with_a_picture_is_its_own_and_nobody_elses(tmp_path: Path) -> None:
    files = {"empty.png": b"", "good.png": PICTURE, "large.png": b"x" * 100_001}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    lines = "\n".join([*sorted(files), "gone.png", str(tmp_path.parent)])
    (tmp_path / "all.txt").write_text(lines)
    found = fetched(tmp_path / "all.txt")
    assert found.pop("good.png") == PICTURE
    said = {name: (type(error).__name__, str(error)) for name, error in found.items()}
    assert said["empty.png"][1].startswith("the picture is empty (0 bytes)")
    assert said["gone.png"] == ("NotFound", "there is no such file")
    assert said["large.png"][1].startswith("the picture has 100,001 bytes; the limit is 100,000")
    assert said[tmp_path.parent.name][1] == "the file cannot be read: Is a directory"


def test_a_member_that_inflates_beyond_the_limit_is_stopped_there(tmp_path: Path) -> None:
    shard = zipped(tmp_path / "bomb.zip", {"bomb.png": b"\0" * 10_000_000})
    [listed] = listing.entries(str(shard))
    honest = FETCHER.one(listed)
    assert isinstance(honest, TooLarge)
    lying = FETCHER.one(Entry(listed.path, 50, listed.within))
    assert isinstance(lying, TooLarge)
    assert "limit is 100,000" in str(lying)


def test_what_cannot_be_deflated_may_be_as_large_as_the_limit(tmp_path: Path) -> None:
    incompressible = os.urandom(8 << 20)
    shard = zipped(tmp_path / "s.zip", {"a.png": incompressible})
    [listed] = listing.entries(str(shard))
    assert fetch.Fetcher(max_bytes=len(incompressible)).one(listed) == incompressible
    assert isinstance(fetch.Fetcher(max_bytes=len(incompressible) - 1).one(listed), TooLarge)


def test_an_archive_that_changed_meanwhile_is_noticed(tmp_path: Path) -> None:
    shard = zipped(tmp_path / "s.zip", {"a.png": PICTURE})
    [listed] = listing.entries(str(shard))
    shard.write_bytes(b"something else")
    error = FETCHER.one(listed)
    assert isinstance(error, UnreadableImage)
    assert "was changed since its pictures were listed" in str(error)


def test_corrupt_members_are_unreadable(tmp_path: Path) -> None:
    shard = zipped(tmp_path / "s.zip", {"a.png": b"a" * 5000})
    [listed] = listing.entries(str(shard))
    content = bytearray(shard.read_bytes())
    begin = content.index(b"a.png") + 5
    content[begin : begin + 8] = b"\xff" * 8
    shard.write_bytes(content)
    assert isinstance(FETCHER.one(listed), UnreadableImage)


def test_entries_survive_being_written() -> None:
    entries = [
        Entry("a/ä.png"),
        Entry("b.png", 17),
        Entry("s.zip/c.png", 20, ("s.zip", 300, 12, True)),
    ]
    assert entry.load(entry.dump(entries)) == entries


def test_archives_are_told_by_their_suffix() -> None:
    assert all(suffix == suffix.lower() for suffix in archives.SUFFIXES + archives.COMPRESSED)
