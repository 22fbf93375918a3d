"""A small company: warehouses MAIN and EAST, stores Shop and Web, a rule over all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.db.session import Database
from server.push.models import PushRule, PushRuleSku, PushRuleStore, PushRuleWarehouse
from tests.factories import AT, make_sku, make_store, make_store_sku, make_warehouse


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
