"""Pictures as a phone would take them: paper, boards, shadows, lamps, and things without digits."""

from __future__ import annotations

import numpy as np
import scene
from drawn import Make
from hand import Coverage, Hand, Stroke, draw, lines
from PIL import Image

EXIF_ORIENTATION = 0x0112
TURN_RIGHT_TO_VIEW = 6


def phone(rng: np.random.Generator) -> Image.Image:
    """Upright as a person sees it; the file holds it lying on its side, and says so in EXIF."""
    size = (900, 1200)
    page = scene.sheet(size, (0.93, 0.92, 0.87), rng=rng)
    hand = Hand(slant=0.15, pen=0.075)
    written = lines(
        "20731/9468/51102/8873", hand=hand, height=150, at=(130, 150), size=size, rng=rng
    )
    page = scene.ink(page, written, scene.FELT_TIP, rng=rng)
    page = scene.light(scene.tilt(page, by=0.06, turn=2.5), towards=(0.2, 0.1), falloff=0.5)
    picture = Image.fromarray(np.rot90(scene.camera(page, rng=rng)).copy())
    picture.getexif()[EXIF_ORIENTATION] = TURN_RIGHT_TO_VIEW
    return picture


def _page(
    text: str,
    size: tuple[int, int],
    paper: scene.Colour,
    pen: scene.Colour,
    *,
    hand: Hand,
    height: int,
    at: tuple[int, int],
    rng: np.random.Generator,
) -> scene.Page:
    """A sheet with rows written on it, before any light falls on it."""
    page = scene.sheet(size, paper, rng=rng)
    written = lines(text, hand=hand, height=height, at=at, size=size, rng=rng)
    return scene.ink(page, written, pen, rng=rng)


def shadowed(rng: np.random.Generator) -> Image.Image:
    """Pencil on paper, with the writer's arm between it and the lamp."""
    size = (1200, 800)
    page = scene.sheet(size, (0.95, 0.94, 0.92), rng=rng)
    hand = Hand(slant=0.2, pen=0.06, gap=0.32)
    written = lines("365249/80716", hand=hand, height=160, at=(110, 140), size=size, rng=rng)
    page = scene.ink(page, written, scene.PENCIL, rng=rng, strength=0.9, grain=0.12)
    page = scene.light(page, towards=(0.9, 0.0), falloff=0.5)
    arm = [(0.0, 0.45), (0.45, 0.2), (0.82, 0.78), (0.55, 1.0), (0.0, 1.0)]
    page = scene.shadow(page, arm, darkness=0.33, softness=24)
    return Image.fromarray(scene.camera(page, rng=rng))


def across_the_light(rng: np.random.Generator) -> Image.Image:
    """Felt tip under a lamp, and the sharp shadow of somebody who takes the picture."""
    hand = Hand(slant=0.05, pen=0.1, gap=0.4)
    page = _page(
        "58260/94317",
        (1200, 800),
        (0.96, 0.96, 0.95),
        scene.FELT_TIP,
        hand=hand,
        height=170,
        at=(90, 130),
        rng=rng,
    )
    person = [(0.0, 0.22), (0.36, 0.1), (0.62, 0.3), (0.8, 0.78), (0.55, 1.1), (0.0, 1.1)]
    page = scene.shadow(page, person, darkness=0.5, softness=4)
    return Image.fromarray(scene.camera(scene.tilt(page, by=0.03), rng=rng))


def on_a_desk(rng: np.random.Generator) -> Image.Image:
    """A note that lies on a dark desk, all of it in the picture, part of it in a soft shadow."""
    page = _page(
        "2904/7163/858",
        (600, 560),
        (0.95, 0.94, 0.91),
        scene.BALLPOINT,
        hand=Hand(slant=0.1, pen=0.09, gap=0.3),
        height=105,
        at=(100, 60),
        rng=rng,
    )
    desk = _boards((800, 600), (0.34, 0.22, 0.14), rng=rng)
    page = scene.lay(page, desk, [(0.22, 0.1), (0.84, 0.14), (0.88, 0.9), (0.16, 0.86)])
    page = scene.shadow(page, [(0.7, 0), (1, 0), (1, 1), (0.8, 1)], darkness=0.3, softness=40)
    page = scene.light(page, towards=(0.3, 0.3), falloff=0.4)
    return Image.fromarray(scene.camera(page, rng=rng))


