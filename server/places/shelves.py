"""Shelves: make, delete, assign to SKUs, free (WH-2, WH-3).

A shelf has at most one SKU, a SKU at most one shelf in a warehouse: assigning it another shelf frees the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.db.referring import forget
from server.errors import Conflict, NotFound, Refused
from server.ledger.models import Balance
from server.places.models import Shelf
from server.places.queries import ON_SHELF, shelf_ids, shelves_of
from server.places.rules import tidy_code

_SHOWN = 200


@dataclass(frozen=True)
class Wish:
    """A SKU to be put on a shelf."""

    shelf_id: int
    sku_id: int


@dataclass(frozen=True)
class ShelfTaken:
    """Why a wish is refused: the shelf is occupied by `holder`, or given to it by another wish of the same call."""

    wish: Wish
    shelf: str
    sku: str
    holder: str
    twice: bool = False

    @property
    def text(self) -> str:
        """What people read."""
        if not self.twice:
            return f"shelf '{self.shelf}' holds '{self.holder}'; pick an available or recyclable one for '{self.sku}'"
        if self.holder == self.sku:
            return f"'{self.sku}' is given shelf '{self.shelf}' and another one; a SKU has one shelf in a warehouse"
        return f"shelf '{self.shelf}' is given to '{self.holder}' and '{self.sku}'; give each its own"


class ShelfOccupied(Refused):
    """Shelves can't be assigned as wished (WH-2); none was. `taken` has every wish that is refused."""

    code = "shelf-occupied"

    def __init__(self, taken: Sequence[ShelfTaken]) -> None:
        more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
        errors = [{"shelf": one.shelf, "sku": one.sku, "holder": one.holder, "detail": one.text} for one in taken]
        super().__init__(f"{taken[0].text}{more}", errors=errors[:_SHOWN])
        self.taken = list(taken)


def create_shelves(session: Session, new: Sequence[tuple[int, str]], *, by: str, at: datetime) -> list[int]:
    """Make shelves from (warehouse, code) pairs; their numbers, in that order. Raises `Conflict` for a code taken."""
    pairs = [(warehouse_id, tidy_code(code, "shelf")) for warehouse_id, code in new]
    if not pairs:
        return []
    seen = set(shelf_ids(session, pairs))
    for warehouse_id, code in pairs:
        if (warehouse_id, fold(code)) in seen:
            raise Conflict(f"there is already a shelf '{code}' in this warehouse", field="code", code=code)
        seen.add((warehouse_id, fold(code)))
    insert_rows(session, Shelf, ("warehouse_id", "code", "key"), [(number, code, fold(code)) for number, code in pairs])
    made = shelf_ids(session, pairs)
    shown = [code for _, code in pairs[:10]]
    audit(session, by, "shelf.create", _subject(shown, len(pairs)), at=at, count=len(pairs), codes=shown)
    return [made[number, fold(code)] for number, code in pairs]


def delete_shelves(session: Session, shelf_ids: Iterable[int], *, by: str, at: datetime) -> None:
    """Delete shelves that are not occupied. Raises `NotFound`, and `Refused` naming what holds them (WH-2)."""
    wanted = sorted(set(shelf_ids))
    codes = _lock(session, wanted)
    if len(codes) < len(wanted):
        missing = next(number for number in wanted if number not in codes)
        raise NotFound(f"there is no shelf {missing}", id=missing)
    held = holders(session, wanted)
    if held:
        errors = [{"shelf": codes[number], "holder": holder} for number, holder in held.items()]
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Refused(f"shelf '{first['shelf']}' holds '{first['holder']}'{more}", errors=errors[:_SHOWN])
    drop(session, wanted)
    shown = [codes[number] for number in wanted[:10]]
    audit(session, by, "shelf.delete", _subject(shown, len(wanted)), at=at, count=len(wanted), codes=shown)


def drop(session: Session, shelf_ids: Sequence[int]) -> None:
    """Delete shelves, whatever is on them. Old stock lists that named them forget where, not what."""
    with relation(session, {"shelf_id": NUMBER}, [(number,) for number in shelf_ids]) as wanted:
        gone = select(wanted.c.shelf_id)
        forget(session, "shelf", gone)
        session.execute(delete(Shelf).where(Shelf.id.in_(gone)).execution_options(synchronize_session=False))


def holders(session: Session, shelf_ids: Sequence[int]) -> dict[int, str]:
    """The SKUs that occupy these shelves, by shelf; shelves that are available or recyclable are left out (WH-2)."""
    with relation(session, {"shelf_id": NUMBER}, [(number,) for number in shelf_ids]) as wanted:
        rows = (
            select(Shelf.id, MerchantSku.code)
            .join(wanted, wanted.c.shelf_id == Shelf.id)
            .join(MerchantSku, MerchantSku.id == Shelf.sku_id)
            .join(Balance, and_(Balance.warehouse_id == Shelf.warehouse_id, Balance.sku_id == Shelf.sku_id))
            .where(ON_SHELF > 0)
            .order_by(Shelf.id)
        )
        return {row.id: row.code for row in session.execute(rows)}


