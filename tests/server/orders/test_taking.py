from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from server.catalog.models import Component, MerchantSku
from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.db.session import Database
from server.ledger.models import Entry
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.orders.models import Order, OrderHold
from server.orders.taking import Taken, take_in
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed, Told
from server.stores.models import Store, StoreSku
from tests.factories import AT, figures, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.support.statements import counted

READY = MarketStatus.READY_TO_SHIP


def news(
    number: str, *lines: tuple[str, int], status: MarketStatus = READY, minutes: int = 0, **more: Any
) -> MarketOrder:
    """An order as its store tells it, `minutes` after it was placed."""
    at = AT + timedelta(minutes=minutes)
    facts: dict[str, Any] = {"placed_at": AT, "paid_at": None if status is MarketStatus.UNPAID else AT}
    rows = [MarketLine(str(place), code, quantity) for place, (code, quantity) in enumerate(lines, 1)]
    return MarketOrder(number=number, status=status, updated_at=at, lines=rows, **{**facts, **more})


@dataclass
class Shop:
    """A store with two mapped SKUs and a warehouse."""

    db: Database
    warehouse: int
    store: int
    red: int
    blue: int

    def take(self, *orders: MarketOrder, at: datetime = AT) -> Taken:
        return self.db.write(lambda s: take_in(s, s.get_one(Store, self.store), orders, by="sync", at=at))

    def stock(self, sku: int, quantity: int) -> None:
        self.db.write(lambda s: put_stock(s, self.warehouse, sku, quantity))

    def state(self, number: str) -> str:
        with self.db.read() as s:
            return s.scalars(select(Order.state).where(Order.number == number)).one()

    def figures(self, sku: int) -> Figures:
        with self.db.read() as s:
            assert verify(s) == []
            return figures(s, self.warehouse, sku)


@pytest.fixture
def shop(db: Database) -> Shop:
    def work(s):
        warehouse = make_warehouse(s, default=True)
        store = make_store(s)
        red, blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        make_store_sku(s, store, "red", red)
        make_store_sku(s, store, "blue", blue)
        return Shop(db, warehouse, store, red, blue)

    return db.write(work)


def test_an_unpaid_order_takes_no_stock(shop: Shop) -> None:
    """ORD-1: it counts from payment, or from the buyer's confirmation of cash on delivery."""
    shop.stock(shop.red, 5)
    shop.take(news("A", ("red", 2), status=MarketStatus.UNPAID))
    assert (shop.state("A"), shop.figures(shop.red).allocated) == ("unpaid", 0)
    shop.take(news("A", ("red", 2), minutes=5, paid_at=AT + timedelta(minutes=5)))
    assert (shop.state("A"), shop.figures(shop.red).allocated) == ("to_pack", 2)


def test_an_order_is_allocated_whole_or_not_at_all(shop: Shop) -> None:
    """ORD-2: not enough of any line -> out of stock, holding nothing."""
    shop.stock(shop.red, 5)
    shop.take(news("A", ("red", 2), ("blue", 1)))
    assert (shop.state("A"), shop.figures(shop.red)) == ("out_of_stock", Figures(5))
    shop.take(news("B", ("red", 5)))
    assert (shop.state("B"), shop.figures(shop.red)) == ("to_pack", Figures(5, 5))


def test_two_orders_for_the_last_unit(shop: Shop) -> None:
    """ORD-2: exactly one gets it: the one that counts from earlier."""
    shop.stock(shop.red, 1)
    late = news("LATE", ("red", 1), paid_at=AT + timedelta(minutes=9))
    shop.take(late, news("EARLY", ("red", 1), paid_at=AT + timedelta(minutes=1)))
    assert (shop.state("EARLY"), shop.state("LATE")) == ("to_pack", "out_of_stock")


def test_one_sku_twice_in_an_order_is_summed(shop: Shop) -> None:
    """ORD-2: two lines of one SKU, each fitting alone, are checked together."""
    shop.stock(shop.red, 3)
    shop.take(news("A", ("red", 2), ("red", 2)))
    assert shop.state("A") == "out_of_stock"


