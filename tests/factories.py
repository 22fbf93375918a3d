"""Records for tests, made the short way."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.ledger.models import Balance
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import Figures, post
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.stores.models import Store, StoreSku

AT = datetime(2026, 4, 20, 8, 0, tzinfo=UTC)
_numbers = count(1)


def make_warehouse(session: Session, code: str = "MAIN", *, default: bool = False) -> int:
    """A warehouse; gives its id."""
    row = Warehouse(code=code, key=fold(code), name=code.title(), is_default=default, created_at=AT)
    session.add(row)
    session.flush()
    return row.id


def make_sku(session: Session, code: str, **more: Any) -> int:
    """A merchant SKU; gives its id."""
    row = MerchantSku(code=code, key=fold(code), created_at=AT, updated_at=AT, **more)
    session.add(row)
    session.flush()
    return row.id


def make_store(session: Session, name: str = "Shop", **more: Any) -> int:
    """A store; gives its id."""
    row = Store(name=name, key=fold(name), channel="sandbox", created_at=AT, **more)
    session.add(row)
    session.flush()
    return row.id


def make_store_sku(session: Session, store_id: int, code: str, sku_id: int | None = None, **more: Any) -> int:
    """A store SKU, mapped or not; gives its id."""
    row = StoreSku(store_id=store_id, code=code, sku_id=sku_id, created_at=AT, **more)
    session.add(row)
    session.flush()
    return row.id


def entry(*lines: Line, kind: Kind = Kind.STOCK_IN, number: int | None = None, **more: Any) -> Entry:
    """An entry of a made-up document."""
    defaults = {"step": "complete", "cause": Cause.STOCK_IN_MANUAL, "by": "test", "at": AT}
    return Entry(kind, "test", number or next(_numbers), lines=lines, **{**defaults, **more})


def put_stock(session: Session, warehouse_id: int, sku_id: int, quantity: int) -> None:
    """Have `quantity` more on hand, by a movement."""
    post(session, [entry(Line(warehouse_id, sku_id, on_hand=quantity))])


def figures(session: Session, warehouse_id: int, sku_id: int) -> Figures:
    """The figures as they are."""
    row = session.scalar(select(Balance).filter_by(warehouse_id=warehouse_id, sku_id=sku_id))
    return Figures(row.on_hand, row.allocated, row.on_the_way, row.defective) if row else Figures()
