"""Pictures of the stages are small enough to be looked at over a network."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from digits.trace import Trace
from digits.wire.stages import LONGEST, as_data_urls


def size(url: str) -> tuple[int, ...]:
    encoded = np.frombuffer(base64.b64decode(url.removeprefix("data:image/png;base64,")), np.uint8)
    return cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED).shape


@pytest.mark.parametrize(
    ("shape", "becomes"),
    [
        ((60, 80), (60, 80)),
        ((LONGEST, 900), (LONGEST, 900)),
        ((3000, 4000), (960, LONGEST)),
        ((4000, 3000, 3), (LONGEST, 960, 3)),
        ((20_000, 3), (LONGEST, 1)),
    ],
)
def test_large_stages_are_scaled_down(shape, becomes):
    trace = Trace({"grey": np.zeros(shape, np.uint8)})
    assert size(as_data_urls(trace)["grey"]) == becomes


def test_the_sheet_of_tiles_keeps_its_pixels():
    trace = Trace({"tiles": np.zeros((3000, 600), np.uint8)})
    assert size(as_data_urls(trace)["tiles"]) == (3000, 600)