def test_a_line_without_mapping_makes_the_order_unmapped(shop: Shop) -> None:
    """ORD-2: and the store SKU is written down, to be mapped."""
    shop.stock(shop.red, 3)
    shop.take(news("A", ("red", 1), ("green", 1)))
    assert (shop.state("A"), shop.figures(shop.red).allocated) == ("unmapped", 0)
    with shop.db.read() as s:
        assert s.scalars(select(StoreSku.sku_id).where(StoreSku.code == "green")).one() is None


def test_the_same_page_again_changes_nothing(shop: Shop) -> None:
    """ORD-3: sync is idempotent."""
    shop.stock(shop.red, 5)
    page = [news("A", ("red", 2)), news("B", ("red", 1))]
    assert shop.take(*page).new == 2
    with shop.db.read() as s:
        before = len(s.scalars(select(Entry)).all())
    assert shop.take(*page) == Taken(same=2)
    with shop.db.read() as s:
        assert len(s.scalars(select(Entry)).all()) == before


def test_older_news_never_undoes_newer(shop: Shop) -> None:
    """ORD-3: late news changes nothing it should not."""
    shop.stock(shop.red, 5)
    shop.take(news("A", ("red", 2)))
    shop.take(news("A", ("red", 2), status=MarketStatus.CANCELLED, minutes=10))
    shop.take(news("A", ("red", 2), minutes=5))
    assert (shop.state("A"), shop.figures(shop.red)) == ("cancelled", Figures(5))


def test_equal_times_apply_other_content_but_never_go_back(shop: Shop) -> None:
    """ORD-3: at equal times content that differs is applied; a state never moves backwards."""
    shop.stock(shop.red, 5)
    shop.take(news("A", ("red", 2), minutes=5))
    shop.take(news("A", ("red", 2), minutes=5, status=MarketStatus.UNPAID))
    assert shop.state("A") == "to_pack"
    shop.take(news("A", ("red", 2), minutes=5, status=MarketStatus.CANCELLED))
    assert shop.state("A") == "cancelled"


def test_equal_times_in_one_page_never_go_back(shop: Shop) -> None:
    """ORD-3: a page may tell of an order twice, the further one first."""
    shop.stock(shop.red, 5)
    told = [news("A", ("red", 2), minutes=5, status=MarketStatus.CANCELLED), news("A", ("red", 2), minutes=5)]
    shop.take(*told)
    shop.take(*(replace(one, number="B") for one in reversed(told)))
    assert (shop.state("A"), shop.state("B")) == ("cancelled", "cancelled")


def test_news_in_any_order_and_any_number_ends_the_same(shop: Shop) -> None:
    """ORD-3: every delivery one to three times in random order."""
    shop.stock(shop.red, 10)
    story = [
        news("A", ("red", 2), status=MarketStatus.UNPAID),
        news("A", ("red", 2), minutes=5),
        news("A", ("red", 2), minutes=9, status=MarketStatus.CANCELLED),
    ]
    dice = random.Random(7)
    for _ in range(12):
        number = f"N{dice.random()}"
        told = [replace(piece, number=number) for piece in story for _ in range(dice.randint(1, 3))]
        dice.shuffle(told)
        for piece in told:
            shop.take(piece)
        assert shop.state(number) == "cancelled"
    assert shop.figures(shop.red) == Figures(10)


@pytest.mark.parametrize("before", ["to_pack", "out_of_stock", "unmapped", "unpaid"])
def test_a_cancel_at_the_market_releases(shop: Shop, before: str) -> None:
    """ORD-8: in an allocated state it is released by itself."""
    code = "green" if before == "unmapped" else "red"
    shop.stock(shop.red, 1 if before == "out_of_stock" else 9)
    status = MarketStatus.UNPAID if before == "unpaid" else READY
    shop.take(news("A", (code, 2), status=status))
    assert shop.state("A") == before
    shop.take(news("A", (code, 2), status=MarketStatus.CANCELLED, minutes=3))
    assert (shop.state("A"), shop.figures(shop.red).allocated) == ("cancelled", 0)