def coloured(rng: np.random.Generator) -> Image.Image:
    """Three pens on cream paper."""
    size = (1000, 900)
    page = scene.sheet(size, (0.96, 0.93, 0.84), rng=rng)
    pens = [scene.RED_PEN, scene.BALLPOINT, scene.GREEN_PEN]
    for number, (row, pen) in enumerate(zip(["19405", "62837", "7714"], pens, strict=True)):
        hand = Hand(slant=0.05 * number, pen=0.07, width=0.95 + 0.05 * number)
        at = (120 + 40 * number, 120 + 250 * number)
        written = lines(row, hand=hand, height=150, at=at, size=size, rng=rng)
        page = scene.ink(page, written, pen, rng=rng)
    page = scene.light(scene.tilt(page, by=0.03, turn=-2), towards=(0.4, 0.3), falloff=0.3)
    return Image.fromarray(scene.camera(page, rng=rng))


def on_rules(rng: np.random.Generator) -> Image.Image:
    """An exercise book: blue lines, a red margin, ballpoint."""
    size = (1100, 800)
    page = scene.sheet(size, (0.97, 0.96, 0.94), rng=rng)
    page = scene.ruled(page, spacing=90, first=75)
    page = scene.upright(page, spacing=4000, first=110, colour=scene.MARGIN)
    hand = Hand(slant=0.12, pen=0.07, gap=0.35)
    written = lines(
        "407193/8526", hand=hand, height=130, at=(180, 190), size=size, rng=rng, spacing=2.08
    )
    page = scene.ink(page, written, scene.BALLPOINT, rng=rng)
    page = scene.light(scene.tilt(page, by=0.02, turn=1), towards=(0.5, 0.1), falloff=0.35)
    return Image.fromarray(scene.camera(page, rng=rng))


def on_squares(rng: np.random.Generator) -> Image.Image:
    """Squared paper and a felt tip."""
    return _squared(rng, "92640", height=190, spacing=48, colour=(0.85, 0.90, 0.93))


def on_graph_paper(rng: np.random.Generator) -> Image.Image:
    """The same, with lines that are plain to see."""
    return _squared(rng, "68084", height=150, spacing=48, colour=(0.78, 0.85, 0.90))


def _squared(
    rng: np.random.Generator, text: str, *, height: int, spacing: int, colour: scene.Colour
) -> Image.Image:
    size = (1200, 560)
    page = scene.sheet(size, (0.96, 0.96, 0.95), rng=rng)
    page = scene.ruled(page, spacing=spacing, first=20, colour=colour)
    page = scene.upright(page, spacing=spacing, first=30, colour=colour)
    hand = Hand(slant=0.0, pen=0.1, gap=0.4)
    written = lines(text, hand=hand, height=height, at=(90, 170), size=size, rng=rng)
    page = scene.ink(page, written, scene.FELT_TIP, rng=rng)
    return Image.fromarray(scene.camera(scene.tilt(page, by=0.03), rng=rng))


def on_a_sheet(rng: np.random.Generator) -> Image.Image:
    """Two rows of five in ballpoint: the photo whose time is measured."""
    page = _page(
        "40719/38526",
        (1280, 960),
        (0.93, 0.92, 0.9),
        scene.BALLPOINT,
        hand=Hand(pen=0.07),
        height=190,
        at=(170, 200),
        rng=rng,
    )
    return Image.fromarray(
        scene.camera(scene.light(page, towards=(0.2, 0.1), falloff=0.5), rng=rng)
    )


