"""ADD-2 in the Office add-in: Validate and Apply, and what they leave in the sheet."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Browser, expect

from tests.addin.conftest import Site
from tests.addin.officejs.conftest import OfficeExcel, excel_with_pane
from tests.addin.same_cells import BOOKS, Look, book, by_file, looks
from tests.support.shops import wait_until_shown
from validators.templates.building import FIRST_ROW

pytestmark = pytest.mark.browser


def test_from_a_red_cell_to_the_store(browser: Browser, site: Site) -> None:
    """ADD-2, ADD-3: signed in, a wrong cell is red with a note and the cursor on it; corrected and applied, the store's
    buyers see the new quantity; pressed again, nothing is applied twice."""
    before = site.stock("MUG")
    with excel_with_pane(browser, site, token=None) as excel:
        excel.sign_in(site.server.token)
        assert excel.title == "Signed in", excel.said
        excel.fetch("stock_in", ("MUG", 4), ("NOPE", 2), ("PEN", "three"))
        excel.press("validate")
        assert excel.title == "Validate", excel.said
        assert [excel.look(row, "Status").text for row in range(3)] == ["OK", "Error", "Error"]
        wrong = excel.look(1, "sku")
        assert wrong.style == "error" and "NOPE" in (wrong.note or "")
        assert excel.selection == (FIRST_ROW + 1, excel.columns()["sku"])
        assert "1 good, 2 with an error" in excel.said and site.stock("MUG") == before
        excel.page.get_by_role("button", name="three").click()
        assert excel.selection == (FIRST_ROW + 2, excel.columns()["quantity"])

        excel.type(1, {"sku": "CAP"})
        excel.type(2, {"quantity": 3})
        excel.page.evaluate("() => Promise.all([host.press('apply'), host.press('apply')])")
        assert [str(excel.look(row, "Status").text).partition(" #")[0] for row in range(3)] == ["Applied"] * 3
        assert excel.look(1, "sku") == Look(None, None, None)
        wait_until_shown(site.market, "Web", {"MUG": before + 4})
        excel.press("apply")
        assert excel.title == "Applied before"
        excel.answer("No")
        assert "3 applied before, left alone" in excel.said and site.stock("MUG") == before + 4
        assert str(excel.look(0, "Status").text).startswith("Applied #")
        excel.press("apply")
        excel.answer("Apply once more")
        assert excel.title == "Apply" and site.stock("MUG") == before + 8


def test_one_row_changed_after_apply(office: OfficeExcel, site: Site) -> None:
    """WB-13: however often Validate and Apply are pressed, the other rows keep their mark and are not posted again.
    What the message says to do then posts the one row."""
    office.fetch("stock_in", ("MUG", 13), ("PEN", 14))
    pens, mugs = site.stock("PEN"), site.stock("MUG")
    office.press("apply")
    mark = str(office.look(0, "Status").text)
    office.type(1, {"quantity": 15})
    for button in ("validate", "apply", "apply"):
        office.press(button)
        assert [office.look(row, "Status").text for row in range(2)] == [mark, f"Error ({mark.lower()})"]
    office.type(1, {"Status": ""})
    office.press("apply")
    assert office.look(0, "Status").text == mark and str(office.look(1, "Status").text).startswith("Applied #")
    assert office.look(1, "sku") == Look(None, None, None)
    assert (site.stock("MUG"), site.stock("PEN")) == (mugs + 13, pens + 29)


def test_what_was_left_out_is_applied_without_the_rest(office: OfficeExcel, site: Site) -> None:
    """WB-6, WB-7: the good rows were applied; once the others are right, a fresh copy applies those alone."""
    rows = ("MUG", 16), ("LATER-1", 3)
    office.fetch("stock_in", *rows)
    before = site.stock("MUG")
    office.press("apply")
    office.answer("Apply 1 good row")
    site.server.apply("sku_create", {"sku": "LATER-1", "title": "Made since"})
    office.fetch("stock_in", *rows)
    office.press("apply")
    assert "Apply the 1 row that was not applied then?" in office.said
    office.answer("Apply 1 row")
    assert (site.stock("MUG"), site.stock("LATER-1")) == (before + 16, 3)
    assert office.look(0, "Status").text != office.look(1, "Status").text


def test_it_leaves_what_the_result_workbook_has(office: OfficeExcel, site: Site) -> None:
    """ADD-3, contract: every client applies the same list; test_same_cells.py says so of the desktop's ribbon."""

    def by_office(content: bytes, template: str) -> Mapping[str, Look]:
        office.open(content, "typed.xlsx", template)
        office.press("validate")
        assert office.title == "Validate", office.said
        return looks(office.paper())

    for name, (template, change) in BOOKS.items():
        content = book(site.server, template, change)
        assert by_office(content, template) == by_file(site.server)(content, template), name


def test_good_rows_if_the_user_says_so(office: OfficeExcel, site: Site) -> None:
    """WB-6: all or nothing, unless chosen otherwise. A question that is left for another button changes nothing."""
    before = site.stock("MUG")
    office.fetch("stock_in", ("MUG", 31), ("NOPE", 1))
    office.press("apply")
    assert "Apply the 1 good row now" in office.said
    office.press("history")
    assert office.title == "History" and site.stock("MUG") == before
    office.press("apply")
    office.answer("Apply 1 good row")
    assert site.stock("MUG") == before + 31
    assert str(office.look(0, "Status").text).startswith("Applied #") and office.look(1, "Status").text == "Error"


