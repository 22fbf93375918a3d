"""Push Now and Sync Orders from the ribbon, against a marketplace that shows what reached it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import xlwings as xw

from addin.client.http import Server
from addin.client.summary import is_settled, of_push
from addin.desktop import buttons
from addin.desktop.xlwings_sheet import selected_rows
from tests.addin.conftest import Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet
from tests.support.server import wait_for
from tests.support.shops import wait_until_shown

Open = Callable[..., OpenSheet]


def _in_step(site: Site, *skus: str) -> None:
    """Until the store shows what is available."""
    available = {sku: site.stock(sku) for sku in skus}
    wait_until_shown(site.market, "Web", available)
    wait_for(lambda: not site.server.get("/push")["items"], what="nothing waits")


def _times(site: Site, *skus: str) -> list[int]:
    found = site.market.times_set("web")
    return [found[sku] for sku in skus]


def test_the_skus_of_the_selected_rows(site: Site, sheet: Open, signed_in: Excel) -> None:
    """PSH-7 (16), PSH-8: they are told again, the others are not; the summary says what changed where."""
    _in_step(site, "MUG", "PEN", "CAP")
    open_sheet = sheet("stock_in", ("MUG", 1), ("PEN", 1), ("CAP", 1))
    before = _times(site, "MUG", "PEN", "CAP")
    open_sheet.sheet.activate()
    open_sheet.sheet.range(open_sheet.cell(0, "sku"), open_sheet.cell(1, "quantity")).select()
    signed_in.answers += ["yes"]
    buttons.push_now()
    assert "the 2 SKUs of the selected rows" in signed_in.alerts[-2].text
    assert "2 listings told; 0 quantities changed" in signed_in.said, signed_in.said
    assert _times(site, "MUG", "PEN", "CAP") == [before[0] + 1, before[1] + 1, before[2]]
    assert signed_in.statuses[-1] is False and not open_sheet.sheet.range("Z1").value


def test_what_changed_where(site: Site, sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue's third promise: the stores change, and the summary says so: store, listing, before and after."""
    _in_step(site, "MUG")
    now = site.stock("MUG")
    site.market.faults("web", down=True)
    site.server.apply("stock_in", {"sku": "MUG", "quantity": 3})
    wait_for(lambda: site.server.get("/push")["items"], what="a push that waits")
    open_sheet = sheet("stock_in", ("MUG", 1))
    open_sheet.sheet.activate()
    open_sheet.cell(0, "note").select()
    asked = Server.push_now

    def store_comes_back(server: Server, skus: Sequence[str] = ()) -> int:
        site.market.faults("web")
        return asked(server, skus)

    monkeypatch.setattr(Server, "push_now", store_comes_back)
    signed_in.answers += ["yes"]
    buttons.push_now()
    assert signed_in.alerts[-2].text.startswith("Push MUG?")
    assert f"Web · MUG: {now} → {now + 3}" in signed_in.said, signed_in.said
    assert site.market.shown("web")["MUG"] == now + 3


def test_everything(site: Site, sheet: Open, signed_in: Excel) -> None:
    """Without a SKU column, or by choice, all listings are told."""
    _in_step(site, "MUG", "PEN", "CAP")
    before = _times(site, "MUG", "PEN", "CAP")
    sheet("warehouses")
    signed_in.answers += ["yes"]
    buttons.push_now()
    assert "3 listings told" in signed_in.said, signed_in.said
    assert _times(site, "MUG", "PEN", "CAP") == [each + 1 for each in before]
    told = len(signed_in.alerts)
    signed_in.answers += ["no"]
    buttons.push_now()
    assert len(signed_in.alerts) == told + 1


def test_cancel_and_an_unknown_sku(site: Site, sheet: Open, signed_in: Excel) -> None:
    """Cancel does nothing; a SKU that is none is named."""
    open_sheet = sheet("stock_in", ("NOPE", 1))
    open_sheet.sheet.activate()
    open_sheet.cell(0, "sku").select()
    signed_in.answers += ["cancel"]
    buttons.push_now()
    assert len(signed_in.alerts) == 1
    signed_in.answers += ["yes"]
    buttons.push_now()
    assert "NOPE" in signed_in.said and signed_in.alerts[-1].mode == "critical"


def test_a_store_that_is_down_is_said(
    site: Site, sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PSH-10: nothing is lost, and the summary says which store waits and why."""
    _in_step(site, "PEN")
    open_sheet = sheet("stock_in", ("PEN", 1))
    open_sheet.sheet.activate()
    open_sheet.cell(0, "sku").select()
    site.market.faults("web", down=True)
    try:
        signed_in.answers += ["yes"]
        buttons.push_now()
    finally:
        site.market.faults("web")
    assert "0 listings told" in signed_in.said and "Web is paused" in signed_in.said, signed_in.said
    wait_for(lambda: not site.server.get("/push")["items"], what="the push that waited", seconds=60)


def test_sync_orders(site: Site, sheet: Open, signed_in: Excel) -> None:
    """CH-5: the store's orders are here when the box says so."""
    sheet("stock_in")
    number = site.market.order("web", CAP=1)
    buttons.sync_orders()
    assert "Orders were read" in signed_in.said
    assert [order["number"] for order in site.server.get("/orders", store="Web", number=number)["items"]] == [number]
    assert any("Stockbook" in str(status) for status in signed_in.statuses) or signed_in.statuses == [False]


def _listing(**more: object) -> dict[str, object]:
    base = {"id": 1, "store": "Web", "store_sku": "L-1", "sku": "MUG", "told": 4, "told_at": "1", "evaluated_at": "1"}
    return {**base, "result": "send", "state": None, "reason": "", "paused_until": None, "paused_for": "", **more}


def test_the_words_of_a_push() -> None:
    """Told, refused, not pushed and paused are told apart; long lists are cut."""
    before = _listing()
    refused = _listing(state="failed", reason="listing ended")
    assert "Web · L-1: refused: listing ended" in of_push([before], [refused], 1, settled=True)
    ruled = _listing(evaluated_at="2", result="no_rule")
    assert "Web · L-1: not pushed: no rule" in of_push([before], [ruled], 1, settled=True)
    assert "not answered yet" in of_push([before], [_listing(state="sending")], 1, settled=False)
    assert "none of these SKUs is mapped" in of_push([], [], 0, settled=True)
    many = [_listing(id=n, told=n, told_at="2") for n in range(40)]
    assert "40 listings told" in (said := of_push([], many, 40, settled=True)) and "and 28 more" in said
    assert is_settled(before, _listing(evaluated_at="2")) and not is_settled(before, before)
    assert not is_settled(before, _listing(evaluated_at="2", state="waiting"))
    assert is_settled(before, _listing(evaluated_at="2", state="waiting", paused_until="9"))


def test_selections(signed_in: Excel, sheet: Open) -> None:
    """Several areas, whole rows, whole columns."""
    open_sheet = sheet("stock_in", ("MUG", 1), ("PEN", 1))
    app = xw.apps.active

    class Chosen:
        sheet = open_sheet.sheet.impl
        address = ""

    for address, rows in (("$A$4", [4]), ("$A$5:$C$6,$B$9", [5, 6, 9]), ("$4:$5", [4, 5]), ("$A:$B", [])):
        Chosen.address = address
        app.impl.selection = Chosen()
        assert selected_rows(app, open_sheet.sheet) == rows
    app.impl.selection = None
    assert selected_rows(app, open_sheet.sheet) == []
