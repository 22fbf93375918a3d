"""One sheet's XML patched on its way from one zip into another, a megabyte at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from validators.extracting.addresses import area, letters
from validators.results.patching.refusing import NotPatchable
from validators.results.patching.sheet_rows import Painter, RowPatcher, Targets
from validators.results.patching.xml_text import is_utf8

_CHUNK = 1 << 20
_DATA_START = re.compile(rb"<sheetData\s*(/?)>")
_DIMENSION = re.compile(rb'<dimension ref="([A-Z0-9:]+)"')
_COLUMN = re.compile(rb"<col\b[^>]*>")
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')
#: What may follow a `<legacyDrawing>` in a sheet, besides the extension list at its very end.
_AFTER_NOTES = (b"legacyDrawingHF", b"drawingHF", b"picture", b"webPublishItems", b"tableParts")
_RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WIDEST = 90


def patch_sheet(source: IO[bytes], target: IO[bytes], targets: Targets, painted: Painter, notes_id: str | None) -> None:
    """Copy the sheet from `source` to `target` with `targets` written into it.

    `notes_id` is the relationship of a notes drawing to be hung in. Raises `NotPatchable` half-way, so the target is
    to be thrown away then.
    """
    chunks = iter(lambda: source.read(_CHUNK), b"")
    head, buffer, empty = _head(chunks)
    rows = RowPatcher(targets, painted, _column_styles(head))
    target.write(_widened(_stretched(head, targets), targets) + b"<sheetData>")
    for chunk in chunks if not empty else ():
        buffer += chunk
        cut = buffer.rfind(b"</row>") + 6
        if cut > 6:
            target.write(rows.block(buffer[:cut]))
            buffer = buffer[cut:]
    data, tail = (b"", buffer) if empty else _split(buffer)
    for chunk in chunks if empty else ():
        tail += chunk
    target.write(rows.block(data) + rows.rest() + b"</sheetData>" + _with_notes(tail, notes_id))


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bytes, bool]:
    """What stands before the rows, what was read beyond it, and whether there are no rows at all."""
    read = b""
    for chunk in chunks:
        read += chunk
        found = _DATA_START.search(read)
        if found:
            if not is_utf8(read) or b"<!DOCTYPE" in read[: found.start()]:
                break
            return read[: found.start()], read[found.end() :], bool(found[1])
    raise NotPatchable("a sheet in an unusual form of XML")


def _split(buffer: bytes) -> tuple[bytes, bytes]:
    """The last rows, and what stands behind all rows."""
    end = buffer.find(b"</sheetData>")
    if end < 0:
        raise NotPatchable("a sheet without an end")
    return buffer[:end], buffer[end + len(b"</sheetData>") :]


def _stretched(head: bytes, targets: Targets) -> bytes:
    """The head with a used range that takes in what is written; some readers trust it."""
    found = _DIMENSION.search(head)
    used = area(found[1].decode()) if found else None
    if found is None or used is None or not targets:
        return head
    columns = [column for cells in targets.values() for column in cells]
    first_row, first = min(used[0], *targets), min(used[1], *columns)
    last_row, last = max(used[2], *targets), max(used[3], *columns)
    reference = f"{letters(first)}{first_row}:{letters(last)}{last_row}".encode()
    return head[: found.start(1)] + reference + head[found.end(1) :]


def _columns(head: bytes) -> Iterator[dict[bytes, bytes]]:
    for tag in _COLUMN.findall(head):
        yield dict(_ATTRIBUTE.findall(tag))


def _column_styles(head: bytes) -> dict[int, int]:
    """Column from 0 -> the format that its empty cells have."""
    return {
        index: int(column[b"style"])
        for column in _columns(head)
        if b"style" in column
        for index in range(int(column[b"min"]) - 1, min(int(column[b"max"]), 1024))
    }


def _widened(head: bytes, targets: Targets) -> bytes:
    """The head with a width for new columns at the right, so that a message can be read."""
    covered = max((int(column[b"max"]) for column in _columns(head)), default=0)
    widths: dict[int, int] = {}
    for cells in targets.values():
        for column, cell in cells.items():
            if column >= covered and cell.value is not None:
                widths[column] = min(_WIDEST, max(widths.get(column, 12), len(str(cell.value)) + 2))
    made = b"".join(
        b'<col min="%d" max="%d" width="%d" customWidth="1"/>' % (column + 1, column + 1, width)
        for column, width in sorted(widths.items())
    )
    if not made:
        return head
    if b"</cols>" in head:
        return head.replace(b"</cols>", made + b"</cols>", 1)
    return head + b"<cols>" + made + b"</cols>"


def _with_notes(tail: bytes, notes_id: str | None) -> bytes:
    if notes_id is None:
        return tail
    end = tail.rfind(b"</worksheet>")
    if tail[:end].rstrip().endswith(b"</extLst>"):
        end = tail.rfind(b"<extLst", 0, end)  # extensions of single rules stand further up
    places = [tail.find(b"<%s" % name) for name in _AFTER_NOTES]
    at = min([end, *(place for place in places if place >= 0)])
    if at < 0:
        raise NotPatchable("a sheet without an end")
    hung = b'<legacyDrawing xmlns:r="%s" r:id="%s"/>' % (_RELATIONS, notes_id.encode())
    return tail[:at] + hung + tail[at:]
