"""The control workbook in Excel: Load current data refreshes it, and nothing else of it is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw

from addin.desktop import buttons, dialogs
from tests.addin.conftest import Site
from tests.addin.engine import Excel

Open = Callable[[], xw.Book]
#: openpyxl, which the engine stands on, drops the bars in cells; Excel does not.
pytestmark = pytest.mark.filterwarnings("ignore:.*xtension is not supported")


@pytest.fixture
def control(site: Site, signed_in: Excel, tmp_path: Path) -> Open:
    """Opens the control workbook as the server hands it out."""

    def opened() -> xw.Book:
        path = tmp_path / "control.xlsx"
        path.write_bytes(_fetched(site))
        book = xw.Book(str(path))
        book.set_mock_caller()
        return book

    return opened


def _fetched(site: Site) -> bytes:
    answer = site.server.client.get("/reports/control.xlsx")
    assert answer.status_code == 200, answer.text
    return answer.content


def _table(book: xw.Book, name: str) -> Any:
    return next(table for sheet in book.sheets for table in sheet.tables if table.name == f"control_{name}")


def _rows(book: xw.Book, name: str) -> list[list[Any]]:
    return _table(book, name).data_body_range.options(ndim=2).value  # type: ignore[no-any-return]


def _cell(book: xw.Book, name: str) -> Any:
    return next(each for each in book.names if each.name == f"control_{name}").refers_to_range.value


def _lower(site: Site, *skus: str, to: int = 99) -> None:
    """A safety stock that none of these reaches; 0 for one that all do."""
    rows = [{"sku": sku, "warehouse": "MAIN", "safety_stock": to} for sku in skus]
    answer = site.server.post("/uploads?mode=apply&again=true", {"template": "safety_stock", "rows": rows})
    assert answer.json()["status"] == "applied", answer.text


def test_it_is_brought_up_to_date(site: Site, control: Open, signed_in: Excel, tmp_path: Path) -> None:
    """ADD-1, REP-1: tiles, lists and charts' figures are those of now, a table as long as its list; it is the very
    workbook that the server would hand out now, cell by cell."""
    _lower(site, "MUG", "PEN", "CAP", to=0)
    book = control()
    assert _rows(book, "low_stock")[0][0].startswith("Nothing to show because")
    _lower(site, "MUG", "PEN", "CAP")
    buttons.load_current_data()
    assert sorted(row[0] for row in _rows(book, "low_stock")) == ["CAP", "MUG", "PEN"]
    assert _cell(book, "tile_low_stock") == 3 and "3 SKUs below their safety stock" in signed_in.said
    assert _cell(book, "as_of") in signed_in.said and "Not " not in signed_in.said
    assert any(_differing(site, book, tmp_path / f"fresh {number}.xlsx") == [] for number in range(10))


def _differing(site: Site, book: xw.Book, path: Path) -> list[str]:
    """The sheets that are not what the server would hand out now, right after one more press of the button. The stores
    are being told meanwhile, so one look may come between two of their answers."""
    book.activate()
    buttons.load_current_data()
    path.write_bytes(_fetched(site))
    fresh = xw.Book(str(path))
    found = [sheet.name for sheet in fresh.sheets if sheet.name != "About" and _says(sheet) != _says(book, sheet)]
    fresh.close()
    return found


def _says(where: xw.Book | xw.Sheet, like: xw.Sheet | None = None) -> list[list[Any]]:
    """What stands in a sheet, or in the sheet of a workbook that is called like another one."""
    sheet = where if like is None else where.sheets[like.name]
    return _without_moments(sheet.range((like or sheet).used_range.address).value)


def _without_moments(values: Any) -> list[list[Any]]:
    return [["As of" if str(value).startswith("As of") else value for value in line] for line in values]


def test_a_list_that_got_shorter_leaves_nothing_behind(site: Site, control: Open, signed_in: Excel) -> None:
    """ADD-1: the table shrinks, and what stood below its new end is gone."""
    _lower(site, "MUG", "PEN", "CAP")
    book = control()
    sheet, before = _table(book, "low_stock").parent, _table(book, "low_stock").range
    assert before.shape[0] == 4
    _lower(site, "MUG", "PEN", to=0)
    buttons.load_current_data()
    assert [row[0] for row in _rows(book, "low_stock")] == ["CAP"]
    below = sheet.range((before.row + 2, 1), (before.row + 6, before.shape[1])).options(ndim=2).value
    assert all(value is None for line in below for value in line)


def test_what_the_user_wrote_stays(site: Site, control: Open, signed_in: Excel) -> None:
    """ADD-1: a column of one's own in a table, notes beside it, other cells: none is touched; a table never grows
    over what somebody wrote below it, which is said."""
    _lower(site, "MUG", to=99)
    _lower(site, "PEN", "CAP", to=0)
    book = control()
    table = _table(book, "low_stock")
    sheet, right, row = table.parent, table.range.shape[1], table.range.row
    sheet.range((row, right + 1)).value = "My remark"
    table.resize(sheet.range((row, 1), (row + 1, right + 1)))
    sheet.range((row + 1, right + 1)).value = "Ask Anna"
    sheet.range((row + 1, right + 3)).value = "beside"
    refused = _table(book, "refused")
    refused.parent.range((refused.range.row + 9, 1)).value = "far below"
    _lower(site, "PEN", "CAP")
    buttons.load_current_data()
    assert len(_rows(book, "low_stock")) == 3
    assert sheet.range((row + 1, right + 1)).value == "Ask Anna" and sheet.range((row + 1, right + 3)).value == "beside"
    assert refused.parent.range((refused.range.row + 9, 1)).value == "far below"
    _lower(site, "PEN", "CAP", to=0)
    buttons.load_current_data()
    sheet.range((row + 3, 1)).value = "do not lose me"
    _lower(site, "PEN", "CAP")
    buttons.load_current_data()
    assert len(_rows(book, "low_stock")) == 1 and sheet.range((row + 3, 1)).value == "do not lose me"
    assert "something is written below its table: Low stock" in signed_in.said
    assert _cell(book, "tile_low_stock") == 3


def test_a_text_stays_a_text(site: Site, control: Open, signed_in: Excel) -> None:
    """REP-2, WB-9: a code with zeros first or like a formula comes as it is."""
    site.server.apply("sku_create", {"sku": "00815", "title": "=1+1"})
    _lower(site, "00815")
    book = control()
    _lower(site, "00815", to=0)
    buttons.load_current_data()
    _lower(site, "00815")
    buttons.load_current_data()
    assert ["00815", "=1+1"] in [row[:2] for row in _rows(book, "low_stock")]
    _lower(site, "00815", to=0)


def test_it_is_not_handed_in(control: Open, signed_in: Excel) -> None:
    """ADD-4: Validate and Apply say what it is, and which button is meant."""
    control().impl.touched = False
    for press in (buttons.validate, buttons.apply):
        press()
        assert "Press Load current data" in signed_in.said
        assert signed_in.alerts[-1].title == "This is the control workbook"
    assert not xw.books.active.impl.touched


def test_another_version_and_a_lost_table(site: Site, control: Open, signed_in: Excel) -> None:
    """ADD-4: a workbook with other names is refused untouched; one that lost a table is refreshed but for that."""
    book = control()
    table = _table(book, "stores")
    del table.parent.impl.paper.tables[table.name]
    buttons.load_current_data()
    assert "Not found in this workbook: Stores." in signed_in.said
    book.impl.paper.defined_names["_report_version"].attr_text = '"0"'
    book.impl.touched = False
    buttons.load_current_data()
    assert "version 0" in signed_in.said and "Reports" in signed_in.said and not book.impl.touched
    del book.impl.paper.defined_names["_report_version"]
    for sheet in book.sheets:
        sheet.impl.paper.tables.clear()
    buttons.load_current_data()
    assert "None of its tables is left" in signed_in.said and not book.impl.touched


def test_the_ribbon_offers_it(
    site: Site, sheet: Callable[..., Any], signed_in: Excel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADD-1, REP-2: it is the first of the Reports."""
    sheet("stock_in")
    offered: list[str] = []

    def first(_title: str, _question: str, items: list[str]) -> int:
        offered.extend(items)
        return 0

    monkeypatch.setattr(dialogs, "choose", first)
    buttons.reports()
    assert offered[0] == "Control workbook"
    assert xw.books.active.names["_report"].refers_to == '="control"'
