"""A small company with something to say in every report; its figures are worked out by hand in the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import Component, MerchantSku
from server.channels.protocol import MarketLine
from server.db.base import fold
from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.orders.states import Action
from server.outbox.causes import Cause, pack
from server.outbox.models import Push, StorePause, Told
from server.places.models import SafetyStock, Shelf
from server.push.models import Evaluation, PushRule
from server.stores.models import Store, StoreSku
from server.uploads.models import Upload
from tests.factories import AT, entry, make_sku, make_store, make_store_sku
from tests.server.orders.desk import Desk, news, open_desk

#: When the reports of the tests are made.
NOW = AT + timedelta(days=1)


def open_company(db: Database) -> Desk:
    """RED and BLUE in MAIN and EAST, a combination SET of two RED and a BLUE, orders in several states, pushes."""
    desk = open_desk(db)
    db.write(lambda s: _describe(s, desk))
    for sku, units, place in ((desk.red, 10, desk.main), (desk.blue, 5, desk.main), (desk.red, 3, desk.east)):
        desk.stock(sku, units, place)
    _order(desk, "A1", ("red", 4, "9.99"))
    _order(desk, "A2", ("red", 5, "9.5"), ("blue", 1, "3"))
    _order(desk, "A3", ("green", 1, "7"))
    _order(desk, "A4", ("blue", 6, "3"))
    desk.act(Action.PACK, "A1")
    desk.act(Action.SHIP, "A1")
    desk.count(desk.red, -3)  # 6 on hand become 3, 5 of them promised to A2
    _order(desk, "A5", ("set", 1, "20"))
    db.write(lambda s: _pushes(s, desk))
    db.write(_uploads)
    return desk


def _order(desk: Desk, number: str, *lines: tuple[str, int, str]) -> None:
    told = [MarketLine(code, code, units, f"a {code} one", Decimal(price)) for code, units, price in lines]
    total = sum((line.quantity * (line.unit_price or 0) for line in told), Decimal(0))
    told_as: dict[str, Any] = {"total": total, "currency": "USD", "tracking_numbers": [f"T-{number}"]}
    desk.take(replace(news(number, **told_as), lines=told))


def _describe(s: Session, desk: Desk) -> None:
    red, blue = s.get_one(MerchantSku, desk.red), s.get_one(MerchantSku, desk.blue)
    for sku, title, category, cost, price in (
        (red, "Red cap", "Caps", "4.2", "9.99"),
        (blue, "Blue mug", "", None, "3"),
    ):
        sku.title, sku.title_key, sku.category, sku.currency = title, fold(title), category, "USD"
        sku.cost, sku.price = cost and Decimal(cost), Decimal(price)
    both = make_sku(s, "SET", title="Cap and mug", kind="combination")
    s.add_all([Component(combination_id=both, component_id=desk.red, quantity=2)])
    s.add_all([Component(combination_id=both, component_id=desk.blue, quantity=1)])
    make_sku(s, "0815", title="Nobody sells it")
    make_store_sku(s, desk.store, "set", both)
    annex = make_store(s, "Annex")
    make_store_sku(s, annex, "cap", desk.red, listed=True)
    make_store_sku(s, annex, "stray", name="A stray listing", gtin="4012345678901", listed=True)
    for place, sku, units in ((desk.main, desk.red, 12), (desk.main, desk.blue, 4), (desk.east, desk.red, 3)):
        s.add(SafetyStock(warehouse_id=place, sku_id=sku, quantity=units))
    s.add(Shelf(warehouse_id=desk.main, code="A-01", key="a-01", sku_id=desk.red))


def _pushes(s: Session, desk: Desk) -> None:
    """What the worker would have left behind; it does not run here."""
    codes = {
        (store, code): number
        for number, store, code in s.execute(select(StoreSku.id, Store.name, StoreSku.code).join(Store))
    }
    annex = s.scalars(select(Store.id).where(Store.name == "Annex")).one()
    rule = PushRule(name="All of it", key="all of it", percentage=Decimal(100), created_at=AT)
    s.add(rule)
    s.flush()
    facts: dict[str, Any] = {
        "version": 1,
        "causes": pack([Cause.SALE]),
        "forced": False,
        "created_at": AT,
        "due_at": AT,
    }
    for row in s.scalars(select(Push)):
        s.delete(row)
    s.flush()
    cap, red = codes["Annex", "cap"], codes["Shop", "red"]
    s.add(Push(store_sku_id=cap, store_id=annex, quantity=1, attempts=2, **facts))
    s.add(Push(store_sku_id=red, store_id=desk.store, quantity=0, attempts=8, failed_at=AT, reason="too low", **facts))
    for number, quantity, known in ((cap, 6, True), (red, 0, False)):
        s.merge(Told(store_sku_id=number, quantity=quantity, known=known, told_at=AT, answer="accepted", target=1))
    s.add(StorePause(store_id=annex, until=NOW + timedelta(hours=1), failures=3, reason="no answer"))
    for causes, target, result in (([Cause.SALE, Cause.VOID], 1, "send"), ([Cause.PUSH_NOW], 1, "nothing_to_send")):
        evaluated = {"store_sku_id": cap, "sku_id": desk.red, "at": AT, "rule_id": rule.id, "forced": False}
        s.add(Evaluation(causes=pack(causes), target=target, result=result, **evaluated))
        s.flush()


def _uploads(s: Session) -> None:
    counts = {"rows": 3, "ok": 2, "warning": 0, "error": 1, "conflict": 0, "unchanged": 0, "skipped": 0}
    facts: dict[str, Any] = {
        "mode": "apply",
        "on_error": "reject_all",
        "actor": "anna",
        "created_at": AT,
        "messages": [],
    }
    ended = AT + timedelta(seconds=2.5)
    s.add(Upload(template="stock_in", filename="one.xlsx", status="refused", counts=counts, finished_at=ended, **facts))
    s.flush()
    s.add(Upload(template="stock_in", filename="two.xlsx", status="applied", counts={**counts, "error": 0}, **facts))


def damage(s: Session, desk: Desk, text: str) -> None:
    """`text` in every field that people or stores fill and some report shows."""
    for sku in s.scalars(select(MerchantSku)):
        sku.title = sku.category = sku.brand = text
    s.get_one(MerchantSku, desk.red).code = text
    for store in s.scalars(select(Store)):
        store.name = f"{text} {store.id}"
    for listing in s.scalars(select(StoreSku)):
        listing.name = listing.gtin = text
    for push in s.scalars(select(Push)):
        push.reason = text
    for told in s.scalars(select(Told)):
        told.answer = text
    for upload in s.scalars(select(Upload)):
        upload.filename = upload.actor = upload.undone_by = text
    post(s, [entry(Line(desk.main, desk.blue, on_hand=1), kind=Kind.STOCK_IN, by=text, note=text)])
