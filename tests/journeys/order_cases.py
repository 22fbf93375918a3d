"""The rules of orders that are easiest seen in figures, case by case: ORD-8, ORD-9, ORD-10, ORD-11.

What stands before the `yield` of a case is how the order came to be as it is before; what stands behind it is what
happens. *Before* and *after* are told as `state on_hand-allocated`, with a pair for each SKU that the order sells; the
states of supplementary orders follow a `+`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.journeys.order_scenes import CASES, PLAIN, STRICT, Scene, case

__all__ = ["CASES"]


@case("ORD-8", PLAIN, "to pack; cancelled at the market", "to_pack 10-4", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.market("cancel")


@case("ORD-8", PLAIN, "to pack; cancelled here", "to_pack 10-4", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.act("cancel")


@case("ORD-8", PLAIN, "in process; cancelled at the market", "in_process 10-4", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.act("pack")
    yield
    s.market("cancel")


@case("ORD-8", PLAIN, "shipped; cancelled at the market", "shipped 6-0", "cancelled 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.market("cancel")


@case("ORD-8", PLAIN, "that, and a *ship* click files it away", "cancelled 6-0", "cancelled (filed) 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    s.market("cancel")
    yield
    s.act("ship")


@case("ORD-8", PLAIN, "that, and its package is scanned back in", "cancelled 6-0", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    s.market("cancel")
    yield
    s.scan()


@case("ORD-8", STRICT, "to pack; cancelled at the market: returned", "to_pack 10-4", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.market("cancel")


@case("ORD-8", STRICT, "to pack; cancelled here, quantity returned", "to_pack 10-4", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.act("cancel", return_quantity=True)


@case("ORD-8", STRICT, "to pack; cancelled here, quantity not returned", "to_pack 10-4", "cancelled 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.act("cancel", return_quantity=False)


@case("ORD-8", STRICT, "shipped; cancelled at the market: returned", "shipped 6-0", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.market("cancel")


@case("ORD-8", STRICT, "that, and a scan of its package is refused", "cancelled 10-0", "cancelled 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    s.market("cancel")
    yield
    s.scan_is_refused()


@case("ORD-8", STRICT, "shipped; cancelled here, quantity not returned", "shipped 6-0", "cancelled 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.act("cancel", return_quantity=False)


@case("ORD-8", STRICT, "placed 15 days ago, to pack; cancelled at the market", "to_pack 10-4", "cancelled 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4, days_ago=15)
    yield
    s.market("cancel")


@case("ORD-8", STRICT, "placed 15 days ago, shipped; cancelled here, *returned*", "shipped 6-0", "cancelled 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4, days_ago=15)
    s.ship()
    yield
    s.act("cancel", return_quantity=True)


@case("ORD-9", PLAIN, "packed here, shipped outside", "in_process 10-4", "shipped 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.act("pack")
    yield
    s.market("ship")


@case("ORD-9", PLAIN, "in process at the store: not touched here, no change", "to_pack 10-4", "to_pack 10-4")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.market("pack")


@case("ORD-9", PLAIN, "not touched here, shipped outside", "to_pack 10-4", "shipped 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.market("ship")


@case("ORD-9", PLAIN, "an order of 12, out of stock, shipped outside", "out_of_stock 10-0", "shipped 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(12)
    yield
    s.market("ship")


@case("ORD-9", PLAIN, "unmapped, shipped outside", "unmapped 10-0", "shipped 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4, unmapped=1)
    yield
    s.market("ship")


@case("ORD-9", PLAIN, "voided, shipped outside", "voided 10-0", "shipped 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.act("void")
    yield
    s.market("ship")


@case("ORD-9", STRICT, "packed here, shipped outside", "in_process 10-4", "shipped 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.act("pack")
    yield
    s.market("ship")


@case("ORD-9", STRICT, "not touched here, shipped outside", "to_pack 10-4", "shipped 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.market("ship")


@case("ORD-9", STRICT, "an order of 12, out of stock, that fits by now", "out_of_stock 15-0", "shipped 3-0")
def _(s: Scene) -> Iterator[None]:
    s.order(12)
    s.stock_in(5)
    yield
    s.market("ship")


@case("ORD-9", STRICT, "an order of 12, out of stock, that does not fit", "out_of_stock 10-0", "shipped (listed) 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(12)
    yield
    s.market("ship")


@case("ORD-9", STRICT, "unmapped, shipped outside", "unmapped 10-0", "shipped (listed) 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4, unmapped=1)
    yield
    s.market("ship")


@case("ORD-9", STRICT, "voided, shipped outside", "voided 10-0", "shipped 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.act("void")
    yield
    s.market("ship")


@case("ORD-10", PLAIN, "to pack; 4 become 1", "to_pack 10-4", "to_pack 10-1")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.edit(1)


@case("ORD-10", PLAIN, "to pack; a second line goes", "to_pack 10-4 10-2", "to_pack 10-4 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4, other=2)
    yield
    s.edit(4)


@case("ORD-10", PLAIN, "to pack; 4 become 6", "to_pack 10-4", "to_pack 10-6")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.edit(6)


@case("ORD-10", PLAIN, "in process; 4 become 6", "in_process 10-4", "in_process 10-6")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.act("pack")
    yield
    s.edit(6)


@case("ORD-10", PLAIN, "to pack; a line is added", "to_pack 10-4 10-0", "to_pack 10-4 10-2")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.edit(4, other=2)


@case("ORD-10", PLAIN, "to pack; 4 become 12: it keeps the 4", "to_pack 10-4", "out_of_stock 10-4")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    yield
    s.edit(12)


@case("ORD-10", PLAIN, "that, and 5 arrive and it is tried again", "out_of_stock 10-4", "to_pack 15-12")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.edit(12)
    yield
    s.stock_in(5)
    s.company.ask("POST", "/orders/move-to-pack", {"ids": [s.company.order(s.store, s.number)["id"]]})


@case("ORD-10", PLAIN, "that, and it is voided instead", "out_of_stock 10-4", "voided 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.edit(12)
    yield
    s.act("void")


@case("ORD-10", PLAIN, "shipped; 4 become 1: a refund", "shipped 6-0", "shipped 9-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.edit(1)


@case("ORD-10", PLAIN, "shipped; 4 become 6: a supplementary order of 2", "shipped 6-0", "shipped+to_pack 6-2")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.edit(6)


@case("ORD-10", PLAIN, "shipped; 4 become 14: one of 10, out of stock", "shipped 6-0", "shipped+out_of_stock 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.edit(14)


@case("ORD-11", PLAIN, "shipped; returned at the market: listed, no more", "shipped 6-0", "shipped 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    yield
    s.market("return")
    [listed] = s.company.get("/orders", to_return=True, number=s.number, store=s.store)["items"]
    assert listed["market_status"] == "returned"


@case("ORD-11", PLAIN, "that, and its package is scanned back in", "shipped 6-0", "shipped 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    s.market("return")
    yield
    s.scan()
    s.scan_is_refused()


@case("ORD-11", PLAIN, "completed; a scan of its package is refused", "completed 6-0", "completed 6-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    s.market("deliver")
    yield
    s.scan_is_refused()


@case("ORD-11", PLAIN, "that, marked as processed; 3 come back by a list", "completed 6-0", "completed 9-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.ship()
    s.market("deliver")
    yield
    s.act("mark-processed")
    order = s.company.order(s.store, s.number)["id"]
    [made] = s.company.ask("POST", "/returns", {"order": order, "items": [{"sku": s.sku, "quantity": 3}]})["items"]
    s.company.ask("POST", f"/returns/{made['id']}/complete")


@case("ORD-11", PLAIN, "shipped outside, nothing deducted; a scan is refused", "shipped 10-0", "shipped 10-0")
def _(s: Scene) -> Iterator[None]:
    s.order(4)
    s.market("ship")
    yield
    assert "stock-in list" in s.scan_is_refused()
