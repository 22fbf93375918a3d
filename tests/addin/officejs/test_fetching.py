"""Templates, reports and earlier uploads, opened as workbooks of their own; and the pane that they are chosen in."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from typing import Literal

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from tests.addin.conftest import Site
from tests.addin.officejs.conftest import OfficeExcel, excel_with_pane
from tests.addin.same_cells import looks

pytestmark = pytest.mark.browser
_AXE = files("axe_playwright_python").joinpath("axe.min.js")


def _opened(office: OfficeExcel) -> openpyxl.Workbook:
    """The workbook that was opened last."""
    return openpyxl.load_workbook(io.BytesIO(base64.b64decode(office.page.evaluate("() => host.opened.at(-1)"))))


def test_a_template_a_report_and_an_upload(office: OfficeExcel, site: Site) -> None:
    """ADD-1: found by typing a few letters, by keyboard; with current data or empty; reports; results of an upload."""
    office.press("getTemplate")
    office.page.get_by_label("Find in the list").fill("new and changed details")
    office.page.get_by_label("Find in the list").fill("SKU update")
    office.page.keyboard.press("Tab")
    office.page.keyboard.press("Enter")
    expect(office.page.get_by_role("button", name="With current data")).to_be_visible()
    office.answer("With current data")
    assert "is open in a window of its own" in office.said
    assert "Thing MUG" in [cell.value for row in _opened(office)["SKU update"] for cell in row]
    office.press("reports")
    office.answer("Inventory list")
    assert _opened(office).sheetnames
    upload = site.server.post("/uploads", {"template": "stock_in", "rows": [{"sku": "NOPE", "quantity": 1}]}).json()[
        "id"
    ]
    office.press("history")
    office.answer(f"{upload} · stock in")
    assert any(look.style == "error" for look in looks(_opened(office)["Stock-in"]).values())


def test_an_excel_that_opens_no_workbooks(browser: Browser, site: Site) -> None:
    """Where Excel can't, the workbook is among the downloads."""
    with excel_with_pane(browser, site, canCreateWorkbooks=False) as excel:
        excel.press("getTemplate")
        with excel.page.expect_download() as download:
            excel.answer("Stock-in")
        assert download.value.suggested_filename.startswith("Stock-in 2")
        assert "saved among your downloads" in excel.said


@pytest.mark.parametrize(("scheme", "theme"), [("light", None), ("light", "#292929"), ("dark", None)])
def test_every_view_at_any_width(
    browser: Browser, site: Site, scheme: Literal["light", "dark"], theme: str | None
) -> None:
    """Nothing is wider than the pane, axe finds nothing to complain of, Excel's own theme goes before the system's."""
    look = {"color_scheme": scheme, "viewport": {"width": 300, "height": 640}}
    office_theme = {"theme": {"bodyBackgroundColor": theme}} if theme else {}
    with excel_with_pane(browser, site, **look, **office_theme) as excel:
        excel.page.evaluate(_AXE.read_text(encoding="utf-8"))
        excel.fetch("stock_in", ("NOPE", 1), ("MUG", "two"), ("MUG", 1))
        for button in ("", "getTemplate", "validate", "apply", "pushNow", "history", "reports", "signIn", "settings"):
            if button == "settings":
                excel.page.get_by_role("button", name="Settings").click()
            elif button:
                excel.press(button)
            found = excel.page.evaluate(
                "axe.run().then((all) => all.violations.map((one) => [one.id, one.nodes[0].html]))"
            )
            assert found == [], (button, found)
            assert excel.page.evaluate("document.documentElement.scrollWidth") <= 300, button
        dark = excel.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 28)"
        assert dark == (scheme == "dark" or theme is not None)
