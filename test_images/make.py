"""Draw the pictures in this folder, and say in manifest.csv what is written in each.

    uv run test_images/make.py              # all of them, into this folder
    uv run test_images/make.py --out DIR

The same pictures come out every time: each has a random generator of its own, seeded by its name.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from dataclasses import dataclass
from pathlib import Path

import drawn
import numpy as np
import photos
from drawn import Make
from hand import Hand
from PIL import Image
from scene import FELT_TIP, RED_PEN


@dataclass(frozen=True)
class Entry:
    """A picture of the manifest; ``rows`` as in its column, ``/`` between rows."""

    file: str
    kind: str
    rows: str
    notes: str
    make: Make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for entry in ENTRIES:
        picture = entry.make(np.random.default_rng(zlib.crc32(entry.file.encode())))
        picture.save(folder / entry.file, **saving(picture, entry.file))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["file", "kind", "rows", "notes"])
        table.writerows((entry.file, entry.kind, entry.rows, entry.notes) for entry in ENTRIES)


def saving(picture: Image.Image, file: str) -> dict[str, object]:
    """Options of Pillow's encoder for the format that the name says."""
    if file.endswith(".jpg"):
        return {"quality": 82, "exif": picture.getexif()}
    return {"optimize": True} if file.endswith(".png") else {}


THIN = Hand(pen=0.05)
BRUSH = Hand(pen=0.13, slant=0.05)
MOUSE = Hand(pen=0.09, shake=0.022, slant=0.0)
PEN = Hand(pen=0.1)
RUNNING = Hand(pen=0.1, gap=-0.06)

