"""What every store would show, for uploads of every template: what is said is what comes of applying."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.access.models import AuditLine
from server.catalog.models import Component
from server.db.session import Database
from server.errors import Busy, Refused, StockbookError
from server.ledger.models import Movement
from server.orders.states import Action
from server.outbox.models import Changed
from server.push.models import PushRule, PushRuleStore, PushRuleWarehouse
from server.push.targets import Listing, mapped, targets
from server.settings import Settings
from server.stores.models import StoreSku
from server.uploads import previewing, sources
from server.uploads.sources import FileSource
from tests.factories import AT, make_sku, make_store_sku
from tests.server.orders.desk import Desk as Orders
from tests.server.orders.desk import news, open_desk
from tests.support.handing_in import Desk
from validators.reading import Busy as ReadersBusy
from validators.reading import Unreadable

ALL_NEW = {"store": "Shop", "store_sku": "red", "scope": "all new orders"}
PLACE = {"sku": "RED", "warehouse": "MAIN"}
#: By template, a row that changes what stores show.
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("stock_in", {**PLACE, "quantity": 5}),
    ("stock_out", {**PLACE, "quantity": 2}),
    ("quantity_update", {**PLACE, "on_hand": 20}),
    ("stock_count", {**PLACE, "counted": 4}),
    ("transfer", {"sku": "RED", "source": "MAIN", "destination": "EAST", "quantity": 3}),
    ("returns", {"tracking": "TRK-S"}),
    ("mapping", {**ALL_NEW, "sku": "BLUE"}),
    ("mapping", {**ALL_NEW, "action": "REMOVE"}),
    ("mapping", {"store": "Shop", "store_sku": "green", "sku": "RED"}),
    ("mapping", {"store": "Shop", "store_sku": "brand-new", "sku": "RED"}),
    ("order_actions", {"store": "Shop", "order": "A", "action": "void"}),
    ("order_actions", {"store": "Shop", "order": "A", "action": "change warehouse", "warehouse": "EAST"}),
    ("push_rules", {"name": "all", "percentage": 50}),
    ("push_rules", {"name": "all", "action": "REMOVE"}),
    ("safety_stock", {**PLACE, "safety_stock": 3}),
    ("combinations", {"combination": "SET", "component": "RED", "quantity": 4}),
    ("warehouses", {"code": "EAST", "name": "Another name"}),
    ("shelves", {"warehouse": "MAIN", "shelf": "A-01"}),
    ("sku_update", {"sku": "RED", "title": "Red cap"}),
    ("sku_create", {"sku": "NEW", "title": "New"}),
]


@pytest.fixture
def orders(db: Database) -> Orders:
    """The store Shop shows all of RED, BLUE and SET (2 RED, 1 BLUE) but the safety stock; A and S want 3 RED, S is
    shipped."""
    opened = open_desk(db)
    opened.stock(opened.red, 10)
    opened.stock(opened.blue, 6)
    opened.stock(opened.red, 5, opened.east)

    def sell(s: Session) -> None:
        pair = make_sku(s, "SET", kind="combination")
        make_store_sku(s, opened.store, "set", pair)
        s.add_all(
            [
                Component(combination_id=pair, component_id=opened.red, quantity=2),
                Component(combination_id=pair, component_id=opened.blue, quantity=1),
            ]
        )
        rule = PushRule(name="all", key="all", percentage=Decimal(100), hold_back_safety_stock=True, created_at=AT)
        s.add(rule)
        s.flush()
        s.add(PushRuleWarehouse(rule_id=rule.id, warehouse_id=opened.main))
        s.add(PushRuleStore(rule_id=rule.id, store_id=opened.store))

    db.write(sell)
    opened.take(news("A", ("red", 3)), news("S", ("red", 3), tracking_numbers=("TRK-S",)))
    for action in (Action.PACK, Action.SHIP):
        opened.act(action, "S")
    return opened


def _shown(db: Database) -> dict[str, int | None]:
    with db.read() as s:
        codes = dict(s.execute(select(StoreSku.id, StoreSku.code)).all())
        found = targets(s, [Listing._make(row) for row in s.execute(mapped())])
        return dict.fromkeys(codes.values()) | {codes[one.listing.id]: one.quantity for one in found}


def _everything(db: Database) -> list[Any]:
    with db.read() as s:
        counted = [s.scalar(select(func.count()).select_from(one)) for one in (Movement, AuditLine, StoreSku)]
        return [*counted, s.execute(select(Changed.sku_id, Changed.version).order_by(Changed.sku_id)).all()]


@pytest.mark.parametrize(("template", "row"), ROWS)
def test_what_stores_would_show_is_what_they_show(
    db: Database, orders: Orders, tmp_path: Path, template: str, row: dict[str, Any]
) -> None:
    """PSH-12: for every template; and looking writes nothing."""
    settings = Settings(data_dir=tmp_path, database_url=db.url)
    desk = Desk(db, settings, template)
    looked = desk.hand_in(row, apply=False)
    assert looked.status == "validated", looked.texts
    was = _everything(db)
    said = {one.store_sku: (one.before, one.after) for one in previewing.preview(db, settings, looked.number)}
    assert _everything(db) == was
    before = _shown(db)
    assert desk.hand_in(row).status == "applied"
    after = _shown(db)
    became = {code: (before.get(code), after.get(code)) for code in {*before, *after}}
    assert {code: change for code, change in became.items() if change[0] != change[1]} == {
        code: change for code, change in said.items() if change[0] != change[1]
    }
    assert all(became[code] == change for code, change in said.items())


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (ReadersBusy(3), (Busy, "other files are being read")),
        (Unreadable("file-too-heavy"), (Refused, "can't be read")),
    ],
)
def test_a_file_that_is_not_read_this_time(
    db: Database,
    orders: Orders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: Exception,
    said: tuple[type[StockbookError], str],
) -> None:
    """PSH-12: too many files at once, or a machine that is short of time: said in words, as when it was handed in."""
    settings = Settings(data_dir=tmp_path, database_url=db.url)
    looked = Desk(db, settings, "stock_in").hand_in({**PLACE, "quantity": 5}, apply=False)

    def read(*_: Any, **__: Any) -> None:
        raise fails

    monkeypatch.setattr(sources, "read", read)
    monkeypatch.setattr(previewing, "source_of", FileSource)
    with pytest.raises(said[0], match=said[1]):
        previewing.preview(db, settings, looked.number)