def refusals(session: Session, wishes: Sequence[Wish]) -> list[ShelfTaken]:
    """The wishes that WH-2 forbids, in their order; reads only.

    A shelf whose holder moves away in the same call counts as occupied: only what was free before can be given.
    """
    if not wishes:
        return []
    pairs = sorted({(wish.shelf_id, wish.sku_id) for wish in wishes})
    with relation(session, {"shelf_id": NUMBER, "sku_id": NUMBER}, pairs) as r:
        wanted = {
            Wish(row[0], row[1]): row
            for row in session.execute(
                select(r.c.shelf_id, r.c.sku_id, Shelf.code, MerchantSku.code, Shelf.warehouse_id, Shelf.sku_id)
                .join(Shelf, Shelf.id == r.c.shelf_id)
                .join(MerchantSku, MerchantSku.id == r.c.sku_id)
            )
        }
    held = holders(session, sorted({wish.shelf_id for wish in wishes}))
    by_shelf: dict[int, Wish] = {}
    by_sku: dict[tuple[int, int], Wish] = {}
    found: list[ShelfTaken] = []
    for wish in wishes:
        _, _, shelf, sku, warehouse_id, now_on_it = wanted[wish]
        shelf_first = by_shelf.setdefault(wish.shelf_id, wish)
        sku_first = by_sku.setdefault((warehouse_id, wish.sku_id), wish)
        if wish.shelf_id in held and now_on_it != wish.sku_id:
            found.append(ShelfTaken(wish, shelf, sku, held[wish.shelf_id]))
        elif shelf_first != wish:
            found.append(ShelfTaken(wish, shelf, sku, wanted[shelf_first][3], twice=True))
        elif sku_first != wish:
            found.append(ShelfTaken(wish, shelf, sku, sku, twice=True))
    return found


def assign(session: Session, wishes: Sequence[Wish], *, by: str, at: datetime) -> int:
    """Put SKUs on shelves, all of them or none; how many were not there before (WH-3).

    Raises `ShelfOccupied` with the SKUs that hold shelves (WH-2), `NotFound` for a shelf that is gone.
    """
    if not wishes:
        return 0
    missing = {wish.shelf_id for wish in wishes} - _lock(session, sorted({w.shelf_id for w in wishes})).keys()
    if missing:
        raise NotFound(f"there is no shelf {min(missing)}", id=min(missing))
    taken = refusals(session, wishes)
    if taken:
        raise ShelfOccupied(taken)
    pairs = sorted({(wish.shelf_id, wish.sku_id) for wish in wishes})
    with relation(session, {"shelf_id": NUMBER, "sku_id": NUMBER}, pairs) as r:
        moved = session.execute(
            select(Shelf.id, Shelf.warehouse_id, r.c.sku_id)
            .join(r, r.c.shelf_id == Shelf.id)
            .where(or_(Shelf.sku_id.is_(None), Shelf.sku_id != r.c.sku_id))
        ).all()
    if not moved:
        return 0
    left = shelves_of(session, ((row.warehouse_id, row.sku_id) for row in moved))
    # All are emptied first: a SKU is never on two shelves, not even between two statements.
    _empty(session, {row.id for row in moved} | {shelf_id for shelf_id, _ in left.values()})
    with relation(session, {"shelf_id": NUMBER, "sku_id": NUMBER}, [(row.id, row.sku_id) for row in moved]) as r:
        put = update(Shelf).where(Shelf.id == r.c.shelf_id).values(sku_id=r.c.sku_id)
        session.execute(put.execution_options(synchronize_session=False))
    audit(session, by, "shelf.assign", _subject([], len(moved)), at=at, count=len(moved))
    return len(moved)


def free(session: Session, pairs: Iterable[tuple[int, int]], *, by: str, at: datetime) -> int:
    """Take SKUs off their shelves, by (warehouse, SKU); how many were on one."""
    freed = shelves_of(session, pairs)
    if freed:
        _empty(session, {shelf_id for shelf_id, _ in freed.values()})
        shown = [code for _, code in freed.values()][:10]
        audit(session, by, "shelf.free", _subject(shown, len(freed)), at=at, count=len(freed), codes=shown)
    return len(freed)


def _empty(session: Session, shelf_ids: Iterable[int]) -> None:
    with relation(session, {"shelf_id": NUMBER}, [(number,) for number in sorted(shelf_ids)]) as r:
        empty = update(Shelf).where(Shelf.id.in_(select(r.c.shelf_id))).values(sku_id=None)
        session.execute(empty.execution_options(synchronize_session=False))


def _lock(session: Session, shelf_ids: Sequence[int]) -> dict[int, str]:
    """The codes of these shelves, locked in the order of their numbers."""
    with relation(session, {"shelf_id": NUMBER}, [(number,) for number in shelf_ids]) as wanted:
        rows = select(Shelf.id, Shelf.code).join(wanted, wanted.c.shelf_id == Shelf.id).order_by(Shelf.id)
        if dialect_of(session) == "postgresql":
            rows = rows.with_for_update(of=Shelf)
        return {row.id: row.code for row in session.execute(rows)}


def _subject(codes: Sequence[str], count: int) -> str:
    return codes[0] if len(codes) == count == 1 else f"{count} shelves"
