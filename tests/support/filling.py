"""Fill a template as a person would, and read a result back."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from tests.support.http import Client
from validators.registry import WORKBOOKS
from validators.templates.building import HEADER_ROW


def fill(content: bytes, template: str, rows: Sequence[Mapping[str, Any]], *, first_row: int = HEADER_ROW + 1) -> bytes:
    """`content`, a template, with rows of column name -> value typed in from `first_row` on."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book[WORKBOOKS[template].sheet]
    letters = columns(sheet, template)
    for number, row in enumerate(rows, first_row):
        for name, value in row.items():
            sheet[f"{letters[name]}{number}"] = value
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The workbook as bytes."""
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def columns(sheet: Worksheet, template: str) -> dict[str, str]:
    """Letter by column name; Status, Message and _version under those names."""
    known = {column.header: column.name for column in WORKBOOKS[template].columns}
    return {
        known.get(cell.value, cell.value): cell.column_letter for cell in sheet[HEADER_ROW] if cell.value is not None
    }


def template(client: Client, name: str, query: str = "") -> bytes:
    """The template as the API hands it out."""
    answer = client.get(f"/templates/{name}.xlsx{query}")
    assert answer.status_code == 200, answer.text
    return answer.data


def hand_in(client: Client, content: bytes, query: str = "", *, name: str = "book.xlsx", **more: Any) -> Any:
    """POST a workbook; the answer."""
    data = {"file": (io.BytesIO(content), name)}
    return client.post(f"/uploads{query}", data=data, content_type="multipart/form-data", **more)


def applied(client: Client, template_id: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Apply rows as JSON; the outcome, which must be applied."""
    answer = client.post("/uploads?mode=apply", json={"template": template_id, "rows": list(rows)})
    assert answer.status_code == 200, answer.text
    assert answer.json["status"] == "applied", answer.json
    return answer.json
