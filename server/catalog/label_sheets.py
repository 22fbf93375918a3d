"""The label sheets and rolls that product labels are printed on (CAT-14). Measures in millimetres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.errors import WrongUse

_A4 = (210.0, 297.0)
_LETTER = (215.9, 279.4)
_INCH = 25.4


@dataclass(frozen=True)
class LabelSheet:
    """Where the labels of a page lie. A roll is a page with one label."""

    id: str
    title: str
    page: tuple[float, float]
    label: tuple[float, float]
    columns: int = 1
    rows: int = 1
    left: float = 0.0
    top: float = 0.0
    pitch: tuple[float, float] = (0.0, 0.0)

    @property
    def per_page(self) -> int:
        """Labels on one page."""
        return self.columns * self.rows

    def places(self, count: int, *, start: int = 1) -> Iterator[tuple[int, float, float]]:
        """For each of `count` labels its page, and the left and upper edge on it, row by row. `start` is the first
        free label of the first page, for a sheet that has been used in part."""
        for number in range(start - 1, start - 1 + count):
            page, place = divmod(number, self.per_page)
            row, column = divmod(place, self.columns)
            yield page, self.left + column * self.pitch[0], self.top + row * self.pitch[1]


def _roll(width: int, height: int) -> LabelSheet:
    size = (float(width), float(height))
    return LabelSheet(f"{width}x{height}", f"Roll, {width} x {height} mm", size, size)


SHEETS: dict[str, LabelSheet] = {
    sheet.id: sheet
    for sheet in (
        LabelSheet("L7160", "A4, 21 labels of 63.5 x 38.1 mm", _A4, (63.5, 38.1), 3, 7, 7.2, 15.15, (66.04, 38.1)),
        LabelSheet("L7163", "A4, 14 labels of 99.1 x 38.1 mm", _A4, (99.1, 38.1), 2, 7, 4.65, 15.15, (101.6, 38.1)),
        LabelSheet("L7159", "A4, 24 labels of 63.5 x 33.9 mm", _A4, (63.5, 33.9), 3, 8, 7.2, 12.9, (66.04, 33.9)),
        LabelSheet("L7651", "A4, 65 labels of 38.1 x 21.2 mm", _A4, (38.1, 21.2), 5, 13, 4.75, 10.7, (40.6, 21.2)),
        LabelSheet(
            "5160", "Letter, 30 labels of 2 5/8 x 1 in", _LETTER, (2.625 * _INCH, _INCH), 3, 10,
            0.1875 * _INCH, 0.5 * _INCH, (2.75 * _INCH, _INCH),
        ),
        LabelSheet(
            "5163", "Letter, 10 labels of 4 x 2 in", _LETTER, (4 * _INCH, 2 * _INCH), 2, 5,
            0.15625 * _INCH, 0.5 * _INCH, (4.1875 * _INCH, 2 * _INCH),
        ),
        LabelSheet(
            "5167", "Letter, 80 labels of 1 3/4 x 1/2 in", _LETTER, (1.75 * _INCH, 0.5 * _INCH), 4, 20,
            0.3 * _INCH, 0.5 * _INCH, (2.05 * _INCH, 0.5 * _INCH),
        ),
        _roll(40, 30), _roll(50, 30), _roll(57, 32), _roll(100, 50), _roll(100, 150),
    )
}  # fmt: skip


def sheet_named(name: str) -> LabelSheet:
    """The sheet of that id, whatever its case. Raises `WrongUse` naming those there are."""
    for sheet in SHEETS.values():
        if sheet.id.casefold() == name.strip().casefold():
            return sheet
    raise WrongUse(f"'{name[:40]}' is not a label sheet; there are {', '.join(SHEETS)}", field="sheet")
