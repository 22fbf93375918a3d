"""Draw the icons of the Office tab: `python -m docs.pictures.icons`; `--check` says which are not what this file draws.

Each is drawn from a few shapes on a grid of 16 by 16, whose lines are whole pixels in the smallest size. What a button
is about is teal, what it does is amber; both can be told from Excel's light ribbon and from its dark one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

FOLDER = Path(__file__).parents[2] / "addin" / "officejs" / "icons"
#: What Office asks of a button, and of the add-in itself.
BUTTON_SIZES, OWN_SIZES = (16, 32, 80), (16, 32, 64, 80, 128)
TEAL, AMBER, PAPER, PALE = "#0d9488", "#d97706", "#ffffff", "#d7ece8"
GRID = 16
#: Drawn this many times as large, then made small: smooth edges.
FINER = 8

Point = tuple[float, float]


class Pen:
    """Draws on the grid. Angles are those of Pillow: degrees, clockwise, 0 is to the right."""

    def __init__(self, size: int) -> None:
        self._unit = size * FINER / GRID
        self.picture = Image.new("RGBA", (size * FINER, size * FINER))
        self._draw = ImageDraw.Draw(self.picture)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, corner: float = 0) -> None:
        """A filled rectangle."""
        edges = self._scaled((left, top), (right, bottom))
        self._draw.rounded_rectangle([*edges[:2], edges[2] - 1, edges[3] - 1], corner * self._unit, fill)

    def shape(self, *points: Point, fill: str) -> None:
        """A filled polygon."""
        self._draw.polygon(self._scaled(*points), fill)

    def disc(self, x: float, y: float, radius: float, fill: str | None) -> None:
        """A filled circle; without a colour, a hole."""
        edges = self._scaled((x - radius, y - radius), (x + radius, y + radius))
        self._draw.ellipse(edges, fill or (0, 0, 0, 0))

    def half_disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """The upper half of a circle."""
        self._draw.pieslice(self._scaled((x - radius, y - radius), (x + radius, y + radius)), 180, 360, fill)

    def arc(self, x: float, y: float, radius: float, begin: int, end: int, fill: str, width: float = 2) -> None:
        """A part of a ring, whose outer edge has that radius."""
        edges = self._scaled((x - radius, y - radius), (x + radius, y + radius))
        self._draw.arc(edges, begin, end, fill, round(width * self._unit))

    def line(self, *points: Point, fill: str, width: float = 2) -> None:
        """A line with round corners and ends."""
        self._draw.line(self._scaled(*points), fill, round(width * self._unit), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def small(self, size: int) -> Image.Image:
        """What was drawn, in its own size."""
        return self.picture.resize((size, size), Image.Resampling.BOX)

    def _scaled(self, *points: Point) -> list[float]:
        return [part * self._unit for point in points for part in point]


def stockbook(pen: Pen) -> None:
    """The console's own sign: a teal tile with three lines of a list."""
    pen.box(0, 0, 16, 16, TEAL, corner=3.5)
    for top, right in ((4, 12), (7, 9), (10, 11)):
        pen.box(4, top, right, top + 2, PALE)


def sign_in(pen: Pen) -> None:
    """Somebody, and an arrow in."""
    pen.disc(6, 4, 3, TEAL)
    pen.half_disc(6, 14, 6, TEAL)
    pen.disc(12, 11, 4, None)
    pen.box(10, 10, 13, 12, AMBER)
    pen.shape((12, 7), (16, 11), (12, 15), fill=AMBER)


def get_template(pen: Pen) -> None:
    """A sheet, and a plus."""
    _sheet(pen)
    pen.box(4, 5, 9, 6, TEAL)
    pen.box(4, 8, 9, 9, TEAL)
    pen.disc(11.5, 11.5, 5, None)
    pen.box(8, 11, 15, 13, AMBER)
    pen.box(10.5, 8.5, 12.5, 15.5, AMBER)


def load(pen: Pen) -> None:
    """A table, and an arrow down into it."""
    pen.box(1, 1, 14, 14, TEAL, corner=1)
    for left, right in ((2, 5), (6, 9), (10, 13)):
        for top, bottom in ((5, 7), (8, 10), (11, 13)):
            pen.box(left, top, right, bottom, PAPER)
    pen.disc(11.5, 11.5, 5, None)
    pen.box(10, 7, 13, 12, AMBER)
    pen.shape((7, 11), (16, 11), (11.5, 16), fill=AMBER)


