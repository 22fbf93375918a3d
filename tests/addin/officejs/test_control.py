"""The control workbook in the Office add-in: Load current data refreshes it, and nothing else of it is touched."""

from __future__ import annotations

import io

import openpyxl
import pytest

from tests.addin.conftest import Site
from tests.addin.officejs.conftest import OfficeExcel
from tests.addin.officejs.excel_host import Book, paper_of

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore:.*xtension is not supported")]


def _fetched(site: Site) -> bytes:
    answer = site.server.client.get("/reports/control.xlsx")
    assert answer.status_code == 200, answer.text
    return answer.content


def _lower(site: Site, *skus: str, to: int) -> None:
    """A safety stock that none of these reaches, or 0 for one that all do."""
    rows = [{"sku": sku, "warehouse": "MAIN", "safety_stock": to} for sku in skus]
    answer = site.server.post("/uploads?mode=apply&again=true", {"template": "safety_stock", "rows": rows})
    assert answer.json()["status"] in ("applied", "unchanged"), answer.text


def _low(book: Book) -> tuple[str, dict[str, int]]:
    """The sheet and the extent of the list of low stock."""
    tables = {table["name"]: (sheet["name"], table) for sheet in book["sheets"] for table in sheet["tables"]}
    return tables["control_low_stock"]


def test_it_is_brought_up_to_date(office: OfficeExcel, site: Site) -> None:
    """ADD-1, REP-1: grown and shrunk again, it is the workbook that the server would hand out now, cell by cell; what
    the user wrote below a table stays, and is said."""
    _lower(site, "MUG", "PEN", "CAP", to=0)
    office.open(_fetched(site), "control.xlsx")
    for low in (99, 0):
        _lower(site, "MUG", "PEN", "CAP", to=low)
        office.press("loadCurrentData")
        book = office.book()
        sheet, table = _low(book)
        assert table["height"] == (4 if low else 2), office.said
        fresh = openpyxl.load_workbook(io.BytesIO(_fetched(site)))[sheet]
        mine = paper_of(book, sheet)
        rows = {cell.coordinate: cell.value for row in fresh.iter_rows() for cell in row if cell.value is not None}
        there = {at: mine[at].value for at in rows}
        assert {at: value for at, value in there.items() if "As of" not in str(value)} == {
            at: value for at, value in rows.items() if "As of" not in str(value)
        }
    below = [sheet, table["row"] + 2, table["column"], "do not lose me"]
    office.page.evaluate("(given) => host.type(...given)", below)
    _lower(site, "MUG", "PEN", "CAP", to=99)
    office.press("loadCurrentData")
    assert "something is written below its table: Low stock" in office.said
    assert paper_of(office.book(), sheet).cell(*below[1:3]).value == "do not lose me"
    _lower(site, "MUG", "PEN", "CAP", to=0)
    office.page.evaluate("() => { for (const sheet of host.book.sheets) sheet.tables = []; host.writes = 0; }")
    office.press("loadCurrentData")
    assert office.title == "This control workbook is incomplete" and not office.touched
