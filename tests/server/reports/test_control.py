"""The control workbook: what it says of a company whose figures are known, and what it is made of."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from sqlalchemy import update

from server import clock
from server.orders.models import Order
from server.reports.control.content import Content, OtherVersion, check_version
from server.reports.control.figures import CHARTS
from server.reports.control.lists import LISTS
from server.reports.making import current_control, make
from server.uploads.models import Upload
from tests.server.reports.company import NOW, damage
from tests.server.reports.conftest import Reports
from tests.support.workbooks import formulas, links, needs_office, opened, parts, through_office
from validators.messages import CODES

#: openpyxl drops the bars in cells; Excel and LibreOffice do not.
pytestmark = pytest.mark.filterwarnings("ignore:.*xtension is not supported")


def _now(reports: Reports) -> Content:
    with clock.frozen(NOW):
        return current_control(reports.db, by="anna", version=None)


def _column(now: Content, table: str, title: str) -> list[Any]:
    found = now.tables[f"control_{table}"]
    place = [column.title for column in found.columns].index(title)
    return [row[place] for row in found.rows]


def _tile(now: Content, key: str) -> tuple[Any, Any]:
    return now.cells[f"control_tile_{key}"].value, now.cells[f"control_hint_{key}"].value


def test_the_tiles_of_a_known_company(reports: Reports) -> None:
    """ORD-14, WH-4, STK-5, PSH-10: each figure is worked out by hand."""
    now = _now(reports)
    assert now.said == (
        "As of 2026-04-21 08:00 UTC: 1 order at risk, 2 orders out of stock, 1 order unmapped, 1 SKU below its safety "
        "stock, 1 push refused by its store."
    )
    assert _tile(now, "at_risk")[0] == 1 and _tile(now, "out_of_stock") == (2, "the oldest for 1 day")
    assert _tile(now, "low_stock")[0] == 1 and _tile(now, "refused") == (1, "others to be sent: 1")
    assert _tile(now, "stores") == (1, "Annex") and _tile(now, "to_pack") == (1, "0 packed, not shipped")
    assert now.cells["control_as_of"].value == "As of 2026-04-21 08:00 UTC"


def test_each_list_says_what_waits(reports: Reports) -> None:
    """ORD-14, WH-4, PSH-10: orders with what is short of them, the SKU that is low, the push with its reason."""
    now = _now(reports)
    assert _column(now, "at_risk", "Order") == ["A2"]
    assert _column(now, "at_risk", "Items") == ["5 × RED (-2 available), 1 × BLUE"]
    assert _column(now, "out_of_stock", "Order") == ["A4", "A5"]
    assert _column(now, "out_of_stock", "Items") == ["6 × BLUE (4 available)", "1 × SET (0 available)"]
    assert _column(now, "unmapped", "Items") == ["1 × green (not mapped)"]
    assert _column(now, "low_stock", "SKU") == ["RED"] and _column(now, "low_stock", "Missing") == [14]
    assert _column(now, "refused", "Reason") == ["too low"]
    assert _column(now, "stores", "State") == ["paused", "telling"]
    assert _column(now, "uploads", "File") == ["Nothing to show because nothing was handed in since midnight (UTC)."]
    assert _column(now, "to_do", "What waits") == [
        "Orders at risk", "Out of stock", "Unmapped", "Low stock", "Failed pushes", "Stores not told",
    ]  # fmt: skip


def test_the_figures_of_the_charts(reports: Reports) -> None:
    """REP-1: units by the day they were ordered, orders by how long they wait, SKUs by how long stock lasts."""
    now = _now(reports)
    assert _column(now, "sold", "Day")[-2:] == ["Mon 20", "Tue 21"]
    assert _column(now, "sold", "Units sold") == [0] * 12 + [4 + 5 + 1 + 1 + 6 + 1, 0]
    assert _column(now, "ages", "Out of stock") == [0, 2, 0, 0, 0]
    assert _column(now, "ages", "At risk") == _column(now, "ages", "Unmapped") == [0, 1, 0, 0, 0]
    # RED: 1 available (both warehouses), 9 ordered; BLUE: 4 available, 7 ordered
    assert _column(now, "lasting", "SKUs") == [0, 1, 0, 1, 0]


def test_a_store_whose_clock_is_ahead(plain_reports: Reports) -> None:
    """ORD-1: an order from a moment that is still to come has waited no days, rather than fewer than none."""
    later = update(Order).where(Order.number == "A4").values(placed_at=NOW + timedelta(hours=1), counts_at=None)
    plain_reports.db.write(lambda session: session.execute(later))
    others = update(Order).where(Order.number == "A5").values(placed_at=NOW + timedelta(hours=2), counts_at=None)
    plain_reports.db.write(lambda session: session.execute(others))
    now = _now(plain_reports)
    assert _column(now, "out_of_stock", "Days") == [0, 0]
    assert _tile(now, "out_of_stock") == (2, "none older than a day")


def test_without_data(empty: Reports) -> None:
    """REP-1: a company that begins has its tiles at 0, and every list says why there is nothing in it."""
    now = _now(empty)
    assert {cell.value for name, cell in now.cells.items() if "_tile_" in name} == {0}
    assert now.tables["control_to_do"].rows == [["All is well: nothing waits for you.", None, None]]
    for one in LISTS:
        assert now.tables[f"control_{one.key}"].rows[0][0] == f"Nothing to show because {one.sheet.nothing}."
    assert now.said.endswith("nothing waits for you.")
    assert formulas(empty.data("control")) == []


def test_a_long_list_is_cut_and_says_where_the_rest_is(plain_reports: Reports) -> None:
    """REP-1: 200 rows at most; the others are counted, and the report that has them is named."""
    facts: dict[str, Any] = {"mode": "apply", "on_error": "reject_all", "actor": "anna", "messages": []}
    uploads = [
        Upload(template="stock_in", status="applied", counts={}, created_at=NOW - timedelta(minutes=n), **facts)
        for n in range(205)
    ]
    plain_reports.db.write(lambda session: session.add_all(uploads))
    now = _now(plain_reports)
    assert len(now.tables["control_uploads"].rows) == 200
    assert now.cells["control_about_uploads"].value == (
        "The first 200 of 205 uploads today, and 5 more: the report Upload history."
    )
    assert _tile(now, "uploads") == (205, "nothing refused")


def test_what_it_is_made_of(plain_reports: Reports) -> None:
    """REP-1, ADD-1: its own names for everything that a refresh writes, all of them there; charts that look at tables
    of a fixed size; no formula; links to its own sheets and to the console, nowhere else."""
    target = io.BytesIO()
    with clock.frozen(NOW):
        make(plain_reports.db, plain_reports.settings, "control", {}, target, by="anna", address="http://desk.example/")
    data, now = target.getvalue(), _now(plain_reports)
    book = opened(data)
    assert formulas(data) == []
    assert book.sheetnames == ["Control", *(one.sheet.name for one in LISTS), "Figures", "About"]
    assert {book.defined_names[name].attr_text for name in ("_report", "_report_version")} == {'"control"', '"1"'}
    assert {name for name in book.defined_names if name.startswith("control_")} == set(now.cells)
    tables = {table.displayName: (sheet, table) for sheet in book.worksheets for table in sheet.tables.values()}
    assert set(tables) == set(now.tables)
    for name, (sheet, table) in tables.items():
        rows = list(sheet[table.ref])
        assert [cell.value for cell in rows[0]] == [column.title for column in now.tables[name].columns]
        assert len(rows) == 1 + len(now.tables[name].rows)
    targets = links(book)
    assert len(targets) == 8 + 2 * len(LISTS)
    pages = {target for target in targets if target.startswith("http")}
    assert pages == {f"http://desk.example{one.page}" for one in LISTS}
    for part, xml in parts(data).items():
        if part.endswith((".xml", ".rels")):
            ElementTree.fromstring(xml)


def test_the_charts_look_at_tables_of_a_fixed_size(plain_reports: Reports, empty_again: Callable[[], Reports]) -> None:
    """REP-1: whatever there is, the charts' tables have the same rows in the same place, so that a refresh needs not
    touch a chart."""
    seen = []
    for reports in (plain_reports, empty_again()):
        xml = parts(reports.data("control"))
        charts = [text for part, text in sorted(xml.items()) if re.fullmatch(r"xl/charts/chart\d+\.xml", part)]
        assert len(charts) == len(CHARTS) and all(b"<c:numCache>" in text for text in charts)
        seen.append([re.findall(rb"<c:f>(.*?)</c:f>", text) for text in charts])
    assert seen[0] == seen[1]


@pytest.fixture
def empty_again(empty: Reports) -> Callable[[], Reports]:
    """A company without anything."""
    return lambda: empty


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "<r><t>x</t></r>", "https://a.example/x"])
def test_text_stays_text(text: str, plain_reports: Reports) -> None:
    """REP-2, WB-9: what people and stores wrote is text in it, in no case a formula or a link."""
    desk = plain_reports.desk
    assert desk is not None
    plain_reports.db.write(lambda session: damage(session, desk, text))
    data = plain_reports.data("control")
    assert formulas(data) == []
    book = opened(data)
    assert any(cell.value == text for row in book["Low stock"].iter_rows() for cell in row)
    assert not any("a.example" in target for target in links(book))


def test_another_version_is_refused() -> None:
    """ADD-4: names that this server does not write are not written into."""
    check_version(None)
    check_version(1)
    with pytest.raises(OtherVersion, match="press Reports and choose Control workbook"):
        check_version(2)


@needs_office
def test_another_program_reads_it(plain_reports: Reports, tmp_path: Any) -> None:
    """REP-1: LibreOffice opens and saves it, names and figures and all."""
    book: openpyxl.Workbook = through_office(plain_reports.data("control"), tmp_path)
    assert book["Control"]["B5"].value == 1 and book.defined_names["_report"].attr_text == '"control"'


def test_its_refusal_names_the_button() -> None:
    """ADD-4"""
    code = CODES["file-control-workbook"]
    assert "Load current data" in code.advice
