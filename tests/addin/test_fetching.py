"""Get template, Reports, History: chosen, fetched, opened in the user's own folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import xlwings as xw

from addin.desktop import buttons, config, dialogs
from tests.addin.conftest import Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet
from tests.addin.test_trouble import answering, moved_to

Open = Callable[..., OpenSheet]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the person chooses from lists, by its beginning; None closes the window."""
    wanted: list[str | None] = []

    def choose(_title: str, _question: str, items: Sequence[str]) -> int | None:
        word = wanted.pop(0)
        return None if word is None else next(n for n, item in enumerate(items) if item.startswith(word))

    monkeypatch.setattr(dialogs, "choose", choose)
    return wanted


def test_get_template(site: Site, sheet: Open, signed_in: Excel, chosen: list[str | None]) -> None:
    """ADD-1: empty or with current data; opened, and nothing written over."""
    sheet("stock_in", name="open already")
    chosen += ["Stock-in", "SKU update", "SKU update", "SKU update", None]
    signed_in.answers += ["yes", "no", "cancel"]
    for _ in range(5):
        buttons.get_template()
    names = [book.name for book in xw.books][1:]
    assert len(names) == 3 and len(set(names)) == 3
    assert names[0].startswith("Stock-in ") and names[2].startswith("SKU update ")
    assert sorted(path.name for path in config.downloads().iterdir()) == sorted(names)
    with_data, empty = xw.books[1 + 1].sheets["SKU update"], xw.books[1 + 2].sheets["SKU update"]
    assert with_data.range("A4").value and not empty.range("A4").value
    assert not signed_in.alerts[-1].title.startswith("Something")


def test_history(site: Site, sheet: Open, signed_in: Excel, chosen: list[str | None]) -> None:
    """WB-11: the latest uploads; one is opened with its results."""
    sheet("stock_in", ("MUG", 1), ("NOPE", 1))
    buttons.validate()
    newest = site.server.get("/uploads", limit=1)["items"][0]
    chosen += [f"{newest['id']}  "]
    buttons.history()
    opened = xw.books[len(xw.books) - 1]
    assert opened.name.startswith(f"Upload {newest['id']} stock_in")
    assert "Error" in [cell for row in opened.sheets["Stock-in"].used_range.value for cell in row if cell]


def test_reports_of_a_server(site: Site, sheet: Open, signed_in: Excel, chosen: list[str | None]) -> None:
    """REP-2: the server's own list; one that has none says so."""
    sheet("stock_in")
    with answering(404, b'{"detail": "not found", "code": "not-found"}', "application/problem+json") as address:
        moved_to(address)
        buttons.reports()
        assert "no reports yet" in signed_in.said
    config.change(server=site.server.address)
    known = site.server.client.get("/reports")
    if known.status_code == 200 and known.json()["items"]:
        first = known.json()["items"][0]
        chosen.append(first.get("title") or first["name"])
        buttons.reports()
        assert len(list(config.downloads().iterdir())) == 1, signed_in.said
