"""Mappings: map, change, remove, match by SKU; set-based (CAT-8, CAT-10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.catalog.models import Gtin, MerchantSku
from server.catalog.writing import title_key
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.errors import NotFound
from server.outbox import queue
from server.outbox.causes import Cause
from server.outbox.models import Push
from server.stores.models import Store, StoreSku
from server.stores.options import MATCH_BY, option_of
from server.stores.queries import find_store

#: What callers know a listing by: its number, or its code.
Key = TypeVar("Key")


@dataclass(frozen=True)
class Mapped:
    """A mapping that changed: the store SKU, and the merchant SKU before and after (None: not mapped)."""

    store_sku_id: int
    old_sku_id: int | None
    new_sku_id: int | None


@dataclass(frozen=True)
class Ambiguous:
    """A listing that several merchant SKUs would fit, so none was taken (CAT-10)."""

    store_sku_id: int
    code: str
    candidates: Sequence[str]

    @property
    def text(self) -> str:
        """What people read."""
        return f"'{self.code}' fits {', '.join(self.candidates)}; map it by hand"


@dataclass(frozen=True)
class Matches:
    """What matching came to: the mappings made, and what was left because it is ambiguous."""

    mapped: Sequence[Mapped]
    ambiguous: Sequence[Ambiguous]


def map_many(
    session: Session,
    wanted: Mapping[int, int | None],
    *,
    cause: Cause = Cause.MAPPING,
    by: str,
    at: datetime,
) -> list[Mapped]:
    """Map store SKUs (by number) to merchant SKUs, None takes the mapping away; those that changed, by number.

    The merchant SKUs on both sides are evaluated again (PSH-7, 12), and what still waits to be told to these listings
    for the old SKU is dropped. Orders are the caller's: what returns says which may now be tried (CAT-9).
    Raises `NotFound` for a store SKU or a merchant SKU that is none.
    """
    before = lock_mappings(session, wanted)
    missing = next((number for number in wanted if number not in before), None)
    if missing is not None:
        raise NotFound(f"there is no store SKU {missing}", id=missing)
    _refuse_unknown(session, {sku_id for sku_id in wanted.values() if sku_id is not None})
    changed = [
        Mapped(number, before[number], wanted[number]) for number in sorted(wanted) if before[number] != wanted[number]
    ]
    if not changed:
        return []
    both = (sku_id for one in changed for sku_id in (one.old_sku_id, one.new_sku_id) if sku_id is not None)
    queue.mark(session, both, cause=cause, at=at)  # before what waits is dropped: evaluating locks in this order
    _save(session, changed)
    _audit(session, changed, by, at)
    return changed


def match(session: Session, store_id: int, *, only: Iterable[int] | None = None, by: str, at: datetime) -> Matches:
    """Map a store's unmapped listings, or these of them, to the merchant SKU that they fit (CAT-10).

    What fits several merchant SKUs is left alone and named. Raises `NotFound`.
    """
    store = find_store(session, store_id)
    unmapped = select(StoreSku.id, StoreSku.code, StoreSku.gtin, StoreSku.name).where(
        StoreSku.store_id == store_id, StoreSku.sku_id.is_(None)
    )
    chosen = None if only is None else set(only)
    listings = {
        number: Traits(*traits)
        for number, *traits in session.execute(unmapped.order_by(StoreSku.id))
        if chosen is None or number in chosen
    }
    fits = fitting(session, store, listings)
    wanted: dict[int, int | None] = {number: some[0][0] for number, some in fits.items() if len(some) == 1}
    ambiguous = [
        Ambiguous(number, listings[number].code, [code for _, code in some[:5]])
        for number, some in fits.items()
        if len(some) > 1
    ]
    return Matches(map_many(session, wanted, by=by, at=at) if wanted else [], ambiguous)


class Traits(NamedTuple):
    """What a listing can be recognised by."""

    code: str
    gtin: str
    name: str


def fitting(session: Session, store: Store, listings: Mapping[Key, Traits]) -> dict[Key, list[tuple[int, str]]]:
    """The living merchant SKUs, number and code, that each listing fits; those that fit none are left out.

    By the same code, GTIN or title, or not at all: the store's setting `match_by` says which. Compared without regard
    to case and outer blanks.
    """
    chosen = option_of(store.settings, MATCH_BY)
    if chosen == "none":
        return {}
    key_of = title_key if chosen == "name" else fold
    keys = {key: key_of(getattr(traits, chosen)) for key, traits in listings.items()}
    found = _candidates(session, chosen, {told for told in keys.values() if told})
    return {key: found[told] for key, told in keys.items() if told in found}


def _candidates(session: Session, chosen: str, keys: set[str]) -> dict[str, list[tuple[int, str]]]:
    """Living merchant SKUs (number, code) by what they are looked for by."""
    with relation(session, {"key": TEXT}, [(key,) for key in sorted(keys)]) as r:
        rows: Select[str, int, str] = select(r.c.key, MerchantSku.id, MerchantSku.code)
        if chosen == "code":
            rows = rows.join(MerchantSku, MerchantSku.key == r.c.key)
        elif chosen == "gtin":
            rows = rows.join(Gtin, Gtin.key == r.c.key).join(MerchantSku, MerchantSku.id == Gtin.sku_id)
        else:
            rows = rows.join(MerchantSku, MerchantSku.title_key == r.c.key)
        found: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for key, sku_id, code in session.execute(rows.where(MerchantSku.deleted_at.is_(None)).order_by(MerchantSku.id)):
            found[key].append((sku_id, code))
    return found


def lock_mappings(session: Session, store_sku_ids: Iterable[int]) -> dict[int, int | None]:
    """What these store SKUs are mapped to, locked in the order of their numbers."""
    with relation(session, {"id": NUMBER}, [(number,) for number in sorted(store_sku_ids)]) as r:
        rows = select(StoreSku.id, StoreSku.sku_id).join(r, r.c.id == StoreSku.id).order_by(StoreSku.id)
        if dialect_of(session) == "postgresql":
            rows = rows.with_for_update(of=StoreSku)
        return {row[0]: row[1] for row in session.execute(rows)}


def _refuse_unknown(session: Session, sku_ids: set[int]) -> None:
    with relation(session, {"id": NUMBER}, [(number,) for number in sorted(sku_ids)]) as r:
        living = select(func.count()).select_from(
            select(MerchantSku.id).join(r, r.c.id == MerchantSku.id).where(MerchantSku.deleted_at.is_(None)).subquery()
        )
        if session.scalar(living) != len(sku_ids):
            raise NotFound("one of these merchant SKUs does not exist; nothing was mapped")


def _save(session: Session, changed: Sequence[Mapped]) -> None:
    rows = [(one.store_sku_id, one.new_sku_id) for one in changed]
    with relation(session, {"id": NUMBER, "sku_id": NUMBER}, rows) as r:
        save = update(StoreSku).where(StoreSku.id == r.c.id).values(sku_id=r.c.sku_id)
        session.execute(save.execution_options(synchronize_session=False))
        # One that is on its way to the store right now, or that the market has yet to settle, is left: its answer is
        # taken in, and what is evaluated anew comes after it (PSH-8).
        unsent = (Push.lease_until.is_(None), Push.ticket.is_(None))
        waiting = delete(Push).where(Push.store_sku_id.in_(select(r.c.id)), *unsent)
        session.execute(waiting.execution_options(synchronize_session=False))


def _audit(session: Session, changed: Sequence[Mapped], by: str, at: datetime) -> None:
    shown = [[one.store_sku_id, one.old_sku_id, one.new_sku_id] for one in changed[:10]]
    subject = f"store SKU {changed[0].store_sku_id}" if len(changed) == 1 else f"{len(changed)} store SKUs"
    audit(session, by, "mapping.change", subject, at=at, count=len(changed), changes=shown)