def validate(pen: Pen) -> None:
    """A sheet under a glass."""
    _sheet(pen)
    pen.box(4, 4, 8, 5, TEAL)
    pen.disc(9.5, 9.5, 5, None)
    pen.line((12, 12), (14.5, 14.5), fill=AMBER, width=2.5)
    pen.disc(9.5, 9.5, 4, AMBER)
    pen.disc(9.5, 9.5, 2.5, PAPER)


def apply(pen: Pen) -> None:
    """A seal with a tick."""
    pen.disc(8, 8, 7.5, TEAL)
    pen.line((4.5, 8.5), (7, 11), (11.5, 5.5), fill=PAPER)


def push(pen: Pen) -> None:
    """A shop, and an arrow up to it."""
    pen.box(2, 7, 14, 15, TEAL)
    pen.box(3, 8, 13, 14, PAPER)
    for left, fill in ((0, TEAL), (4, PALE), (8, TEAL), (12, PALE)):
        pen.box(left, 1, left + 4, 5, fill)
        pen.disc(left + 2, 5, 2, fill)
    pen.box(0, 1, 16, 2, TEAL)
    pen.disc(11.5, 11.5, 4.5, None)
    pen.box(10.5, 11, 12.5, 16, AMBER)
    pen.shape((8, 12), (15, 12), (11.5, 7.5), fill=AMBER)


def sync(pen: Pen) -> None:
    """A shopping bag, and an arrow round."""
    pen.arc(7, 5, 3.5, 180, 360, TEAL, width=1.5)
    pen.shape((1, 5), (13, 5), (14, 15), (0, 15), fill=TEAL)
    pen.disc(11, 11, 5.5, None)
    pen.arc(11, 11, 4.5, 40, 320, AMBER)
    pen.shape((12, 9.5), (16, 9.5), (16, 5.5), fill=AMBER)


def reports(pen: Pen) -> None:
    """Bars."""
    for left, top, fill in ((1, 8, TEAL), (5, 4, TEAL), (9, 1, AMBER), (13, 6, TEAL)):
        pen.box(left, top, left + 3, 13, fill)
    pen.box(0, 14, 16, 15, TEAL)


def history(pen: Pen) -> None:
    """A clock that runs back."""
    pen.arc(8.5, 8, 7, 200, 360, TEAL)
    pen.arc(8.5, 8, 7, 0, 150, TEAL)
    pen.shape((0, 4), (0, 9), (5, 9), fill=TEAL)
    pen.line((8.5, 4.5), (8.5, 8.5), (11.5, 10), fill=AMBER, width=1.75)


BUTTONS: dict[str, Callable[[Pen], None]] = {
    "sign-in": sign_in,
    "get-template": get_template,
    "load": load,
    "validate": validate,
    "apply": apply,
    "push": push,
    "sync": sync,
    "reports": reports,
    "history": history,
}


def drawn() -> Iterator[tuple[str, Image.Image]]:
    """Every file with what belongs into it."""
    for name, draw, sizes in (
        ("stockbook", stockbook, OWN_SIZES),
        *((name, draw, BUTTON_SIZES) for name, draw in BUTTONS.items()),
    ):
        for size in sizes:
            pen = Pen(size)
            draw(pen)
            yield f"{name}-{size}.png", pen.small(size)


def out_of_date(folder: Path = FOLDER) -> list[str]:
    """Files whose pixels are not those that are drawn here, that are missing, or that nothing draws."""
    pictures = dict(drawn())
    there = {path.name for path in folder.glob("*.png")}
    wrong = [name for name in there & pictures.keys() if not _same(folder / name, pictures[name])]
    return sorted([*wrong, *(there ^ pictures.keys())])


def _same(path: Path, picture: Image.Image) -> bool:
    with Image.open(path) as found:
        if (found.size, found.mode) != (picture.size, picture.mode):
            return False
        return ImageChops.difference(found, picture).getbbox(alpha_only=False) is None


def _sheet(pen: Pen) -> None:
    """A sheet of paper with a corner folded over."""
    pen.shape((1, 0), (8, 0), (12, 4), (12, 16), (1, 16), fill=TEAL)
    pen.shape((2, 1), (7.5, 1), (11, 4.5), (11, 15), (2, 15), fill=PAPER)
    pen.shape((7.5, 0), (12, 4.5), (7.5, 4.5), fill=TEAL)


def main(arguments: list[str]) -> int:
    """Draw them, or check those that are there."""
    if arguments == ["--check"]:
        stale = out_of_date()
        print(f"out of date: {', '.join(stale)}; run `make docs`" if stale else "the icons are up to date")
        return int(bool(stale))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in drawn():
        picture.save(FOLDER / name, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
