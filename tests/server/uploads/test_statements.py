"""The number of an upload's statements does not grow with its rows: for every template that has a handler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import moment_for
from server.db.bulk import dialect_of, insert_rows
from server.db.session import Database
from server.ledger.movements import Line
from server.ledger.posting import post
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.states import State
from server.places.service import ensure_default
from server.settings import Settings
from server.stores.models import Store, StoreSku
from server.uploads import pipeline
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows
from tests.factories import AT, entry, make_warehouse
from tests.support.statements import counted

#: PostgreSQL is asked with fewer, to be quick; still more than any driver or page puts into one statement by itself.
FEW, MANY = 100, {"sqlite": 10_000, "postgresql": 3_000}
Row = dict[str, Any]

#: One row of each template by its number; every number is another SKU, listing, shelf, store or warehouse.
ROWS: dict[str, Callable[[int], Row]] = {
    "sku_create": lambda n: {"sku": f"NEW-{n}", "title": f"New {n}", "gtins": f"40{n:08d}", "cost": 4.2},
    "sku_update": lambda n: {"sku": f"SKU-{n}", "title": f"Other {n}", "price": 12.9},
    "combinations": lambda n: {"combination": f"SET-{n}", "title": f"Set {n}", "component": f"SKU-{n}", "quantity": 2},
    "mapping": lambda n: {"store": "Shop 0", "store_sku": f"L-{n}", "sku": f"SKU-{n}"},
    "warehouses": lambda n: {"code": f"W-{n}", "name": f"Warehouse {n}"},
    "shelves": lambda n: {"warehouse": "Main", "shelf": f"A-{n}"},
    "safety_stock": lambda n: {"sku": f"SKU-{n}", "safety_stock": 3},
    "quantity_update": lambda n: {"sku": f"SKU-{n}", "on_hand": 7},
    "stock_in": lambda n: {"sku": f"SKU-{n}", "quantity": 5, "unit_cost": 4.2, "note": "Delivery"},
    "stock_out": lambda n: {"sku": f"SKU-{n}", "quantity": 2},
    "push_rules": lambda n: {"name": f"Rule {n}", "warehouses": "Main", "stores": f"Shop {n}", "percentage": 50},
    "transfer": lambda n: {"sku": f"SKU-{n}", "source": "Main", "destination": "EAST", "quantity": 2},
    "stock_count": lambda n: {"sku": f"SKU-{n}", "counted": 9},
    "order_actions": lambda n: {"store": "Shop 0", "order": f"O-{n}", "action": "pack"},
    "returns": lambda n: {"store": "Shop 0", "order": f"O-{n}"},
}
#: The state in which these need their orders to be.
ORDERS = {"order_actions": State.TO_PACK, "returns": State.COMPLETED}


@pytest.fixture
def full(db: Database) -> Database:
    """A database with as many SKUs in stock, unmapped listings and stores as the rows name."""

    def work(session: Session) -> None:
        main = ensure_default(session, AT).id
        make_warehouse(session, "EAST")
        numbers, at = range(FEW + MANY[dialect_of(session)]), moment_for(dialect_of(session), AT)
        insert_rows(
            session,
            MerchantSku,
            _SKU,
            [(f"SKU-{n}", f"sku-{n}", f"sku-{n}", f"T {n}", f"t {n}", *_SKU_REST, at, at) for n in numbers],
        )
        insert_rows(
            session,
            Store,
            _STORE,
            [(f"Shop {n}", f"shop {n}", "sandbox", "{}", False, True, False, at) for n in numbers],
        )
        shop = session.scalars(select(Store.id).where(Store.key == "shop 0")).one()
        insert_rows(session, StoreSku, _LISTING, [(shop, f"L-{n}", "", "", "{}", True, True, at) for n in numbers])
        ids = session.scalars(select(MerchantSku.id).order_by(MerchantSku.id)).all()
        post(session, [entry(*[Line(main, sku_id, on_hand=5) for sku_id in ids])])

    db.write(work)
    return db


_SKU = (
    "code", "key", "skeleton", "title", "title_key", "kind", "own_stock", "parent_sku", "parent_key", "size", "colour",
    "attributes", "category", "brand", "model_number", "model_key", "picture_url", "currency", "serial_mode", "status",
    "notes", "created_at", "updated_at",
)  # fmt: skip
_SKU_REST = ("single", False, "", "", "", "", "{}", "", "", "", "", "", "", "off", "active", "")
_STORE = ("name", "key", "channel", "settings", "is_choice", "active", "needs_sign_in", "created_at")
_LISTING = ("store_id", "code", "name", "gtin", "references", "synced", "listed", "created_at")


@pytest.mark.slow
@pytest.mark.parametrize("template", sorted(HANDLERS))
def test_statements_do_not_grow_with_rows(full: Database, tmp_path: Path, template: str) -> None:
    """WB-12: a hundred rows and thousands take as many statements, checked, applied and written down."""
    if template not in ROWS:
        pytest.fail(f"add a row of '{template}' to ROWS: whatever has a handler is counted")
    settings = Settings(data_dir=tmp_path)
    if template in ORDERS:
        full.write(lambda session: _make_orders(session, ORDERS[template]))
    few = _statements(full, settings, template, [ROWS[template](n) for n in range(FEW)])
    many = _statements(full, settings, template, [ROWS[template](n) for n in range(FEW, FEW + MANY[full.dialect])])
    more = Counter(text[:120] for text in many) - Counter(text[:120] for text in few)
    assert len(many) == len(few), more.most_common(3)


def _make_orders(session: Session, state: State) -> None:
    """An order of one unit for each listing, with what its state says it holds or has deducted."""
    main = ensure_default(session, AT).id
    listings = session.scalars(select(StoreSku).order_by(StoreSku.id)).all()
    facts = {
        "store_id": listings[0].store_id, "state": state, "market_status": "ready_to_ship", "warehouse_id": main,
        "placed_at": AT, "counts_at": AT, "seen_at": AT, "content": "", "created_at": AT, "updated_at": AT,
    }  # fmt: skip
    session.execute(insert(Order), [{**facts, "number": one.code.replace("L", "O")} for one in listings])
    orders = session.scalars(select(Order.id).order_by(Order.id)).all()
    skus = session.scalars(select(MerchantSku.id).order_by(MerchantSku.id)).all()
    lines = [
        {"order_id": order, "line_key": "1", "store_sku_id": one.id, "sku_id": sku, "quantity": 1}
        for order, one, sku in zip(orders, listings, skus, strict=True)
    ]
    session.execute(insert(OrderLine), lines)
    deducted = int(state is State.COMPLETED)
    rows = session.execute(select(OrderLine.id, OrderLine.sku_id).order_by(OrderLine.id))
    holds = [
        {
            "line_id": line,
            "sku_id": sku,
            "warehouse_id": main,
            "per_unit": 1,
            "held": 1 - deducted,
            "deducted": deducted,
        }
        for line, sku in rows
    ]
    session.execute(insert(OrderHold), holds)


def _statements(db: Database, settings: Settings, template: str, rows: Sequence[Row]) -> list[str]:
    source = keep_rows(settings, {"template": template, "rows": rows, "first_row": 4})
    request, who = Request("apply"), Who("anna")
    number = pipeline.receive(db, source, request, who)
    with counted(db) as seen:
        pipeline.process(db, settings, number, source, request, who)
    with db.read() as session:
        done = session.get_one(Upload, number)
        assert (done.status, done.counts["rows"]) == ("applied", len(rows)), (done.messages, done.counts)
    return seen
