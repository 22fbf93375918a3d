"""Parts of a workbook looked at while they are inflated, however small the pieces are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from validators.extracting.refusing import Unreadable
from validators.reading import Limits
from validators.reading.parts import PartLook

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
FAR = HEAD + b'<worksheet><sheetData><row r="1"><c r="ZZZ1"/></row></sheetData></worksheet>'


def look(name: str, pieces: Sequence[bytes]) -> PartLook:
    part = PartLook(name, Limits())
    for piece in pieces:
        part.see(piece)
    part.finish()
    return part


@pytest.mark.parametrize("first", [0, 1, 60])
def test_a_first_piece_that_says_nothing_hides_nothing(first: int) -> None:
    """P5: a packer may begin with as many empty blocks as it likes; the sheet behind them is a sheet all the same."""
    with pytest.raises(Unreadable, match="ZZZ1"):
        look("xl/worksheets/sheet1.xml", [FAR[:first], FAR[first:]])
    plain = FAR.replace(b"ZZZ1", b"A1")
    assert look("xl/worksheets/sheet1.xml", [plain[:first], plain[first:]]).is_sheet


@pytest.mark.parametrize("name", ["xl/macrosheets/sheet1.xml", "xl/macrosheets/sheet1.bin"])
def test_a_macro_sheet_is_known_by_its_content(name: str) -> None:
    """WB-10: whatever it is called, however short it is."""
    sheet = HEAD + b"<xm:macrosheet/>"
    for first in (0, 10):
        with pytest.raises(Unreadable, match="macro sheet"):
            look(name, [sheet[:first], sheet[first:]])
