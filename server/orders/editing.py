"""Orders that were edited in their store after they were taken in: only the changed line changes (ORD-10).

Less is released, or refunded once deducted. More is allocated too, or the order becomes out of stock and keeps what it
held; once deducted, it becomes a supplementary order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from server.channels.protocol import MarketOrder, MarketStatus
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.ledger.movements import Kind, Line
from server.orders import allocating, rules, service
from server.orders.giving_back import out
from server.orders.gone import gone_among
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderLine
from server.orders.rules import Edits, KnownLine, ToldLine
from server.orders.states import ALLOCATED, DEDUCTED, TABLE, Action, State
from server.outbox.causes import Cause

CAUSE = Cause.ORDER_SYNC
_NOTE = "edited in the store"
#: Statuses whose news says nothing of lines: what comes back is for cancel and return to say.
_SILENT = (MarketStatus.CANCELLED, MarketStatus.RETURNED)
#: States in which a changed order is tried again.
_TRIED = frozenset({*ALLOCATED, State.OUT_OF_STOCK, State.UNMAPPED})


class Listing(NamedTuple):
    """A store SKU that an order's line names: its number, and the merchant SKU it is mapped to."""

    id: int
    sku_id: int | None


@dataclass
class Edited:
    """An order, its supplements, and what its store changed in its lines. `late`: what comes on top is dealt with
    after what the store reports besides, because the order has allocated or deducted what it has so far."""

    order: Order
    news: MarketOrder
    supplements: list[Order] = field(default_factory=list)
    known: list[KnownLine] = field(default_factory=list)
    edits: Edits = field(default_factory=lambda: Edits({}, {}))
    late: bool = False


def read(
    session: Session, heard: Sequence[tuple[Order, MarketOrder]], store_skus: Mapping[str, Listing]
) -> dict[int, Edited]:
    """By order, what news of it changes in its lines. The supplements are locked with it."""
    found = {order.id: Edited(order, news, late=order.state in (ALLOCATED | DEDUCTED)) for order, news in heard}
    for supplement in _supplements(session, list(found)):
        assert supplement.supplement_of is not None
        found[supplement.supplement_of].supplements.append(supplement)
    owners = {each.id: number for number, edited in found.items() for each in (edited.order, *edited.supplements)}
    for line in _lines(session, list(owners)):
        found[owners[line.order_id]].known.append(line)
    for edited in found.values():
        if edited.news.status not in _SILENT and _follows(edited.order):
            told = [
                ToldLine(line.line_id, store_skus[line.store_sku].id, line.quantity)
                for line in rules.added_up(edited.news.lines)
            ]
            edited.edits = rules.edits_of(edited.known, told)
    return found


def _follows(order: Order) -> bool:
    return (State(order.state), Action.EDIT) in TABLE


def note_unfollowed(session: Session, found: Mapping[int, Edited], store_skus: Mapping[str, Listing]) -> None:
    """An order that was cancelled here follows no edit. What its store says is in it now is written down all the same,
    as a line of no units: when it goes again, what the store shows of it is unknown (PSH-8)."""
    noted = []
    for edited in found.values():
        if not _follows(edited.order):
            there = {line.store_sku_id for line in edited.known}
            told = {store_skus[line.store_sku].id for line in edited.news.lines}
            common = {"order_id": edited.order.id, "sku_id": None, "quantity": 0}
            noted += [common | {"store_sku_id": new, "line_key": f"noted~{new}"} for new in sorted(told - there)]
    if noted:
        session.execute(insert(OrderLine), noted)


def known_store_skus(found: Mapping[int, Edited]) -> set[int]:
    """The store SKUs of lines that were known before: what comes or goes in their orders, the store put back units of
    them or took some, whatever becomes of the news here (PSH-8)."""
    return {line.store_sku_id for edited in found.values() for line in edited.known}


