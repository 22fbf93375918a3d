"""`cells` of an outcome -> values, colours and notes on a sheet. It decides nothing and knows no Excel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from addin.client.outcome import Cell
from addin.client.sheet import Area, Sheet, place, runs

#: Background by style, the same that the result workbook has.
FILLS: dict[str, str] = {
    "ok": "DDF3E4",
    "warning": "FEF0C7",
    "error": "FBD5D5",
    "conflict": "E7DBF7",
    "skipped": "ECEEF1",
}
CLEAR = "clear"
#: Notes painted in one workbook at most; the Message column says everything anyway.
MOST_NOTES = 200
#: First line of every note of ours, as Excel itself puts an author's name there; so the user's own notes are kept.
SIGNATURE = "Stockbook:\n"
#: Rows written at once.
BLOCK_ROWS = 2_000

_WRONG = ("error", "warning", "conflict")

Progress = Callable[[str], None]
Position = tuple[int, int]


@dataclass(frozen=True)
class Painted:
    """What was painted: the first cell that is wrong, and how many notes there was no room for."""

    first_error: Position | None
    notes_left_out: int


def paint(
    sheet: Sheet, cells: Iterable[Cell], *, rows: tuple[int, int], progress: Progress = lambda _text: None
) -> Painted:
    """Paint an outcome. `rows`: first and last row of the data; statuses and notes that an earlier run left there and
    the outcome does not mention go away."""
    by_place = {place(cell.address): cell for cell in cells}
    _take_back_notes(sheet, rows)
    _write(sheet, {at: cell for at, cell in by_place.items() if cell.value is not None}, rows, progress)
    progress("colouring")
    _colour(sheet, by_place)
    left_out = _add_notes(sheet, by_place)
    wrong = sorted(at for at, cell in by_place.items() if cell.style in ("error", "conflict"))
    inputs = [at for at in wrong if by_place[at].value is None]
    first = _first(wrong, inputs)
    if first is not None:
        sheet.select(*first)
    return Painted(first, left_out)


def own_part(note: str) -> str:
    """What the user wrote of a note, without ours."""
    return note.partition(SIGNATURE)[0].rstrip("\n")


def _first(wrong: Sequence[Position], inputs: Sequence[Position]) -> Position | None:
    """The first wrong cell of the first wrong row; its status where no cell of it is to blame."""
    if not wrong:
        return None
    row = wrong[0][0]
    return next((at for at in inputs if at[0] == row), wrong[0])


def _write(sheet: Sheet, cells: Mapping[Position, Cell], rows: tuple[int, int], progress: Progress) -> None:
    """Neighbouring columns as one block over all rows of data: rows that the outcome does not mention are emptied."""
    first, last = rows
    above = {at: cell for at, cell in cells.items() if not first <= at[0] <= last}
    columns = sorted({column for row, column in cells if first <= row <= last})
    for left, right in runs(columns):
        for top in range(first, last + 1, BLOCK_ROWS):
            bottom = min(top + BLOCK_ROWS - 1, last)
            progress(f"writing results, row {top:,}")
            block = [
                [_text(cells.get((row, column))) for column in range(left, right + 1)] for row in range(top, bottom + 1)
            ]
            sheet.write_texts(top, left, block)
    for (row, column), cell in above.items():
        sheet.write_texts(row, column, [[_text(cell)]])


def _text(cell: Cell | None) -> str:
    return "" if cell is None or cell.value is None else str(cell.value)


def _colour(sheet: Sheet, cells: Mapping[Position, Cell]) -> None:
    """Colours in rectangles of equals. `clear` takes only our own colours away."""
    by_fill: dict[str | None, list[Position]] = defaultdict(list)
    ours = set(FILLS.values())
    for at, cell in cells.items():
        if cell.style != CLEAR:
            by_fill[FILLS[cell.style]].append(at)
        elif cell.value is None and sheet.fill_of(*at) in ours:
            by_fill[None].append(at)
    for fill, places in by_fill.items():
        for area in rectangles(places):
            sheet.fill(area, fill)


def rectangles(places: Iterable[Position]) -> list[Area]:
    """Cells as few rectangles: stretches down each column, put together where neighbours have the same."""
    by_column: dict[int, list[int]] = defaultdict(list)
    for row, column in sorted(places):
        by_column[column].append(row)
    stretches: dict[tuple[int, int], list[int]] = defaultdict(list)
    for column in sorted(by_column):
        for stretch in runs(by_column[column]):
            stretches[stretch].append(column)
    return [
        Area(top, left, bottom - top + 1, right - left + 1)
        for (top, bottom), columns in sorted(stretches.items())
        for left, right in runs(columns)
    ]


def _take_back_notes(sheet: Sheet, rows: tuple[int, int]) -> None:
    """Our part of every note among the data; what the user wrote stays."""
    for (row, column), text in sheet.notes().items():
        if rows[0] <= row <= rows[1] and SIGNATURE in text:
            sheet.set_note(row, column, own_part(text) or None)


def _add_notes(sheet: Sheet, cells: Mapping[Position, Cell]) -> int:
    """Notes on the very cells that are wrong, at most `MOST_NOTES`; gives how many were left out."""
    wanted = sorted((at, cell.note) for at, cell in cells.items() if cell.note)
    there = sheet.notes() if wanted else {}
    for at, note in wanted[:MOST_NOTES]:
        own = own_part(there[at]) if at in there else ""
        sheet.set_note(*at, f"{own}\n\n{SIGNATURE}{note}" if own else f"{SIGNATURE}{note}")
    wrong = sum(cell.value is None and cell.style in _WRONG for cell in cells.values())
    return max(0, wrong - min(len(wanted), MOST_NOTES))
