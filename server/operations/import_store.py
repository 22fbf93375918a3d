"""A store is imported (CH-2): the first one brings its quantities, a later one its listings and mappings only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.catalog import queries as catalog
from server.channels.protocol import Listing
from server.db.base import fold
from server.db.bulk import NUMBER, relation
from server.ledger.models import Balance, Movement
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import post
from server.operations.change_mapping import change_mapping
from server.operations.listing_skus import Proposal, make_skus, propose
from server.operations.stock_arrived import try_out_of_stock
from server.orders.models import Order, OrderLine
from server.orders.states import WAITING
from server.outbox import queue
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.places.queries import default_warehouse
from server.stores import listings as store_listings
from server.stores.mapping import Traits
from server.stores.models import Store, StoreSku
from server.stores.queries import find_store, store_sku_ids
from server.warehousing.service import without_own_stock

DOCUMENT = "store"


@dataclass(frozen=True)
class ImportRow:
    """One listing: what buyers see of it, the merchant SKU it gets, and what is booked in for it.

    `step`: `mapped` already, `map` to a SKU that is there, `create` the SKU, or `leave` it, `note` saying why.
    """

    store_sku: str
    name: str
    shown: int | None
    sku: str | None
    step: str
    opening: int = 0
    available: int | None = None
    note: str = ""


@dataclass(frozen=True)
class StoreImport:
    """What importing a store does. `first`: its quantities are booked into the default warehouse `warehouse`."""

    store: str
    first: bool
    warehouse: str
    rows: Sequence[ImportRow]

    @property
    def counts(self) -> dict[str, int]:
        """Listings by what becomes of them, and the units booked in."""
        steps = [row.step for row in self.rows]
        counts = {step: steps.count(step) for step in ("mapped", "map", "create", "leave")}
        return {"listings": len(steps), **counts, "units": sum(row.opening for row in self.rows)}


@dataclass(frozen=True)
class _Facts:
    """What is known of a store's listings before anything is decided."""

    store: Store
    place: Warehouse
    first: bool
    told: Mapping[str, Listing]
    traits: Mapping[str, Traits]
    proposals: Mapping[str, Proposal]
    mapped: frozenset[str]


def plan_import(session: Session, store_id: int, listings: Sequence[Listing], *, asked_at: datetime) -> StoreImport:
    """What importing these listings would do; reads only. `asked_at`: when the store was asked for them.

    Raises `NotFound`.
    """
    facts = _facts_of(session, store_id, listings, default_warehouse(session))
    return _plan(session, facts, asked_at)


def import_store(
    session: Session, store_id: int, listings: Sequence[Listing], *, asked_at: datetime, by: str, at: datetime
) -> StoreImport:
    """Import all of a store's listings; gives what was done. Importing again changes only what is new.

    The first store with stock: SKUs are made of listings that fit none, and what buyers see is booked in. Then orders
    that waited are tried. Every SKU the store sells is evaluated: a later store is told our quantities. Raises
    `NotFound`.
    """
    # Held first: nothing is booked in meanwhile, and no other store is the first one too.
    default = default_warehouse(session).id
    place = session.get_one(Warehouse, default, with_for_update=True)
    facts = _facts_of(session, store_id, listings, place)
    done = _plan(session, facts, asked_at)
    store_listings.take_listings(session, store_id, facts.told.values(), by=by, at=at)
    store_listings.drop_unseen(session, store_id, list(facts.told))
    skus = make_skus(session, facts.proposals, facts.traits, by=by, at=at)
    _book_in(session, facts, done, skus, by=by, at=at)
    ids = store_sku_ids(session, ((store_id, code) for code in facts.told))
    wanted: dict[int, int | None] = {
        ids[store_id, code]: sku_id for code, sku_id in skus.items() if code not in facts.mapped
    }
    change_mapping(session, wanted, by=by, at=at)
    try_out_of_stock(session, skus.values(), cause=Cause.MOVE_TO_PACK, by=by, at=at)
    queue.mark(session, skus.values(), cause=Cause.MAPPING, at=at)
    audit(session, by, "store.import", facts.store.name, at=at, first=done.first, **done.counts)
    return done


