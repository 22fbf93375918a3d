"""ADD-4 in the Office add-in: whatever can go wrong has its own clear message, and the workbook is not touched."""

from __future__ import annotations

import io
import json
from functools import partial

import openpyxl
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.addin.conftest import Site
from tests.addin.officejs.conftest import DOUBLE, OFFICE_JS, OfficeExcel, excel_with_pane
from tests.addin.officejs.excel_host import book_of
from validators.templates.building import FIRST_ROW

pytestmark = pytest.mark.browser
BUTTONS = ("validate", "apply")


def _of_version(site: Site, version: str) -> bytes:
    """A stock-in workbook that was made with another version of its template."""
    answer = site.server.client.get("/templates/stock_in.xlsx")
    opened = openpyxl.load_workbook(io.BytesIO(answer.content))
    opened.defined_names["_template_version"].attr_text = f'"{version}"'
    saved = io.BytesIO()
    opened.save(saved)
    return saved.getvalue()


def _fulfil(status: int, body: str, route: Route) -> None:
    route.fulfill(status=status, body=body)


def _of_the_users_own() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["SKU", "Quantity"])
    book.active.append(["MUG", 1])
    book.active.add_table(openpyxl.worksheet.table.Table(displayName="mine", ref="A1:B2"))
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def test_what_is_wrong_with_the_workbook(office: OfficeExcel, site: Site) -> None:
    """ADD-4: no template, an old one, one from a newer server, an empty one, one that is looked at alone."""
    books = {
        "This is not a Stockbook template": _of_the_users_own(),
        "This template is out of date": _of_version(site, "0"),
        "This template is from a newer server": _of_version(site, "99"),
    }
    for title, content in books.items():
        office.open(content, "other.xlsx", "stock_in")
        if "not" not in title:
            office.type(0, {"sku": "MUG", "quantity": 1})
            office.page.evaluate("() => { host.writes = 0; }")
        for button in BUTTONS:
            office.press(button)
            assert office.title == title and "Get template" in office.said and not office.touched
    office.open(_of_the_users_own(), "Control.xlsx")
    office.page.evaluate("() => { host.book.names._report = '=\"control\"'; }")
    office.press("validate")
    assert office.title == "This is the control workbook" and not office.touched
    office.fetch("stock_in")
    office.press("apply")
    assert office.page.get_by_role("alert").count() == 1 and not office.touched


def test_what_is_wrong_with_the_token(browser: Browser, site: Site) -> None:
    """ADD-4, SEC-1: never signed in, expired, not allowed. A wrong token is not kept, signing out forgets the right."""
    with excel_with_pane(browser, site, token=None, partition="part-") as excel:
        excel.fetch("stock_in", ("MUG", 1))
        excel.page.evaluate("() => { host.writes = 0; }")
        excel.press("validate")
        assert excel.title == "Not signed in"
        excel.sign_in("  ")
        assert excel.title == "No access token"
        excel.sign_in("sb_" + "A" * 43)
        assert excel.title == "Please sign in again"
        excel.press("apply")
        assert excel.title == "Not signed in" and not excel.touched
        user = site.server.post("/users", {"name": "Vera in Excel", "role": "viewer"}).json()["id"]
        excel.sign_in(site.server.post("/tokens", {"user_id": user, "name": "excel"}).json()["token"])
        excel.press("validate")
        assert excel.title == "You may not do this" and "merchandiser" in excel.said and not excel.touched
        assert excel.page.evaluate("() => Object.keys(localStorage)") == ["part-stockbook.token"]
        excel.page.get_by_role("button", name="Settings").click()
        excel.page.get_by_role("button", name="Sign out").click()
        assert excel.page.evaluate("() => localStorage.length") == 0


def test_what_is_wrong_with_the_server(office: OfficeExcel) -> None:
    """ADD-4: away, too slow, and whatever else answers, is told apart."""
    office.fetch("stock_in", ("MUG", 1))
    office.page.evaluate("() => { host.writes = 0; }")
    too_many = {"code": "file-too-many-rows", "detail": "200,000 rows; at most 100,000 can be handed in at once"}
    answers = [
        (413, json.dumps(too_many), "Too many rows"),
        (401, "{}", "Please sign in again"),
        (500, "oh", "Something went wrong on the server"),
        (503, '{"detail": "too many"}', "The Stockbook server is busy"),
        (200, "<html>a login page</html>", "Not a Stockbook server"),
        (404, "<html>nothing here</html>", "Not found"),
    ]
    for status, body, title in answers:
        office.page.route("**/api/v1/uploads?*", partial(_fulfil, status, body))
        office.press("validate")
        assert office.title == title, office.said
        office.page.unroute("**/api/v1/uploads?*")
    office.page.route("**/healthz", lambda route: route.abort())
    for button in BUTTONS:
        office.press(button)
        assert office.title == "The Stockbook server does not answer" and "Nothing was changed" in office.said
    assert not office.touched


