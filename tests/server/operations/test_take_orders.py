"""Orders come in, and what nobody has mapped gets a merchant SKU by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.catalog.models import Gtin, MerchantSku
from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.ledger.posting import Figures
from server.operations.take_orders import take_orders
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.stores.models import Store, StoreSku
from server.switches import service as switches
from tests.factories import AT, make_sku, make_store_sku
from tests.server.operations.shop import Shop
from tests.support.statements import counted

READY = MarketStatus.READY_TO_SHIP


def news(number: str, *codes: str, status: MarketStatus = READY, **more: Any) -> MarketOrder:
    lines = [MarketLine(str(place), code, 1, name=f"A {code}") for place, code in enumerate(codes, 1)]
    return MarketOrder(number, status, AT, AT, lines, paid_at=AT, **more)


def take(shop: Shop, *orders: MarketOrder) -> None:
    shop.db.write(lambda s: take_orders(s, s.get_one(Store, shop.store), orders, by="sync", at=AT))


def mapped(shop: Shop) -> dict[str, str | None]:
    """Store SKU -> merchant SKU."""
    with shop.db.read() as s:
        rows = select(StoreSku.code, MerchantSku.code).outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
        return dict(s.execute(rows).all())


@pytest.fixture
def creating(shop: Shop) -> Shop:
    """With the setting on."""
    shop.db.write(lambda s: switches.turn(s, "create_sku_automatically", True, by="anna", at=AT))
    return shop


def test_an_unmapped_line_gets_a_sku_made_from_the_store_sku(creating: Shop) -> None:
    """CAT-11: and the mapping, in the same transaction; with the listing's name and GTIN, else the line's name."""
    creating.db.write(lambda s: make_store_sku(s, creating.store, "green", name="Green shirt", gtin="4006381333931"))
    take(creating, news("A", "green", "Grey-1", "red"))
    assert mapped(creating) == {"red": "RED", "blue": "BLUE", "green": "green", "Grey-1": "Grey-1"}
    with creating.db.read() as s:
        titles = dict(s.execute(select(MerchantSku.code, MerchantSku.title)).all())
        assert s.scalars(select(Gtin.value)).all() == ["4006381333931"]
        made = s.scalars(select(MerchantSku.id).where(MerchantSku.code == "green")).one()
        assert Cause.MAPPING in unpack(s.get_one(Changed, made).causes)
    assert (titles["green"], titles["Grey-1"]) == ("Green shirt", "A Grey-1")
    assert creating.states == {"A": "out_of_stock"}


def test_unless_told_so_the_order_is_unmapped(shop: Shop) -> None:
    """CAT-11: off by default."""
    take(shop, news("A", "green"))
    assert (shop.states, mapped(shop)["green"]) == ({"A": "unmapped"}, None)


def test_a_sku_that_is_there_is_mapped_instead(creating: Shop) -> None:
    """CAT-10, CAT-11: by the store's own rule; codes that differ in case only share one SKU."""
    sku = creating.db.write(lambda s: make_sku(s, "Green"))
    creating.stock(sku, 5)
    take(creating, news("A", "GREEN", "new", "NEW"))
    assert {code: mapped(creating)[code] for code in ("GREEN", "new", "NEW")} == {
        "GREEN": "Green", "new": "NEW", "NEW": "NEW",
    }  # fmt: skip


def test_what_can_not_be_told_apart_stays_unmapped(creating: Shop) -> None:
    """CAT-10, CAT-11: an ambiguous listing, a code that another SKU has, a code that can't be a SKU."""

    def fill(s) -> None:
        s.get_one(Store, creating.store).settings = {"match_by": "name"}
        for code in ("M-1", "M-2"):
            make_sku(s, code, title="Mug", title_key="mug")
        make_sku(s, "TAKEN", title="Other", title_key="other")
        make_store_sku(s, creating.store, "mug", name="Mug")

    creating.db.write(fill)
    take(creating, news("A", "mug"), news("B", "taken"), news("C", "x" * 65), news("D", "fine"))
    assert [mapped(creating)[code] for code in ("mug", "taken", "x" * 65, "fine")] == [None, None, None, "fine"]
    assert creating.states == {"A": "unmapped", "B": "unmapped", "C": "unmapped", "D": "out_of_stock"}


def test_orders_that_waited_for_the_mapping_are_tried(shop: Shop) -> None:
    """CAT-9, CAT-11: also those from before the setting was on; a second order makes nothing twice."""
    take(shop, news("A", "green"))
    shop.db.write(lambda s: switches.turn(s, "create_sku_automatically", True, by="anna", at=AT))
    take(shop, news("B", "green"))
    take(shop, news("C", "green"))
    assert shop.states == {"A": "out_of_stock", "B": "out_of_stock", "C": "out_of_stock"}
    with shop.db.read() as s:
        assert s.scalar(select(func.count()).where(MerchantSku.key == "green")) == 1


@pytest.mark.parametrize(
    "order",
    [
        news("A", "green", status=MarketStatus.COMPLETED),
        news("A", "green", status=MarketStatus.CANCELLED),
        news("A", "green", platform_fulfilled=True),
    ],
)
def test_orders_that_take_no_stock_make_no_sku(creating: Shop, order: MarketOrder) -> None:
    """CAT-11: years of old orders would fill the catalogue with what nobody sells any more."""
    take(creating, order)
    assert mapped(creating)["green"] is None
    creating.db.write(lambda s: setattr(s.get_one(Store, creating.store), "orders_from", AT + timedelta(days=1)))
    take(creating, news("B", "grey"))
    assert "grey" not in mapped(creating)


def test_in_one_transaction_with_the_order(creating: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAT-11: an order that can't be taken in leaves no SKU behind."""

    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("server.operations.take_orders.take_in", broken)
    with pytest.raises(RuntimeError):
        take(creating, news("A", "green"))
    assert "green" not in mapped(creating)
    with creating.db.read() as s:
        assert s.scalars(select(MerchantSku.code).order_by(MerchantSku.id)).all() == ["RED", "BLUE"]
    assert creating.figures(creating.red) == Figures()


def test_statements_do_not_grow_with_orders(creating: Shop) -> None:
    """CAT-11: a page is mapped set-based."""
    seen = []
    for size in (2, 40):
        with counted(creating.db) as statements:
            take(creating, *(news(f"N{size}-{n}", f"g{size}-{n}", "red") for n in range(size)))
        seen.append(len(statements))
    assert seen[0] == seen[1]
