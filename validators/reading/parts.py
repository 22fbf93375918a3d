"""Look at one part of a workbook's archive while it is inflated, piece by piece, in constant memory."""

from __future__ import annotations

import re

from validators.extracting.addresses import column_number
from validators.extracting.refusing import Unreadable
from validators.reading.limits import Limits

_XML_NAMES = (".xml", ".rels", ".vml")
#: A tag is never cut in two while the text behind the last `<` stays below this.
_LONGEST_TAIL = 1 << 20
#: Where a part says what it is.
_BEGINNING = 1 << 13
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")
_MACRO_SHEET = re.compile(rb"<(?:\w+:)?(?:intl)?macrosheet\b", re.I)
_ROOT = re.compile(rb"<(\w+:)?(worksheet|sst)\b")
_TEXTS = (b"<si>", b"<si ", b"<si/>")
_ROW_NUMBER = re.compile(rb"""<row\s(?:[^>]*?\s)?r\s*=\s*["'](\d+)""")
#: Cells beyond column Z: few in an honest sheet, so looking at each is cheap.
_WIDE = re.compile(rb'<c r="(([A-Z]{2,})\d+)"')
#: Any cell: looked for among the first and the last ones only, to tell how wide a deep sheet is.
_ANY = re.compile(rb'<c r="(([A-Z]+)\d+)"')
_ENDS = 1 << 15
_TOLD_TEXTS = re.compile(rb"""\b(?:uniqueCount|count)\s*=\s*["'](\d+)""")


class PartLook:
    """The checks of one part; `see` takes its pieces in order, `finish` the end. Raises Unreadable."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._limits = limits
        self._name = name
        self._is_xml = name.endswith(_XML_NAMES)
        self._begun = False
        self._root = ""
        self._prefix = b""
        self._tail = b""
        self._cells = self._texts = self._told_texts = 0
        self._last_row, self._last_column = 1, 0
        self._far_cell = b""

    @property
    def is_sheet(self) -> bool:
        """Whether the part is a worksheet, by its content."""
        return self._root == "worksheet"

    def see(self, piece: bytes) -> None:
        """Look at the next piece; the text behind its last `<` waits for the next one."""
        if not self._is_xml and self._begun:
            return
        data = self._tail + piece
        if not self._begun:
            if len(data) < _BEGINNING:  # pieces may be as small as their maker likes
                self._tail = data
                return
            self._begin(data)
        if not self._is_xml:
            return
        cut = data.rfind(b"<")
        cut = cut if cut > 0 and len(data) - cut < _LONGEST_TAIL else len(data)
        self._tail = data[cut:]
        self._look(data[:cut])

    def finish(self) -> None:
        """Look at the rest, then at the sums."""
        if not self._begun:
            self._begin(self._tail)
        if self._is_xml:
            self._look(self._tail)
        if self._root == "worksheet":
            self._check_sheet()
        elif self._root == "sst":
            self._check_texts()

    def _begin(self, data: bytes) -> None:
        """The first bytes: encoding, kind of part. Some programs name XML parts otherwise."""
        self._begun = True
        self._is_xml = self._is_xml or data.lstrip()[:5] == b"<?xml"
        if not self._is_xml:
            return
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4]:
            raise Unreadable("file-utf16")
        told = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
        if told and told[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
            raise Unreadable("file-utf16")
        if _MACRO_SHEET.search(data[:_BEGINNING]):
            raise Unreadable("file-macro-sheet")
        root = _ROOT.search(data[:_BEGINNING])
        self._root = root[2].decode() if root else ""
        self._prefix = (root[1] or b"") if root else b""

    def _look(self, data: bytes) -> None:
        if b"!" in data and _FORBIDDEN.search(data):
            raise Unreadable("file-suspicious", reason="it holds a document type, as no spreadsheet program writes it")
        if b"\x00" in data:
            raise Unreadable("file-damaged", reason="it holds zero bytes")
        if self._prefix:  # <x:c …>: some programs write every element with a prefix
            data = data.replace(b"<" + self._prefix, b"<")
        if self._root == "worksheet":
            self._count_cells(data)
        elif self._root == "sst":
            self._texts += sum(map(data.count, _TEXTS))
            self._told_texts = max(self._told_texts, *map(_number, _TOLD_TEXTS.findall(data[:4096])), 0)

    def _count_cells(self, data: bytes) -> None:
        self._cells += data.count(b"<c ") or data.count(b"<c>")
        if self._cells > self._limits.cells:
            raise Unreadable("file-too-many-cells", count=self._cells, limit=self._limits.cells)
        begin = max(data.rfind(b"<row "), 0)
        last = _ROW_NUMBER.match(data, begin)  # rows out of order are refused when read
        self._last_row = max(self._last_row, _number(last[1]) if last else 0)
        ends = [*_ANY.findall(data[:_ENDS]), *_ANY.findall(data, begin, begin + _ENDS)]
        for address, letters in [*ends, *_WIDE.findall(data)]:
            column = column_number(letters.decode()) if len(letters) < 4 else self._limits.columns
            if column > self._last_column:
                self._last_column, self._far_cell = column, address

    def _check_sheet(self) -> None:
        """The used area: a stray cell far away is an honest accident, so it is named."""
        if self._last_column >= self._limits.columns:
            cell = self._far_cell.decode("ascii", "replace")
            raise Unreadable("file-far-cell", cell=cell, limit=f"{self._limits.columns} columns")
        if self._last_row * (self._last_column + 1) > self._limits.area:
            raise Unreadable(
                "file-far-cell", cell=f"row {self._last_row}", limit=f"{self._limits.area:,} cells of area"
            )

    def _check_texts(self) -> None:
        most = max(self._texts, self._told_texts if self._told_texts > 2 * self._texts + 100_000 else 0)
        if most > self._limits.strings:
            raise Unreadable("file-too-many-texts", count=most, limit=self._limits.strings)


def _number(digits: bytes) -> int:
    """Digits as a number; a run no sheet can have counts as very large."""
    return int(digits) if len(digits) < 12 else 10**12
