"""Deleting SKUs, and combining SKUs that are in use, across the rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog import queries, service
from server.catalog.combining import combine as combine_in_catalogue
from server.catalog.errors import RecipesRefused, SkusInUse, UnknownSkus
from server.catalog.records import NewSku, Recipe
from server.db.session import Database
from server.operations import combine_skus
from server.operations.delete_sku import delete_skus
from server.orders.models import Order, OrderHold, OrderLine, OrderReturn, OrderReturnLine
from server.places.models import SafetyStock, Shelf
from server.push.models import PushRule, PushRuleSku
from server.schema import METADATA
from server.warehousing.models import StockCount, StockCountLine, StockList, StockListLine, Transfer, TransferLine
from tests.factories import AT, make_store, make_store_sku, make_warehouse, put_stock

#: Tables that point at a SKU without keeping it: history that stays, and what deleting clears or leaves to be worked
#: off. A new table that points at SKUs stands here or keeps its SKUs, with a case below.
NOT_KEEPING = {
    "movement", "changed", "evaluation",  # history, and a mark that finds nothing to do
    "gtin", "shelf", "safety_stock",  # cleared
}  # fmt: skip
KEEPING = {
    "balance", "component", "store_sku", "order_line", "order_hold", "stock_list_line", "transfer_line",
    "stock_count_line", "push_rule_sku", "order_return_line",
}  # fmt: skip


@pytest.fixture
def skus(db: Database) -> list[int]:
    """A, B and C, and a default warehouse."""

    def fill(session: Session) -> list[int]:
        make_warehouse(session, default=True)
        return service.create(session, [NewSku(code=code, title=code) for code in "ABC"], by="anna", at=AT)

    return db.write(fill)


def delete(db: Database, *sku_ids: int) -> int:
    return db.write(lambda session: delete_skus(session, sku_ids, by="anna", at=AT))


def add(session: Session, *rows: Any) -> None:
    for row in rows:
        session.add(row)
        session.flush()


def make_order(session: Session, state: str, *, sku_id: int | None = None, held_id: int | None = None) -> None:
    """An order of one line; `held_id`: what the line holds as a component."""
    store_id = make_store(session)
    store_sku_id = make_store_sku(session, store_id, "web")
    order = Order(
        store_id=store_id, number="1001", state=state, market_status="", placed_at=AT, seen_at=AT, content="",
        created_at=AT, updated_at=AT,
    )  # fmt: skip
    add(session, order)
    line = OrderLine(order_id=order.id, line_key="1", store_sku_id=store_sku_id, sku_id=sku_id, quantity=1)
    add(session, line)
    if held_id is not None:
        add(session, OrderHold(line_id=line.id, sku_id=held_id, warehouse_id=1, per_unit=1, held=1))


def in_stock(session: Session, sku_id: int) -> None:
    put_stock(session, 1, sku_id, 1)


def in_combination(session: Session, sku_id: int) -> None:
    combine_in_catalogue(session, [Recipe("SET", {sku_id: 1}, title="Set")], by="anna", at=AT)


def mapped(session: Session, sku_id: int) -> None:
    make_store_sku(session, make_store(session, "Web"), "web-a", sku_id)


def ordered(session: Session, sku_id: int) -> None:
    make_order(session, "to_pack", sku_id=sku_id)


def held(session: Session, sku_id: int) -> None:
    make_order(session, "shipped", held_id=sku_id)


def on_list(session: Session, sku_id: int) -> None:
    row = StockList(direction="in", state="todo", warehouse_id=1, created_at=AT, created_by="anna")
    add(session, row, StockListLine(list_id=1, line=1, sku_id=sku_id, quantity=1))


def transferred(session: Session, sku_id: int) -> None:
    east = make_warehouse(session, "EAST")
    row = Transfer(state="draft", source_id=1, destination_id=east, created_at=AT, created_by="anna")
    add(session, row, TransferLine(transfer_id=1, line=1, sku_id=sku_id, quantity=1))


def counted(session: Session, sku_id: int) -> None:
    row = StockCount(state="draft", warehouse_id=1, created_at=AT, created_by="anna")
    add(session, row, StockCountLine(count_id=1, line=1, sku_id=sku_id, counted=1, expected=0))


def coming_back(session: Session, sku_id: int) -> None:
    make_order(session, "completed", sku_id=sku_id)
    row = OrderReturn(order_id=1, way="list", state="todo", created_at=AT, created_by="anna")
    add(session, row, OrderReturnLine(return_id=1, line=1, line_id=1, sku_id=sku_id, warehouse_id=1, quantity=1))


def in_scope(session: Session, sku_id: int) -> None:
    add(
        session,
        PushRule(name="Half", key="half", percentage=Decimal(50), created_at=AT),
        PushRuleSku(rule_id=1, sku_id=sku_id),
    )


@pytest.mark.parametrize(
    ("use", "table", "reason"),
    [
        (in_stock, "balance", "it has stock"),
        (in_combination, "component", "it is a component of SET"),
        (mapped, "store_sku", "mapped to store SKUs: Web: web-a"),
        (ordered, "order_line", "open orders: 1001"),
        (held, "order_hold", "open orders: 1001"),
        (on_list, "stock_list_line", "stock lists to do: 1"),
        (transferred, "transfer_line", "open transfers: 1"),
        (counted, "stock_count_line", "open stock counts: 1"),
        (coming_back, "order_return_line", "returns to do: 1"),
        (in_scope, "push_rule_sku", "in the scope of push rules: Half"),
    ],
)
def test_a_sku_in_use_is_kept_with_the_reason(
    db: Database, skus: list[int], use: Callable[[Session, int], None], table: str, reason: str
) -> None:
    """CAT-13: refused whole, naming what stands in the way; the SKUs that nothing uses stay too."""
    assert table in KEEPING
    db.write(lambda session: use(session, skus[0]))
    with pytest.raises(SkusInUse) as refused:
        delete(db, *skus)
    assert refused.value.reasons == {"A": [reason]}
    assert delete(db, skus[1]) == 1


def test_every_table_that_points_at_skus_is_thought_of() -> None:
    """CAT-13: a room that comes to hold SKUs keeps them, or is known not to."""
    pointing = {
        table.name
        for table in METADATA.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "merchant_sku"
    }
    assert pointing == KEEPING | NOT_KEEPING


@pytest.mark.parametrize("state", ["completed", "cancelled", "voided"])
def test_orders_that_are_over_keep_no_sku(db: Database, skus: list[int], state: str) -> None:
    """CAT-13: only open orders do."""
    db.write(lambda session: make_order(session, state, sku_id=skus[0]))
    assert delete(db, skus[0]) == 1


def test_deleting_frees_shelf_and_safety_stock(db: Database, skus: list[int]) -> None:
    """CAT-13, WH-2: an empty shelf is available again; a combination goes together with its components."""

    def fill(session: Session) -> Sequence[int]:
        add(
            session,
            Shelf(warehouse_id=1, code="A-1", key="a-1", sku_id=skus[0]),
            SafetyStock(warehouse_id=1, sku_id=skus[0], quantity=5),
        )
        return combine_in_catalogue(session, [Recipe("SET", {skus[0]: 1}, title="Set")], by="anna", at=AT)

    (combination,) = db.write(fill)
    assert delete(db, *skus, combination) == 4
    with db.read() as session:
        assert session.scalars(select(Shelf.sku_id)).all() == [None]
        assert session.scalars(select(SafetyStock.quantity)).all() == []
        assert queries.page(session) == []
    with pytest.raises(UnknownSkus):
        delete(db, skus[0])


@pytest.mark.parametrize("use", [ordered, on_list, transferred, counted])
def test_a_single_in_open_work_does_not_become_a_combination(
    db: Database, skus: list[int], use: Callable[[Session, int], None]
) -> None:
    """CAT-6: orders and lists that name it count on its own stock."""
    db.write(lambda session: use(session, skus[0]))
    recipe = Recipe("a", {skus[1]: 1})
    with pytest.raises(RecipesRefused) as refused:
        db.write(lambda session: combine_skus.combine(session, [recipe], by="anna", at=AT))
    assert [problem["code"] for problem in refused.value.problems] == ["single-in-use"]
    assert db.write(lambda s: combine_skus.combine(s, [Recipe("c", {skus[1]: 1})], by="anna", at=AT)) == [skus[2]]
