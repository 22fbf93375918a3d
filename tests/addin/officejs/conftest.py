"""The Office add-in in a real browser: Excel is a double, the server and the store behind it are real."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Browser, Page, Route, expect

from addin.client.painting import SIGNATURE
from tests.addin.conftest import Site, running_site
from tests.addin.officejs.excel_host import Book, book_of, paper_of
from tests.addin.same_cells import STYLES, Look
from validators.registry import WORKBOOKS
from validators.templates.building import FIRST_ROW, HEADER_ROW

WAIT_MS = 60_000
OFFICE_JS = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"
DOUBLE = (Path(__file__).parent / "fake_office.js").read_text(encoding="utf-8")
_IDLE = "body:not([aria-busy]) #view > h1"


@dataclass
class OfficeExcel:
    """Excel with the pane beside the sheet, as the person before it sees both."""

    page: Page
    site: Site
    template: str = ""

    def press(self, button: str) -> None:
        """A button of the ribbon; comes back when it is done, or asks something."""
        self.page.evaluate("(name) => host.press(name)", button)

    def answer(self, label: str) -> None:
        """A button in the pane, and what follows from it."""
        self.page.get_by_role("button", name=label).first.click()
        expect(self.page.locator(_IDLE)).to_be_visible(timeout=WAIT_MS)

    def sign_in(self, token: str) -> None:
        """Type a token and press Enter."""
        self.press("signIn")
        expect(self.page.get_by_label("Access token")).to_be_focused()
        self.page.keyboard.type(token)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#token")).to_have_count(0)
        expect(self.page.locator(_IDLE)).to_be_visible(timeout=WAIT_MS)

    def open(self, content: bytes, name: str, template: str = "") -> OfficeExcel:
        """Open a workbook in front."""
        self.template = template
        self.page.evaluate("(text) => host.open(JSON.parse(text))", json.dumps(book_of(content, name)))
        return self

    def fetch(self, template: str, *rows: Mapping[str, Any] | Sequence[Any], with_data: bool = False) -> OfficeExcel:
        """Open a template as the server hands it out, and type rows; a pair is a SKU and a quantity."""
        query = {"with_data": with_data}
        answer = self.site.server.client.get(f"/templates/{template}.xlsx", params=query)
        assert answer.status_code == 200, answer.text
        self.open(answer.content, f"{template}.xlsx", template)
        pairs = (row if isinstance(row, Mapping) else dict(zip(("sku", "quantity"), row, strict=True)) for row in rows)
        self._type(dict(enumerate(pairs)))
        return self

    def type(self, row: int, values: Mapping[str, Any]) -> None:
        """Type into cells of a row, counted from 0."""
        self._type({row: values})

    def _type(self, rows: Mapping[int, Mapping[str, Any]]) -> None:
        columns = self.columns()
        cells = [
            [FIRST_ROW + row, columns[name], value] for row, values in rows.items() for name, value in values.items()
        ]
        typing = "([sheet, cells]) => cells.forEach((cell) => host.type(sheet, ...cell))"
        self.page.evaluate(typing, [self.sheet_name, cells])

    def columns(self) -> dict[str, int]:
        """Place of each column, by name and by header."""
        known = {column.header: column.name for column in WORKBOOKS[self.template].columns}
        headers = self.page.evaluate(
            """([sheet, row]) => Object.fromEntries(Object.entries(host.sheet(sheet).cells)
                 .filter(([at, cell]) => at.startsWith(`${row},`) && cell.value !== "")
                 .map(([at, cell]) => [cell.value, Number(at.split(",")[1])]))""",
            [self.sheet_name, HEADER_ROW],
        )
        return headers | {known[header]: place for header, place in headers.items() if header in known}

    def select(self, row: int, height: int = 1) -> None:
        """Select whole rows, counted from 0."""
        area = {"row": FIRST_ROW + row, "column": 1, "height": height, "width": 3}
        self.page.evaluate("(area) => { host.book.selection = { sheet: host.book.active, areas: [area] }; }", area)

    def paper(self) -> Worksheet:
        """The template's sheet as it is now."""
        return paper_of(self.book(), self.sheet_name)

    def book(self) -> Book:
        """The open workbook as it is now."""
        found: Book = json.loads(self.page.evaluate("() => JSON.stringify(host.book)"))
        return found

    def look(self, row: int, column: str) -> Look:
        """Text of the tools, colour and note of a cell."""
        place = f"{FIRST_ROW + row},{self.columns()[column]}"
        cell = self.page.evaluate("([sheet, at]) => host.sheet(sheet).cells[at] ?? {}", [self.sheet_name, place])
        text = str(cell["value"]) if column in ("Status", "Message") and cell.get("value") else None
        note = cell["note"].removeprefix(SIGNATURE) if "note" in cell else None
        return Look(text, STYLES.get(cell.get("fill", "")), note)

    def values(self, column: str) -> list[Any]:
        """A column from its first row to its last value."""
        paper, place = self.paper(), self.columns()[column]
        found = [paper.cell(row, place).value for row in range(FIRST_ROW, paper.max_row + 1)]
        while found and found[-1] is None:
            found.pop()
        return found

    @property
    def sheet_name(self) -> str:
        return WORKBOOKS[self.template].sheet

    @property
    def selection(self) -> Any:
        """Row and column of the cursor."""
        area = self.page.evaluate("() => host.book.selection.areas[0]")
        return area["row"], area["column"]

    @property
    def touched(self) -> bool:
        """Whether anything was written since it was opened."""
        return bool(self.page.evaluate("() => host.writes"))

    @property
    def title(self) -> str:
        """The pane's heading."""
        return self.page.locator("#view h1").inner_text()

    @property
    def said(self) -> str:
        """What the pane says below it."""
        return self.page.locator("#view").inner_text()


