"""The start page as people see it: figures move by themselves, on a phone as well, with and without a mouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from server.app import Server
from server.db.session import Database
from server.settings import Settings
from tests.support.filling import applied
from tests.support.http import Api, make_api
from tests.support.server import wait_for

pytestmark = pytest.mark.browser
WAIT_MS = 60_000


@dataclass
class Shop:
    """A server as `demo` starts it, and the API beside it."""

    server: Server
    api: Api

    @property
    def address(self) -> str:
        return self.server.address

    def stock_in(self, sku: str, units: int) -> None:
        applied(self.api.admin, "stock_in", [{"sku": sku, "quantity": units, "note": f"{units} more"}])


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Iterator[Shop]:
    settings, db = Settings(data_dir=tmp_path, database_url=sqlite_url), Database(sqlite_url)
    api = make_api(db, settings)
    api.admin.post("/warehouses", json={"code": "MAIN", "default": True})
    applied(api.admin, "sku_create", [{"sku": f"MUG-{number}", "title": f"Mug {number}"} for number in range(30)])
    server = Server(db, settings, "127.0.0.1", 0, open_start_page=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    made = Shop(server, api)
    made.stock_in("MUG-7", 5)
    yield made
    server.close()
    db.close()


@contextmanager
def _page(
    browser: Browser, shop: Shop, *, width: int = 1280, scheme: Literal["light", "dark"] = "light", script: bool = True
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(shop.address)
    yield page
    context.close()
    assert complaints == []


def test_figures_move_after_a_stock_in(browser: Browser, shop: Shop) -> None:
    with _page(browser, shop) as page:
        row = page.get_by_role("row", name="MUG-7 Mug 7")
        expect(row.get_by_role("cell").nth(1)).to_have_text("5")
        shop.stock_in("MUG-7", 37)
        expect(row.get_by_role("cell").nth(1)).to_have_text("42", timeout=WAIT_MS)
        expect(page.locator("#said")).to_contain_text("As of")


def test_pausing_keeps_figures_still(browser: Browser, shop: Shop) -> None:
    """Whoever wants to read in peace can stop the movement, and set it going again by keyboard."""
    with _page(browser, shop) as page:
        page.get_by_role("button", name="Pause").click()
        shop.stock_in("MUG-7", 37)
        page.wait_for_timeout(5_000)
        row = page.get_by_role("row", name="MUG-7 Mug 7")
        expect(row.get_by_role("cell").nth(1)).to_have_text("5")
        page.get_by_role("button", name="Go on").press("Enter")
        expect(row.get_by_role("cell").nth(1)).to_have_text("42", timeout=WAIT_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits(browser: Browser, shop: Shop, width: int, scheme: Literal["light", "dark"]) -> None:
    """Nothing is wider than the window: only the table scrolls, within itself."""
    with _page(browser, shop, width=width, scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_by_keyboard(browser: Browser, shop: Shop) -> None:
    """The first stop skips to the content, the table can be scrolled, a template can be fetched."""
    with _page(browser, shop) as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        table = page.get_by_role("region", name="Stock by SKU and store")
        table.focus()
        page.keyboard.press("End")
        # asked again and again from outside: the page's policy forbids it to evaluate texts
        moved = "() => document.querySelector('.scroll').scrollTop > 0"
        wait_for(lambda: page.evaluate(moved), what="the table to scroll")
        with page.expect_download() as download:
            page.get_by_role("link", name="Stock-in", exact=True).press("Enter")
        assert download.value.suggested_filename == "stock_in.xlsx"


def test_without_script(browser: Browser, shop: Shop) -> None:
    """All of it is there without the script, with a link to look again."""
    with _page(browser, shop, script=False) as page:
        row = page.get_by_role("row", name="MUG-7 Mug 7")
        expect(row.get_by_role("cell").nth(1)).to_have_text("5")
        expect(page.get_by_role("link", name="Look again")).to_be_visible()
        expect(page.get_by_role("button", name="Pause")).to_be_hidden()
