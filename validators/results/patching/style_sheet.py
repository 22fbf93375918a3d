"""The styles of a workbook, with the outcome's colours laid over the formats that cells have already."""

from __future__ import annotations

import re

from validators.results.patching.number_formats import formats_of, rounds
from validators.results.patching.refusing import NotPatchable
from validators.writing.outcome_cells import Style
from validators.writing.styling import PAINTS

_FORMATS = re.compile(rb"<cellXfs\b[^>]*>(.*?)</cellXfs>", re.DOTALL)
_FORMAT = re.compile(rb"<xf\b[^>]*?(?:/>|>.*?</xf>)", re.DOTALL)
_FILLS = re.compile(rb"<fills\b[^>]*>(.*?)</fills>", re.DOTALL)
_FILL = re.compile(rb"<fill\b[^>]*?(?:/>|>.*?</fill>)", re.DOTALL)
_FILL_OF = re.compile(rb'\bfillId="(\d+)"')
_FILL_ATTRIBUTES = re.compile(rb'\s(?:fillId|applyFill)="[^"]*"')
_NUMBER_FORMAT = re.compile(rb'\bnumFmtId="(\d+)"')
_OURS = tuple(paint.fill.encode() for paint in PAINTS.values())


class StyleSheet:
    """Gives the number of a cell format that is another one with an outcome's background, making it when needed.

    Only the background changes: the font, borders and number format that the user chose stay. A number that its
    format would round is the exception: a message beside it is about the number itself.
    """

    def __init__(self, xml: bytes) -> None:
        formats, fills = _FORMATS.search(xml), _FILLS.search(xml)
        if formats is None or fills is None or xml.count(b"<cellXfs") != 1:
            raise NotPatchable("styles that can't be told")
        self._xml = xml
        self._formats = _FORMAT.findall(formats[1])
        self._fills = _FILL.findall(fills[1])
        self._number_formats = formats_of(xml)
        self._made: dict[tuple[int, Style, bool], int] = {}
        self._fill_numbers: dict[Style, int] = {}

    def painted(self, base: int, style: Style, number: bytes = b"") -> int:
        """The number of format `base` in the colour of `style`; `clear` takes an outcome's colour away, no other.

        `number` is what stands in a cell that is marked and stays: it is shown in full.
        """
        in_full = bool(number) and style is not Style.CLEAR and self._rounds(base, number)
        known = self._made.get((base, style, in_full))
        if known is None:
            known = self._made[base, style, in_full] = self._paint(base, style, in_full)
        return known

    def xml(self) -> bytes:
        """The part with everything that was made since."""
        fills = b'<fills count="%d">%s</fills>' % (len(self._fills), b"".join(self._fills))
        formats = b'<cellXfs count="%d">%s</cellXfs>' % (len(self._formats), b"".join(self._formats))
        patched = _FILLS.sub(lambda _: fills, self._xml, count=1)
        return _FORMATS.sub(lambda _: formats, patched, count=1)

    def _paint(self, base: int, style: Style, in_full: bool) -> int:
        if base >= len(self._formats):
            raise NotPatchable("a cell with a format that does not exist")
        if style is Style.CLEAR and not self._has_our_fill(base):
            return base
        fill = 0 if style is Style.CLEAR else self._fill_number(style)
        bare = _FILL_ATTRIBUTES.sub(b"", self._formats[base])
        if in_full:
            bare = _NUMBER_FORMAT.sub(b'numFmtId="0"', bare)
        self._formats.append(bare.replace(b"<xf", b'<xf fillId="%d" applyFill="1"' % fill, 1))
        return len(self._formats) - 1

    def _rounds(self, base: int, number: bytes) -> bool:
        found = _NUMBER_FORMAT.search(self._formats[base]) if base < len(self._formats) else None
        return found is not None and rounds(self._number_formats.get(int(found[1]), ""), number)

    def _has_our_fill(self, base: int) -> bool:
        found = _FILL_OF.search(self._formats[base])
        number = int(found[1]) if found else 0
        return number < len(self._fills) and any(ours in self._fills[number].upper() for ours in _OURS)

    def _fill_number(self, style: Style) -> int:
        if style not in self._fill_numbers:
            self._fill_numbers[style] = len(self._fills)
            self._fills.append(
                b'<fill><patternFill patternType="solid"><fgColor rgb="FF%s"/>'
                b'<bgColor indexed="64"/></patternFill></fill>' % PAINTS[style].fill.encode()
            )
        return self._fill_numbers[style]
