"""Sheets with current data, applied while somebody else is changing the same records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.catalog import service as catalog
from server.catalog.records import SkuChange
from server.db.session import Database
from server.operations.change_mapping import change_mapping
from server.places.safety_stock import set_safety_stocks
from server.settings import Settings
from server.stores.queries import store_sku_ids
from server.uploads.handlers.protocol import CannotUndo
from tests.factories import AT, put_stock
from tests.server.orders.desk import Desk as Orders
from tests.server.orders.desk import open_desk
from tests.support.handing_in import Desk


def _retitle(s: Session, orders: Orders) -> None:
    catalog.update_many(s, [SkuChange(orders.red, {"title": "Theirs"})], by="bob", at=AT)


def _sell(s: Session, orders: Orders) -> None:
    put_stock(s, orders.main, orders.red, -1)


def _unmap(s: Session, orders: Orders) -> None:
    [number] = store_sku_ids(s, [(orders.store, "red")]).values()
    change_mapping(s, {number: None}, by="bob", at=AT)


def _hold_back(s: Session, orders: Orders) -> None:
    set_safety_stocks(s, {(orders.main, orders.red): 7}, by="bob", at=AT)


#: By template: what a rival does, and what the sheet says of the same record.
RIVALS: dict[str, tuple[Callable[[Session, Orders], None], dict[str, Any]]] = {
    "sku_update": (_retitle, {"title": "Mine"}),
    "quantity_update": (_sell, {"on_hand": 20}),
    "stock_count": (_sell, {"counted": 20}),
    "mapping": (_unmap, {"sku": "BLUE"}),
    "safety_stock": (_hold_back, {"safety_stock": 5}),
}


@pytest.mark.parametrize("template", RIVALS)
def test_a_record_that_changes_at_this_moment_is_a_conflict(db: Database, tmp_path: Path, template: str) -> None:
    """WB-4: also where the rival has not committed yet when the sheet is looked at."""
    orders = open_desk(db)
    orders.stock(orders.red, 10)
    mine = RIVALS[template][1]
    desk = Desk(db, Settings(data_dir=tmp_path, database_url=db.url), template)
    sheet = [{**row, **mine} for row in desk.current() if row.get("store_sku", row["sku"]).lower() == "red"]
    with _changing(db, orders, template):
        done = desk.hand_in(*sheet)
    assert (done.status, done.statuses) == ("refused", ["conflict"])


@pytest.mark.parametrize("template", ["mapping", "safety_stock"])
def test_a_record_that_changes_at_this_moment_is_not_undone(db: Database, tmp_path: Path, template: str) -> None:
    """WB-8: what somebody else is setting just now is not overwritten by undo."""
    orders = open_desk(db)
    orders.stock(orders.red, 10)
    desk = Desk(db, Settings(data_dir=tmp_path, database_url=db.url), template)
    sheet = [row for row in desk.current() if row.get("store_sku", row["sku"]).lower() == "red"]
    done = desk.hand_in(*({**row, **RIVALS[template][1]} for row in sheet))
    assert done.status == "applied"
    with _changing(db, orders, template), pytest.raises(CannotUndo, match="changed since"):
        desk.undo(done)


@contextmanager
def _changing(db: Database, orders: Orders, template: str) -> Iterator[None]:
    """A rival has changed the record, and commits when the block has had time to look at it."""
    changed, meanwhile = threading.Event(), threading.Event()

    def change(s: Session) -> None:
        RIVALS[template][0](s, orders)
        changed.set()
        meanwhile.wait(0.5)  # for as long as it may take to look at it

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(db.write, change)
        changed.wait(9)
        yield
        other.result()