Opened = Callable[..., OfficeExcel]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A company of its own: what the desktop add-in's tests applied would be a duplicate here."""
    with running_site(tmp_path_factory.mktemp("office-site")) as running:
        yield running


@contextmanager
def excel_with_pane(browser: Browser, site: Site, *, token: str | None = "", **host: Any) -> Iterator[OfficeExcel]:
    """An Excel whose pane is open, signed in unless `token` is None. Fails on any request to another place than the
    server, and on whatever the browser complains about. `host`: what is special about this Excel."""
    address = site.server.address
    look = {name: host.pop(name) for name in ("color_scheme", "viewport") if name in host}
    context = browser.new_context(**{"viewport": {"width": 350, "height": 700}, **look})
    context.set_default_timeout(WAIT_MS)
    foreign: list[str] = []
    complaints: list[str] = []

    def elsewhere(route: Route) -> None:
        if route.request.url == OFFICE_JS:
            route.fulfill(body=DOUBLE, content_type="text/javascript")
            return
        foreign.append(route.request.url)
        route.abort()

    context.route(re.compile(rf"^(?!{re.escape(address)}/|blob:)"), elsewhere)
    context.add_init_script(f"window.hostBefore = {json.dumps(host)};")
    if token is not None:
        name = f"{host.get('partition', '')}stockbook.token"
        kept = [name, token or site.server.token]
        context.add_init_script(
            f"if (!sessionStorage.begun) localStorage.setItem(...{json.dumps(kept)}), sessionStorage.begun = 1;"
        )
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if _complains(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/addin/taskpane.html")
    expect(page.locator("h1:visible")).to_have_count(1)
    yield OfficeExcel(page, site)
    context.close()
    assert foreign == [] and complaints == []


def _complains(said: Any) -> bool:
    """A refusal has a status, of which a browser makes a note: nothing is wrong with that."""
    return said.type in ("error", "warning") and not said.text.startswith("Failed to load resource")


@pytest.fixture
def office(browser: Browser, site: Site) -> Iterator[OfficeExcel]:
    """Signed in as the admin."""
    with excel_with_pane(browser, site) as excel:
        yield excel