def test_good_rows_of_a_sheet_that_lost_its_status_columns(office: OfficeExcel, site: Site) -> None:
    """WB-6: the columns that the refusal itself put back are not taken for a change of the user's."""
    before = site.stock("MUG")
    office.fetch("stock_in", ("MUG", 7), ("NOPE", 1))
    columns = office.columns()
    for title in ("Status", "Message"):
        header = [office.sheet_name, FIRST_ROW - 1, columns[title], f"My {title}"]
        office.page.evaluate("(cell) => host.type(...cell)", header)
    office.press("apply")
    office.answer("Apply 1 good row")
    assert office.title == "Apply" and site.stock("MUG") == before + 7, office.said
    assert str(office.look(0, "Status").text).startswith("Applied #") and office.look(1, "Status").text == "Error"


def test_an_answer_that_got_lost(office: OfficeExcel, site: Site) -> None:
    """ADD-2: the server applied it, the answer never came, Excel was closed: the same press once more applies once."""
    before = site.stock("MUG")
    office.fetch("stock_in", ("MUG", 41))
    lost = []

    def lose(route) -> None:  # type: ignore[no-untyped-def]
        lost.append(route.fetch().status)
        route.abort()

    office.page.route("**/api/v1/uploads?*", lose)
    office.press("apply")
    assert office.title == "The Stockbook server takes too long" and not office.touched
    assert lost == [200, 200, 200] and site.stock("MUG") == before + 41
    office.page.unroute("**/api/v1/uploads?*")
    office.page.reload()
    expect(office.page.locator("h1:visible")).to_have_text("All buttons")
    office.fetch("stock_in", ("MUG", 41))
    office.press("apply")
    assert str(office.look(0, "Status").text).startswith("Applied #") and site.stock("MUG") == before + 41


def test_what_is_the_users_own_stays(office: OfficeExcel) -> None:
    """ADD-2: own notes stand before ours and are alone again once the cell is right; own colours and columns stay; lost
    Status columns come back; 200 notes, and the rest is said."""
    office.fetch("stock_in", *(("NOPE", 1) for _ in range(205)))
    columns = office.columns()
    office.page.evaluate(
        """([sheet, row, sku, status]) => {
          const { cells, columnFormats } = host.sheet(sheet);
          cells[`${row},${sku}`].note = "Ask Anna";
          cells[`${row + 1},${sku + 1}`] = { value: "", format: "@", fill: "123456" };
          host.type(sheet, row - 1, status, "Colour");
          host.type(sheet, row - 1, status + 1, "Size");
        }""",
        [office.sheet_name, FIRST_ROW, columns["sku"], columns["Status"]],
    )
    office.press("validate")
    assert office.title == "Validate", office.said
    assert "5 more cells without a note" in office.said and "Colour" in office.said
    assert (
        office.page.evaluate(
            "(s) => Object.values(host.sheet(s).cells).filter((c) => c.note).length", office.sheet_name
        )
        == 200
    )
    note = office.paper().cell(FIRST_ROW, columns["sku"]).comment.text
    assert note.startswith("Ask Anna\n\nStockbook:\n")
    assert [office.look(row, "Status").text for row in (0, 204)] == ["Error", "Error"]
    assert office.columns()["Status"] == columns["Status"] + 2
    office.type(0, {"sku": "PEN"})
    office.press("validate")
    paper = office.paper()
    assert paper.cell(FIRST_ROW, columns["sku"]).comment.text == "Ask Anna"
    assert paper.cell(FIRST_ROW + 1, columns["sku"] + 1).fill.fgColor.rgb == "FF123456"


def test_two_presses_at_once_are_one(office: OfficeExcel) -> None:
    """ADD-2: also where the second comes before the first has begun."""
    office.fetch("stock_in", ("MUG", 1))
    sent: list[str] = []
    office.page.on("request", lambda request: sent.append(request.url) if "/api/v1/uploads?" in request.url else None)
    office.page.evaluate("() => Promise.all([host.press('validate'), host.press('validate')])")
    assert office.title == "Validate" and len(sent) == 1


def test_an_excel_without_notes_and_small_requests(browser: Browser, site: Site) -> None:
    """Where add-ins may write no notes (before ExcelApi 1.18), colours and messages say it all; what is more than Excel
    takes at once goes in halves."""
    sets = {"ExcelApi": 1.17, "SharedRuntime": 1.1}
    with excel_with_pane(browser, site, apiSets=sets, limits={"cells": 40}) as excel:
        excel.fetch("stock_in", *(("NOPE", number + 1) for number in range(12)))
        excel.press("validate")
        assert excel.look(11, "Status").text == "Error" and excel.look(11, "sku") == Look(None, "error", None)
        assert "without a note" not in excel.said


def test_rows_that_move_while_the_server_is_at_work(office: OfficeExcel) -> None:
    """The pane keeps nobody from typing: a row that is not what was checked any more gets no result."""
    office.fetch("stock_in", ("MUG", 1), ("PEN", 2))
    change = [office.sheet_name, FIRST_ROW + 1, office.columns()["quantity"], 3]

    def meanwhile(route) -> None:  # type: ignore[no-untyped-def]
        answer = route.fetch()
        office.page.evaluate("(given) => host.type(...given)", change)
        route.fulfill(response=answer)

    office.page.route("**/api/v1/uploads?*", meanwhile)
    office.page.evaluate("() => void host.press('validate')")
    expect(office.page.locator("#view")).to_contain_text("1 row changed while the server was at work")
    assert [office.look(row, "Status").text for row in range(2)] == ["OK", None]
