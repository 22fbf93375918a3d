"""A small company: warehouses MAIN and EAST, stores Shop and Web, a rule over all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.push.flow import tick
from server.push.models import Evaluation, PushRule, PushRuleSku, PushRuleStore, PushRuleWarehouse
from server.settings import Settings
from tests.factories import AT, entry, make_sku, make_store, make_store_sku, make_warehouse
from tests.server.push.market import FakeShop, Market

NOON = datetime(2026, 4, 20, 12, 0, tzinfo=UTC)


def make_rule(
    session: Session,
    name: str,
    *,
    warehouses: list[int],
    stores: list[int] | dict[int, Decimal | None],
    skus: list[int] | None = None,
    **more: Any,
) -> int:
    """A push rule; gives its id."""
    row = PushRule(
        name=name, key=name.casefold(), percentage=more.pop("percentage", Decimal(100)), created_at=AT, **more
    )
    session.add(row)
    session.flush()
    percentages = stores if isinstance(stores, dict) else dict.fromkeys(stores)
    session.add_all(PushRuleWarehouse(rule_id=row.id, warehouse_id=warehouse) for warehouse in warehouses)
    session.add_all(PushRuleStore(rule_id=row.id, store_id=store, percentage=own) for store, own in percentages.items())
    session.add_all(PushRuleSku(rule_id=row.id, sku_id=sku) for sku in skus or [])
    session.flush()
    return row.id


@dataclass
class Company:
    """Ids of what there is."""

    db: Database
    main: int
    east: int
    shop: int
    web: int
    sku: int
    rule: int
    listings: dict[str, int] = field(default_factory=dict)


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Pushing:
    """A company and the market it pushes to."""

    def __init__(self, company: Company) -> None:
        self.c = company
        self.market = Market()

    @property
    def shop(self) -> FakeShop:
        return self.market[self.c.shop]

    @property
    def web(self) -> FakeShop:
        return self.market[self.c.web]

    def tick(self) -> dict[str, int]:
        return tick(self.c.db, Settings(), connect=self.market.connect, owner="test")

    def stock(self, change: int, **more: Any) -> None:
        line = Line(self.c.main, self.c.sku, on_hand=change)
        self.c.db.write(lambda s: post(s, [entry(line, kind=Kind.STOCK_IN, **more)]))

    def one(self, model: Any, listing: str = "shop") -> Any:
        with self.c.db.read() as session:
            row = session.scalar(select(model).where(model.store_sku_id == self.c.listings[listing]))
            session.expunge_all()
            return row

    def last_evaluation(self, listing: str = "shop") -> Evaluation:
        with self.c.db.read() as session:
            query = select(Evaluation).where(Evaluation.store_sku_id == self.c.listings[listing])
            row = session.scalars(query.order_by(Evaluation.id.desc())).first()
            assert row is not None
            session.expunge_all()
            return row

    def results(self) -> list[str]:
        with self.c.db.read() as session:
            query = select(Evaluation.result).where(Evaluation.store_sku_id == self.c.listings["shop"])
            return list(session.scalars(query.order_by(Evaluation.id)))


@pytest.fixture
def company(db: Database) -> Company:
    """One SKU listed in two stores under one rule over two warehouses."""

    def make(session: Session) -> Company:
        main, east = make_warehouse(session, "MAIN", default=True), make_warehouse(session, "EAST")
        shop, web = make_store(session, "Shop"), make_store(session, "Web")
        sku = make_sku(session, "NK-RED-M")
        listings = {
            "shop": make_store_sku(session, shop, "NK-RED-M", sku),
            "web": make_store_sku(session, web, "NK-RED-M", sku),
        }
        rule = make_rule(session, "All", warehouses=[main, east], stores=[shop, web])
        return Company(db, main, east, shop, web, sku, rule, listings)

    return db.write(make)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The clock of this test."""
    known = Time()
    monkeypatch.setattr(clock, "now", lambda: known.now)
    return known


@pytest.fixture
def pushing(company: Company, time: Time) -> Iterator[Pushing]:
    """What the tests work with."""
    yield Pushing(company)