def on_whiteboard(rng: np.random.Generator) -> Image.Image:
    """A blue marker, the smears of the last lesson, a lamp in the gloss."""
    size = (1200, 800)
    page = scene.sheet(size, (0.86, 0.87, 0.88), rng=rng, grain=0.012)
    hand = Hand(slant=0.08, pen=0.09, gap=0.35)
    written = lines("31415/9265", hand=hand, height=190, at=(170, 130), size=size, rng=rng)
    page = scene.ink(page, written, scene.BALLPOINT, rng=rng, strength=0.85, grain=0.1)
    page = scene.light(page, towards=(0.6, 0.3), falloff=0.6)
    page = scene.glare(page, (0.8, 0.2), radius=0.16, strength=0.75)
    return Image.fromarray(scene.camera(scene.tilt(page, by=0.08), rng=rng))


def on_blackboard(rng: np.random.Generator) -> Image.Image:
    """Chalk on a dark green board."""
    size = (1100, 650)
    page = scene.sheet(size, (0.14, 0.24, 0.19), rng=rng, grain=0.05)
    hand = Hand(slant=0.1, pen=0.1, gap=0.35)
    written = lines("2718/281", hand=hand, height=170, at=(170, 90), size=size, rng=rng)
    page = scene.ink(page, written, scene.CHALK, rng=rng, strength=0.9, grain=0.14)
    return Image.fromarray(scene.camera(scene.light(page, towards=(0, 0), falloff=0.3), rng=rng))


def in_a_table(rng: np.random.Generator) -> Image.Image:
    """A printed table of three columns and three rows, ballpoint."""
    size = (1280, 760)
    page = scene.sheet(size, (0.96, 0.96, 0.95), rng=rng)
    cells = [("407", "931", "56"), ("82", "165", "740"), ("913", "28", "604")]
    corner, cell, height = (110, 110), (345, 175), 95
    page = scene.ink(page, grid(size, corner, cell, columns=3, rows=3), scene.PRINT, rng=rng)
    hand = Hand(slant=0.1, pen=0.08, gap=0.3)
    for row, texts in enumerate(cells):
        for column, text in enumerate(texts):
            at = (corner[0] + column * cell[0] + 50, corner[1] + row * cell[1] + 40)
            written = lines(text, hand=hand, height=height, at=at, size=size, rng=rng)
            page = scene.ink(page, written, scene.BALLPOINT, rng=rng)
    page = scene.light(scene.tilt(page, by=0.02, turn=1), towards=(0.7, 0.2), falloff=0.35)
    return Image.fromarray(scene.camera(page, rng=rng))


def in_a_form(rng: np.random.Generator) -> Image.Image:
    """A printed field with a box for each digit, felt tip; under it a number that is circled."""
    size = (1100, 620)
    page = scene.sheet(size, (0.97, 0.96, 0.93), rng=rng)
    corner, cell, height = (110, 100), (125, 150), 95
    page = scene.ink(
        page, grid(size, corner, cell, columns=6, rows=1, radius=3.0), scene.PRINT, rng=rng
    )
    hand = Hand(slant=0.05, pen=0.09, gap=0.3)
    for place, digit in enumerate("503817"):
        at = (corner[0] + place * cell[0] + 35, corner[1] + 28)
        written = lines(digit, hand=hand, height=height, at=at, size=size, rng=rng)
        page = scene.ink(page, written, scene.FELT_TIP, rng=rng)
    at = (400, 385)
    written = lines("26", hand=hand, height=height, at=at, size=size, rng=rng)
    page = scene.ink(page, written, scene.FELT_TIP, rng=rng)
    turn = np.linspace(0, 2.05 * np.pi, 200)
    ring = np.stack([460 + 125 * np.cos(turn), 432 + 95 * np.sin(turn)], axis=1)
    ring += rng.normal(0, 0.5, ring.shape)
    circled = draw([Stroke(ring, np.full(len(ring), 4.0))], size=size)
    page = scene.light(
        scene.ink(page, circled, scene.FELT_TIP, rng=rng), towards=(0.2, 0.3), falloff=0.4
    )
    return Image.fromarray(scene.camera(page, rng=rng))