def test_a_sheet_that_excel_keeps(office: OfficeExcel, site: Site) -> None:
    """ADD-4: a protected sheet is told in words that say what was done and what to do. ADD-2: it is
    applied once all the same."""
    office.fetch("stock_in", {"sku": "MUG", "quantity": 1, "note": "protected"})
    office.page.evaluate("(sheet) => { host.sheet(sheet).isProtected = true; }", office.sheet_name)
    office.press("validate")
    assert office.title == "The results could not be written" and "protected" in office.said
    before = site.stock("MUG")
    office.press("apply")
    assert "Applied. Upload" in office.said and "Unprotect it" in office.said
    assert "What was applied is not applied again" in office.said and site.stock("MUG") == before + 1
    office.page.evaluate("(sheet) => { host.sheet(sheet).isProtected = false; }", office.sheet_name)
    office.press("apply")
    assert office.title == "Applied before" and site.stock("MUG") == before + 1


@pytest.mark.slow
def test_fifty_thousand_rows(office: OfficeExcel) -> None:
    """ADD-4: read and painted in blocks, with progress in the pane; few calls into Excel however many rows."""
    count = 50_000
    office.fetch("stock_in")
    office.page.evaluate(
        """([sheet, first, count, sku, quantity]) => {
          for (let row = first; row < first + count; row += 1) {
            host.type(sheet, row, sku, row === first + count - 1 ? "NOPE" : "MUG");
            host.type(sheet, row, quantity, row - first + 1);
          }
          host.syncs = 0;
          window.told = [];
          new MutationObserver(() => told.push(document.querySelector("#status").textContent))
            .observe(document.querySelector("#status"), { childList: true });
        }""",
        [office.sheet_name, FIRST_ROW, count, office.columns()["sku"], office.columns()["quantity"]],
    )
    office.press("validate")
    assert "50,000 rows" in office.said and "1 with an error" in office.said
    assert office.look(count - 1, "Status").text == "Error" and office.look(count - 1, "sku").style == "error"
    assert {office.look(row, "Status").text for row in (0, count - 2)} <= {"OK", "Warning"}
    told = office.page.evaluate("() => told")
    assert sum("eading row" in text for text in told) == 25 and sum("riting results" in text for text in told) == 25
    assert told[-1] == "" and office.page.evaluate("() => host.syncs") < 300


def test_outside_excel_and_in_an_old_one(browser: Browser, site: Site) -> None:
    """The page in a browser says where it belongs; an Excel that lacks what is needed is told so."""
    with excel_with_pane(browser, site, isOutside=True) as excel:
        assert excel.page.locator("h1:visible").inner_text() == "Open this from Excel"
    with excel_with_pane(browser, site, apiSets={"ExcelApi": 1.12}) as excel:
        assert excel.page.locator("h1:visible").inner_text() == "This Excel is too old"


def test_where_the_script_of_excel_cannot_be_had(browser: Browser, site: Site) -> None:
    """ADD-4: a network that keeps office.js away is told so; the pane does not wait for ever."""
    page = browser.new_page()
    page.route(OFFICE_JS, lambda route: route.abort())
    page.goto(f"{site.server.address}/addin/taskpane.html")
    expect(page.locator("h1:visible")).to_have_text("Excel's own script can't be loaded")
    expect(page.locator("#starting")).to_have_count(0)
    page.close()


def test_where_the_script_of_excel_never_comes(browser: Browser, site: Site) -> None:
    """ADD-4: neither answered nor refused: the pane's frame is there at once, after some seconds it says what is
    wrong and what to do. Nothing dead to press is shown. Where it comes late after all, the pane begins."""
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    held: list[Route] = []
    page.route(OFFICE_JS, lambda route: held.append(route))
    page.goto(f"{site.server.address}/addin/taskpane.html", wait_until="commit")
    expect(page.locator("#starting")).to_be_visible()
    expect(page.locator(".brand")).to_be_visible()
    expect(page.locator("button:visible")).to_have_count(0)
    page.clock.fast_forward(11_000)
    expect(page.locator("h1:visible")).to_have_text("Excel's own script can't be loaded")
    expect(page.locator("#cut-off")).to_contain_text("close the pane and open it again")
    expect(page.locator("#starting")).not_to_be_visible()
    held[0].fulfill(body=DOUBLE, content_type="text/javascript")
    expect(page.locator("h1:visible")).to_have_text("All buttons")
    context.close()


def test_the_double_is_strict(office: OfficeExcel, site: Site) -> None:
    """What these tests rest on: it fails on what it does not know, on reads before load and sync, on a second note."""
    office.page.evaluate("(book) => host.open(book)", book_of(_of_the_users_own(), "x.xlsx"))
    sheet = "const sheet = context.workbook.worksheets.getItem('Sheet');"
    trials = {
        "sheet.autoFit();": "not known",
        "sheet.name;": "read before load",
        "const range = sheet.getUsedRange(true); range.load('values'); range.values;": "read before load",
        "sheet.notes.add('A1', 'a'); sheet.notes.add('A1', 'b'); await context.sync();": "has a note already",
        "sheet.getRangeByIndexes(0, 0, 1, 2).values = [['a']]; await context.sync();": "not the range's shape",
    }
    for script, complaint in trials.items():
        run = (
            f"() => Excel.run({{}}, async (context) => {{ {sheet} {script} }}).then(() => '', (error) => error.message)"
        )
        assert complaint in office.page.evaluate(run), script
