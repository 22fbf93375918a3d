from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.places.models import Shelf
from server.warehousing import arriving, transfers
from server.warehousing.arriving import Arrival, Loss
from server.warehousing.models import Transfer
from server.warehousing.transfers import NewTransfer, Sent
from tests.factories import AT, figures, make_sku, make_warehouse, put_stock


@dataclass
class Places:
    """Two warehouses, two SKUs, ten of each in MAIN, a shelf in EAST."""

    db: Database
    main: int
    east: int
    red: int
    blue: int
    shelf: int

    def figures(self, warehouse: int, sku: int) -> Figures:
        """What is there; the ledger adds up."""
        with self.db.read() as s:
            assert verify(s) == []
            return figures(s, warehouse, sku)

    def causes(self, sku: int) -> list[Cause]:
        with self.db.read() as s:
            return unpack(s.scalars(select(Changed.causes).where(Changed.sku_id == sku)).one())

    def draft(self, *lines: tuple[int, int]) -> int:
        """A transfer from MAIN to EAST of (SKU, quantity) lines; gives its number."""
        new = NewTransfer(self.main, self.east, [Sent(*line) for line in lines])
        return self.db.write(lambda s: transfers.create_transfers(s, [new], by="anna", at=AT)[0].id)

    def dispatch(self, *numbers: int) -> None:
        self.db.write(
            lambda s: transfers.dispatch(
                s, [transfers.find_transfer(s, n, lock=True) for n in numbers], by="anna", at=AT
            )
        )

    def receive(self, number: int, arrivals: Sequence[tuple[int, ...]] | None = None) -> None:
        came = None if arrivals is None else [Arrival(*one) for one in arrivals]
        self.db.write(lambda s: arriving.receive(s, transfers.find_transfer(s, number), came, by="bo", at=AT))

    def write_off(self, number: int, losses: Sequence[tuple[int, int]] | None = None, reason: str = "lost") -> None:
        lost = None if losses is None else [Loss(*one) for one in losses]
        self.db.write(
            lambda s: arriving.write_off(s, transfers.find_transfer(s, number), lost, reason=reason, by="bo", at=AT)
        )

    def transfer(self, number: int) -> Transfer:
        with self.db.read() as s:
            return transfers.find_transfer(s, number)


@pytest.fixture
def places(db: Database) -> Places:
    def work(s) -> Places:
        main, east = make_warehouse(s, "MAIN", default=True), make_warehouse(s, "EAST")
        red, blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        shelf = Shelf(warehouse_id=east, code="E-01", key="e-01")
        s.add(shelf)
        s.flush()
        for sku in (red, blue):
            put_stock(s, main, sku, 10)
        return Places(db, main, east, red, blue, shelf.id)

    return db.write(work)