def test_a_combination_takes_its_components(shop: Shop) -> None:
    """CAT-6: selling one allocates quantity x each component in one entry; the order keeps what it took."""

    def work(s):
        combo = make_sku(s, "SET", kind="combination")
        s.add(Component(combination_id=combo, component_id=shop.red, quantity=2))
        s.add(Component(combination_id=combo, component_id=shop.blue, quantity=1))
        make_store_sku(s, shop.store, "set", combo)
        return combo

    combo = shop.db.write(work)
    shop.stock(shop.red, 5)
    shop.stock(shop.blue, 5)
    shop.take(news("A", ("set", 2)))
    assert (shop.figures(shop.red).allocated, shop.figures(shop.blue).allocated) == (4, 2)

    def change_recipe(s):
        s.scalars(select(Component).where(Component.component_id == shop.red)).one().quantity = 1

    shop.db.write(change_recipe)
    shop.take(news("A", ("set", 2), status=MarketStatus.CANCELLED, minutes=2))
    assert (shop.figures(shop.red).allocated, shop.figures(shop.blue).allocated) == (0, 0)
    with shop.db.read() as s:
        assert {h.sku_id for h in s.scalars(select(OrderHold))} == {shop.red, shop.blue} and combo


def test_a_combination_with_own_stock_takes_one_of_itself_too(shop: Shop) -> None:
    """CAT-6: with own stock."""

    def work(s):
        combo = make_sku(s, "SET", kind="combination", own_stock=True)
        s.add(Component(combination_id=combo, component_id=shop.red, quantity=1))
        make_store_sku(s, shop.store, "set", combo)
        return combo

    combo = shop.db.write(work)
    shop.stock(shop.red, 5)
    shop.take(news("A", ("set", 1)))
    assert shop.state("A") == "out_of_stock"
    shop.stock(combo, 1)
    shop.take(news("B", ("set", 1)))
    assert (shop.figures(combo).allocated, shop.figures(shop.red).allocated) == (1, 1)


def test_the_warehouse_of_an_order(shop: Shop) -> None:
    """WH-1: the SKUs' common own default, else the store's, else the default; never split."""
    east = shop.db.write(lambda s: make_warehouse(s, "EAST"))
    south = shop.db.write(lambda s: make_warehouse(s, "SOUTH"))

    def settle(s):
        s.get_one(MerchantSku, shop.red).default_warehouse_id = east
        s.get_one(Store, shop.store).warehouse_id = south

    shop.db.write(settle)
    for w in (shop.warehouse, east, south):
        shop.db.write(lambda s, w=w: put_stock(s, w, shop.red, 5))
        shop.db.write(lambda s, w=w: put_stock(s, w, shop.blue, 5))
    shop.take(news("ONE", ("red", 1)), news("BOTH", ("red", 1), ("blue", 1)))
    with shop.db.read() as s:
        places = dict(s.execute(select(Order.number, Order.warehouse_id)).all())
    assert places == {"ONE": east, "BOTH": south}


def test_orders_before_the_start_date_are_ignored(shop: Shop) -> None:
    """ORD-12: and so are all later updates to them."""
    shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "orders_from", AT + timedelta(days=1)))
    assert shop.take(news("A", ("red", 1)), news("B", ("red", 1), minutes=9999)) == Taken(ignored=2)
    assert shop.take(news("A", ("red", 1), minutes=9999)) == Taken(ignored=1)


def test_an_ignored_order_changed_what_its_shop_shows_all_the_same(shop: Shop) -> None:
    """ORD-12, PSH-8: its cancelling puts units back that were never ours to give. Read again and again, it is told
    once; a listing that was never told is left to its shop."""

    def told(at: datetime) -> None:
        shop.db.write(lambda s: (s.query(Changed).delete(), s.execute(update(Told).values(known=True, told_at=at))))

    def unknown() -> tuple[list[bool], int]:
        with shop.db.read() as s:
            return [not one.known for one in s.scalars(select(Told))], len(s.scalars(select(Changed)).all())

    shop.take(news("A", ("red", 1)))
    shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "orders_from", AT + timedelta(days=1)))
    told(AT)
    assert shop.take(news("B", ("red", 1), ("blue", 1), minutes=5)) == Taken(ignored=1)
    assert unknown() == ([True], 1)
    told(AT + timedelta(minutes=7))
    shop.take(news("B", ("red", 1), ("blue", 1), minutes=5))
    assert unknown() == ([False], 0)
    shop.take(news("B", ("red", 1), status=MarketStatus.CANCELLED, minutes=9))
    assert unknown() == ([True], 1)


