"""The whole reader, with the shipped model, on this project's own pictures."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from digits import apart, ink, layout, sheet
from digits.layout import Candidate, Layout, LayoutParameters
from digits.look import Look, cut_tiles
from digits.network import Network
from digits.reader import Reader
from digits.settings import ROOT
from digits.trace import Trace

PICTURES = ROOT / "test_images"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(ROOT / "models" / "digits")


@pytest.fixture
def tiles_seen(monkeypatch) -> list[int]:
    """How many tiles the network looks at each time, from now on."""
    seen: list[int] = []
    scores = Network.scores

    def counted(network: Network, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append(len(tiles))
        return scores(network, tiles)

    monkeypatch.setattr(Network, "scores", counted)
    return seen


def png(grey: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    return stream.getvalue()


def grey_of(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def test_a_reading_says_all_that_the_contract_names(reader):
    reading = reader.read((PICTURES / "canvas_rows.png").read_bytes())

    assert reading.rows == ("528", "904")
    assert reading.text == "528\n904"
    assert reading.model_name == "digits"
    assert reading.model_version.startswith("sha256:")
    assert len(reading.model_version) == len("sha256:") + 12
    for digit in reading.digits:
        assert sum(digit.probabilities) == pytest.approx(1, abs=1e-5)
        assert digit.digit == int(np.argmax(digit.probabilities))
        assert 0 < digit.confidence <= max(digit.probabilities) + 1e-6
    assert [digit.row for digit in reading.digits] == [0, 0, 0, 1, 1, 1]
    assert reading.ms.total >= reading.ms.decode


def test_boxes_are_pixels_of_the_picture_even_if_it_was_read_smaller(reader):
    small = grey_of(PICTURES / "whiteboard.jpg")
    large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    data = cv2.imencode(".jpg", large)[1].tobytes()

    expected = reader.read((PICTURES / "whiteboard.jpg").read_bytes())
    reading = reader.read(data)

    assert (reading.width, reading.height) == (large.shape[1], large.shape[0])
    assert reading.rows == expected.rows
    for ours, wanted in zip(reading.digits, expected.digits, strict=True):
        assert np.allclose(ours.box, np.array(wanted.box) * 3, atol=12)


@pytest.mark.parametrize("name", ["shadow.jpg", "colours.jpg", "number_line.jpg", "ruled.jpg"])
def test_an_inverted_picture_reads_the_same(reader, name):
    grey = grey_of(PICTURES / name)

    upright, inverted = reader.read(png(grey)), reader.read(png(255 - grey))

    assert inverted.rows == upright.rows
    assert {upright.polarity, inverted.polarity} == {"dark_on_light", "light_on_dark"}


@pytest.mark.parametrize("side", [1, 2, 28, 400])
@pytest.mark.parametrize("paper", [0, 127, 255])
def test_blank_pictures_of_any_size_have_no_digits(reader, side, paper):
    data = png(np.full((side, side), paper, np.uint8))

    assert reader.read(data).digits == ()
    assert reader.read(data, single=True).digits == ()


@pytest.mark.parametrize("long", [28, 961, 4000])
@pytest.mark.parametrize("short", [1, 2, 5])
@pytest.mark.parametrize("density", [0.03, 0.3])
def test_a_thread_of_a_picture_is_read_like_any_other(reader, long, short, density):
    speckled = np.random.default_rng(long).random((short, long)) < density
    grey = np.where(speckled, 0, 255).astype(np.uint8)

    for each in (grey, grey.T):
        reading = reader.read(png(np.ascontiguousarray(each)))
        assert (reading.width, reading.height) == each.shape[::-1]


@pytest.mark.parametrize("short", [1, 2, 6])
def test_a_thread_of_a_million_pixels_takes_no_more_memory_than_another_picture(short):
    """Far less than the gigabytes that kernels as long as a part of it once took."""
    program = (
        "import cv2, numpy, re, sys\n"
        "from digits.reader import Reader\n"
        "reader = Reader.open(sys.argv[1])\n"
        "for shape in ((int(sys.argv[2]), 1_000_000), (1_000_000, int(sys.argv[2]))):\n"
        "    data = cv2.imencode('.png', numpy.full(shape, 255, numpy.uint8))[1].tobytes()\n"
        "    assert reader.read(data).digits == ()\n"
        # Not what getrusage tells, which may be the most that its parent took.
        "status = open('/proc/self/status').read()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+) kB', status)[1]) // 1024)\n"
    )
    arguments = [sys.executable, "-c", program, str(ROOT / "models" / "digits"), str(short)]

    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)

    assert int(done.stdout) < 700


def test_single_takes_the_whole_picture_as_one_digit(reader):
    reading = reader.read((PICTURES / "drawing_2.png").read_bytes(), single=True)
    several = reader.read((PICTURES / "number_line.jpg").read_bytes(), single=True)

    assert reading.rows == ("2",)
    assert len(several.digits) == 1


def test_a_small_picture_is_enlarged_unless_it_is_one_digit(reader):
    data, shapes = (PICTURES / "digit_8.png").read_bytes(), {}
    for single in (True, False):
        trace = Trace()
        assert reader.read(data, single=single, trace=trace).text == "8"
        shapes[single] = trace.stages["ink"].shape

    assert shapes[True] == grey_of(PICTURES / "digit_8.png").shape
    assert shapes[False] > shapes[True]


class Doubt:
    """Judges every digit as a list says."""

    def __init__(self, sure: list[float]) -> None:
        self._sure = sure

    def right(self, evidence: np.ndarray) -> np.ndarray:
        return np.resize(self._sure, len(evidence))


@pytest.mark.parametrize(("sure", "kept"), [([0.2, 0.24], False), ([0.2, 0.26], True)])
def test_where_nothing_is_at_all_sure_there_are_no_digits(reader, sure, kept):
    doubtful = replace(reader, confidence=Doubt(sure))
    data, trace = (PICTURES / "sheet.jpg").read_bytes(), Trace()
    reading = doubtful.read(data, trace=trace)
    assert reading.rows == (reader.read(data).rows if kept else ())
    assert len(trace.evidence) == len(reading.digits)
    assert len(doubtful.read(data, single=True).digits) == 1


def test_a_trace_holds_a_picture_of_every_stage(reader):
    trace = Trace()

    reading = reader.read((PICTURES / "phone.jpg").read_bytes(), trace=trace)

    assert list(trace.stages) == [
        "grey",
        "background_removed",
        "ink",
        "candidates",
        "boxes",
        "tiles",
    ]
    assert all(stage.dtype == np.uint8 for stage in trace.stages.values())
    assert trace.stages["boxes"].ndim == 3
    assert trace.stages["tiles"].shape[1] == min(20, len(reading.digits)) * 30


def test_reading_twice_gives_the_same_answer(reader):
    data = (PICTURES / "squared.jpg").read_bytes()

    first, second = reader.read(data), reader.read(data)

    assert first.digits == second.digits


def squeezed(by: int) -> bytes:
    """The page of rows that touch, each row so many pixels closer to the last one."""
    grey = grey_of(PICTURES / "close_rows.png")
    edges = [8, *(20 + round(68.4 * row) for row in range(1, 6)), len(grey)]
    page, top = np.full_like(grey, 255), 8
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        strip = grey[first - 6 : last + 6]
        into = page[top : top + len(strip)]
        np.minimum(into, strip[: len(into)], out=into)
        top += last - first - by
    return png(page)


def test_rows_that_reach_into_each_other_are_told_apart(reader):
    rows = ("2734950168", "9071436582", "4495017326", "1750982694", "6382710945", "8204197357")

    assert reader.read(squeezed(0)).rows == rows
    assert reader.read(squeezed(5)).rows == rows


@pytest.mark.parametrize("by", [7, 11])
def test_no_score_is_of_other_ink_whatever_was_parted_and_left_whole_again(
    reader, monkeypatch, by: int
):
    """A trial cuts what is perhaps left whole afterwards; what it numbered must stay its own."""
    remembered = Look.scores
    looks = []

    def checked(look: Look, arranged: Layout) -> tuple[np.ndarray, np.ndarray]:
        probabilities, score = remembered(look, arranged)
        tiles = cut_tiles(look._extracted, arranged.labels, arranged.candidates)
        fresh = look._network.scores(tiles)
        seen = [not look.is_dust(each) for each in arranged.candidates]
        looks.append(np.allclose(fresh[0][seen], probabilities[seen], atol=1e-3))
        looks.append(np.allclose(fresh[1][seen], score[seen], atol=1e-3))
        return probabilities, score

    tried: list[int] = []

    def every_other(whole: Layout, index: int, *_: object) -> bool:
        tried.append(index)
        return bool(index % 2)

    def tall(found: Layout, sure: set[int], *_: object) -> set[int]:
        return {index for index in sure if found.candidates[index].box[3] > 60}

    monkeypatch.setattr(Look, "scores", checked)
    monkeypatch.setattr(apart, "all_digits", every_other)
    monkeypatch.setattr(apart, "stacked", tall)
    reader.read(squeezed(by))

    assert tried
    assert all(looks)


def test_a_picture_made_to_be_cut_to_pieces_costs_no_more_than_others(reader, monkeypatch):
    """Combs whose teeth reach through many rows, beside digits that say where those run."""
    digit = cv2.resize(grey_of(PICTURES / "digit_8.png"), (20, 20), interpolation=cv2.INTER_AREA)
    page = np.full((900, 900), 255, np.uint8)
    for y in range(20, 860, 26):
        page[y : y + 20, 10:30] = page[y : y + 20, 40:60] = digit
    page[10:880, 90::5] = 0
    for y in range(10, 880, 290):
        page[y : y + 3, 90:] = 0
    seen: list[int] = []
    scores = Look.scores

    def counted(look: Look, arranged: Layout) -> tuple[np.ndarray, np.ndarray]:
        seen.append(len(arranged.candidates))
        return scores(look, arranged)

    monkeypatch.setattr(Look, "scores", counted)
    reader.read(png(page))

    assert max(seen) <= LayoutParameters().most_candidates
    assert len(seen) <= 20


def page_of(*digits: tuple[int, int, int]) -> np.ndarray:
    """A page of 1200x900 with an 8 at each (left, top), so many pixels high."""
    page = np.full((900, 1200), 255, np.uint8)
    digit = grey_of(PICTURES / "digit_8.png")
    for left, top, side in digits:
        drawn = cv2.resize(digit, (side, side), interpolation=cv2.INTER_AREA)
        part = page[top : top + side, left : left + side]
        np.minimum(part, drawn, out=part)
    return page


def on_white(digit: str) -> np.ndarray:
    """This project's small picture of a digit, its paper white."""
    names = {"1": "digit_1.bmp", "3": "digit_3.png", "6": "digit_6.gif", "8": "digit_8.png"}
    drawn = grey_of(PICTURES / names[digit])
    return 255 - drawn if np.median(drawn) < 128 else drawn


