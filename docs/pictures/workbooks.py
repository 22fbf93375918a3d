"""The workbooks that are drawn: the real ones of a running demo, empty, with data, filled in and answered."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import openpyxl

from docs.pictures.sheets import Shot
from server.cli.example.filling import completed, filled
from validators.registry import WORKBOOKS
from validators.templates.guide_sheets import EXAMPLE, INSTRUCTIONS
from validators.templates.values_sheet import SHEET as VALUES

DELIVERY: list[Mapping[str, Any]] = [
    {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "quantity": 24, "unit_cost": 4.2, "note": "Delivery 4720"},
    {"sku": "NK-SP-TS-RED-L", "warehouse": "MAIN", "quantity": 18, "unit_cost": 4.2, "note": "Delivery 4720"},
    {
        "sku": "NK-CAP-SND", "warehouse": "MAIN", "quantity": 40, "shelf": "B-04", "unit_cost": 2.6,
        "note": "Delivery 4720",
    },
    {"sku": "MUG-BLU-350", "warehouse": "EAST", "quantity": 36, "unit_cost": 1.85, "note": "Delivery 4721"},
    {"sku": "FLASK-GRN-500", "warehouse": "EAST", "quantity": 12, "unit_cost": 5.4, "note": "Delivery 4721"},
    {"sku": "NB-A5-DOT", "quantity": 50, "unit_cost": 1.6, "note": "Delivery 4722"},
]  # fmt: skip
#: What is typed into On hand; the SKUs that are kept of the workbook with current data, in its own order.
COUNTED: Mapping[str, Any] = {
    "NB-A4-DOT": 31, "NB-A5-DOT": 44, "NB-A5-RUL": None, "PACK-BLK": 9, "PACK-GRY": "about 20", "PEN-BLK": 12.5,
    "PEN-BLU": 25, "UMB-BLK": 19,
}  # fmt: skip
FIRST, MOVED, TIDIED = "NB-A4-DOT", "PEN-BLU", "UMB-BLK"
_ROWS, _GUIDE_ROWS = 16, 60


def of_the_readme(api: httpx.Client) -> Iterator[Shot]:
    """A workbook to fill in, what comes back, and what is looked at each morning."""
    empty = api.get("/templates/stock_in.xlsx").content
    yield Shot("filled-template", filled(empty, "stock_in", DELIVERY), "Stock-in", rows=10, columns=8)
    yield Shot("result", _counted(api), "Quantity update", rows=11, columns=9)
    yield Shot("control", api.get("/reports/control.xlsx").content, "Control")


def all_sheets(api: httpx.Client) -> Iterator[Shot]:
    """Every template's sheets, empty and with current data, and results."""
    for workbook in WORKBOOKS.values():
        empty = api.get(f"/templates/{workbook.id}.xlsx").content
        yield Shot(f"{workbook.id}-empty", empty, workbook.sheet, _ROWS)
        yield Shot(f"{workbook.id}-instructions", empty, INSTRUCTIONS, _GUIDE_ROWS)
        yield Shot(f"{workbook.id}-example", empty, EXAMPLE, _ROWS)
        yield Shot(f"{workbook.id}-values", empty, VALUES, _ROWS)
        if workbook.with_data:
            full = api.get(f"/templates/{workbook.id}.xlsx", params={"with_data": True}).content
            yield Shot(f"{workbook.id}-data", full, workbook.sheet, _ROWS)
    yield from _results(api)


def _results(api: httpx.Client) -> Iterator[Shot]:
    """A delivery as it comes back: refused, applied, handed in again, undone; and one as .csv."""
    empty = api.get("/templates/stock_in.xlsx").content
    wrong: list[Mapping[str, Any]] = [
        *DELIVERY, {"sku": "NB-A5-DOT", "quantity": 50, "unit_cost": 1.6, "note": "Delivery 4722"},
        {"sku": "NO-SUCH", "quantity": 1}, {"sku": "NB-A5-DOT", "warehouse": "NOWHERE", "quantity": 1.5},
    ]  # fmt: skip
    yield Shot("result-refused", _handed_in(api, filled(empty, "stock_in", wrong), "apply")[1], "Stock-in", 14)
    number, done = _handed_in(api, filled(empty, "stock_in", DELIVERY), "apply")
    yield Shot("result-applied", done, "Stock-in", 12)
    yield Shot("result-skipped", _handed_in(api, filled(done, "stock_in", [*DELIVERY, DELIVERY[0]]), "apply")[1],
               "Stock-in", 12)  # fmt: skip
    api.post(f"/uploads/{number}/undo").raise_for_status()
    yield Shot("result-undone", api.get(f"/uploads/{number}/result.xlsx").content, "Stock-in", 12)
    lines = "SKU,Warehouse,Quantity,Note\nNB-A5-DOT,EAST,25,Delivery 5001\nNB-A5-DOTS,EAST,ten,Delivery 5001\n"
    sent = {"file": ("delivery.csv", lines.encode())}
    answer = api.post("/uploads", params={"template": "stock_in"}, files=sent).raise_for_status().json()
    result = api.get(f"/uploads/{answer['id']}/result.xlsx").raise_for_status().content
    yield Shot("result-csv", result, openpyxl.load_workbook(io.BytesIO(result)).sheetnames[0], 6)


def _counted(api: httpx.Client) -> bytes:
    """A quantity update that comes back with a row in every state."""
    start = api.get("/templates/quantity_update.xlsx", params={"with_data": True, "warehouse": "EAST"}).content

    def first_only(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return {"on_hand": COUNTED[FIRST], "note": "Recounted"} if row["sku"] == FIRST else None

    once = _handed_in(api, completed(_only(start), "quantity_update", first_only), "apply")[1]
    arrived = {"sku": MOVED, "warehouse": "EAST", "quantity": 6, "note": "Delivery 4723"}
    api.post("/uploads", params={"mode": "apply"}, json={"template": "stock_in", "rows": [arrived]}).raise_for_status()

    def the_rest(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if row["sku"] == FIRST or COUNTED.get(row["sku"]) is None:
            return None
        note = "Recounted\u00a0twice" if row["sku"] == TIDIED else "Recounted"
        return {"on_hand": COUNTED[row["sku"]], "note": note}

    return _handed_in(api, completed(once, "quantity_update", the_rest), "validate")[1]


def _only(content: bytes) -> bytes:
    """The workbook with none but the rows of `COUNTED`."""
    book = openpyxl.load_workbook(io.BytesIO(content), rich_text=True)
    sheet = book["Quantity update"]
    for number in range(sheet.max_row, 3, -1):
        sku = sheet.cell(number, 1).value
        if sku is not None and sku not in COUNTED:
            sheet.delete_rows(number)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _handed_in(api: httpx.Client, content: bytes, mode: str) -> tuple[int, bytes]:
    """Hand the workbook in; its number, and its result workbook."""
    sent = {"file": ("sheet.xlsx", content)}
    answer = api.post("/uploads", params={"mode": mode}, files=sent).raise_for_status().json()
    return answer["id"], api.get(f"/uploads/{answer['id']}/result.xlsx").raise_for_status().content
