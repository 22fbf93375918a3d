"""ADD-4: each thing that can go wrong has its own clear message, and the workbook is not touched."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import openpyxl
import pytest
import xlwings as xw

from addin.client import http
from addin.desktop import buttons, config, dialogs
from tests.addin.conftest import MemoryKeyring, Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet
from tests.support.server import free_port

Open = Callable[..., OpenSheet]
COMMANDS = [buttons.validate, buttons.apply]


@contextmanager
def answering(status: int, body: bytes, kind: str = "text/html") -> Iterator[str]:
    """Something that answers everything the same way; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def moved_to(address: str) -> None:
    """The add-in's server from now on, signed in there."""
    config.change(server=address)
    config.keep_token(address, "sb_anything")


@pytest.mark.parametrize("press", COMMANDS)
def test_server_away(sheet: Open, signed_in: Excel, press: Callable[[], None]) -> None:
    """ADD-4: nobody listens."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    address = f"http://127.0.0.1:{free_port()}"
    moved_to(address)
    press()
    assert signed_in.alerts[-1].title == "The Stockbook server does not answer" and address in signed_in.said
    assert not open_sheet.touched and signed_in.statuses[-1] is False


@pytest.mark.parametrize("press", COMMANDS)
def test_token_expired(site: Site, sheet: Open, signed_in: Excel, press: Callable[[], None]) -> None:
    """ADD-4: 401."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    config.keep_token(site.server.address, "sb_" + "A" * 43)
    press()
    assert signed_in.alerts[-1].title == "Please sign in again" and "Sign in" in signed_in.said
    assert not open_sheet.touched


def test_never_signed_in(site: Site, sheet: Open, signed_in: Excel, passwords: MemoryKeyring) -> None:
    """ADD-4: no token on this machine."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    passwords.kept.clear()
    buttons.apply()
    assert signed_in.alerts[-1].title == "Not signed in" and not open_sheet.touched


def test_a_viewer_may_not(site: Site, sheet: Open, signed_in: Excel) -> None:
    """SEC-1: 403 with the server's own sentence."""
    user = site.server.post("/users", {"name": "Vera", "role": "viewer"}).json()["id"]
    token = site.server.post("/tokens", {"user_id": user, "name": "excel"}).json()
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    config.keep_token(site.server.address, token["token"])
    buttons.validate()
    assert signed_in.alerts[-1].title == "You may not do this" and "merchandiser" in signed_in.said
    assert not open_sheet.touched


@pytest.mark.parametrize("press", [*COMMANDS, buttons.load_current_data])
def test_not_a_template(signed_in: Excel, tmp_path: Path, press: Callable[[], None]) -> None:
    """ADD-4: any other workbook, also one with tables of its own."""
    book = openpyxl.Workbook()
    book.active.append(["SKU", "Quantity"])
    book.active.append(["MUG", 1])
    book.active.add_table(openpyxl.worksheet.table.Table(displayName="mine", ref="A1:B2"))
    book.save(tmp_path / "other.xlsx")
    opened = xw.Book(str(tmp_path / "other.xlsx"))
    opened.set_mock_caller()
    opened.impl.touched = False
    press()
    assert signed_in.alerts[-1].title == "This is not a Stockbook template" and "other.xlsx" in signed_in.said
    assert not opened.impl.touched


@pytest.mark.parametrize(
    ("version", "title"), [("0", "This template is out of date"), ("99", "This template is from a newer server")]
)
@pytest.mark.parametrize("press", COMMANDS)
def test_a_template_of_another_version(
    sheet: Open, signed_in: Excel, tmp_path: Path, press: Callable[[], None], version: str, title: str
) -> None:
    """ADD-4: made with another version of the template: nothing is read as if it were this one."""
    sheet("stock_in", ("MUG", 1), name="fresh").book.save(str(tmp_path / "saved.xlsx"))
    book = openpyxl.load_workbook(tmp_path / "saved.xlsx")
    book.defined_names["_template_version"].attr_text = f'"{version}"'
    book.save(tmp_path / "other.xlsx")
    open_sheet = OpenSheet.of(tmp_path / "other.xlsx", "stock_in").settle()
    press()
    assert signed_in.alerts[-1].title == title and "Get template" in signed_in.said
    assert f"version {version}" in signed_in.said and not open_sheet.touched