def lower(session: Session, found: Mapping[int, Edited], *, by: str, at: datetime) -> None:
    """Lines that fall or go: the excess is released, or refunded where it was deducted.

    What was deducted of a SKU that is deleted by now stays so (CAT-13)."""
    falls = {line: quantity for edited in found.values() for line, quantity in edited.edits.falls.items()}
    replaced = {line for edited in found.values() for line in edited.edits.replaced}
    if replaced:
        _give_up_keys(session, replaced)
    if not falls:
        return
    _write_quantities(session, falls)
    owners = {line.id: line.order_id for edited in found.values() for line in edited.known}
    orders = [each for edited in found.values() for each in (edited.order, *edited.supplements)]
    lowered = {owners[line] for line in falls}
    released: list[Change] = []
    refunded: list[Change] = []
    taken = [(order_id, hold) for order_id, holds in holds_of(session, lowered).items() for hold in holds]
    gone = gone_among(session, [hold for _, hold in taken])
    for order_id, hold in taken:
        if hold.line_id not in falls or hold.sku_id in gone.skus:
            continue
        left = hold.per_unit * falls[hold.line_id]
        if (excess := hold.held - left) > 0:
            free = Line(hold.warehouse_id, hold.sku_id, allocated=-excess)
            released.append(Change(order_id, hold.line_id, free, held=-excess))
        if (excess := out(hold) - left) > 0:
            back = Line(gone.place(hold.warehouse_id), hold.sku_id, on_hand=excess)
            refunded.append(Change(order_id, hold.line_id, back, deducted=-excess))
    settle(session, Kind.RELEASE, orders, released, cause=CAUSE, by=by, at=at, note=_NOTE)
    settle(session, Kind.REFUND, orders, refunded, cause=CAUSE, by=by, at=at, note=_NOTE)


def retried(edited: Edited) -> tuple[Action, ...]:
    """What an order that waits for stock or a mapping does after an edit, unless its store reports more."""
    waits = edited.order.state in (State.OUT_OF_STOCK, State.UNMAPPED)
    return (Action.MOVE_TO_PACK,) if waits and edited.edits else ()


def raise_early(session: Session, found: Mapping[int, Edited], store_skus: Mapping[str, Listing]) -> None:
    """Lines that rise or come, of orders that have not allocated or deducted: no more than written down."""
    _raise(session, [(edited.order, edited) for edited in found.values() if not edited.late], store_skus)


def raise_late(
    session: Session, found: Mapping[int, Edited], store_skus: Mapping[str, Listing], *, by: str, at: datetime
) -> None:
    """The same of orders that have: allocated too, or out of stock; once deducted, a supplementary order."""
    risen = [edited for edited in found.values() if edited.late and edited.edits.rises]
    # A supplement that still waits, whose line fell, may fit now.
    eased = [
        each
        for edited in found.values()
        if edited.edits.falls
        for each in edited.supplements
        if each.state in (State.OUT_OF_STOCK, State.UNMAPPED)
    ]
    if not risen:
        allocating.allocate(session, eased, cause=CAUSE, by=by, at=at, stay=True)
        return
    deducted = _with_deductions(session, [edited.order for edited in risen])
    owners: list[tuple[Order, Edited]] = []
    missing: list[Edited] = []
    for edited in risen:
        if edited.order.id not in deducted:
            owners.append((edited.order, edited))
        elif (open_one := _open_supplement(edited)) is not None:
            owners.append((open_one, edited))
        else:
            missing.append(edited)
    made = _make_supplements(session, missing, at)
    _raise(session, [*owners, *zip(made, missing, strict=True)], store_skus)
    tried = {order.id: order for order, _ in owners if order.state in _TRIED} | {order.id: order for order in eased}
    allocating.allocate(session, list(tried.values()), cause=CAUSE, by=by, at=at, stay=True)
    service.perform(session, Action.TAKE_IN, made, by=by, at=at, cause=CAUSE)


def _with_deductions(session: Session, orders: Sequence[Order]) -> set[int]:
    """Orders that have deducted: one shipped outside that deducted nothing only has its lines written down."""
    states = {order.id for order in orders if order.state in DEDUCTED}
    holds = holds_of(session, states)
    return {number for number in states if any(hold.deducted for hold in holds[number])}


