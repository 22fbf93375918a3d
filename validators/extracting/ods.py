"""Read .ods straight from its content.xml: one streaming pass, repeats counted before they are made."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from validators.extracting.choosing import choose
from validators.extracting.grid import Grid, Mark, even
from validators.extracting.headers import HEADER_ROWS
from validators.extracting.job import Job
from validators.extracting.other_sheets import look_alikes
from validators.extracting.refusing import Unreadable

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


class _Sheet:
    """One table as it is read: rows of values, marks with absolute places, hidden rows."""

    def __init__(self, name: str, visible: bool) -> None:
        self.name = name
        self.visible = visible
        self.rows: list[list[Any]] = []
        self.marks: list[Mark] = []
        self.hidden: list[int] = []
        self.blank_rows = 0

    def add(self, row: list[tuple[Any, str, str]], repeat: int, hidden: bool, most_rows: int) -> None:
        """A row and its repeats. Blank rows are only counted until a filled one follows: sheets end with a million."""
        if not row:
            self.blank_rows += repeat
            return
        if len(self.rows) + self.blank_rows + repeat > most_rows + HEADER_ROWS:
            raise Unreadable("file-too-many-rows", rows=len(self.rows) + self.blank_rows + repeat, limit=most_rows)
        self.rows += [[] for _ in range(self.blank_rows)]
        self.blank_rows = 0
        for _ in range(repeat):
            self.rows.append([value for value, _, _ in row])
            number = len(self.rows)
            self.marks += [(number, column, kind, text) for column, (_, kind, text) in enumerate(row) if kind]
            if hidden:
                self.hidden.append(number)


def read(job: Job) -> Grid:
    """One workbook's data sheet. Raises Unreadable."""
    with zipfile.ZipFile(job.path) as archive, archive.open("content.xml") as content:
        try:
            sheets = {sheet.name: sheet for sheet in _sheets(content, job.limits) if sheet.visible}
        except ParseError:
            raise Unreadable("file-damaged", reason="the part content.xml is broken") from None
    shape, name, header = choose(list(sheets), lambda name: even(sheets[name].rows), job.shapes, job.wanted)
    sheet = sheets[name]
    grid = Grid("ods", name, shape.id)
    grid.fill(even(sheet.rows), header, shape)
    grid.warnings += look_alikes(list(sheets), name, lambda other: even(sheets[other].rows), shape)
    first = grid.header_row + 1
    grid.marks += [mark for mark in sheet.marks if mark[0] >= first]
    grid.hidden = [row for row in sheet.hidden if row >= first]
    return grid


def _sheets(content: Any, limits: dict[str, int]) -> Iterator[_Sheet]:
    """Every table, row by row; what was read of the tree is dropped at once."""
    invisible: set[str] = set()
    sheet: _Sheet | None = None
    cells = 0
    for event, node in iterparse(content, events=("start", "end")):
        if event == "start":
            if node.tag == f"{_TABLE}table" and sheet is None:
                hidden = node.get(f"{_TABLE}style-name") in invisible
                sheet = _Sheet(node.get(f"{_TABLE}name", ""), not hidden)
            continue
        if node.tag == f"{_STYLE}style":
            properties = node.find(f"{_STYLE}table-properties")
            if properties is not None and properties.get(f"{_TABLE}display") == "false":
                invisible.add(node.get(f"{_STYLE}name", ""))
        elif node.tag == f"{_TABLE}table-row" and sheet is not None:
            row = _row(node, limits["columns"])
            repeat = _count(node, "number-rows-repeated")
            cells += len(row) * repeat
            if cells > limits["cells"]:
                raise Unreadable("file-too-many-cells", count=cells, limit=limits["cells"])
            hidden_row = node.get(f"{_TABLE}visibility") in ("collapse", "filter")
            sheet.add(row, repeat, hidden_row, limits["rows"])
            node.clear()
        elif node.tag == f"{_TABLE}table" and sheet is not None:
            yield sheet
            sheet = None
            node.clear()


def _row(node: Element, most_columns: int) -> list[tuple[Any, str, str]]:
    """A row's cells as (value, mark, mark's text), without the empty ones at its end."""
    row: list[tuple[Any, str, str]] = []
    empty = 0
    for cell in node:
        if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        repeat = _count(cell, "number-columns-repeated")
        value = _cell(cell)
        if value == ("", "", ""):
            empty += repeat
            continue
        if len(row) + empty + repeat > most_columns:
            raise Unreadable("file-too-wide", columns=len(row) + empty + repeat, limit=most_columns)
        row += [("", "", "")] * empty + [value] * repeat
        empty = 0
    return row


def _cell(cell: Element) -> tuple[Any, str, str]:
    """One cell: value, kind of mark, text of mark."""
    kind = cell.get(f"{_OFFICE}value-type", "")
    text = _text(cell)
    spans = _count(cell, "number-columns-spanned") > 1 or _count(cell, "number-rows-spanned") > 1
    if cell.get(f"{_CALC}value-type") == "error" or (text.startswith(("#", "Err:")) and _is_formula(cell)):
        return "", "error", text
    if _is_formula(cell) and not kind:
        return "", "formula", ""
    if spans or cell.tag == f"{_TABLE}covered-table-cell":
        return _value(cell, kind, text), "merged", ""
    if kind == "percentage":
        return _value(cell, kind, text), "percent", ""
    return _value(cell, kind, text), "", ""


def _value(cell: Element, kind: str, text: str) -> Any:
    number = cell.get(f"{_OFFICE}value")
    if kind in ("float", "percentage", "currency") and number is not None:
        return float(number)
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return _date(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "time":
        return dt.time()  # a time of day is never what a column asks for; its mark says so
    return cell.get(f"{_OFFICE}string-value", text) if kind == "string" else text


def _date(text: str) -> Any:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return text


def _is_formula(cell: Element) -> bool:
    return cell.get(f"{_TABLE}formula") is not None


def _text(cell: Element) -> str:
    """A cell's paragraphs; blanks are written as elements of their own."""
    return "\n".join(_words(part) for part in cell if part.tag == f"{_TEXT}p")


def _words(part: Element) -> str:
    text = part.text or ""
    for child in part:
        if child.tag == f"{_TEXT}s":
            text += " " * min(int(child.get(f"{_TEXT}c", "1")), 1000)
        elif child.tag == f"{_TEXT}tab":
            text += "\t"
        elif child.tag == f"{_TEXT}line-break":
            text += "\n"
        else:
            text += _words(child)
        text += child.tail or ""
    return text


def _count(node: Element, name: str) -> int:
    return max(1, int(node.get(f"{_TABLE}{name}", "1")))
