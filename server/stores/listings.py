"""What stores say of their listings, kept as store SKUs; written set-based, by product sync and order import."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import cast, delete, func, literal, or_, select, true, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.channels.protocol import Listing
from server.db.base import Document, Moment
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.db.referring import delete_referring, referred
from server.db.upsert import upsert
from server.errors import NotFound, WrongUse
from server.outbox import queue
from server.outbox.causes import Cause
from server.stores.models import StoreSku
from server.stores.queries import find_store, store_sku_ids

#: Characters, as the table has them.
MAX_CODE, MAX_NAME, MAX_GTIN = 120, 300, 50
#: Tables of what a store SKU was told and why; nothing of it matters without the store SKU.
TOLD = ("evaluation", "push", "told")
_COLUMNS = ("store_id", "code", "name", "gtin", "references", "synced", "listed", "created_at")


@dataclass(frozen=True)
class Taken:
    """What came of a page of listings. `skipped`: codes that are empty or longer than any store SKU may be."""

    made: int
    known: int
    skipped: Sequence[str] = ()


def may_be_code(code: str) -> bool:
    """Whether a store SKU may be called that. It is kept to the letter: the store finds its listing by it."""
    return bool(code.strip()) and len(code) <= MAX_CODE and code.isprintable()


def take_listings(session: Session, store_id: int, listings: Iterable[Listing], *, by: str, at: datetime) -> Taken:
    """Keep listings as store SKUs: new ones are made, known ones get today's name, GTIN and references.

    Mappings are left alone. Where a code comes twice the last one counts. Raises `NotFound`.
    """
    store = find_store(session, store_id)
    rows: dict[str, tuple[str, str, str, str]] = {}
    skipped: list[str] = []
    for listing in listings:
        code = listing.store_sku
        if not may_be_code(code):
            skipped.append(code[:MAX_CODE])
            continue
        gtin = printable(listing.gtin or "")
        references = json.dumps(dict(listing.references), ensure_ascii=False)
        name = printable(listing.name)[:MAX_NAME]
        rows[code] = (code, name, gtin if len(gtin) <= MAX_GTIN else "", references)
    if not rows:
        return Taken(0, 0, skipped)
    known = len(store_sku_ids(session, ((store_id, code) for code in rows)))
    _save(session, store_id, [rows[code] for code in sorted(rows)], at)
    if len(rows) > known:
        audit(session, by, "store_sku.create", store.name, at=at, count=len(rows) - known)
    return Taken(len(rows) - known, known, skipped)


def drop_unseen(session: Session, store_id: int, seen: Collection[str]) -> int:
    """After all of a store's listings were read: those not `seen` are listed no more; how many.

    They keep their mapping, since orders for them may still come.
    """
    with relation(session, {"code": TEXT}, [(code,) for code in sorted(seen)]) as r:
        gone = session.scalars(
            update(StoreSku)
            .where(StoreSku.store_id == store_id, StoreSku.listed, StoreSku.code.not_in(select(r.c.code)))
            .values(listed=False)
            .returning(StoreSku.id)
            .execution_options(synchronize_session=False)
        ).all()
    return len(gone)


def ensure_store_skus(
    session: Session, pairs: Iterable[tuple[int, str]], *, at: datetime, synced: bool = True
) -> dict[tuple[int, str], int]:
    """The numbers of these (store, code) pairs; those not known yet are made, unmapped and not listed.

    `synced`: whether the new ones' quantities are pushed once they are mapped (CH-4). Raises `WrongUse` for a code that
    can't be one.
    """
    wanted = sorted(set(pairs))
    wrong = next((code for _, code in wanted if not may_be_code(code)), None)
    if wrong is not None:
        raise WrongUse(f"'{wrong[:60]}' can't be a store SKU: 1 to {MAX_CODE} printable characters", field="store_sku")
    known = store_sku_ids(session, wanted)
    fresh = [pair for pair in wanted if pair not in known]
    if not fresh:
        return known
    with relation(session, {"store_id": NUMBER, "code": TEXT}, fresh) as r:
        given = select(
            r.c.store_id, r.c.code, literal(""), literal(""), _document(session, literal("{}")),
            literal(synced), literal(False), literal(at, Moment()),
        )  # fmt: skip
        insert = upsert(session, StoreSku).from_select(
            list(_COLUMNS), given.where(true()).order_by(r.c.store_id, r.c.code)
        )
        session.execute(insert.on_conflict_do_nothing())
    return known | store_sku_ids(session, fresh)


def forget_store_skus(session: Session, store_sku_ids: Iterable[int]) -> int:
    """Delete store SKUs that never came to anything: not listed, not mapped, in no order; how many."""
    with relation(session, {"id": NUMBER}, [(number,) for number in sorted(set(store_sku_ids))]) as r:
        named = select(r.c.id)
        used = referred(session, "store_sku", named, besides=TOLD)
        idle = (StoreSku.id.in_(named), StoreSku.listed.is_(False), StoreSku.sku_id.is_(None))
        gone = [number for number in session.scalars(select(StoreSku.id).where(*idle)) if number not in used]
    with relation(session, {"id": NUMBER}, [(number,) for number in gone]) as r:
        delete_referring(session, "store_sku", select(r.c.id), TOLD)
        drop = delete(StoreSku).where(StoreSku.id.in_(select(r.c.id)))
        session.execute(drop.execution_options(synchronize_session=False))
    return len(gone)


def choose_synced(session: Session, store_sku_ids: Iterable[int], synced: bool, *, by: str, at: datetime) -> int:
    """Choose whether these store SKUs' quantities are pushed (CH-4); how many changed.

    What is pushed again is evaluated again. Raises `NotFound` for a number that is none.
    """
    wanted = sorted(set(store_sku_ids))
    with relation(session, {"id": NUMBER}, [(number,) for number in wanted]) as r:
        those = StoreSku.id.in_(select(r.c.id))
        if session.scalar(select(func.count(StoreSku.id)).where(those)) != len(wanted):
            raise NotFound("one of these store SKUs does not exist; nothing was changed")
        changed = session.execute(
            update(StoreSku)
            .where(those, StoreSku.synced.is_(not synced))
            .values(synced=synced)
            .returning(StoreSku.sku_id)
            .execution_options(synchronize_session=False)
        ).scalars().all()  # fmt: skip
    if changed:
        queue.mark(session, (sku for sku in changed if sku is not None), cause=Cause.SWITCH, at=at)
        audit(session, by, "store_sku.sync", f"{len(changed)} store SKUs", at=at, synced=synced)
    return len(changed)


def _save(session: Session, store_id: int, rows: Sequence[tuple[str, str, str, str]], at: datetime) -> None:
    types = {"code": TEXT, "name": TEXT, "gtin": TEXT, "document": TEXT}
    with relation(session, types, rows) as r:
        given = select(
            literal(store_id), r.c.code, r.c.name, r.c.gtin, _document(session, r.c.document),
            literal(True), literal(True), literal(at, Moment()),
        )  # fmt: skip
        insert = upsert(session, StoreSku).from_select(list(_COLUMNS), given.where(true()).order_by(r.c.code))
        new = insert.excluded
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["store_id", "code"],
                set_={"name": new.name, "gtin": new.gtin, "references": new.references, "listed": True},
                where=or_(
                    StoreSku.name != new.name,
                    StoreSku.gtin != new.gtin,
                    StoreSku.references != new.references,
                    StoreSku.listed.is_(False),
                ),
            )
        )


def _document(session: Session, text: Any) -> Any:
    """JSON text as the column's type. SQLite keeps documents as text; a cast there would make a number of it."""
    return cast(text, Document) if dialect_of(session) == "postgresql" else text


def printable(text: str) -> str:
    """A market's text without what no database takes or no screen shows."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