def grid(
    size: tuple[int, int],
    corner: tuple[int, int],
    cell: tuple[int, int],
    *,
    columns: int,
    rows: int,
    radius: float = 2.0,
) -> Coverage:
    """The lines of a table on a page of ``size``, its top left ``corner`` and cells (x, y)."""
    right, bottom = corner[0] + columns * cell[0], corner[1] + rows * cell[1]
    ends = [
        ((corner[0], y), (right, y)) for y in (corner[1] + row * cell[1] for row in range(rows + 1))
    ] + [
        ((x, corner[1]), (x, bottom))
        for x in (corner[0] + column * cell[0] for column in range(columns + 1))
    ]
    return draw([Stroke(np.array(pair, float), np.full(2, radius)) for pair in ends], size=size)


def under_a_heading(rng: np.random.Generator) -> Image.Image:
    """Large digits in ballpoint below two lines of small print."""
    size = (800, 600)
    page = scene.sheet(size, (0.95, 0.94, 0.92), rng=rng)
    heading = scene.print_text("Solve the problems and show\nhow you found the answers.", size, 22)
    page = scene.ink(page, heading, scene.PRINT, rng=rng)
    hand = Hand(slant=0.12, pen=0.07, gap=0.35)
    written = lines("4706/9182", hand=hand, height=150, at=(90, 150), size=size, rng=rng)
    page = scene.light(
        scene.ink(page, written, scene.BALLPOINT, rng=rng), towards=(0.7, 0.1), falloff=0.4
    )
    return Image.fromarray(scene.camera(page, rng=rng))


def shining_through(rng: np.random.Generator) -> Image.Image:
    """Thin paper with writing on its other side, which shows from behind."""
    size = (800, 560)
    page = scene.sheet(size, (0.94, 0.93, 0.9), rng=rng)
    hand = Hand(slant=0.1, pen=0.08, gap=0.35)
    behind = lines("83560/40279", hand=hand, height=120, at=(80, 120), size=size, rng=rng)
    behind = np.ascontiguousarray(scene.blurred(behind, 2.0)[:, ::-1])
    page = scene.ink(page, behind, scene.FELT_TIP, rng=rng, strength=0.2, grain=0.02)
    written = lines("3095/7124", hand=hand, height=120, at=(90, 60), size=size, rng=rng)
    page = scene.ink(page, written, scene.FELT_TIP, rng=rng)
    page = scene.light(page, towards=(0.8, 0.3), falloff=0.3)
    return Image.fromarray(scene.camera(page, rng=rng))


def in_fine_boxes(rng: np.random.Generator) -> Image.Image:
    """A form of fine pale boxes, one for each digit, the last two of which are empty."""
    size = (900, 420)
    page = scene.sheet(size, (0.97, 0.97, 0.95), rng=rng)
    hand = Hand(slant=0.05, pen=0.12, gap=0.3)
    for top, text in ((60, "9450"), (230, "0627")):
        for place in range(6):
            corner = (110 + 115 * place, top)
            box = grid(size, corner, (98, 120), columns=1, rows=1, radius=0.8)
            page = scene.ink(page, box, scene.FORM, rng=rng)
        for place, digit in enumerate(text):
            at = (140 + 115 * place, top + 26)
            written = lines(digit, hand=hand, height=70, at=at, size=size, rng=rng)
            page = scene.ink(page, written, scene.FELT_TIP, rng=rng)
    page = scene.light(scene.tilt(page, by=0.02, turn=1.2), towards=(0.3, 0.2), falloff=0.3)
    return Image.fromarray(scene.camera(page, rng=rng))


def with_two_pens(rng: np.random.Generator) -> Image.Image:
    """Four digits with a marker, and two more on the same row with a ballpoint."""
    size = (900, 320)
    page = scene.sheet(size, (0.95, 0.94, 0.92), rng=rng)
    for text, thick, left, colour in (
        ("8364", 0.14, 80, scene.FELT_TIP),
        ("29", 0.045, 600, scene.BALLPOINT),
    ):
        hand = Hand(slant=0.1, pen=thick, gap=0.3)
        written = lines(text, hand=hand, height=120, at=(left, 100), size=size, rng=rng)
        page = scene.ink(page, written, colour, rng=rng)
    page = scene.light(page, towards=(0.6, 0.2), falloff=0.35)
    return Image.fromarray(scene.camera(page, rng=rng))


