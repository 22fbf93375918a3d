"""Make an .xls by hand: a BIFF8 stream in an OLE2 container, as small as Excel's own rules allow."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_ERRORS = {"#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#NAME?": 0x1D, "#NUM!": 0x24, "#N/A": 0x2A}
#: Number formats by the index of their cell format: general, per cent, 00000, a date.
STYLES = {"": 0, "percent": 1, "zeros": 2, "date": 3}
_FORMATS = (0, 9, 164, 14)


class Cell:
    """A cell that needs more than a value: an error or a number format of `STYLES`."""

    def __init__(self, value: Any, style: str = "") -> None:
        self.value = value
        self.style = style


def xls(
    rows: Sequence[Sequence[Any]],
    *,
    sheet: str = "Sheet1",
    hidden: Sequence[int] = (),
    merged: Sequence[tuple[int, int, int, int]] = (),
    sheet_type: int = 0,
    streams: Sequence[str] = (),
) -> bytes:
    """A workbook of one sheet. `hidden` rows count from 1, `merged` are (row, row, column, column) from 0."""
    body = _sheet(rows, hidden, merged)
    head = _globals(sheet, 0, sheet_type)
    return ole2(_globals(sheet, len(head), sheet_type) + body, ["Workbook", *streams])


def ole2(stream: bytes, names: Sequence[str]) -> bytes:
    """A container whose first stream has content; the other names are only there."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for place, name in enumerate(names, 1):
        start, size = (2, len(stream)) if place == 1 else (_END, 0)
        entries.append(_entry(name, 2, start, size, right=place + 1 if place < len(names) else _FREE))
    directory = b"".join(entries).ljust(_SECTOR, b"\0")
    chain = [_FAT, _END, *range(3, 2 + sectors), _END]
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(_SECTOR, b"\xff")
    assert len(chain) <= 128 and len(directory) == _SECTOR, "one sector of each is enough for a test"
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    return header + struct.pack("<109I", 0, *[_FREE] * 108) + fat + directory + stream


def _entry(name: str, kind: int, start: int, size: int, *, child: int = _FREE, right: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    tree = struct.pack("<III", _FREE, right, child)
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text), kind, 1)
        + tree
        + bytes(36)
        + struct.pack("<III", start, size, 0)
    )


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _globals(sheet: str, sheet_at: int, sheet_type: int) -> bytes:
    font = struct.pack("<HHHHHBBBx", 200, 0, 0x7FFF, 400, 0, 0, 0, 0) + _short("Arial")
    parts = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 1996, 0, 6)), _record(0x0042, b"\xb0\x04")]
    parts += [_record(0x0031, font)] * 4
    parts.append(_record(0x041E, struct.pack("<HHB", 164, 5, 0) + b"00000"))
    parts += [_record(0x00E0, struct.pack("<HHH14x", 0, number, 0)) for number in _FORMATS]
    parts.append(_record(0x0085, struct.pack("<IBB", sheet_at, 0, sheet_type) + _short(sheet)))
    return b"".join(parts) + _record(0x000A, b"")


def _short(text: str) -> bytes:
    return struct.pack("<BB", len(text), 0) + text.encode("latin-1")


def _sheet(rows: Sequence[Sequence[Any]], hidden: Sequence[int], merged: Sequence[tuple[int, int, int, int]]) -> bytes:
    parts = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0x0DBB, 1996, 0, 6))]
    for row in hidden:
        parts.append(_record(0x0208, struct.pack("<HHHHHHI", row - 1, 0, 9, 255, 0, 0, 0x120)))
    for row, cells in enumerate(rows):
        parts += [_cell(row, column, value) for column, value in enumerate(cells) if value is not None]
    if merged:
        ranges = b"".join(struct.pack("<HHHH", *place) for place in merged)
        parts.append(_record(0x00E5, struct.pack("<H", len(merged)) + ranges))
    return b"".join(parts) + _record(0x000A, b"")


def _cell(row: int, column: int, value: Any) -> bytes:
    style = 0
    if isinstance(value, Cell):
        style, value = STYLES[value.style], value.value
    place = struct.pack("<HHH", row, column, style)
    if isinstance(value, bool):
        return _record(0x0205, place + struct.pack("<BB", value, 0))
    if isinstance(value, str) and value in _ERRORS:
        return _record(0x0205, place + struct.pack("<BB", _ERRORS[value], 1))
    if isinstance(value, str):
        return _record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x0203, place + struct.pack("<d", value))
