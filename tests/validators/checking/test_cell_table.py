"""No cell is silently changed: each cell of the table, through a real workbook and through JSON."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from tests.hostile.packages import parts, relationships, sheet, styles, workbook, zipped
from tests.validators.checking.cell_table import ALL, NO_JSON, NOTHING, WORKBOOK, Case
from validators.checking.normalising import Frame
from validators.checking.steps import check
from validators.extracting.addresses import letters
from validators.messages import CODES
from validators.reading import from_rows, read

_NAMES = [column.name for column in WORKBOOK.columns]
_IN_WORKBOOK = [case for case in ALL if case.xml]
_IN_JSON = [case for case in ALL if case.json is not NO_JSON]
_FIRST_ROW = 2


def _id(case: Case) -> str:
    return f"{case.column}-{case.name}"


def _inline(address: str, content: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{content}</t></is></c>'


@pytest.fixture(scope="module")
def from_workbook(tmp_path_factory: pytest.TempPathFactory) -> Frame:
    """All cells of the table in one workbook, a row for each."""
    rows = '<row r="1">' + "".join(_inline(f"{letters(at)}1", c.header) for at, c in enumerate(WORKBOOK.columns))
    rows += "</row>"
    for number, case in enumerate(_IN_WORKBOOK, _FIRST_ROW):
        cell = case.xml.replace("{r}", f"{letters(_NAMES.index(case.column))}{number}")
        rows += f'<row r="{number}">{_inline(f"A{number}", _id(case))}{cell}</row>'
    members = parts(sheet(rows)) | {
        "xl/workbook.xml": workbook(("Every kind",), identity=""),
        "xl/styles.xml": styles("0.0%", "@"),
        "xl/_rels/workbook.xml.rels": relationships(("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")),
    }
    path = tmp_path_factory.mktemp("cells") / "cells.xlsx"
    path.write_bytes(zipped(members))
    raw = read(path, filename="cells.xlsx", workbooks={WORKBOOK.id: WORKBOOK})
    assert len(raw) == len(_IN_WORKBOOK) and not raw.findings
    return check(raw)


@pytest.fixture(scope="module")
def from_json() -> Frame:
    """All cells of the table as rows of JSON."""
    return check(from_rows(WORKBOOK, [{"line": _id(case), case.column: case.json} for case in _IN_JSON]))


def test_the_table_is_long() -> None:
    """Eighty cells at least, each with a name of its own."""
    assert len({_id(case) for case in ALL}) == len(ALL) >= 80


@pytest.mark.parametrize("case", _IN_WORKBOOK, ids=_id)
def test_from_a_workbook(case: Case, from_workbook: Frame) -> None:
    """WB-9, WB-15: a cell becomes the value it shows, or an error at its place."""
    _agrees(case, from_workbook, _FIRST_ROW + _IN_WORKBOOK.index(case))


@pytest.mark.parametrize("case", _IN_JSON, ids=_id)
def test_from_json(case: Case, from_json: Frame) -> None:
    """The same value sent as JSON fares no differently."""
    _agrees(case, from_json, _FIRST_ROW + next(at for at, other in enumerate(_IN_JSON) if other is case))


def _agrees(case: Case, result: Frame, row: int) -> None:
    found = [finding for finding in result.findings if finding.row == row]
    assert tuple(finding.code for finding in found) == case.codes
    assert {finding.column for finding in found} <= {case.column}
    assert all(finding.text and finding.code in CODES for finding in found)
    value = result.frame.at[row, case.column]
    assert _plain(value) == case.value, value
    assert (row in result.cleared.get(case.column, ())) == (case.json == "#CLEAR" and not case.codes)


def _plain(value: Any) -> Any:
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return NOTHING if missing else value
