"""Painting on a sheet of its own making: blocks, rectangles, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from addin.client.outcome import Cell
from addin.client.painting import FILLS, SIGNATURE, paint, rectangles
from addin.client.sheet import Area, letters, place


class Paper:
    """A `Sheet` that remembers what was done to it."""

    def __init__(self) -> None:
        self.texts: dict[tuple[int, int], str] = {}
        self.fills: dict[tuple[int, int], str] = {}
        self.kept_notes: dict[tuple[int, int], str] = {}
        self.calls: list[str] = []
        self.selected: tuple[int, int] | None = None

    def write_texts(self, row: int, column: int, block: Sequence[Sequence[str]]) -> None:
        self.calls.append("write")
        for down, line in enumerate(block):
            for right, text in enumerate(line):
                self.texts[(row + down, column + right)] = text

    def fill(self, area: Area, colour: str | None) -> None:
        self.calls.append("fill")
        for row in range(area.row, area.row + area.height):
            for column in range(area.column, area.column + area.width):
                if colour is None:
                    self.fills.pop((row, column), None)
                else:
                    self.fills[(row, column)] = colour

    def fill_of(self, row: int, column: int) -> str | None:
        return self.fills.get((row, column))

    def notes(self) -> Mapping[tuple[int, int], str]:
        return dict(self.kept_notes)

    def set_note(self, row: int, column: int, text: str | None) -> None:
        if text is None:
            self.kept_notes.pop((row, column))
        else:
            self.kept_notes[(row, column)] = text

    def select(self, row: int, column: int) -> None:
        self.selected = (row, column)


def cell(address: str, value: str | None, style: str = "clear", note: str | None = None) -> Cell:
    return Cell("Data", address, value, style, note)


def test_status_and_message_are_one_block() -> None:
    """Two columns of many rows are a few calls; rows that the outcome does not mention are emptied."""
    paper = Paper()
    paper.texts[(5, 8)] = "Error"
    cells = [each for row in (4, 6, 7) for each in (cell(f"H{row}", "OK", "ok"), cell(f"I{row}", ""))]
    paint(paper, cells, rows=(4, 4003))
    assert paper.calls.count("write") == 2 and paper.calls.count("fill") == 2
    assert (paper.texts[(4, 8)], paper.texts[(5, 8)], paper.texts[(6, 8)]) == ("OK", "", "OK")
    assert paper.selected is None


def test_the_first_wrong_cell_is_selected() -> None:
    """ADD-2: the cell that is to blame; the status where the row as a whole is."""
    paper = Paper()
    wrong = [cell("H9", "Error", "error"), cell("B9", None, "error", "oh"), cell("H7", "Conflict", "conflict")]
    assert paint(paper, wrong, rows=(4, 9)).first_error == (7, 8) == paper.selected
    assert paint(paper, wrong[:2], rows=(4, 9)).first_error == (9, 2)


def test_clear_takes_only_our_colours() -> None:
    """The user's own fill is none of ours."""
    paper = Paper()
    paper.fills = {(4, 1): FILLS["error"], (4, 2): "123456"}
    paint(paper, [cell("A4", None), cell("B4", None), cell("C4", None)], rows=(4, 4))
    assert paper.fills == {(4, 2): "123456"}


def test_notes_above_the_data_are_not_ours() -> None:
    """Only the rows of data are looked at."""
    paper = Paper()
    paper.kept_notes = {(2, 1): f"{SIGNATURE}kept", (4, 1): f"{SIGNATURE}old", (5, 1): "mine"}
    paint(paper, [cell("A5", None, "error", "new")], rows=(4, 5))
    assert paper.kept_notes == {(2, 1): f"{SIGNATURE}kept", (5, 1): f"mine\n\n{SIGNATURE}new"}


@pytest.mark.parametrize(
    ("places", "areas"),
    [
        ([], []),
        ([(4, 1), (5, 1), (6, 1), (4, 2), (5, 2), (6, 2)], [Area(4, 1, 3, 2)]),
        ([(4, 1), (6, 1)], [Area(4, 1), Area(6, 1)]),
        ([(4, 1), (4, 3)], [Area(4, 1), Area(4, 3)]),
        ([(4, 1), (5, 1), (5, 2)], [Area(4, 1, 2, 1), Area(5, 2)]),
    ],
)
def test_rectangles(places: list[tuple[int, int]], areas: list[Area]) -> None:
    """Few calls, and together exactly those cells."""
    assert rectangles(places) == areas


def test_addresses() -> None:
    """Both ways, to the last column of a sheet."""
    for column, name in ((1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")):
        assert letters(column) == name and place(f"{name}12") == (12, column)
    with pytest.raises(ValueError, match="no address"):
        place("A0")
