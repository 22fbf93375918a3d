"""A store that sells RED and BLUE out of one warehouse, and what happens to its orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.db.session import Database
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.orders import by_hand
from server.orders.models import Order
from server.orders.states import Action
from server.orders.taking import take_in
from server.stores.models import Store
from tests.factories import AT, figures, make_sku, make_store, make_store_sku, make_warehouse, put_stock


class Shop:
    """Two SKUs, mapped; a default warehouse; no stock."""

    def __init__(self, db: Database) -> None:
        self.db = db
        db.write(self._fill)

    def _fill(self, s) -> None:
        self.main = make_warehouse(s, default=True)
        self.store = make_store(s)
        self.red, self.blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        make_store_sku(s, self.store, "red", self.red)
        make_store_sku(s, self.store, "blue", self.blue)

    def news(
        self, number: str, *lines: tuple[str, int], status: MarketStatus = MarketStatus.READY_TO_SHIP, minutes: int = 0
    ) -> None:
        """The store tells of an order, placed and paid `minutes` after `AT`."""
        at = AT + timedelta(minutes=minutes)
        rows = [MarketLine(str(place), code, units) for place, (code, units) in enumerate(lines, 1)]
        told = MarketOrder(number, status, at, at, rows, paid_at=at)
        self.db.write(lambda s: take_in(s, s.get_one(Store, self.store), [told], by="sync", at=at))

    def stock(self, sku: int, units: int, warehouse: int | None = None) -> None:
        self.db.write(lambda s: put_stock(s, warehouse or self.main, sku, units))

    def act(self, action: Action, *numbers: str) -> None:
        """What people do to orders, by the stores' numbers."""

        def work(s) -> None:
            ids = s.scalars(select(Order.id).where(Order.number.in_(numbers))).all()
            by_hand.act(s, action, ids, by="anna", at=AT)

        self.db.write(work)

    def act_by_hand(self) -> None:
        """Try whatever is out of stock."""
        self.db.write(lambda s: by_hand.move_to_pack(s, by="anna", at=AT))

    def figures(self, sku: int, warehouse: int | None = None) -> Figures:
        with self.db.read() as s:
            assert verify(s) == []
            return figures(s, warehouse or self.main, sku)

    @property
    def states(self) -> dict[str, str]:
        """Number -> state of every order."""
        return self._orders(Order.state)

    @property
    def warehouses(self) -> dict[str, int | None]:
        """Number -> warehouse of every order."""
        return self._orders(Order.warehouse_id)

    def _orders(self, column: Any) -> dict[str, Any]:
        with self.db.read() as s:
            return dict(s.execute(select(Order.number, column)).all())
