"""What the fast reader hides about a worksheet, found in its XML: errors, formulas without a result, formats, merges.

Looking is cheap while a sheet has nothing odd (a few searches over its bytes); cells are walked one by one only where
something was seen. Positions may be implied: a row or cell without `r` follows the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from validators.extracting.addresses import area, cell, letters
from validators.extracting.grid import Mark
from validators.extracting.refusing import Unreadable

#: Error values that the reader knows; any other makes it give up the whole file.
KNOWN_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#DATA!"}
)
#: More merged cells than this among the data is refused as a whole.
MOST_MERGED = 10_000

_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_PREFIXED = re.compile(rb"<(\w+):worksheet[\s>]")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ROW = re.compile(rb"<row\b([^>]*)>")
_ROW_NUMBER = re.compile(rb'<row r="(\d+)"')
#: Attributes in single quotes or with blanks around the =.
_ODD_QUOTES = (b"='", b"= ", b" =", b"=\n", b"\n=")
_TAG = re.compile(rb"<[^<>]*>")
_TOKEN = re.compile(rb"<row\b([^>]*)>|<c\b((?:[^>/]|/(?!>))*)(?:/>|>(.*?)</c>)", re.S)
_VALUE = re.compile(rb"<v\b[^>]*>([^<]*)</v>")
_BAD_INDEX = re.compile(rb't="s"[^>]*><v>(?![0-9]+</v>)')
_MERGE = re.compile(rb"<mergeCell\s[^>]*>")
_HIDDEN = b"hidden="
_FORMULA = re.compile(rb"<f[\s>/]")
_ERROR = b't="e"'


class HiddenFacts:
    """What the fast reader hides about a sheet, without the XML that told it: marks, hidden rows, merged ranges."""

    def __init__(self, marks: list[Mark], hidden: list[int], tail: bytes) -> None:
        self.marks = marks
        self.hidden = hidden
        self._tail = tail

    def merged(self, first_row: int, last_row: int) -> Iterator[Mark]:
        """A mark for every cell of merged ranges among the given rows."""
        left = MOST_MERGED
        for tag in _MERGE.findall(self._tail):
            place = area(_attributes(tag).get(b"ref", b"").decode("ascii", "replace"))
            if place is None:
                continue
            top, start, bottom, end = max(place[0], first_row), place[1], min(place[2], last_row), place[3]
            left -= max(0, bottom - top + 1) * (end - start + 1)
            if left < 0:
                raise Unreadable("file-merged", cell=f"{letters(start)}{place[0]}")
            columns = range(start, end + 1)
            yield from ((row, column, "merged", "") for row in range(top, bottom + 1) for column in columns)


class SheetXml:
    """A worksheet's XML, ready to be searched: comments and namespace prefixes off, odd constructs refused.

    A search over 12 MB costs 1 to 20 ms, so each looks for the rarest bytes that tell, and what is known is kept.
    """

    def __init__(self, data: bytes) -> None:
        data = _evenly_quoted(_without_prefix(data))
        begin = max(data.find(b"<sheetData"), 0)
        if b"!" in data:
            data = _COMMENT.sub(b"", data[:begin]) + data[begin:]
            if b"[CDATA[" in data or b"<!--" in data:
                raise Unreadable("file-odd-xml")
        if data.count(b"<sheetData") > 1:
            raise Unreadable("file-odd-xml")
        self.data = data
        self._numbers = list(map(int, _ROW_NUMBER.findall(data)))
        self._has_errors = _ERROR in data

    def refuse_disorder(self) -> None:
        """A row that stands twice, or rows that go backwards, are corrupt: refuse rather than choose."""
        if self._numbers != sorted(set(self._numbers)):
            raise Unreadable("file-odd-xml")

    def refuse_broken_texts(self) -> None:
        """An index into the string table that is no number is read as the first text, which is never right."""
        if _BAD_INDEX.search(self.data):
            raise Unreadable("file-damaged", reason="a cell points at no text")

    def refuse_too_many_rows(self, limit: int) -> None:
        """Count rows that hold a value, before anything is parsed (WB-12)."""
        if 0 < len(self._numbers) <= limit:
            return
        rows = sum(1 for row in self.data.split(b"<row")[1:] if b"<v" in row or b"<is" in row)
        if rows > limit:
            raise Unreadable("file-too-many-rows", rows=rows, limit=limit)

    def refuse_unknown_errors(self) -> None:
        """Error values newer than the reader, such as #SPILL!: name the cell, for the reader only gives up."""
        for row, column, attributes, body in self._cells() if self._has_errors else ():
            if attributes.get(b"t") == b"e" and (error := _value(body)) not in KNOWN_ERRORS:
                raise Unreadable("file-new-error", cell=f"{letters(column)}{row}", value=error)

    def facts(self, percent: dict[int, str], zeros: dict[int, str], *, never_calculated: bool) -> HiddenFacts:
        """Marks for error cells, formulas without a saved result, and numbers shown as per cent or with zeros; hidden
        and filtered rows; and what tells of merged cells, which stands behind the cells."""
        marks = list(self._marks(percent, zeros, never_calculated)) if self._looks_odd(percent, zeros) else []
        return HiddenFacts(marks, self._hidden_rows(), self.data[max(self.data.rfind(b"</sheetData>"), 0) :])

    def _hidden_rows(self) -> list[int]:
        if _HIDDEN not in self.data:
            return []
        hidden: list[int] = []
        number = 0
        for attributes in _ROW.findall(self.data):
            given = _attributes(attributes)
            number = int(given.get(b"r", b"") or number + 1)
            if given.get(b"hidden") in (b"1", b"true"):
                hidden.append(number)
        return hidden

    def _marks(self, percent: dict[int, str], zeros: dict[int, str], never_calculated: bool) -> Iterator[Mark]:
        for row, column, attributes, body in self._cells():
            kind = attributes.get(b"t", b"n")
            value = _value(body)
            if kind == b"e":
                yield row, column, "error", value or "#N/A"
            elif _FORMULA.search(body) and _without_result(kind, body, value, never_calculated):
                yield row, column, "formula", ""
            elif kind == b"n" and value:
                style = int(attributes.get(b"s", b"0"))
                if style in percent:
                    yield row, column, "percent", percent[style]
                elif style in zeros:
                    yield row, column, "zeros", zeros[style]

    def _looks_odd(self, percent: dict[int, str], zeros: dict[int, str]) -> bool:
        styles = {*percent, *zeros}
        return (
            self._has_errors
            or _FORMULA.search(self.data) is not None
            or any(b's="%d"' % style in self.data for style in styles)
        )

    def _cells(self) -> Iterator[tuple[int, int, dict[bytes, bytes], bytes]]:
        """Row, column, attributes and inner XML of every cell."""
        row = column = 0
        for found in _TOKEN.finditer(self.data):
            if found[1] is not None:
                row = int(_attributes(found[1]).get(b"r", b"") or row + 1)
                column = -1
                continue
            attributes = _attributes(found[2])
            place = cell(attributes.get(b"r", b"").decode("ascii", "replace"))
            row, column = place if place else (row, column + 1)
            yield row, column, attributes, found[3] or b""


def _without_result(kind: bytes, body: bytes, value: str, never_calculated: bool) -> bool:
    """Whether a formula's cell holds no result: none at all, or the 0 that programs write which never calculate."""
    if kind == b"str":
        return b"<v" not in body
    return not value or (never_calculated and value == "0" and kind == b"n")


def _value(body: bytes) -> str:
    found = _VALUE.search(body)
    return found[1].decode("utf-8", "replace").strip() if found else ""


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(tag)}


def _evenly_quoted(data: bytes) -> bytes:
    """Attributes as nearly everyone writes them, so that plain searches find them. A program has one habit."""
    begin = data.find(b"<sheetData")
    sample = data[begin : begin + 65_536]
    if not any(odd in sample for odd in _ODD_QUOTES):
        return data
    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(rb'\1="\2\3"', tag[0]), data)


def _without_prefix(data: bytes) -> bytes:
    """`<x:row>` -> `<row>`: some programs write every element with a prefix."""
    found = _PREFIXED.search(data[:4096])
    if not found:
        return data
    return data.replace(b"<" + found[1] + b":", b"<").replace(b"</" + found[1] + b":", b"</")
