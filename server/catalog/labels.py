"""Product labels as PDF: title, SKU, and a barcode of SKU or GTIN (CAT-14)."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.eanbc import Ean13BarcodeWidget
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from server.catalog import queries
from server.catalog.errors import UnknownSkus
from server.catalog.label_fonts import font_for
from server.catalog.label_sheets import LabelSheet
from server.db.base import fold
from server.errors import WrongUse

MAX_LABELS = 5_000
#: The narrowest bar that label printers print and scanners read, and the widest that looks well, in mm.
_FINEST, _BROADEST = 0.17, 0.4
_QUIET_BARS = 10  # free space on either side of Code 128, in bars
_EAN_BARS = 113  # with its own free space
_LARGEST_TEXT, _SMALLEST_TEXT = 10.0, 4.5  # points
_LEADING = 1.2
#: A code is printed at this part of the text's size before it takes another line.
_LEAST_SHRINK = 0.7


class Barcode(StrEnum):
    """What is drawn. Bars: EAN-13 for a GTIN that is one, else Code 128, and QR where bars would be too fine."""

    BARS = "bars"
    QR = "qr"
    NONE = "none"


@dataclass(frozen=True)
class Label:
    """One label, printed `copies` times. With a `gtin` the barcode is that of the GTIN, else that of the SKU."""

    sku: str
    title: str = ""
    gtin: str | None = None
    copies: int = 1


@dataclass(frozen=True)
class _Box:
    """A part of the page, in points from the lower left corner."""

    x: float
    y: float
    width: float
    height: float


def labels_of(session: Session, copies: Sequence[tuple[str, int]], *, of_gtin: bool = True) -> list[Label]:
    """Labels for SKUs and how many of each, in order. `of_gtin`: the barcode is that of the SKU's first GTIN, where
    it has one. Raises `UnknownSkus` naming those that don't exist."""
    codes = [code for code, _ in copies]
    known = queries.find(session, codes)
    if missing := [code for code in codes if fold(code) not in known]:
        raise UnknownSkus(missing)
    gtins = queries.gtins_of(session, [sku.id for sku in known.values()]) if of_gtin else {}
    return [
        Label(sku.code, sku.title, next(iter(gtins.get(sku.id, ())), None), count)
        for sku, count in ((known[fold(code)], count) for code, count in copies)
    ]


def labels_pdf(labels: Sequence[Label], sheet: LabelSheet, *, barcode: Barcode = Barcode.BARS, start: int = 1) -> bytes:
    """The PDF of all labels in order, every one inside its place on `sheet`.

    `start`: the first free label of the first page. Raises `WrongUse` for no or more than 5,000 labels, or a start
    that the sheet does not have.
    """
    wanted = sum(label.copies for label in labels)
    if not 1 <= wanted <= MAX_LABELS:
        raise WrongUse(f"{wanted:,} labels; 1 to {MAX_LABELS:,} can be printed at once", field="copies")
    if not 1 <= start <= sheet.per_page:
        raise WrongUse(f"this sheet has labels 1 to {sheet.per_page}", field="start")
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(sheet.page[0] * mm, sheet.page[1] * mm), pageCompression=1, invariant=1)
    canvas.setTitle(f"{wanted} labels, {sheet.id}")
    canvas.setCreator("Stockbook")
    on = 0
    one_by_one = (label for label in labels for _ in range(label.copies))
    for label, (page, left, top) in zip(one_by_one, sheet.places(wanted, start=start), strict=True):
        if page != on:
            canvas.showPage()
            on = page
        _draw(canvas, label, _inner(sheet, left, top), barcode)
    canvas.save()
    return target.getvalue()


def is_ean13(gtin: str) -> bool:
    """Whether a GTIN is an EAN-13: thirteen digits, or the twelve of a UPC, with a right check digit."""
    if not (gtin.isascii() and gtin.isdigit() and len(gtin) in (12, 13)):
        return False
    digits = [int(digit) for digit in gtin.zfill(13)]
    return (10 - (sum(digits[0:12:2]) + 3 * sum(digits[1:12:2])) % 10) % 10 == digits[12]


def _inner(sheet: LabelSheet, left: float, top: float) -> _Box:
    """The part of a label to print on: a margin stays free, because printers and sheets are never quite in line."""
    width, height = sheet.label
    margin = min(2.5, max(1.0, height * 0.06))
    return _Box(
        (left + margin) * mm,
        (sheet.page[1] - top - height + margin) * mm,
        (width - 2 * margin) * mm,
        (height - 2 * margin) * mm,
    )


def _draw(canvas: Canvas, label: Label, box: _Box, barcode: Barcode) -> None:
    code = label.gtin or label.sku
    if barcode is Barcode.NONE:
        _texts(canvas, label, box, centred=True)
    elif barcode is Barcode.QR:
        _beside_qr(canvas, label, box, code)
    elif label.gtin and is_ean13(label.gtin) and box.width >= _EAN_BARS * _FINEST * mm:
        _draw_ean13(canvas, code.zfill(13), _around_bars(canvas, label, box, [label.sku]))
    elif width := _bar_width(code, box):
        below = [code] if code == label.sku else [code, label.sku]
        _draw_code128(canvas, code, width, _around_bars(canvas, label, box, below))
    else:
        _beside_qr(canvas, label, box, code)