def number_line(rng: np.random.Generator) -> Image.Image:
    """All ten digits in a row, thin ballpoint."""
    page = _page(
        "0123456789",
        (1300, 320),
        (0.94, 0.94, 0.95),
        scene.BALLPOINT,
        hand=Hand(slant=0.1, pen=0.055, gap=0.35),
        height=120,
        at=(100, 100),
        rng=rng,
    )
    return Image.fromarray(scene.camera(scene.light(page, towards=(1, 0), falloff=0.4), rng=rng))


def one_on_paper(digit: str, *, hand: Hand, pen: scene.Colour) -> Make:
    """A photo of one large digit."""

    def make(rng: np.random.Generator) -> Image.Image:
        size = (640, 640)
        page = scene.sheet(size, (0.9, 0.88, 0.84), rng=rng)
        written = lines(digit, hand=hand, height=300, at=(230, 160), size=size, rng=rng)
        page = scene.light(scene.ink(page, written, pen, rng=rng), towards=(0.1, 0.9), falloff=0.6)
        return Image.fromarray(scene.camera(page, rng=rng))

    return make


def blank(rng: np.random.Generator) -> Image.Image:
    """Nothing but paper under a lamp, and a soft shadow across a corner."""
    page = scene.sheet((900, 700), (0.93, 0.92, 0.9), rng=rng)
    page = scene.light(page, towards=(0.3, 0.2), falloff=0.8)
    page = scene.shadow(page, [(0.6, 1), (1, 0.5), (1, 1)], darkness=0.35, softness=30)
    return Image.fromarray(scene.camera(page, rng=rng))


def empty_rules(rng: np.random.Generator) -> Image.Image:
    """An exercise book before anybody wrote in it."""
    page = scene.sheet((900, 700), (0.97, 0.96, 0.94), rng=rng)
    page = scene.ruled(page, spacing=70, first=60)
    page = scene.upright(page, spacing=4000, first=100, colour=scene.MARGIN)
    page = scene.light(scene.tilt(page, by=0.02, turn=1.5), towards=(0.5, 0.5), falloff=0.4)
    return Image.fromarray(scene.camera(page, rng=rng))


def zigzag(rng: np.random.Generator) -> Image.Image:
    """A doodle: a zigzag from edge to edge and a row of crossed lines."""
    x = np.linspace(40, 860, 25)
    up_down = np.stack([x, 180 + 70 * (-1.0) ** np.arange(25) + rng.normal(0, 8, 25)], 1)
    strokes = [Stroke(up_down, np.full(25, 4.0))]
    for centre in range(130, 860, 160):
        for slope in (1, -1):
            ends = np.array([(-60, -60 * slope), (60, 60 * slope)]) + rng.normal(0, 6, (2, 2))
            strokes.append(Stroke(ends + (centre, 460), np.full(2, 4.0)))
    page = scene.sheet((900, 620), (0.95, 0.95, 0.93), rng=rng)
    page = scene.ink(page, draw(strokes, size=(900, 620)), scene.FELT_TIP, rng=rng)
    return Image.fromarray(scene.camera(page, rng=rng))


def wood(rng: np.random.Generator) -> Image.Image:
    """A table top: grain along the board, and no writing."""
    page = _boards((900, 600), (0.62, 0.45, 0.29), rng=rng)
    page = scene.light(page, towards=(0.2, 0.4), falloff=0.5)
    return Image.fromarray(scene.camera(page, rng=rng))


def _boards(size: tuple[int, int], colour: scene.Colour, *, rng: np.random.Generator) -> scene.Page:
    bend = scene.cloud(size, cell=250, rng=rng)[..., 0]
    across = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    rings = np.sin(40 * (across + 0.06 * bend)) * 0.5 + np.sin(151 * (across + 0.05 * bend)) * 0.3
    return scene.sheet(size, colour, rng=rng) * (1 + 0.12 * rings[..., None])
