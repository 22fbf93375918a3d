"""Refresh inventory (STK-11): figures are the sums of movements again, waiting orders tried, targets evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.db.session import Database
from server.ledger.mending import mend
from server.ledger.verifying import Difference, verify
from server.operations.stock_arrived import try_out_of_stock
from server.orders.by_hand import Tried
from server.outbox import queue
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.stores.models import StoreSku
from server.stores.queries import sold_skus


@dataclass(frozen=True)
class Corrected:
    """A figure that was not the sum of its movements. `mended` is false where that sum is below 0: the figure stays,
    since movements must be missing and only a backup has them."""

    sku: str
    warehouse: str
    figure: str
    was: int
    movements: int
    mended: bool

    @property
    def text(self) -> str:
        """What people read."""
        said = f"{self.sku} in {self.warehouse}: {self.figure.replace('_', ' ')}"
        if self.mended:
            return f"{said} was {self.was}, is {self.movements}"
        return f"{said} is {self.was}, its movements sum to {self.movements}; left as it is"


@dataclass(frozen=True)
class Refreshed:
    """What a refresh came to: figures that differed, orders tried, merchant SKUs to be evaluated."""

    differences: Sequence[Corrected]
    tried: Tried
    marked: int


def refresh_inventory(db: Database, *, by: str) -> Refreshed:
    """Compare all figures, which takes a while and holds up nobody, then set right what differs and the rest, in one
    transaction."""
    with db.read() as session:
        suspects = verify(session)
    return db.write(lambda session: refresh(session, suspects, by=by, at=clock.now()))


def refresh(session: Session, suspects: Iterable[Difference], *, by: str, at: datetime) -> Refreshed:
    """Set right what differs, retry out-of-stock orders oldest first, have every push target evaluated (cause 15).

    `suspects` is what `verify` found; each is looked at again with its figures locked.
    """
    mended = mend(session, {(one.warehouse_id, one.sku_id) for one in suspects})
    differences = [
        *_named(session, mended.mended, mended=True),
        *_named(session, mended.below_zero, mended=False),
    ]
    for one in differences:
        subject = f"{one.sku} in {one.warehouse}"
        action = "stock.correct" if one.mended else "stock.differs"
        audit(session, by, action, subject, at=at, figure=one.figure, was=one.was, movements=one.movements)
    tried = try_out_of_stock(session, cause=Cause.REFRESH, by=by, at=at)
    queue.mark_selected(session, sold_skus(), cause=Cause.REFRESH, at=at)
    marked = session.scalar(select(func.count(StoreSku.sku_id.distinct()))) or 0
    audit(session, by, "stock.refresh", "inventory", at=at, differences=len(differences), tried=tried.tried)
    return Refreshed(differences, tried, marked)


def _named(session: Session, differences: Sequence[Difference], *, mended: bool) -> list[Corrected]:
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in {one.sku_id for one in differences}]) as r:
        rows = session.execute(select(MerchantSku.id, MerchantSku.code).join(r, r.c.id == MerchantSku.id))
        skus = {row[0]: row[1] for row in rows}
    places = {row[0]: row[1] for row in session.execute(select(Warehouse.id, Warehouse.code))}
    return [
        Corrected(skus[one.sku_id], places[one.warehouse_id], one.figure, one.balance, one.movements, mended)
        for one in differences
    ]