ENTRIES = [
    Entry(
        "digit_3.png",
        "mnistlike_single",
        "3",
        "28x28, light on dark",
        drawn.as_mnist("3", hand=BRUSH, dark=False),
    ),
    Entry(
        "digit_8.png",
        "mnistlike_single",
        "8",
        "28x28, dark on light",
        drawn.as_mnist("8", hand=PEN, dark=True),
    ),
    Entry(
        "digit_1.bmp",
        "mnistlike_single",
        "1",
        "28x28, light on dark",
        drawn.as_mnist("1", hand=BRUSH, dark=False),
    ),
    Entry(
        "digit_6.gif",
        "mnistlike_single",
        "6",
        "28x28, dark on light",
        drawn.as_mnist("6", hand=BRUSH, dark=True),
    ),
    Entry(
        "digit_0.tiff",
        "mnistlike_single",
        "0",
        "28x28, light on dark",
        drawn.as_mnist("0", hand=PEN, dark=False),
    ),
    Entry(
        "canvas_4.png",
        "drawing_single",
        "4",
        "strokes in the alpha channel only",
        drawn.canvas("4", hand=BRUSH, height=180, at=(80, 50)),
    ),
    Entry(
        "canvas_7.png",
        "drawing_single",
        "7",
        "strokes in the alpha channel only, small and off centre",
        drawn.canvas("7", hand=PEN, height=90, at=(170, 160)),
    ),
    Entry(
        "canvas_rows.png",
        "drawing_multi",
        "528/904",
        "strokes in the alpha channel only, two rows",
        drawn.canvas("528/904", hand=MOUSE, height=85, at=(40, 40)),
    ),
    Entry(
        "drawing_2.png",
        "drawing_single",
        "2",
        "white on black",
        drawn.painting("2", hand=BRUSH, height=190, at=(80, 40), ink=(1, 1, 1), ground=(0, 0, 0)),
    ),
    Entry(
        "drawing_5.webp",
        "drawing_single",
        "5",
        "blue on yellow",
        drawn.painting(
            "5", hand=MOUSE, height=180, at=(90, 45), ink=(0.1, 0.2, 0.7), ground=(1, 0.95, 0.55)
        ),
    ),
    Entry(
        "drawing_9.png",
        "drawing_single",
        "9",
        "thin line, large sheet",
        drawn.painting("9", hand=THIN, height=340, at=(300, 120), size=(800, 600)),
    ),
    Entry(
        "drawing_rows.png",
        "drawing_multi",
        "1603/27/4985",
        "three rows, red on white",
        drawn.painting(
            "1603/27/4985", hand=PEN, height=100, at=(50, 50), size=(480, 560), ink=(0.8, 0.1, 0.1)
        ),
    ),
    Entry(
        "close_rows.png",
        "drawing_multi",
        "2734950168/9071436582/4495017326/1750982694/6382710945/8204197357",
        "six rows that touch each other",
        drawn.painting(
            "2734950168/9071436582/4495017326/1750982694/6382710945/8204197357",
            hand=PEN,
            height=60,
            at=(30, 20),
            size=(720, 450),
            spacing=1.14,
        ),
    ),
    Entry(
        "touching.png",
        "drawing_multi",
        "350269/8204/96032/5285",
        "four rows, each digit touching the next one",
        drawn.painting(
            "350269/8204/96032/5285", hand=RUNNING, height=90, at=(40, 40), size=(480, 640)
        ),
    ),
    Entry(
        "two_sizes.png",
        "drawing_multi",
        "58/396/472",
        "a large row and two three times smaller, each with its pen",
        drawn.two_sizes("58", "396/472", hand=PEN, height=180, times=3.2, size=(620, 560)),
    ),
    Entry(
        "photo_9.jpg",
        "photo_single",
        "9",
        "felt tip, uneven light",
        photos.one_on_paper("9", hand=PEN, pen=FELT_TIP),
    ),
    Entry(
        "photo_4.jpg",
        "photo_single",
        "4",
        "red pen, uneven light",
        photos.one_on_paper("4", hand=THIN, pen=RED_PEN),
    ),
    Entry(
        "phone.jpg",
        "photo_multi",
        "20731/9468/51102/8873",
        "four rows, stored on its side, EXIF orientation 6",
        photos.phone,
    ),
    Entry("shadow.jpg", "photo_multi", "365249/80716", "pencil, shadow across", photos.shadowed),
    Entry(
        "hard_shadow.jpg",
        "photo_multi",
        "58260/94317",
        "felt tip, a sharp shadow across digits",
        photos.across_the_light,
    ),
    Entry(
        "on_desk.jpg",
        "photo_multi",
        "2904/7163/858",
        "a note on a dark desk, all of it in the picture",
        photos.on_a_desk,
    ),
    Entry("sheet.jpg", "photo_multi", "40719/38526", "two rows of ballpoint", photos.on_a_sheet),
    Entry(
        "colours.jpg", "photo_multi", "19405/62837/7714", "red, blue and green ink", photos.coloured
    ),
    Entry("ruled.jpg", "photo_multi", "407193/8526", "ballpoint on ruled paper", photos.on_rules),
    Entry("squared.jpg", "photo_multi", "92640", "felt tip on squared paper", photos.on_squares),
    Entry(
        "graph_paper.jpg",
        "photo_multi",
        "68084",
        "felt tip on squared paper with plain lines",
        photos.on_graph_paper,
    ),
    Entry(
        "table.jpg",
        "photo_multi",
        "40793156/82165740/91328604",
        "a printed table",
        photos.in_a_table,
    ),
    Entry(
        "form.jpg",
        "photo_multi",
        "503817/26",
        "a box for each digit; a number that is circled",
        photos.in_a_form,
    ),
    Entry(
        "whiteboard.jpg",
        "photo_multi",
        "31415/9265",
        "marker, lamp reflected",
        photos.on_whiteboard,
    ),
    Entry(
        "blackboard.jpg", "photo_multi", "2718/281", "chalk, light on dark", photos.on_blackboard
    ),
    Entry(
        "heading.jpg",
        "photo_multi",
        "4706/9182",
        "small print above large digits",
        photos.under_a_heading,
    ),
    Entry(
        "shining_through.jpg",
        "photo_multi",
        "3095/7124",
        "writing on the other side shows through",
        photos.shining_through,
    ),
    Entry(
        "fine_boxes.jpg",
        "photo_multi",
        "9450/0627",
        "fine pale boxes, two of six are empty",
        photos.in_fine_boxes,
    ),
    Entry(
        "two_pens.jpg",
        "photo_multi",
        "836429",
        "a marker, and a ballpoint beside it",
        photos.with_two_pens,
    ),
    Entry("number_line.jpg", "photo_multi", "0123456789", "thin ballpoint", photos.number_line),
    Entry("blank.jpg", "negative", "", "empty paper, shadow in a corner", photos.blank),
    Entry("empty_rules.jpg", "negative", "", "ruled paper, nothing written", photos.empty_rules),
    Entry("doodle.jpg", "negative", "", "zigzag and crosses", photos.zigzag),
    Entry(
        "signs.png",
        "negative",
        "",
        "an i, a question mark, an i",
        drawn.painting("i ? i", hand=PEN, height=130, at=(60, 60), size=(560, 260)),
    ),
    Entry("wood.jpg", "negative", "", "wood grain", photos.wood),
]

if __name__ == "__main__":
    main()
