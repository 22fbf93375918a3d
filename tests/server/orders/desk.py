"""A small company for tests of orders: a store with RED and BLUE in MAIN, and an empty EAST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.db.session import Database
from server.ledger.models import Balance
from server.ledger.models import Entry as EntryRow
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.ledger.verifying import verify
from server.orders import by_hand
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.queries import OrderView, views
from server.orders.states import WAITING, Action
from server.orders.taking import Taken, take_in
from server.stores.models import Store
from tests.factories import AT, entry, figures, make_sku, make_store, make_store_sku, make_warehouse, put_stock

READY = MarketStatus.READY_TO_SHIP


def news(
    number: str, *lines: tuple[str, int], status: MarketStatus = READY, minutes: int = 0, **more: Any
) -> MarketOrder:
    """An order as its store tells it, `minutes` after it was placed. A line's id is its store SKU's code."""
    at = AT + timedelta(minutes=minutes)
    facts: dict[str, Any] = {"placed_at": AT, "paid_at": None if status is MarketStatus.UNPAID else AT}
    rows = [MarketLine(code, code, quantity) for code, quantity in lines]
    return MarketOrder(number=number, status=status, updated_at=at, lines=rows, **{**facts, **more})


@dataclass
class Desk:
    """What is done to orders, by the store and by hand, and what comes of it."""

    db: Database
    main: int
    east: int
    store: int
    red: int
    blue: int

    def take(self, *orders: MarketOrder, at: datetime = AT) -> Taken:
        return self.db.write(lambda s: take_in(s, s.get_one(Store, self.store), orders, by="sync", at=at))

    def set(self, **settings: str) -> None:
        self.db.write(lambda s: setattr(s.get_one(Store, self.store), "settings", settings))

    def stock(self, sku: int, quantity: int, place: int | None = None) -> None:
        self.db.write(lambda s: put_stock(s, place or self.main, sku, quantity))

    def count(self, sku: int, difference: int) -> None:
        """A stock count finds more or less than on hand (STK-5)."""
        line = Line(self.main, sku, on_hand=difference)
        self.db.write(lambda s: post(s, [entry(line, kind=Kind.STOCK_COUNT, needs_available=False)]))

    def act(self, action: Action, *numbers: str, at: datetime = AT) -> list[Order]:
        return self.db.write(lambda s: by_hand.act(s, action, self.ids(s, numbers), by="anna", at=at))

    def cancel(self, *numbers: str, return_quantity: bool | None = None, at: datetime = AT) -> list[Order]:
        return self.db.write(
            lambda s: by_hand.cancel(s, self.ids(s, numbers), return_quantity=return_quantity, by="anna", at=at)
        )

    def ids(self, session: Session, numbers: Sequence[str]) -> list[int]:
        return [session.scalars(select(Order.id).where(Order.number == number)).one() for number in numbers]

    def id(self, number: str) -> int:
        with self.db.read() as s:
            return self.ids(s, [number])[0]

    def state(self, number: str) -> str:
        return self.view(number).order.state

    def view(self, number: str) -> OrderView:
        with self.db.read() as s:
            return views(s, [s.scalars(select(Order).where(Order.number == number)).one()])[0]

    def units(self, number: str) -> dict[str, tuple[int, int, int]]:
        """By store SKU: units held, deducted, returned."""
        return {line.store_sku: (line.held, line.deducted, line.returned) for line in self.view(number).lines}

    def figures(self, sku: int, place: int | None = None) -> Figures:
        """The figures, once the ledger and the holds agree with them."""
        with self.db.read() as s:
            self.verify(s)
            return figures(s, place or self.main, sku)

    def verify(self, session: Session) -> None:
        """STK-2, and: allocated of a balance is what orders hold there, and only orders that wait hold any."""
        assert verify(session) == []
        over = (
            select(Order.number).join(OrderLine).join(OrderHold).where(OrderHold.held > 0, Order.state.not_in(WAITING))
        )
        assert session.scalars(over).all() == []
        held = func.sum(OrderHold.held)
        query = select(OrderHold.warehouse_id, OrderHold.sku_id, held).group_by(
            OrderHold.warehouse_id, OrderHold.sku_id
        )
        holds = {(place, sku): int(units) for place, sku, units in session.execute(query) if units}
        rows = session.execute(select(Balance.warehouse_id, Balance.sku_id, Balance.allocated))
        assert {(place, sku): units for place, sku, units in rows if units} == holds

    def kinds(self, number: str) -> list[str]:
        """The kinds of the entries that an order has posted, in order."""
        with self.db.read() as s:
            query = select(EntryRow.kind).where(EntryRow.document == "order", EntryRow.document_id == self.id(number))
            return list(s.scalars(query.order_by(EntryRow.id)))

    def lines(self, number: str) -> dict[str, int]:
        with self.db.read() as s:
            query = select(OrderLine.line_key, OrderLine.quantity).where(OrderLine.order_id == self.id(number))
            return {row.line_key: row.quantity for row in s.execute(query)}


def open_desk(db: Database) -> Desk:
    """Nothing in stock yet."""

    def work(s: Session) -> Desk:
        main, east = make_warehouse(s, default=True), make_warehouse(s, "EAST")
        store = make_store(s)
        red, blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        make_store_sku(s, store, "red", red)
        make_store_sku(s, store, "blue", blue)
        make_store_sku(s, store, "green")
        return Desk(db, main, east, store, red, blue)

    return db.write(work)