def _facts_of(session: Session, store_id: int, listings: Sequence[Listing], place: Warehouse) -> _Facts:
    store = find_store(session, store_id)
    told = {one.store_sku: one for one in listings if store_listings.may_be_code(one.store_sku)}
    traits = {code: Traits(code, (one.gtin or "").strip(), one.name.strip()) for code, one in told.items()}
    rows = session.execute(
        select(StoreSku.code, StoreSku.sku_id).where(StoreSku.store_id == store_id, StoreSku.sku_id.is_not(None))
    )
    known = {code: sku_id for code, sku_id in rows if code in told and sku_id is not None}
    outlines = catalog.outlines(session, known.values())
    first = not session.scalar(select(exists(select(Movement.id))))
    unmapped = {code: one for code, one in traits.items() if code not in known}
    proposals = {code: Proposal(outlines[sku_id].code, sku_id) for code, sku_id in known.items()}
    proposals |= propose(session, store, unmapped, make=first)
    return _Facts(store, place, first, told, traits, proposals, frozenset(known))


def _plan(session: Session, facts: _Facts, asked_at: datetime) -> StoreImport:
    available = _available(session, [one.sku_id for one in facts.proposals.values() if one.sku_id is not None])
    rows: dict[str, ImportRow] = {}
    for code, listing in sorted(facts.told.items()):
        one = facts.proposals[code]
        step = "mapped" if code in facts.mapped else "create" if one.makes else "map" if one.sku else "leave"
        units = None if one.sku_id is None else available.get(one.sku_id, 0)
        rows[code] = ImportRow(
            code, listing.name, listing.quantity, one.sku, step, available=units, note=one.note
        )  # fmt: skip
    if facts.first:
        _add_openings(session, facts, rows, asked_at)
    return StoreImport(facts.store.name, facts.first, facts.place.code, list(rows.values()))


def _add_openings(session: Session, facts: _Facts, rows: dict[str, ImportRow], asked_at: datetime) -> None:
    """What is on the shelf: what buyers see, and what waiting orders have taken from that already.

    Where several listings sell one SKU they show the same units, as far as anyone can know: the highest counts.
    """
    waiting = _waiting_units(session, facts.store.id, asked_at)
    stockless = without_own_stock(session, (one.sku_id for one in facts.proposals.values() if one.sku_id is not None))
    sharing: dict[str, list[str]] = defaultdict(list)
    for code, one in facts.proposals.items():
        if one.sku_id in stockless:
            rows[code] = _noted(rows[code], "a combination holds no stock; its components do")
        elif one.sku is not None:
            sharing[fold(one.sku)].append(code)
    for codes in sharing.values():
        best = max(codes, key=lambda code: facts.told[code].quantity or 0)
        ordered = sum(waiting.get(code, 0) for code in codes)
        for code in codes:
            if facts.told[code].quantity is None:
                rows[code] = _noted(rows[code], "the store shows no quantity")
            elif code != best:
                rows[code] = _noted(rows[code], f"'{best}' sells the same units")
        note = f"{ordered} in waiting orders" if ordered else ""
        rows[best] = replace(_noted(rows[best], note), opening=max(0, facts.told[best].quantity or 0) + ordered)


def _noted(row: ImportRow, note: str) -> ImportRow:
    return replace(row, note="; ".join(said for said in (row.note, note) if said))


def _waiting_units(session: Session, store_id: int, asked_at: datetime) -> dict[str, int]:
    """Units in waiting orders by store SKU. One placed after the store was asked is not missing from what it said."""
    rows = session.execute(
        select(StoreSku.code, func.sum(OrderLine.quantity))
        .join(OrderLine, OrderLine.store_sku_id == StoreSku.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.store_id == store_id, Order.state.in_(WAITING), Order.placed_at < asked_at)
        .group_by(StoreSku.code)
    )
    return {code: int(units) for code, units in rows}


def _available(session: Session, sku_ids: Sequence[int]) -> dict[int, int]:
    """What is available of each SKU in all warehouses together."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        rows = session.execute(
            select(Balance.sku_id, func.sum(Balance.on_hand - Balance.allocated))
            .join(r, r.c.id == Balance.sku_id)
            .group_by(Balance.sku_id)
        )
        return {sku_id: int(units) for sku_id, units in rows}


def _book_in(
    session: Session, facts: _Facts, done: StoreImport, skus: Mapping[str, int], *, by: str, at: datetime
) -> None:
    """One entry: the opening stock of every SKU, in the default warehouse."""
    lines = [Line(facts.place.id, skus[row.store_sku], on_hand=row.opening) for row in done.rows if row.opening]
    if lines:
        note = f"first import of {facts.store.name}"
        opening = Entry(
            Kind.OPENING, DOCUMENT, facts.store.id, "opening", lines, Cause.STOCK_IN_MANUAL, by, at, note=note
        )
        post(session, [opening])
