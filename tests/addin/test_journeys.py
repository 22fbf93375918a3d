"""From a press on the ribbon, through VBA, Python and HTTP, to what a buyer sees in the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from addin.desktop import config
from tests.addin.chain import Ribbon
from tests.addin.conftest import Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet
from tests.support.server import free_port
from tests.support.shops import wait_until_shown


def test_from_the_button_to_the_store(
    xlam: Path, site: Site, sheet: Callable[..., OpenSheet], signed_in: Excel
) -> None:
    """Button -> VBA -> Python -> HTTP -> red cell and note -> corrected -> Apply -> the store shows the new figure."""
    ribbon = Ribbon(xlam)
    wait_until_shown(site.market, "Web", {"CAP": _available(site, "CAP")})
    now = _available(site, "CAP")
    open_sheet = sheet("quantity_update", {"sku": "CAAP", "on_hand": now + 5})
    ribbon.run("validate")
    assert open_sheet.colour(0, "sku") == "error" and "CAAP" in (open_sheet.note(0, "sku") or "")
    assert open_sheet.status(0) == "Error" and site.market.shown("web")["CAP"] == now

    open_sheet.type(0, {"sku": "CAP", "on_hand": now + 5})
    ribbon.run("validate")
    assert open_sheet.colour(0, "sku") is None and open_sheet.note(0, "sku") is None
    ribbon.run("apply")
    assert open_sheet.status(0).startswith("Applied #") and "Applied." in signed_in.said
    wait_until_shown(site.market, "Web", {"CAP": _available(site, "CAP")})


def test_push_now_and_a_server_that_is_away(
    xlam: Path, site: Site, sheet: Callable[..., OpenSheet], signed_in: Excel
) -> None:
    """Push Now from the ribbon tells the store and says so; without a server each button says that, and no more."""
    ribbon = Ribbon(xlam)
    wait_until_shown(site.market, "Web", {"PEN": _available(site, "PEN")})
    open_sheet = sheet("stock_in", ("PEN", 1))
    open_sheet.sheet.activate()
    open_sheet.cell(0, "sku").select()
    before = site.market.times_set("web")["PEN"]
    signed_in.answers += ["yes"]
    ribbon.run("push_now")
    assert "1 listing told" in signed_in.said and site.market.times_set("web")["PEN"] == before + 1

    away = f"http://127.0.0.1:{free_port()}"
    config.change(server=away)
    config.keep_token(away, "sb_any")
    open_sheet.settle()
    signed_in.answers += ["yes"]
    for command in (
        "get_template",
        "load_current_data",
        "validate",
        "apply",
        "push_now",
        "sync_orders",
        "reports",
        "history",
    ):
        signed_in.alerts.clear()
        ribbon.run(command)
        assert signed_in.alerts[-1].title == "The Stockbook server does not answer", command
    assert not open_sheet.touched and ribbon.said == []


def _available(site: Site, sku: str) -> int:
    return sum(int(item["available"]) for item in site.server.get("/stock", sku=sku)["items"])
