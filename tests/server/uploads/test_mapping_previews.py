"""What a mapping workbook says of orders before it is applied is what becomes of them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import Component
from server.db.session import Database
from server.orders.models import Order, OrderLine
from server.orders.states import NEW, Action, State
from server.settings import Settings
from server.stores.models import StoreSku
from tests.factories import make_sku, make_store_sku
from tests.server.orders.desk import Desk as Orders
from tests.server.orders.desk import news, open_desk
from tests.support.handing_in import Desk
from tests.support.statements import counted

LISTINGS, SKUS = ("red", "blue", "green", "grey"), ("RED", "BLUE", "PAIR", "")


@pytest.fixture
def orders(db: Database) -> Orders:
    """RED, BLUE, and PAIR of one each; listings red and blue mapped, green and grey not."""
    opened = open_desk(db)

    def more(s: Session) -> None:
        pair = make_sku(s, "PAIR", kind="combination")
        s.add_all(Component(combination_id=pair, component_id=part, quantity=1) for part in (opened.red, opened.blue))
        make_store_sku(s, opened.store, "grey")

    db.write(more)
    return opened


@pytest.fixture
def mapping(db: Database, orders: Orders, tmp_path: Path) -> Desk:
    return Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "mapping")


def _sheet(rng: random.Random) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for listing in rng.sample(LISTINGS, rng.randint(1, 3)):
        row: dict[str, object] = {"store": "Shop", "store_sku": listing}
        row["scope"] = rng.choice(["all new orders", "all new orders", "future orders"])
        sku = rng.choice(SKUS)
        row |= {"sku": sku} if sku else {"action": "REMOVE"}
        rows.append(row)
    return rows


def _orders_come(rng: random.Random, orders: Orders, turn: int) -> None:
    for number in range(rng.randint(1, 4)):
        lines = [(listing, rng.randint(1, 3)) for listing in rng.sample(LISTINGS, rng.randint(1, 2))]
        orders.take(news(f"{turn}-{number}", *lines))
    for sku in (orders.red, orders.blue):
        if rng.random() < 0.7:
            orders.stock(sku, rng.randint(1, 6))
    to_pack = [n for n, state in _states(orders).items() if state == State.TO_PACK]
    if to_pack and rng.random() < 0.3:
        with orders.db.read() as s:
            packed = s.get_one(Order, rng.choice(to_pack)).number
        orders.act(Action.PACK, packed)


def _states(orders: Orders) -> dict[int, str]:
    with orders.db.read() as s:
        return dict(s.execute(select(Order.id, Order.state)).all())


def _lines(orders: Orders) -> list[tuple[int, int, str, int | None]]:
    with orders.db.read() as s:
        query = select(OrderLine.id, OrderLine.order_id, StoreSku.code, OrderLine.sku_id)
        return list(s.execute(query.join(StoreSku, StoreSku.id == OrderLine.store_sku_id)).all())


def _said(changes: list[tuple[str, object, object]]) -> dict[str, tuple[object, object]]:
    return {name: (before, after) for name, before, after in changes if name.startswith("order")}


def test_what_is_said_is_what_becomes_of_orders(orders: Orders, mapping: Desk) -> None:
    """CAT-9, WB-5: row by row, by the states and the lines of the orders that the row moved; PSH-12 in figures."""
    rng, seen = random.Random(9), Counter[str]()
    for turn in range(25):
        _orders_come(rng, orders, turn)
        sheet = _sheet(rng)
        said = mapping.hand_in(*sheet, apply=False)
        before, lines = _states(orders), _lines(orders)
        done = mapping.hand_in(*sheet, apply=True)
        if done.status != "applied":
            assert said.statuses == done.statuses
            continue
        after, moved = _states(orders), {line: sku for line, _, _, sku in _lines(orders)}
        orders.figures(orders.red)  # the ledger and what orders hold agree
        for row, changes in zip(sheet, said.changes, strict=True):
            expected = _became(row, changes, before, after, lines, moved)
            assert _said(changes) == expected, (turn, row)
            seen.update(expected.keys())
    assert seen["order_lines"] > 10 and seen["orders_to_pack"] > 5 and seen["orders_out_of_stock"] > 3, seen


def _became(row, changes, before, after, lines, moved) -> dict[str, tuple[int, int]]:
    mine = [(line, order, sku) for line, order, code, sku in lines if code == row["store_sku"]]
    if row["scope"] == "all new orders":
        going = [(line, order) for line, order, sku in mine if before[order] in NEW and moved[line] != sku]
        touched = {order for _, order in going}
        expected = {"order_lines": (0, len(going))} if going else {}
    else:
        newly = any(name == "sku" for name, *_ in changes) and "sku" in row
        touched = {order for _, order, _ in mine if before[order] == State.UNMAPPED and newly}
        expected = {}
    was, now = Counter(before[order] for order in touched), Counter(after[order] for order in touched)
    return expected | {f"orders_{state}": (was[state], now[state]) for state in State if was[state] != now[state]}


def test_statements_do_not_grow_with_orders(orders: Orders, mapping: Desk) -> None:
    orders.stock(orders.red, 50)
    orders.stock(orders.blue, 5)
    seen = []
    for count in (2, 12):
        orders.take(*(news(f"{count}-{n}", ("red", 1)) for n in range(count)))
        with counted(orders.db) as statements:
            said = mapping.hand_in(
                {"store": "Shop", "store_sku": "red", "sku": "BLUE", "scope": "all new orders"}, apply=False
            )
        seen.append(len(statements))
    assert seen[0] == seen[1]
    assert _said(said.changes[0]) == {
        "order_lines": (0, 14), "orders_to_pack": (14, 5), "orders_out_of_stock": (0, 9),
    }  # fmt: skip
