"""MNIST from mirrors: the first that has it, checked, kept; and what is said when none has."""

from __future__ import annotations

import functools
import gzip
import http.server
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DataError
from digits.training.archives import IDX_FILES, hashes
from digits.training.download import cache_folder, cached


def arrays(first: int = 0) -> dict[str, np.ndarray]:
    images = np.full((12, 28, 28), first, np.uint8)
    labels = np.arange(12, dtype=np.uint8) % 10
    return {"x_train": images, "y_train": labels, "x_test": images[:4], "y_test": labels[:4]}


GOOD = arrays(first=7)
EXPECTED = hashes(GOOD)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path.startswith("/cut/"):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"PK and no more")
        else:
            super().do_GET()


@pytest.fixture
def site(tmp_path):
    """A web server over a folder: the folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "digits"


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_downloads_once_and_keeps_it(site, cache):
    folder, url = site
    np.savez(folder / "mnist.npz", **GOOD)
    got = cached(cache, mirrors=[f"{url}/mnist.npz"], expected=EXPECTED)
    assert hashes(got) == EXPECTED
    assert kept(cache) == ["mnist.npz"]
    (folder / "mnist.npz").unlink()
    assert hashes(cached(cache, mirrors=[f"{url}/mnist.npz"], expected=EXPECTED)) == EXPECTED


def test_a_mirror_may_hold_the_four_idx_files(site, cache):
    folder, url = site
    for name, file in IDX_FILES.items():
        array = GOOD[name]
        head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        (folder / file).write_bytes(gzip.compress(head + array.tobytes()))
    assert hashes(cached(cache, mirrors=[f"{url}/"], expected=EXPECTED)) == EXPECTED
    assert kept(cache) == ["mnist.npz"]


def test_a_mirror_with_other_content_is_passed_over(site, cache):
    folder, url = site
    np.savez(folder / "wrong.npz", **arrays(first=8))
    np.savez(folder / "right.npz", **GOOD)
    mirrors = [f"{url}/wrong.npz", f"{url}/absent.npz", f"{url}/cut/x.npz", f"{url}/right.npz"]
    assert hashes(cached(cache, mirrors=mirrors, expected=EXPECTED)) == EXPECTED


def test_when_no_mirror_helps_each_says_why_and_nothing_is_kept(site, cache, free_port):
    folder, url = site
    np.savez(folder / "wrong.npz", **arrays(first=8))
    closed = f"http://127.0.0.1:{free_port}/mnist.npz"
    mirrors = [f"{url}/wrong.npz", f"{url}/absent.npz", f"{url}/cut/mnist.npz", closed]
    with pytest.raises(DataError) as failed:
        cached(cache, mirrors=mirrors, expected=EXPECTED)
    message = str(failed.value)
    assert f"MNIST is neither in {cache / 'mnist.npz'} nor could it be downloaded" in message
    assert "wrong.npz is not MNIST: the checksum of x_train, x_test is wrong" in message
    assert f"{url}/absent.npz: HTTP Error 404" in message
    assert f"{url}/cut/mnist.npz: it broke off after 14 of 1000 bytes" in message
    assert f"{closed}: [Errno 111] Connection refused" in message
    assert "--data or DIGITS_DATA" in message
    assert kept(cache) == []


def test_a_damaged_cache_is_replaced(site, cache, caplog):
    folder, url = site
    np.savez(folder / "mnist.npz", **GOOD)
    cache.mkdir(parents=True)
    (cache / "mnist.npz").write_bytes(b"half a file")
    assert hashes(cached(cache, mirrors=[f"{url}/mnist.npz"], expected=EXPECTED)) == EXPECTED
    assert "no usable NumPy archive" in caplog.text
    caplog.clear()
    assert hashes(cached(cache, mirrors=[], expected=EXPECTED)) == EXPECTED
    assert caplog.text == ""


def test_a_damaged_cache_is_named_when_no_mirror_helps(cache):
    cache.mkdir(parents=True)
    np.savez(cache / "mnist.npz", **arrays(first=9))
    with pytest.raises(DataError, match=r"mnist\.npz is not MNIST: the checksum of x_train"):
        cached(cache, mirrors=[], expected=EXPECTED)


def test_a_cache_that_cannot_be_written_costs_no_training(site, tmp_path, caplog):
    folder, url = site
    np.savez(folder / "mnist.npz", **GOOD)
    (tmp_path / "file").write_text("in the way")
    got = cached(tmp_path / "file" / "digits", mirrors=[f"{url}/mnist.npz"], expected=EXPECTED)
    assert hashes(got) == EXPECTED
    assert "MNIST is not kept for the next time" in caplog.text


def test_the_cache_is_where_the_desktop_says():
    assert cache_folder({"XDG_CACHE_HOME": "/somewhere"}) == Path("/somewhere/digits")
    assert cache_folder({"XDG_CACHE_HOME": ""}) == Path.home() / ".cache" / "digits"
