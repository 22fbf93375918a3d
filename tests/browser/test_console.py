"""The console in a real browser: signing in, a dropped workbook, orders and scans by keyboard alone, any width."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from sqlalchemy import update

from server.app import Server
from server.db.session import Database
from server.jobs.models import Run
from server.orders.states import Action
from server.settings import Settings
from tests.server.orders.desk import Desk, news, open_desk
from tests.support.filling import fill
from tests.support.http import make_api
from tests.support.pages import PASSWORD, give_password
from validators.registry import WORKBOOKS
from validators.templates.building import build

pytestmark = pytest.mark.browser
WAIT_MS = 60_000
NAME = "manager-user"
PAGES = (
    "/home", "/stock", "/stock/1", "/orders", "/orders/1", "/pushes", "/uploads", "/uploads/1", "/returns", "/reports",
    "/stores", "/stores/1", "/imports", "/imports/new?kind=sftp", "/imports/1", "/jobs", "/settings", "/account",
)  # fmt: skip
_DROP = """([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.body.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@dataclass
class Place:
    """A server, and the orders behind it."""

    address: str
    desk: Desk


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Place]:
    """A1 to A3 are to pack; A4 has left in the package TRACK-4."""
    settings, db = Settings(data_dir=tmp_path, database_url=sqlite_url), Database(sqlite_url)
    api = make_api(db, settings)
    give_password(db, NAME)
    desk = open_desk(db)
    desk.stock(desk.red, 9)
    desk.take(*(news(f"A{n}", ("red", 1), tracking_numbers=(f"TRACK-{n}",)) for n in range(1, 5)))
    for action in (Action.PACK, Action.SHIP):
        desk.act(action, "A4")
    api.admin.post("/imports", json={"name": "night", "kind": "folder", "settings": {"path": "night"}})
    api.admin.post("/uploads", json={"template": "stock_in", "rows": [{"sku": "RED", "quantity": "two"}]})
    server = Server(db, settings, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Place(server.address, desk)
    server.close()
    db.close()


@contextmanager
def _signed_in(browser: Browser, place: Place, **how: Any) -> Iterator[Page]:
    """Signed in by keyboard alone; fails if the browser complains about anything."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if _complains(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(place.address)
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{place.address}/home")
    yield page
    context.close()
    assert complaints == []


def _complains(message: ConsoleMessage) -> bool:
    """A refusal is a page with its status, of which a browser makes a note: nothing is wrong with that."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def test_a_workbook_is_dropped_checked_applied_and_taken_back(browser: Browser, place: Place) -> None:
    """WEB-1: upload by drag and drop, with the outcome."""
    content = fill(build(WORKBOOKS["stock_in"]), "stock_in", [{"sku": "RED", "quantity": 4}])
    with _signed_in(browser, place) as page:
        page.get_by_role("link", name="Uploads").click()
        page.wait_for_url("**/uploads")  # and its script has run
        page.evaluate(_DROP, [base64.b64encode(content).decode(), "delivery.xlsx"])
        expect(page.locator("[data-dropped]")).to_have_text("delivery.xlsx")
        expect(page.get_by_role("button", name="Check it")).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Apply it").click(timeout=WAIT_MS)
        expect(page.get_by_text("applied", exact=True)).to_be_visible(timeout=WAIT_MS)
        assert place.desk.figures(place.desk.red).on_hand == 12
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the result").click()
        assert download.value.suggested_filename.endswith("-result.xlsx")
        page.get_by_text("Take it back…").click()
        page.get_by_role("button", name="Take upload").click()
        expect(page.get_by_role("status")).to_contain_text("is taken back", timeout=WAIT_MS)
    assert place.desk.figures(place.desk.red).on_hand == 8


def test_orders_by_keyboard_alone(browser: Browser, place: Place) -> None:
    """WEB-1: chosen with the space bar, packed with Enter."""
    with _signed_in(browser, place) as page:
        page.goto(f"{place.address}/orders?state=to_pack")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.get_by_label("All on this page").focus()
        page.keyboard.press("Space")
        expect(page.get_by_label("Choose order A3")).to_be_checked()
        page.get_by_label("Choose order A3").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Pack").press("Enter")
        expect(page.get_by_role("status")).to_have_text("2 orders packed.", timeout=WAIT_MS)
    assert [place.desk.state(f"A{n}") for n in (1, 2, 3)] == ["in_process", "in_process", "to_pack"]


def test_what_has_the_focus_is_never_behind_the_header(browser: Browser, place: Place) -> None:
    """WEB-1: what is scrolled to, by the focus or a link, stands wholly below it at any width."""
    distance = """() => {
      const one = document.querySelectorAll("summary")[2];
      one.scrollIntoView({ block: "start", behavior: "instant" });
      return one.getBoundingClientRect().top - document.querySelector("header").getBoundingClientRect().bottom;
    }"""
    with _signed_in(browser, place) as page:
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 300})
            page.goto(f"{place.address}/jobs")
            assert 0 <= page.evaluate(distance) < 60, width


