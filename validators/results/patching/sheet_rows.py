"""The rows of one sheet's XML, with some cells replaced. Works on bytes and reads only what it changes.

A row or cell is found by its `r` attribute, which every spreadsheet program writes first; a sheet where it stands
elsewhere is not patched. Whatever lies between the cells that change is copied as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from validators.extracting.addresses import column_number, letters
from validators.results.patching.refusing import NotPatchable
from validators.results.patching.xml_text import text_xml
from validators.writing.outcome_cells import Cell, Style

Targets = Mapping[int, Mapping[int, Cell]]
"""Row as Excel shows it -> column from 0 -> what is written there."""
Painter = Callable[[int, Style, bytes], int]
"""Base format, outcome, the number that stands in the cell and stays (else nothing) -> format."""

_CELL_COLUMN = re.compile(rb'<c r="([A-Z]{1,3})')
_STYLE = re.compile(rb'\ss="(\d+)"')
_ROW_STYLE = re.compile(rb'\ss="(\d+)"[^>]*\scustomFormat="(?:1|true)"|\scustomFormat="(?:1|true)"[^>]*\ss="(\d+)"')
#: A cell without a type, or with the type of numbers, holds one.
_TYPE = re.compile(rb'\st="(?!n")')
_NUMBER = re.compile(rb"<v[^>]*>([^<]+)</v>")
_SPANS = re.compile(rb'\sspans="[^"]*"')


class RowPatcher:
    """Takes the sheet's rows in order, in blocks that end with a whole row, and gives them back patched."""

    def __init__(self, targets: Targets, painted: Painter, column_styles: Mapping[int, int]) -> None:
        self._targets = targets
        self._painted = painted
        self._column_styles = column_styles
        self._waiting = sorted(targets, reverse=True)

    def block(self, block: bytes) -> bytes:
        """The block with its cells replaced and with the rows that were missing."""
        _only_addressed(block)
        done: list[bytes] = []
        kept, at = 0, block.find(b'<row r="')
        while at >= 0 and self._waiting:
            number = int(block[at + 8 : block.index(b'"', at + 8)])
            end, opening = _row_end(block, at)
            if self._waiting[-1] <= number:
                done += (block[kept:at], self._missing(before=number))
                if self._waiting and self._waiting[-1] == number:
                    self._waiting.pop()
                    done.append(self._row(number, block[at:opening], block[opening:end]))
                    kept = end
                else:
                    kept = at
            at = block.find(b'<row r="', end)
        done.append(block[kept:])
        return b"".join(done)

    def rest(self) -> bytes:
        """The rows that lie below all that the sheet has."""
        return self._missing(before=None)

    def _missing(self, before: int | None) -> bytes:
        made = []
        while self._waiting and (before is None or self._waiting[-1] < before):
            number = self._waiting.pop()
            made.append(self._row(number, b'<row r="%d">' % number, b"</row>"))
        return b"".join(made)

    def _row(self, number: int, tag: bytes, body: bytes) -> bytes:
        """One row; `tag` is its opening tag, `body` the rest. `spans` goes: it would be wrong, and is optional."""
        tag = _SPANS.sub(b"", tag)
        found = _ROW_STYLE.search(tag)
        row_style = int(found[1] or found[2]) if found else None
        if tag.endswith(b"/>"):
            tag, body = tag[:-2].rstrip() + b">", b"</row>"
        for column, cell in sorted(self._targets[number].items()):
            body = self._place(body, column, b"%s%d" % (letters(column).encode(), number), cell, row_style)
        return tag + body

    def _place(self, body: bytes, column: int, address: bytes, cell: Cell, row_style: int | None) -> bytes:
        at = body.find(b'<c r="%s"' % address)
        if at >= 0:
            end, opening = _cell_end(body, at)
            return body[:at] + self._replaced(body[at:opening], body[opening:end], address, cell) + body[end:]
        base = self._column_styles.get(column, 0) if row_style is None else row_style
        made = self._cell(address, self._painted(base, cell.style, b""), "" if cell.value is None else cell.value)
        at = _insertion(body, column)
        return body[:at] + made + body[at:]

    def _replaced(self, tag: bytes, body: bytes, address: bytes, cell: Cell) -> bytes:
        found = _STYLE.search(tag)
        stays = _NUMBER.search(body) if cell.value is None and not _TYPE.search(tag) else None
        style = self._painted(int(found[1]) if found else 0, cell.style, stays[1] if stays else b"")
        if cell.value is not None:
            if b"<f" in body:
                raise NotPatchable(f"a formula in {address.decode()}")
            return self._cell(address, style, cell.value)
        bare = _STYLE.sub(b"", tag, count=1)
        return bare.replace(b'"%s"' % address, b'"%s" s="%d"' % (address, style), 1) + body

    @staticmethod
    def _cell(address: bytes, style: int, value: str | int) -> bytes:
        """A cell's XML. A text is written in place, so that it can only ever be a text."""
        start = b'<c r="%s" s="%d"' % (address, style)
        if isinstance(value, int):
            return start + b"><v>%d</v></c>" % value
        if not value:
            return start + b"/>"
        return start + b' t="inlineStr"><is><t xml:space="preserve">' + text_xml(value) + b"</t></is></c>"


def _only_addressed(block: bytes) -> None:
    for tag in (b"row", b"c"):
        opened = block.count(b"<%s " % tag) + block.count(b"<%s>" % tag) + block.count(b"<%s/>" % tag)
        if opened != block.count(b'<%s r="' % tag):
            raise NotPatchable("rows or cells without an address in front")
    if b"<!--" in block or b"<![CDATA[" in block:
        raise NotPatchable("comments or raw text in the sheet's XML")


def _row_end(block: bytes, at: int) -> tuple[int, int]:
    """Where the row that starts at `at` ends, and where its opening tag does."""
    return _element_end(block, at, b"</row>")


def _cell_end(body: bytes, at: int) -> tuple[int, int]:
    return _element_end(body, at, b"</c>")


def _element_end(data: bytes, at: int, closing: bytes) -> tuple[int, int]:
    opening = data.index(b">", at) + 1
    if data[opening - 2 : opening] == b"/>":
        return opening, opening
    return data.index(closing, opening) + len(closing), opening


def _insertion(body: bytes, column: int) -> int:
    """Where a new cell goes: behind the last cell that stands left of it."""
    last = body.rfind(b'<c r="')
    if last < 0:
        return 0
    found = _CELL_COLUMN.match(body, last)
    if found and column_number(found[1].decode()) < column:
        return _cell_end(body, last)[0]
    for found in _CELL_COLUMN.finditer(body):
        if column_number(found[1].decode()) > column:
            return found.start()
    raise NotPatchable("cells in an unknown order")