@pytest.mark.slow
def test_fifty_thousand_rows(site: Site, sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    """ADD-4: read and painted in blocks, with progress on the status bar; few calls into Excel however many rows."""
    count = 50_000
    open_sheet = sheet("stock_in")
    sku, quantity = open_sheet.letter("sku"), open_sheet.letter("quantity")
    open_sheet.sheet.range(f"{sku}4:{sku}{count + 3}").value = [["MUG"]] * count
    open_sheet.sheet.range(f"{quantity}4:{quantity}{count + 3}").value = [[float(n + 1)] for n in range(count)]
    open_sheet.sheet.range(f"{sku}{count + 3}").value = "NOPE"
    signed_in.calls.clear()
    buttons.validate()
    assert "50,000 rows" in signed_in.said and "1 with an error" in signed_in.said
    assert open_sheet.status(count - 1) == "Error" and open_sheet.colour(count - 1, "sku") == "error"
    assert open_sheet.status(0) in ("OK", "Warning") and open_sheet.status(count - 2) in ("OK", "Warning")
    shown = [str(status) for status in signed_in.statuses]
    assert sum("reading row" in status for status in shown) == 25
    assert sum("writing results" in status for status in shown) == 25
    assert any("checking" in status or "sending" in status for status in shown) and signed_in.statuses[-1] is False
    assert sum(signed_in.calls.values()) < 500, signed_in.calls


def test_too_many_rows(site: Site, sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    """WB-12: over the limit is refused in words."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    said = b'{"code": "file-too-many-rows", "detail": "200,000 rows; at most 100,000 can be handed in at once"}'
    with answering(413, said, "application/problem+json") as address:
        moved_to(address)
        buttons.apply()
    assert signed_in.alerts[-1].title == "Too many rows" and "200,000" in signed_in.said and not open_sheet.touched


@pytest.mark.parametrize(
    ("status", "body", "title"),
    [
        (500, b"oh", "Something went wrong on the server"),
        (502, b"<html>proxy</html>", "Something went wrong on the server"),
        (503, b'{"detail": "too many"}', "The Stockbook server is busy"),
        (429, b'{"detail": "too often"}', "The Stockbook server is busy"),
        (200, b"<html>a login page</html>", "Not a Stockbook server"),
        (404, b"<html>nothing here</html>", "Not found"),
    ],
)
def test_other_answers(sheet: Open, signed_in: Excel, status: int, body: bytes, title: str) -> None:
    """ADD-4: whatever answers, it is told apart."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    with answering(status, body) as address:
        moved_to(address)
        buttons.validate()
    assert signed_in.alerts[-1].title == title and not open_sheet.touched


def test_a_server_that_hangs(sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    """ADD-4: one that takes connections and says nothing keeps nobody waiting for minutes."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    monkeypatch.setattr(http, "_ALIVE_TIMEOUT", 0.2)
    monkeypatch.setattr(http, "_TIMEOUT", httpx.Timeout(0.3, connect=5.0))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        moved_to(f"http://127.0.0.1:{silent.getsockname()[1]}")
        for press in (buttons.validate, buttons.apply, buttons.get_template):
            press()
            assert signed_in.alerts[-1].title == "The Stockbook server does not answer"
            assert "Nothing was changed" in signed_in.said and not open_sheet.touched


def test_a_server_that_never_answers(sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    """ADD-4: a time-out is another message than a server that is away."""
    asked = httpx.Client.request

    def late(self: httpx.Client, method: str, url: str, **more: object) -> httpx.Response:
        if url.endswith("/healthz"):
            return asked(self, method, url, **more)
        raise httpx.ReadTimeout("late")

    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    monkeypatch.setattr(httpx.Client, "request", late)
    monkeypatch.setattr(http, "_POLL_SECONDS", (0.0, 0.0))
    buttons.validate()
    assert signed_in.alerts[-1].title == "The Stockbook server takes too long" and not open_sheet.touched


def test_an_empty_sheet(sheet: Open, signed_in: Excel) -> None:
    """WB-10: no rows is said, never taken for 'nothing changed'."""
    open_sheet = sheet("stock_in").settle()
    buttons.apply()
    assert signed_in.alerts[-1].mode == "critical" and not open_sheet.touched


def test_a_sheet_that_excel_keeps(site: Site, sheet: Open, signed_in: Excel) -> None:
    """ADD-4: a protected sheet is told in words that say what was done and what to do. ADD-2: it is
    applied once all the same."""
    open_sheet = sheet("stock_in", {"sku": "MUG", "quantity": 1, "note": "protected"})
    _protect(open_sheet, True)
    before = site.stock("MUG")
    open_sheet.sheet.impl.paper.cell(5, 1, "NOPE")
    buttons.validate()
    assert signed_in.alerts[-1].title == "The results could not be written" and "Unprotect Sheet" in signed_in.said
    assert "1 with an error" in signed_in.said and "is selected" not in signed_in.said
    open_sheet.sheet.impl.paper.cell(5, 1).value = None
    buttons.apply()
    assert "Applied. Upload" in signed_in.said and "is not applied again" in signed_in.said
    assert "protected" in (config.folder() / "addin.log").read_text() and site.stock("MUG") == before + 1
    _protect(open_sheet, False)
    signed_in.answers += ["no"]
    buttons.apply()
    assert site.stock("MUG") == before + 1 and open_sheet.status(0).startswith("Applied #")


def _protect(open_sheet: OpenSheet, value: bool) -> None:
    open_sheet.sheet.impl.paper.protection.sheet = value


def test_a_mistake_of_ours_is_told_and_written_down(
    site: Site, sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ever ends in silence or in a traceback in front of the user."""
    sheet("stock_in", ("MUG", 1))
    monkeypatch.setattr("addin.desktop.uploading.body", lambda _table: 1 / 0)
    buttons.validate()
    assert signed_in.alerts[-1].title == "Something went wrong in the add-in" and "ZeroDivisionError" in signed_in.said
    assert "ZeroDivisionError" in (config.folder() / "addin.log").read_text()
    assert signed_in.statuses[-1] is False


def test_signing_in(site: Site, sheet: Open, excel: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    """ADD-1: server and token are tried before they are kept; a wrong one changes nothing."""
    sheet("stock_in")
    config.change(server=None)
    typed = [
        (site.server.address + "/", "sb_wrong"),
        ("ftp://no", "x"),
        (site.server.address, site.server.token),
        None,
    ]
    monkeypatch.setattr(dialogs, "ask_sign_in", lambda _server: typed.pop(0))
    buttons.sign_in()
    assert excel.alerts[-1].title == "Please sign in again" and config.server() == config.DEFAULT_SERVER
    buttons.sign_in()
    assert excel.alerts[-1].title == "This is not an address"
    buttons.sign_in()
    assert excel.alerts[-1].title == "Signed in" and config.server() == site.server.address
    assert config.token(site.server.address) == site.server.token
    told = len(excel.alerts)
    buttons.sign_in()
    assert len(excel.alerts) == told