def test_one_scan_after_another(browser: Browser, place: Place) -> None:
    """ORD-11: a scanner types and presses Enter; the field is ready for the next package, also after a wrong one."""
    with _signed_in(browser, place) as page:
        page.goto(f"{place.address}/returns")
        field = page.get_by_label("Tracking number")
        for typed, said in (("TRACK-4", "Taken back"), ("TRACK-4", "again"), ("NOTHING", "NOTHING")):
            expect(field).to_be_focused()
            page.keyboard.type(typed)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            if said != "again":
                expect(page.locator("[role=status], [role=alert]").first).to_contain_text(said)
        expect(field).to_be_focused()
    assert place.desk.figures(place.desk.red).on_hand == 9


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1280, "light")])
def test_every_page_fits_and_is_for_everybody(browser: Browser, place: Place, width: int, scheme: str) -> None:
    """WEB-1: nothing is wider than the window, and axe finds nothing to complain of."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    size = {"width": width, "height": 800}
    with _signed_in(browser, place, viewport=size, color_scheme=scheme, bypass_csp=True) as page:
        for path in PAGES:
            page.goto(f"{place.address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") == width, path
            page.evaluate(axe)
            found = page.evaluate("axe.run().then((all) => all.violations.map((one) => [one.id, one.nodes[0].html]))")
            assert found == [], path


def test_what_is_at_work_shows_its_end_by_itself(browser: Browser, place: Place) -> None:
    """JOB-4, WEB-1: without a refresh that takes the page from under a reader; what waits is for everybody too."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    with _signed_in(browser, place, bypass_csp=True) as page:
        page.goto(f"{place.address}/jobs")
        page.get_by_role("button", name="Run retention now").click()
        expect(page.get_by_text("It waits for a free worker.")).to_be_visible()
        page.evaluate(axe)
        assert page.evaluate("axe.run().then((all) => all.violations.map((one) => one.id))") == []
        place.desk.db.write(lambda session: session.execute(update(Run).values(state="failed", error="it broke")))
        expect(page.get_by_text("It broke.")).to_be_visible()


def test_home_knows_when_it_is_signed_out(browser: Browser, place: Place) -> None:
    """SEC-1: signed out in another tab, it does not go on showing old figures as new ones."""
    with _signed_in(browser, place) as page:
        expect(page.get_by_role("status")).to_contain_text("As of")
        other = page.context.new_page()
        other.goto(f"{place.address}/account")
        other.get_by_role("button", name="Sign out", exact=True).click()
        expect(other.get_by_role("status")).to_have_text("You are signed out.")
        page.bring_to_front()
        page.wait_for_url("**/sign-in?next=/home")
        other.go_back()
        expect(other.get_by_label("Password")).to_be_visible()
        expect(other.get_by_text("did not keep")).to_have_count(0)


def test_without_script(browser: Browser, place: Place) -> None:
    """Every page works without it."""
    with _signed_in(browser, place, java_script_enabled=False) as page:
        page.goto(f"{place.address}/orders/1")
        page.get_by_role("button", name="Pack").click()
        expect(page.get_by_role("status")).to_have_text("1 order packed.")