def _around_bars(canvas: Canvas, label: Label, box: _Box, below: Sequence[str]) -> _Box:
    """Title above and codes below; the space between them is for the bars."""
    size = _text_size(box)
    line = size * _LEADING
    lines = max(1, min(2, int((box.height * 0.45 - line * len(below)) // line)))
    y = box.y + box.height
    for font, text in _wrapped(label.title, box.width, size, lines):
        y -= line
        _write(canvas, box, y + line - size, font, text, size)
    floor = box.y + line * len(below) + size * 0.2
    for place, text in enumerate(reversed(below)):
        _write_code(canvas, box, box.y + place * line + size * 0.2, text, size, bold=text == label.sku)
    return _Box(box.x, floor, box.width, max(y - floor - size * 0.2, 1.0))


def _draw_ean13(canvas: Canvas, code: str, space: _Box) -> None:
    """EAN-13 with its digits, as wide as fits, at most at its nominal size."""
    bar = min(0.33 * mm, space.width / _EAN_BARS)
    digits = min(8.0, 24 * bar, space.height * 0.35)
    widget = Ean13BarcodeWidget(code, barWidth=bar, barHeight=space.height, fontSize=digits, quiet=True)
    drawing = Drawing(_EAN_BARS * bar, space.height)
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, space.x + (space.width - drawing.width) / 2, space.y)


def _bar_width(code: str, box: _Box) -> float | None:
    """How wide the bars of Code 128 can be; None where it lacks a letter of the code, or they would be too fine."""
    if not all(32 <= ord(letter) < 127 for letter in code):
        return None
    bars = Code128(code, barWidth=1.0, quiet=True, lquiet=_QUIET_BARS, rquiet=_QUIET_BARS).width
    width = min(_BROADEST * mm, box.width / bars)
    return None if width < _FINEST * mm else width


def _draw_code128(canvas: Canvas, code: str, width: float, space: _Box) -> None:
    quiet = _QUIET_BARS * width
    bars = Code128(code, barWidth=width, barHeight=space.height, quiet=True, lquiet=quiet, rquiet=quiet)
    bars.drawOn(canvas, space.x + (space.width - bars.width) / 2, space.y)


def _beside_qr(canvas: Canvas, label: Label, box: _Box, code: str) -> None:
    side = min(box.height, box.width * 0.45)
    widget = QrCodeWidget(code, barLevel="M", barWidth=side, barHeight=side, barBorder=2)
    drawing = Drawing(side, side)
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, box.x, box.y + (box.height - side) / 2)
    gap = 1.0 * mm
    _texts(canvas, label, _Box(box.x + side + gap, box.y, box.width - side - gap, box.height), centred=False)


def _texts(canvas: Canvas, label: Label, box: _Box, *, centred: bool) -> None:
    """Title, SKU and GTIN without bars, in the middle of the height."""
    size = _text_size(box)
    line = size * _LEADING
    codes = [(part, text == label.sku) for text in (label.sku, label.gtin) if text for part in _parts(text, box, size)]
    title = _wrapped(label.title, box.width, size, min(4, max(0, int(box.height // line) - len(codes))))
    y = box.y + (box.height + line * (len(title) + len(codes))) / 2
    for font, text in title:
        y -= line
        _write(canvas, box, y + line - size, font, text, size, centred=centred)
    for text, bold in codes:
        y -= line
        _write_code(canvas, box, y + line - size, text, size, bold=bold, centred=centred)


def _parts(code: str, box: _Box, size: float) -> list[str]:
    """A code in as few lines as it takes to be readable."""
    font, printable = font_for(code, bold=True)
    lines = math.ceil(stringWidth(printable, font, size) * _LEAST_SHRINK / box.width)
    each = math.ceil(len(code) / max(1, lines))
    return [code[start : start + each] for start in range(0, len(code), each)]


def _text_size(box: _Box) -> float:
    return max(_SMALLEST_TEXT, min(_LARGEST_TEXT, box.height / 9, box.width / 14))


def _wrapped(text: str, width: float, size: float, lines: int) -> list[tuple[str, str]]:
    """(font, line) pairs: words in at most `lines` lines; what does not fit ends with an ellipsis."""
    font, printable = font_for(" ".join(text.split()))
    wrapped: list[str] = []
    words = printable.split(" ") if printable else []
    while words and len(wrapped) < lines:
        if len(wrapped) == lines - 1:
            wrapped.append(_cut(" ".join(words), font, size, width))
            break
        taken = 1
        while taken < len(words) and stringWidth(" ".join(words[: taken + 1]), font, size) <= width:
            taken += 1
        first = " ".join(words[:taken])
        if stringWidth(first, font, size) <= width:
            wrapped.append(first)
            words = words[taken:]
        else:  # one word wider than the label
            fits = _fitting(first, font, size, width)
            wrapped.append(first[:fits])
            words[0] = first[fits:]
    return [(font, line) for line in wrapped]


def _cut(text: str, font: str, size: float, width: float) -> str:
    if stringWidth(text, font, size) <= width:
        return text
    return text[: _fitting(text, font, size, width - stringWidth("...", font, size))].rstrip() + "..."


def _fitting(text: str, font: str, size: float, width: float) -> int:
    """How many letters of `text` fit, at least one."""
    fits = len(text)
    while fits > 1 and stringWidth(text[:fits], font, size) > width:
        fits -= 1
    return fits


def _write_code(
    canvas: Canvas, box: _Box, y: float, text: str, size: float, *, bold: bool = False, centred: bool = True
) -> None:
    """A code is never cut: it is printed smaller until it fits."""
    font, printable = font_for(text, bold=bold)
    width = stringWidth(printable, font, size)
    smaller = size if width <= box.width else math.floor(size * box.width / width * 20) / 20
    _write(canvas, box, y, font, printable, smaller, centred=centred)


def _write(canvas: Canvas, box: _Box, y: float, font: str, text: str, size: float, *, centred: bool = True) -> None:
    canvas.setFont(font, size)
    if centred:
        canvas.drawCentredString(box.x + box.width / 2, y, text)
    else:
        canvas.drawString(box.x, y, text)
