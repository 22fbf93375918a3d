"""The add-in's commands under the test engine, against a real server over loopback with a sandbox store behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
import pytest
import xlwings as xw
from keyring.backend import KeyringBackend

from addin.desktop import build, config
from tests.addin.engine import Excel, install
from tests.addin.open_sheet import OpenSheet
from tests.support.sandbox import Market
from tests.support.server import StockbookServer
from tests.support.shops import connect, market_process

STOCK = {"MUG": 5, "PEN": 7, "CAP": 9}


@dataclass(frozen=True)
class Site:
    """A company with one sandbox store, all of its SKUs listed there."""

    server: StockbookServer
    market: Market

    def stock(self, sku: str) -> int:
        """On hand in the default warehouse."""
        return sum(int(item["on_hand"]) for item in self.server.get("/stock", sku=sku)["items"])


class MemoryKeyring(KeyringBackend):
    """A password store in memory; this machine has none."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("there is none")


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """A running server with its worker, and a running marketplace."""
    with market_process(folder / "market.db") as market, StockbookServer(folder / "server") as server:
        connect(server, market, ["Web"], STOCK)
        yield Site(server, market)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One company for all of the desktop add-in's tests."""
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def xlam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The add-in, built."""
    return build.build(tmp_path_factory.mktemp("xlam") / build.FILE_NAME)


@pytest.fixture
def passwords() -> Iterator[MemoryKeyring]:
    """The password store of this test."""
    before = keyring.get_keyring()
    store = MemoryKeyring()
    keyring.set_keyring(store)
    yield store
    keyring.set_keyring(before)


@pytest.fixture
def excel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passwords: MemoryKeyring) -> Iterator[Excel]:
    """A fresh Excel without a workbook, and an add-in that nobody has signed in with."""
    monkeypatch.setenv("STOCKBOOK_ADDIN_HOME", str(tmp_path / "addin"))
    watch = install()
    yield watch
    for book in list(xw.books):
        book.close()
    if hasattr(xw.Book, "_mock_caller"):
        del xw.Book._mock_caller


@pytest.fixture
def signed_in(site: Site, excel: Excel) -> Excel:
    """Signed in as the admin."""
    config.change(server=site.server.address)
    config.keep_token(site.server.address, site.server.token)
    return excel


@pytest.fixture
def sheet(site: Site, signed_in: Excel, tmp_path: Path) -> Callable[..., OpenSheet]:
    """Opens a template as the server hands it out, rows typed in."""

    def opened(
        template: str, *rows: Mapping[str, Any] | Sequence[Any], with_data: bool = False, name: str = ""
    ) -> OpenSheet:
        answer = site.server.client.get(f"/templates/{template}.xlsx", params={"with_data": with_data})
        assert answer.status_code == 200, answer.text
        path = tmp_path / f"{name or template}.xlsx"
        path.write_bytes(answer.content)
        found = OpenSheet.of(path, template)
        for number, row in enumerate(rows):
            found.type(number, row)
        return found

    return opened
