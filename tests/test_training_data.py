"""MNIST from a folder: both forms, the split, and what is said of folders that hold none."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from digits.errors import DataError
from digits.training.archives import IDX_FILES, MNIST_SHA256, parse_idx
from digits.training.data import load


def arrays(train: int = 24, test: int = 10) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "x_train": rng.integers(0, 256, (train, 28, 28), np.uint8),
        "y_train": np.arange(train, dtype=np.uint8) % 10,
        "x_test": rng.integers(0, 256, (test, 28, 28), np.uint8),
        "y_test": np.arange(test, dtype=np.uint8) % 10,
    }


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def load_folder(folder, tmp_path):
    return load(folder, cache=tmp_path / "no-cache")


def test_the_last_twelfth_of_the_training_part_is_held_out(folder, tmp_path):
    held = arrays(train=24)
    np.savez(folder / "mnist.npz", **held)
    mnist = load_folder(folder, tmp_path)
    assert mnist.train.labels.tolist() == held["y_train"][:22].tolist()
    assert np.array_equal(mnist.validation.images, held["x_train"][22:])
    assert mnist.validation.labels.tolist() == [2, 3]
    assert np.array_equal(mnist.test.images, held["x_test"])
    assert mnist.train.labels.dtype == np.int64


@pytest.mark.parametrize("compressed", [True, False])
def test_idx_files_give_what_the_archive_gives(folder, tmp_path, compressed):
    held = arrays()
    np.savez(folder / "mnist.npz", **held)
    from_archive = load_folder(folder, tmp_path)
    (folder / "mnist.npz").unlink()
    for name, file in IDX_FILES.items():
        content = idx(held[name])
        path = folder / (file if compressed else file.removesuffix(".gz"))
        path.write_bytes(gzip.compress(content) if compressed else content)
    from_idx = load_folder(folder, tmp_path)
    assert from_idx.sha256 == from_archive.sha256
    assert np.array_equal(from_idx.train.images, from_archive.train.images)


def test_tiles_are_ink_from_0_to_1(folder, tmp_path):
    held = arrays()
    held["x_test"][0, 3, 4] = 255
    held["x_test"][0, 5, 6] = 0
    np.savez(folder / "mnist.npz", **held)
    tiles = load_folder(folder, tmp_path).test.tiles()
    assert tiles.shape == (10, 28, 28, 1)
    assert tiles.dtype == np.float32
    assert (tiles[0, 3, 4, 0], tiles[0, 5, 6, 0]) == (1, 0)


def test_other_images_than_mnist_are_taken_with_a_warning(folder, tmp_path, caplog):
    np.savez(folder / "mnist.npz", **arrays())
    mnist = load_folder(folder, tmp_path)
    assert mnist.sha256.keys() == MNIST_SHA256.keys()
    assert mnist.sha256["x_test"] != MNIST_SHA256["x_test"]
    assert "holds other images than MNIST's" in caplog.text


@pytest.mark.data
def test_mnist_itself_is_known_by_its_hashes(data_dir, tmp_path, caplog):
    mnist = load_folder(data_dir, tmp_path)
    assert dict(mnist.sha256) == MNIST_SHA256
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.test)] == [
        55_000,
        5_000,
        10_000,
    ]
    assert caplog.text == ""


def test_a_folder_without_mnist_says_what_to_put_there(folder, tmp_path):
    with pytest.raises(DataError, match=r"holds no MNIST: name one with mnist\.npz .* --data"):
        load_folder(folder, tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere is no folder"):
        load_folder(tmp_path / "nowhere", tmp_path)


def test_three_of_the_four_idx_files_are_not_enough(folder, tmp_path):
    for file in list(IDX_FILES.values())[:3]:
        (folder / file).write_bytes(b"")
    with pytest.raises(DataError, match="holds no MNIST"):
        load_folder(folder, tmp_path)


def test_an_archive_cut_short_is_refused(folder, tmp_path):
    np.savez_compressed(folder / "mnist.npz", **arrays())
    content = (folder / "mnist.npz").read_bytes()
    (folder / "mnist.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"mnist\.npz is no usable NumPy archive"):
        load_folder(folder, tmp_path)


def test_an_archive_of_something_else_is_refused(folder, tmp_path):
    np.savez(folder / "mnist.npz", images=np.zeros((2, 28, 28), np.uint8))
    with pytest.raises(DataError, match="has no array .*x_train"):
        load_folder(folder, tmp_path)


def test_pickled_objects_are_never_loaded(folder, tmp_path):
    held = arrays()
    np.savez(folder / "mnist.npz", **{**held, "y_train": held["y_train"].astype(object)})
    with pytest.raises(DataError, match="no usable NumPy archive"):
        load_folder(folder, tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_train": np.zeros((24, 32, 32), np.uint8)}, r"x_train .* \(24, 32, 32\), expected"),
        ({"x_test": np.zeros((10, 28, 28), np.float32)}, "x_test .* float32"),
        ({"y_test": np.zeros(9, np.uint8)}, "expected one label for each of the 10 images"),
        ({"y_train": np.full(24, 10, np.uint8)}, "something else than digits from 0 to 9"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)}, "0 images"),
    ],
)
def test_arrays_of_the_wrong_kind_are_refused(folder, tmp_path, changed, message):
    np.savez(folder / "mnist.npz", **{**arrays(), **changed})
    with pytest.raises(DataError, match=message):
        load_folder(folder, tmp_path)


@pytest.mark.parametrize(("count", "held_out"), [(12, 1), (11, None)])
def test_too_few_images_to_hold_any_out_are_refused(folder, tmp_path, count, held_out):
    np.savez(folder / "mnist.npz", **arrays(train=count))
    if held_out:
        assert len(load_folder(folder, tmp_path).validation) == held_out
    else:
        with pytest.raises(DataError, match="11 training images are too few"):
            load_folder(folder, tmp_path)


def test_parses_idx():
    array = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    assert np.array_equal(parse_idx(idx(array)), array)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0",  # floats
        idx(np.zeros(4, np.uint8))[:-1],
        idx(np.zeros(4, np.uint8)) + b"\0",
        idx(np.zeros((2, 2), np.uint8))[:9],
    ],
)
def test_refuses_what_is_no_idx_of_bytes(content):
    with pytest.raises(ValueError, match="IDX|header"):
        parse_idx(content)
