"""Notes on cells: the two parts that Excel keeps them in, one for the texts and one for the boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from validators.extracting.addresses import cell as place
from validators.results.patching.xml_text import text_xml
from validators.writing.outcome_cells import Cell

AUTHOR = "Stockbook"
#: Notes painted in one workbook at most; the Message column says everything anyway.
MOST_NOTES = 200
_AUTHOR = re.compile(rb"<author>(.*?)</author>|<author/>", re.DOTALL)
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOXES_HEAD = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    b' xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="%d"/>'
    b'</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202"'
    b' path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    b'<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    b'<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;z-index:%d;visibility:hidden"'
    b' fillcolor="#fffbe6" strokecolor="#c9c2a5" o:insetmode="auto"><v:fill color2="#fffbe6"/>'
    b'<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
    b'</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    b"<x:Anchor>%d, 12, %d, 4, %d, 40, %d, 8</x:Anchor><x:AutoFill>False</x:AutoFill>"
    b"<x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>"
)
_COLUMNS_WIDE, _CHARACTERS_A_LINE = 2, 36


def texts_part(cells: Sequence[Cell]) -> bytes:
    """The notes' texts."""
    notes = b"".join(
        b'<comment ref="%s" authorId="0"><text><r><rPr><sz val="9"/><rFont val="Calibri"/></rPr>'
        b'<t xml:space="preserve">%s</t></r></text></comment>' % (cell.address.encode(), text_xml(cell.note or ""))
        for cell in cells
    )
    start = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<comments xmlns="%s"><authors><author>%s'
    return start % (_MAIN, AUTHOR.encode()) + b"</author></authors><commentList>%s</commentList></comments>" % notes


def boxes_part(cells: Sequence[Cell], sheet_number: int) -> bytes:
    """The notes' boxes, beside their cells and as high as their text. `sheet_number` keeps ids apart, from 1."""
    boxes = b"".join(_box(cell, sheet_number * 1024 + index) for index, cell in enumerate(cells, 1))
    return _BOXES_HEAD % sheet_number + boxes + b"</xml>"


def are_ours(texts: bytes) -> bool:
    """Whether all notes of a part were written here before, so that they may be replaced."""
    authors = _AUTHOR.findall(texts)
    return bool(authors) and all(author in (AUTHOR.encode(), b"") for author in authors)


def _box(cell: Cell, number: int) -> bytes:
    where = place(cell.address)
    assert where is not None, f"{cell.address} is not an address"
    row, column = where[0] - 1, where[1]
    lines = 2 + len(cell.note or "") // _CHARACTERS_A_LINE
    top = max(0, row - 1)
    anchor = (column + 1, top, column + 1 + _COLUMNS_WIDE, top + lines)
    return _BOX % (number, number % 1024, *anchor, row, column)
