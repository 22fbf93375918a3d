"""Push Now and Sync Orders in the Office add-in, against a marketplace that shows what reached it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.addin.conftest import Site
from tests.addin.officejs.conftest import OfficeExcel
from tests.support.server import wait_for
from tests.support.shops import wait_until_shown

pytestmark = pytest.mark.browser


def _in_step(site: Site, *skus: str) -> None:
    """Until the store shows what is available."""
    wait_until_shown(site.market, "Web", {sku: site.stock(sku) for sku in skus})
    wait_for(lambda: not site.server.get("/push")["items"], what="nothing waits")


def test_what_changed_where(office: OfficeExcel, site: Site) -> None:
    """PSH-7 (16): the stores change, and the summary says so: store, listing, before and after. PSH-10: a store that is
    down is named."""
    _in_step(site, "MUG")
    now = site.stock("MUG")
    site.market.faults("web", down=True)
    try:
        site.server.apply("stock_in", {"sku": "MUG", "quantity": 3})
        wait_for(lambda: site.server.get("/push")["items"], what="a push that waits")
        office.fetch("stock_in", ("MUG", 1), ("PEN", 2))
        office.select(0)
        office.press("pushNow")
        assert office.said.startswith("Push Now\n\nPush MUG?")
        office.answer("Only this one")
        assert "0 listings told" in office.said and "Web is paused" in office.said, office.said
    finally:
        site.market.faults("web")

    def store_comes_back(route: Route) -> None:
        site.market.faults("web")
        route.continue_()

    office.page.route("**/api/v1/push", store_comes_back)
    office.select(0, 2)
    office.press("pushNow")
    assert "the 2 SKUs of the selected rows" in office.said
    office.answer("Only these")
    assert "listings told" in office.said, office.said
    wait_until_shown(site.market, "Web", {"MUG": now + 3})


def test_everything_or_nothing(office: OfficeExcel, site: Site) -> None:
    """Where no SKU is selected, all listings are told, or none if the user leaves it; an unknown SKU is named."""
    _in_step(site, "MUG", "PEN", "CAP")
    before = site.market.times_set("web")
    office.fetch("warehouses")
    office.press("pushNow")
    office.answer("Cancel")
    assert office.title == "All buttons" and site.market.times_set("web") == before
    office.press("pushNow")
    office.answer("Push everything")
    assert "listings told" in office.said, office.said
    assert site.market.times_set("web")["CAP"] == before["CAP"] + 1
    office.fetch("stock_in", ("NOPE", 1))
    office.select(0)
    office.press("pushNow")
    office.answer("Only this one")
    assert "NOPE" in office.said and office.page.get_by_role("alert").count() == 1


def test_sync_orders(office: OfficeExcel, site: Site) -> None:
    """CH-5: the store's orders are here when the pane says so."""
    number = site.market.order("web", CAP=1)
    office.press("syncOrders")
    assert "Orders were read" in office.said
    assert [order["number"] for order in site.server.get("/orders", store="Web", number=number)["items"]] == [number]