def read_with_ink(reader: Reader, page: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """The rows, and the ink in which they were found."""
    trace = Trace()
    reading = reader.read(png(page), trace=trace)
    return reading.rows, trace.stages["ink"]


def test_broad_strokes_are_read_in_a_quarter_of_the_pixels(reader):
    page = page_of(*((left, 300, 200) for left in range(50, 1050, 220)))
    every_pixel = replace(reader.parameters.ink, coarse_pixels=page.size)
    thorough = replace(reader, parameters=replace(reader.parameters, ink=every_pixel))

    rows, found_in = read_with_ink(reader, page)

    assert rows == ("88888",)
    assert found_in.shape == (450, 600)
    assert read_with_ink(thorough, page)[1].shape == page.shape
    boxes, wanted = ([each.box for each in by.read(png(page)).digits] for by in (reader, thorough))
    assert np.allclose(boxes, wanted, atol=3)


def test_where_something_has_to_be_cut_all_pixels_are_looked_at(reader):
    apart = page_of((300, 300, 200), (600, 300, 200))
    left, right = (box.box for box in reader.read(png(apart)).digits)
    touching = page_of((300, 300, 200), (600 - (right[0] - left[0] - left[2]) - 12, 300, 200))
    scribbled = page_of((300, 100, 200), (600, 100, 200))
    points = np.array([[[150, 700], [250, 500], [350, 700], [450, 500], [550, 700], [650, 500]]])
    cv2.polylines(scribbled, [*points], False, (0,), 14)

    assert read_with_ink(reader, apart)[1].shape == (450, 600)
    rows, found_in = read_with_ink(reader, touching)
    assert rows == ("88",)
    assert found_in.shape == (900, 1200)
    assert read_with_ink(reader, scribbled)[1].shape == (900, 1200)


def on_a_table(page: np.ndarray, *, margin: int = 200) -> np.ndarray:
    """The page with a dark margin on all sides."""
    sides = [margin] * 4
    return cv2.copyMakeBorder(page, *sides, cv2.BORDER_CONSTANT, value=(40,))


@pytest.mark.parametrize("invert", [False, True])
def test_a_sheet_that_is_all_in_the_picture_is_read(reader, invert):
    page = page_of((300, 300, 200), (600, 300, 200))
    alone = reader.read(png(255 - page if invert else page))
    laid = on_a_table(page)

    reading = reader.read(png(255 - laid if invert else laid))

    assert reading.rows == alone.rows == ("88",)
    assert reading.polarity == alone.polarity
    moved = [(x + 200, y + 200, w, h) for x, y, w, h in (each.box for each in alone.digits)]
    assert np.allclose([each.box for each in reading.digits], moved, atol=5)


@pytest.mark.parametrize(("doubtful", "read"), [(True, "88"), (False, "")])
def test_where_polarity_is_in_doubt_and_nothing_is_written_it_may_be_the_other_one(
    reader, monkeypatch, doubtful, read
):
    page = png(page_of((300, 300, 200), (600, 300, 200)))
    monkeypatch.setattr(ink, "find_polarity", lambda *_: ("light_on_dark", doubtful))

    reading = reader.read(page)

    assert reading.text == read
    assert reading.polarity == ("dark_on_light" if doubtful else "light_on_dark")


def test_where_polarity_is_in_doubt_nothing_but_1s_in_the_other_one_is_nothing(reader, monkeypatch):
    stroke = np.full((600, 900), 255, np.uint8)
    cv2.line(stroke, (450, 200), (450, 400), (0,), 20)
    monkeypatch.setattr(ink, "find_polarity", lambda *_: ("dark_on_light", True))
    assert reader.read(png(stroke)).text == "1"

    monkeypatch.setattr(ink, "find_polarity", lambda *_: ("light_on_dark", True))
    assert reader.read(png(stroke)).text == ""


def test_what_shines_through_is_not_read_and_a_row_in_pencil_is(reader):
    page = page_of(*((left, 100, 150) for left in (100, 350, 600, 850)))
    pale = page_of((200, 500, 150), (800, 620, 150))
    through = np.minimum(page, 255 - ((255 - pale) * 0.2).astype(np.uint8))
    assert reader.read(png(through)).rows == ("8888",)

    digits = "3816"
    row = np.full_like(page, 255)
    for left, digit in zip(range(150, 1030, 220), digits, strict=True):
        row[500:650, left : left + 150] = cv2.resize(on_white(digit), (150, 150))
    pencil = np.minimum(page, 255 - ((255 - row) * 0.25).astype(np.uint8))
    assert reader.read(png(pencil)).rows == ("8888", digits)


def test_writing_beside_a_label_is_not_dropped(reader):
    """A light label on a grey page, digits on both."""
    page = (page_of((150, 80, 150), (400, 80, 150), (650, 80, 150)) * 0.55).astype(np.uint8)
    label = page_of((0, 0, 150), (250, 0, 150))[:220, :520]
    page[500:720, 150:670] = label

    assert reader.read(png(page)).rows == ("888", "88")


def test_the_seconds_of_all_views_count(reader, monkeypatch):
    page = page_of((300, 300, 200))
    scores = Network.scores

    def slowly(network: Network, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(0.05)
        return scores(network, tiles)

    monkeypatch.setattr(Network, "scores", slowly)
    monkeypatch.setattr(ink, "find_polarity", lambda *_: ("dark_on_light", True))
    monkeypatch.setattr(sheet, "alone", lambda pyramid, parameters: pyramid.grey)

    reading = reader.read(png(page))

    assert reading.text == "8"
    assert reading.ms.classify >= 100


def test_a_picture_that_is_one_digit_has_no_sheet(reader, monkeypatch):
    monkeypatch.setattr(sheet, "alone", None)
    thick = cv2.resize(grey_of(PICTURES / "digit_8.png"), (200, 200))

    assert reader.read(png(thick), single=True).text == "8"
    assert reader.read(png(np.full((60, 60), 90, np.uint8)), single=True).digits == ()


@pytest.mark.parametrize(
    ("doubtful", "rows", "on_sheet", "read"),
    [
        (True, "66", "888", "888"),
        (True, "66", "88", "66"),
        (True, "666", "8", "666"),
        (True, "66", "111", "66"),
        (True, "66", None, "66"),
        (True, "", "1", "1"),
        (True, "1", "", "1"),
        (True, "161", "6", "6"),
        (True, "11", "1", "1"),
        (False, "66", "888", "66"),
        (False, "", "18", "18"),
        (False, "1", "8", "8"),
        (False, "1", None, "1"),
    ],
)
def test_a_sheet_counts_if_more_is_written_on_it_than_strokes(
    reader, monkeypatch, doubtful, rows, on_sheet, read
):
    """A picture of ``rows``, of which another is said to be the sheet."""

    def of(digits: str) -> np.ndarray:
        return cv2.hconcat([np.full((28, 14), 255, np.uint8), *map(on_white, digits)])

    monkeypatch.setattr(ink, "find_polarity", lambda *_: ("dark_on_light", doubtful))
    page = of(on_sheet) if on_sheet else None
    monkeypatch.setattr(sheet, "alone", lambda pyramid, parameters: page)

    assert reader.read(png(of(rows))).text == read


@pytest.mark.parametrize(("height", "shape"), [(36, (450, 600)), (60, (900, 1200))])
def test_a_low_spot_beside_no_digit_is_no_reason_for_all_pixels(reader, height, shape):
    page = page_of((300, 200, 200), (600, 200, 200))
    cv2.rectangle(page, (400, 600), (520, 600 + height), (0,), -1)

    rows, found_in = read_with_ink(reader, page)

    assert rows == ("88",)
    assert found_in.shape == shape


def test_where_rows_touch_all_pixels_are_looked_at(reader):
    grey = grey_of(PICTURES / "close_rows.png")
    large = cv2.resize(grey, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    coarse = ink.coarse(large)

    rows, found_in = read_with_ink(reader, large)

    assert rows == reader.read(png(grey)).rows
    assert coarse is not None
    assert found_in.size > coarse.mask.size


def test_small_digits_are_read_in_all_pixels_and_looked_at_in_no_others(reader, tiles_seen):
    broad = cv2.erode(page_of((100, 400, 46), (300, 400, 46)), np.ones((4, 4), np.uint8))

    rows, found_in = read_with_ink(reader, broad)

    assert ink.coarse(broad) is not None
    assert rows == ("88",)
    assert found_in.shape == (900, 1200)
    assert sum(tiles_seen) == 2


def test_one_small_digit_is_read_in_all_pixels(reader):
    trace = Trace()
    broad = cv2.erode(page_of((500, 400, 46)), np.ones((4, 4), np.uint8))

    reading = reader.read(png(broad), single=True, trace=trace)

    assert ink.coarse(broad) is not None
    assert reading.rows == ("8",)
    assert trace.stages["ink"].shape == (900, 1200)


def test_small_digits_beside_large_ones_are_read_in_all_pixels(reader):
    page = page_of(*((left, 100, 120) for left in (100, 250, 400)), (100, 400, 46), (160, 400, 46))

    rows, found_in = read_with_ink(reader, page)

    assert rows == ("888", "88")
    assert found_in.shape == (900, 1200)


def test_where_nothing_is_found_it_is_looked_for_in_all_pixels(reader):
    page = np.full((900, 1200), 255, np.uint8)
    cv2.line(page, (300, 450), (420, 450), (0,), 20)

    rows, found_in = read_with_ink(reader, page)

    assert rows == ()
    assert found_in.shape == (900, 1200)


def test_what_both_looks_take_is_told(reader, monkeypatch):
    page = page_of((100, 100, 120), (250, 100, 120), (100, 400, 46), (160, 400, 46))
    scores = Network.scores
    took: list[float] = []

    def slow(network: Network, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(0.02)
        took.append(0.02)
        return scores(network, tiles)

    monkeypatch.setattr(Network, "scores", slow)

    ms = reader.read(png(page)).ms
    assert len(took) > 1
    assert sum(took) * 1000 <= ms.classify < ms.total
    assert ms.decode + ms.find + ms.classify == pytest.approx(ms.total)


def test_what_is_too_wide_for_a_digit_is_not_looked_at_before_it_is_cut(reader, tiles_seen):
    page = page_of((300, 300, 200), (600, 300, 200))
    page[700:740, 300:900] = 0

    assert reader.read(png(page)).rows == ("88",)
    assert tiles_seen[0] == 2


def test_specks_beside_digits_are_not_looked_at(reader, tiles_seen):
    digit = cv2.resize(grey_of(PICTURES / "digit_8.png"), (90, 90), interpolation=cv2.INTER_AREA)
    page = np.full((500, 700), 255, np.uint8)
    for x in range(20, 620, 120):
        page[60:150, x : x + 90] = digit
    clean = png(page)
    for place in range(12):
        x, y = 30 + 100 * (place % 6), 250 + 90 * (place // 6)
        page[y : y + 9, x : x + 8] = 0

    assert reader.read(png(page)).rows == reader.read(clean).rows == ("88888",)
    assert sum(tiles_seen) == 10


def test_a_row_of_much_smaller_digits_is_read(reader):
    page = page_of((100, 50, 300), (450, 50, 300), *((left, 600, 70) for left in (100, 200, 300)))

    assert reader.read(png(page)).rows == ("88", "888")


def test_several_specks_may_be_a_broken_digit_unless_they_are_far_from_each_other(reader):
    look = Look(ink.extract(np.full((100, 100), 255, np.uint8)), reader.network)
    look.specks = {1: 64, 2: 48}

    def is_dust(*labels: int, size: tuple[int, int]) -> bool:
        return look.is_dust(Candidate(0, 0, len(labels) - 1, (0, 0, *size), labels))

    assert is_dust(1, size=(8, 8))
    assert is_dust(1, 2, size=(78, 84))
    assert not is_dust(1, 2, size=(10, 40))
    assert not is_dust(1, 3, size=(78, 84))


def test_the_ink_of_many_pieces_is_that_of_all_of_them():
    grey = np.full((200, 200), 255, np.uint8)
    for place in range(9):
        cv2.circle(grey, (30 + 60 * (place % 3), 30 + 60 * (place // 3)), 20, (0,), cv2.FILLED)
    extracted = ink.extract(grey)
    parts = layout.find_single(extracted)
    everything = parts.candidates[0]
    merged = np.minimum(parts.labels, 1)

    several = cut_tiles(extracted, parts.labels, [everything])
    whole = cut_tiles(extracted, merged, [replace(everything, labels=(1,))])

    assert len(everything.labels) == 9
    assert np.array_equal(several, whole)
    assert several.any()


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("shape", [(1, 40_000), (40_000, 1), (2, 90_000)])
def test_a_strip_too_thin_to_write_in_is_blank(reader, shape, single):
    strip = np.random.default_rng(5).integers(0, 256, shape, np.uint8)
    trace = Trace()

    reading = reader.read(png(strip), single=single, trace=trace)

    assert (reading.digits, reading.width, reading.height) == ((), shape[1], shape[0])