def _open_supplement(edited: Edited) -> Order | None:
    """The newest supplement, while what comes on top can still be added to it."""
    newest = edited.supplements[-1] if edited.supplements else None
    return newest if newest is not None and newest.state in _TRIED else None


def _raise(session: Session, risen: Sequence[tuple[Order, Edited]], store_skus: Mapping[str, Listing]) -> None:
    quantities: dict[int, int] = {}
    added: list[dict[str, Any]] = []
    for order, edited in risen:
        replaced = set(edited.edits.replaced)
        own = {line.key: line for line in edited.known if line.order_id == order.id and line.id not in replaced}
        told = {line.line_id: line for line in rules.added_up(edited.news.lines)}
        for key, units in edited.edits.rises.items():
            if key in own:
                left = edited.edits.falls.get(own[key].id, own[key].quantity)
                quantities[own[key].id] = left + units
                continue
            store_sku = store_skus[told[key].store_sku]
            added.append(
                {
                    "order_id": order.id,
                    "line_key": key,
                    "store_sku_id": store_sku.id,
                    "sku_id": store_sku.sku_id,
                    "quantity": units,
                    "unit_price": told[key].unit_price,
                    "name": told[key].name[:300],
                }
            )
    if quantities:
        _write_quantities(session, quantities)
    if added:
        session.execute(insert(OrderLine), added)


def _make_supplements(session: Session, edits: Sequence[Edited], at: datetime) -> list[Order]:
    """An order for what comes on top of each, in their order; counting from when its store was edited."""
    rows = []
    for edited in edits:
        main = edited.order
        suffix = max((each.supplement for each in edited.supplements), default=1) + 1
        same = ("store_id", "market_status", "cod", "hold", "cancel_pending", "placed_at", "seen_at", "content")
        rows.append(
            {name: getattr(main, name) for name in (*same, "currency")}
            | {
                "number": f"{main.number}-{suffix}",
                "supplement": suffix,
                "supplement_of": main.id,
                "state": State.UNPAID.value,
                "counts_at": edited.news.updated_at,
                "created_at": at,
                "updated_at": at,
            }
        )
    if not rows:
        return []
    session.execute(insert(Order), rows)
    newest = {each.supplement_of: each for each in _supplements(session, [edited.order.id for edited in edits])}
    return [newest[edited.order.id] for edited in edits]


def _supplements(session: Session, order_ids: Sequence[int]) -> Sequence[Order]:
    with relation(session, {"id": NUMBER}, [(number,) for number in order_ids]) as r:
        query = select(Order).join(r, r.c.id == Order.supplement_of).order_by(Order.id)
        if dialect_of(session) == "postgresql":
            query = query.with_for_update(of=Order)
        return session.scalars(query.execution_options(populate_existing=True)).all()


def _lines(session: Session, order_ids: Sequence[int]) -> list[KnownLine]:
    """Lines of orders and their supplements, the orders' own first."""
    columns = (OrderLine.id, OrderLine.order_id, OrderLine.line_key, OrderLine.store_sku_id, OrderLine.quantity)
    with relation(session, {"id": NUMBER}, [(number,) for number in order_ids]) as r:
        query = (
            select(*columns)
            .join(r, r.c.id == OrderLine.order_id)
            .join(Order, Order.id == OrderLine.order_id)
            .order_by(Order.supplement, OrderLine.id)
        )
        return [KnownLine(*row) for row in session.execute(query)]


def _write_quantities(session: Session, quantities: Mapping[int, int]) -> None:
    with relation(session, {"id": NUMBER, "quantity": NUMBER}, sorted(quantities.items())) as r:
        change = update(OrderLine).where(OrderLine.id == r.c.id).values(quantity=r.c.quantity)
        session.execute(change.execution_options(synchronize_session=False))


def _give_up_keys(session: Session, line_ids: set[int]) -> None:
    """The key of a line now means another store SKU: the old line keeps its history under another key."""
    with relation(session, {"id": NUMBER, "key": TEXT}, [(line, f"gone~{line}") for line in sorted(line_ids)]) as r:
        change = update(OrderLine).where(OrderLine.id == r.c.id).values(line_key=r.c.key)
        session.execute(change.execution_options(synchronize_session=False))