def test_an_order_that_is_here_is_followed_past_a_later_start_date(shop: Shop) -> None:
    """ORD-12: else what it holds would never come free."""
    shop.stock(shop.red, 5)
    shop.take(news("A", ("red", 2)))
    shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "orders_from", AT + timedelta(days=1)))
    taken = shop.take(news("A", ("red", 2), status=MarketStatus.CANCELLED, minutes=5), news("B", ("red", 1)))
    assert (taken.changed, taken.ignored) == (1, 1)
    assert (shop.state("A"), shop.figures(shop.red)) == ("cancelled", Figures(5))


@pytest.mark.parametrize("kind", [lambda o: replace(o, platform_fulfilled=True), lambda o: o])
def test_orders_run_by_the_marketplace_are_recorded_only(
    shop: Shop, kind: Callable[[MarketOrder], MarketOrder]
) -> None:
    """ORD-13: recorded, never allocated."""
    order = kind(news("A", ("red", 1)))
    if not order.platform_fulfilled:
        shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "is_choice", True))
    shop.stock(shop.red, 5)
    shop.take(order)
    assert (shop.state("A"), shop.figures(shop.red)) == ("recorded", Figures(5))


def test_news_makes_what_the_store_shows_unknown(shop: Shop) -> None:
    """PSH-8: also where nothing was posted; the SKUs are evaluated for cause 1 (PSH-7)."""
    shop.db.write(lambda s: s.query(Changed).delete())
    shop.take(news("A", ("red", 1)))
    with shop.db.read() as s:
        assert [told.known for told in s.scalars(select(Told))] == [False]
        assert [unpack(row.causes) for row in s.scalars(select(Changed))] == [[Cause.ORDER_SYNC]]


def test_statements_do_not_grow_with_orders(shop: Shop) -> None:
    """ORD-2: a page of orders is taken in set-based."""
    shop.stock(shop.red, 1000)
    seen = []
    for size in (3, 60):
        page = [news(f"P{size}-{n}", ("red", 1), ("blue", 1)) for n in range(size)]
        page += [news(f"Q{size}-{n}", ("red", 1)) for n in range(size)]
        with counted(shop.db) as statements:
            shop.take(*page)
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_statements_do_not_grow_with_mixed_news(shop: Shop) -> None:
    """ORD-3: news that changes other columns of each order is written at once too."""
    shop.stock(shop.red, 1000)
    seen = []
    for size in (10, 100):
        shop.take(*(news(f"M{size}-{n}", ("red", 1)) for n in range(size)))
        with counted(shop.db) as statements:
            shop.take(*(news(f"M{size}-{n}", ("red", 1), minutes=5 + n % 3, **_mixed(n)) for n in range(size)))
        seen.append(len(statements))
    assert seen[0] == seen[1]
    with shop.db.read() as s:
        for n in (1, 2, 3, 4):
            order = s.scalars(select(Order).where(Order.number == f"M100-{n}")).one()
            said = {name: getattr(order, name) for name in ("hold", "cod", "total", "tracking", "cancel_pending")}
            assert said == _MIXED_BEFORE | {name.removesuffix("_numbers"): value for name, value in _mixed(n).items()}
            assert (order.seen_at, order.counts_at) == (AT + timedelta(minutes=5 + n % 3), AT)


_MIXED_BEFORE = {"hold": False, "cod": False, "total": None, "tracking": [], "cancel_pending": False}


def _mixed(n: int) -> dict[str, Any]:
    facts: list[dict[str, Any]] = [
        {},
        {"hold": True},
        {"total": Decimal("12.50")},
        {"tracking_numbers": [f"TRK-{n}"]},
        {"cancel_pending": True, "total": Decimal(n)},
    ]
    return facts[n % len(facts)]
