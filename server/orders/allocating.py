"""Orders are allocated whole, in their warehouse, or not at all (ORD-2); what they hold is released or deducted once.

Many orders at a time, with statements that don't grow with them: needs are read, figures locked, orders walked from
oldest to newest against the locked figures, and what fits is posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.catalog.models import Component, MerchantSku
from server.db.bulk import NUMBER, TEXT, insert_rows, relation
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import lock_figures, post
from server.orders import rules
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.states import State
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.stores.models import Store
from server.switches import service as switches

DOCUMENT = "order"
Key = tuple[int, int]


@dataclass
class _Need:
    """What one order needs, and of which line."""

    order: Order
    warehouse_id: int
    holds: list[tuple[int, int, int, int]] = field(default_factory=list)  # line, SKU, per unit, units
    unmapped: bool = False

    @property
    def sums(self) -> dict[Key, int]:
        sums: dict[Key, int] = defaultdict(int)
        for _, sku_id, _, units in self.holds:
            sums[self.warehouse_id, sku_id] += units
        return sums


def allocate(session: Session, orders: Sequence[Order], *, cause: Cause, by: str, at: datetime) -> None:
    """Allocate each order whole: it becomes to_pack, out_of_stock or unmapped. Oldest first, by ORD-1's moment.

    The orders' rows must be locked by the caller; lines hold nothing before. While the inventory features are off,
    nothing is allocated: an order that is mapped is to_pack and holds nothing (PSH-13).
    """
    if not orders:
        return
    needs = _needs(session, sorted(orders, key=_age))
    counting = switches.is_on(session, switches.INVENTORY_FEATURES, hold=True)
    mapped = [need for need in needs if counting and not need.unmapped]
    figures = lock_figures(session, {key for need in mapped for key in need.sums})
    available = {key: figure.available for key, figure in figures.items()}
    fitting: list[_Need] = []
    states: dict[int, State] = {}
    for need in needs:
        if need.unmapped:
            states[need.order.id] = State.UNMAPPED
        elif not counting:
            states[need.order.id] = State.TO_PACK
        elif rules.fits(need.sums, available):
            for key, quantity in need.sums.items():
                available[key] -= quantity
            fitting.append(need)
            states[need.order.id] = State.TO_PACK
        else:
            states[need.order.id] = State.OUT_OF_STOCK
    _hold(session, fitting)
    post(session, [_entry(need, cause=cause, by=by, at=at) for need in fitting])
    took = {need.order.id for need in fitting}
    write_states(
        session,
        [
            Moved(
                need.order,
                states[need.order.id],
                need.order.warehouse_id if need.unmapped else need.warehouse_id,
                need.order.steps + (need.order.id in took),
            )
            for need in needs
        ],
        at=at,
    )


def release(session: Session, orders: Sequence[Order], *, cause: Cause, by: str, at: datetime) -> None:
    """Give back all that the orders hold; the lines then hold nothing. Deducted units stay deducted."""
    holds = holds_of(session, [order.id for order in orders])
    entries = [
        Entry(
            Kind.RELEASE, DOCUMENT, order.id, f"{order.steps + 1}/release",
            [Line(h.warehouse_id, h.sku_id, allocated=-h.held) for h in holds[order.id] if h.held],
            cause, by, at,
        )
        for order in orders
    ]  # fmt: skip
    _post_and_clear(session, orders, [entry for entry in entries if entry.lines], deduct=False)


def deduct(session: Session, orders: Sequence[Order], *, by: str, at: datetime) -> None:
    """Take what the orders hold off on hand and off allocated, so that available stays (ORD-4).

    Raises `NotEnough` only where on hand itself is short, after a count (STK-5)."""
    holds = holds_of(session, [order.id for order in orders])
    entries = [
        Entry(
            Kind.DEDUCT, DOCUMENT, order.id, f"{order.steps + 1}/deduct",
            [Line(h.warehouse_id, h.sku_id, on_hand=-h.held, allocated=-h.held) for h in holds[order.id] if h.held],
            Cause.SALE, by, at,
        )
        for order in orders
    ]  # fmt: skip
    _post_and_clear(session, orders, [entry for entry in entries if entry.lines], deduct=True)


def uncovered(session: Session, orders: Sequence[Order]) -> set[int]:
    """The orders whose deduction on hand does not cover, walking from oldest to newest (STK-5); figures are locked."""
    holds = holds_of(session, [order.id for order in orders])
    needs: dict[int, dict[Key, int]] = {}
    for order in orders:
        sums: dict[Key, int] = defaultdict(int)
        for hold in holds[order.id]:
            sums[hold.warehouse_id, hold.sku_id] += hold.held
        needs[order.id] = sums
    figures = lock_figures(session, {key for sums in needs.values() for key in sums})
    on_hand = {key: figure.on_hand for key, figure in figures.items()}
    short: set[int] = set()
    for order in sorted(orders, key=_age):
        if not rules.fits(needs[order.id], on_hand):
            short.add(order.id)
            continue
        for key, quantity in needs[order.id].items():
            on_hand[key] -= quantity
    return short


@dataclass(frozen=True)
class Moved:
    """An order's new state and warehouse; `steps`: how many entries it has posted now."""

    order: Order
    state: State
    warehouse_id: int | None
    steps: int


def write_states(session: Session, moved: Sequence[Moved], *, at: datetime) -> None:
    """Write states, warehouses and steps in one statement, and into the loaded objects without making them dirty."""
    rows = [(m.order.id, m.state.value, m.warehouse_id, m.steps) for m in moved]
    with relation(session, {"id": NUMBER, "state": TEXT, "warehouse_id": NUMBER, "steps": NUMBER}, rows) as r:
        session.execute(
            update(Order)
            .where(Order.id == r.c.id)
            .values(state=r.c.state, warehouse_id=r.c.warehouse_id, steps=r.c.steps, updated_at=at)
            .execution_options(synchronize_session=False)
        )
    for m in moved:
        values = {"state": m.state.value, "warehouse_id": m.warehouse_id, "steps": m.steps, "updated_at": at}
        for name, value in values.items():
            set_committed_value(m.order, name, value)


def holds_of(session: Session, order_ids: Iterable[int]) -> dict[int, list[OrderHold]]:
    """What the lines of each order hold and have deducted."""
    found: dict[int, list[OrderHold]] = defaultdict(list)
    with relation(session, {"id": NUMBER}, [(order_id,) for order_id in order_ids]) as r:
        query = (
            select(OrderLine.order_id, OrderHold)
            .join(OrderHold, OrderHold.line_id == OrderLine.id)
            .join(r, r.c.id == OrderLine.order_id)
            .order_by(OrderHold.line_id, OrderHold.sku_id)
        )
        for order_id, hold in session.execute(query):
            found[order_id].append(hold)
    return found


def _age(order: Order) -> tuple[datetime, int]:
    """Oldest first, by ORD-1's moment, then by number."""
    return order.counts_at or order.placed_at, order.id


def _post_and_clear(session: Session, orders: Sequence[Order], entries: Sequence[Entry], *, deduct: bool) -> None:
    post(session, entries)
    posted = {entry.document_id for entry in entries}
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        lines = select(OrderLine.id).join(r, r.c.id == OrderLine.order_id)
        values: dict[str, Any] = {"held": 0}
        if deduct:
            values["deducted"] = OrderHold.deducted + OrderHold.held
        session.execute(
            update(OrderHold)
            .where(OrderHold.line_id.in_(lines), OrderHold.held > 0)
            .values(values)
            .execution_options(synchronize_session=False)
        )
    _step(session, [order for order in orders if order.id in posted])


def _step(session: Session, orders: Sequence[Order]) -> None:
    """These orders have posted one more entry."""
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        session.execute(
            update(Order)
            .where(Order.id.in_(select(r.c.id)))
            .values(steps=Order.steps + 1)
            .execution_options(synchronize_session=False)
        )
    for order in orders:
        set_committed_value(order, "steps", order.steps + 1)


def _entry(need: _Need, *, cause: Cause, by: str, at: datetime) -> Entry:
    lines = [Line(need.warehouse_id, sku_id, allocated=units) for _, sku_id, _, units in need.holds]
    step = f"{need.order.steps + 1}/allocate"
    return Entry(Kind.ALLOCATE, DOCUMENT, need.order.id, step, lines, cause, by, at)


def _hold(session: Session, needs: Sequence[_Need]) -> None:
    """Write down what each line took: release, edit and return use that, not today's recipe (CAT-6)."""
    line_ids = sorted({line for need in needs for line, *_ in need.holds})
    with relation(session, {"id": NUMBER}, [(line_id,) for line_id in line_ids]) as r:
        session.execute(
            delete(OrderHold)
            .where(OrderHold.line_id.in_(select(r.c.id)), OrderHold.deducted == 0)
            .execution_options(synchronize_session=False)
        )
    rows = (
        (line, sku_id, need.warehouse_id, per_unit, units, 0)
        for need in needs
        for line, sku_id, per_unit, units in need.holds
    )
    insert_rows(session, OrderHold, ("line_id", "sku_id", "warehouse_id", "per_unit", "held", "deducted"), rows)


def _needs(session: Session, orders: Sequence[Order]) -> list[_Need]:
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        lines = session.execute(
            select(OrderLine.order_id, OrderLine.id, OrderLine.sku_id, OrderLine.quantity)
            .join(r, r.c.id == OrderLine.order_id)
            .where(OrderLine.quantity > 0)
            .order_by(OrderLine.id)
        ).all()
    skus = _skus(session, {line.sku_id for line in lines if line.sku_id is not None})
    stores = dict(session.execute(select(Store.id, Store.warehouse_id)).all())
    places = _places(session)
    by_order: dict[int, list[Any]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    return [_need(order, by_order[order.id], skus, stores.get(order.store_id), places) for order in orders]


@dataclass(frozen=True)
class _Places:
    """The warehouses that stand, and the default one."""

    standing: frozenset[int]
    default: int

    def known(self, warehouse_id: int | None) -> int | None:
        """The warehouse, unless it was deleted at this very moment (WH-6)."""
        return warehouse_id if warehouse_id in self.standing else None


def _places(session: Session) -> _Places:
    rows = session.execute(select(Warehouse.id, Warehouse.is_default).where(Warehouse.deleted_at.is_(None))).all()
    return _Places(frozenset(row.id for row in rows), next(row.id for row in rows if row.is_default))


def _need(
    order: Order, lines: Sequence[Any], skus: Mapping[int, _Sku], store_warehouse: int | None, places: _Places
) -> _Need:
    unmapped = not lines or any(line.sku_id is None for line in lines)
    store_warehouse = places.known(store_warehouse)
    chosen = places.known(order.warehouse_id)
    if chosen is not None:  # chosen before, or changed by hand: it stays
        warehouse = chosen
    elif unmapped:
        return _Need(order, store_warehouse or places.default, unmapped=True)
    else:
        own = (places.known(skus[line.sku_id].default_warehouse_id) for line in lines)
        warehouse = rules.warehouse_of(own, store_warehouse, places.default)
    need = _Need(order, warehouse, unmapped=unmapped)
    if unmapped:
        return need
    for line in lines:
        for part in skus[line.sku_id].parts:
            need.holds.append((line.id, part.sku_id, part.per_unit, part.per_unit * line.quantity))
    return need


@dataclass(frozen=True)
class _Sku:
    parts: tuple[rules.Part, ...]
    default_warehouse_id: int | None


def _skus(session: Session, sku_ids: Iterable[int]) -> dict[int, _Sku]:
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in sku_ids]) as r:
        rows = session.execute(
            select(MerchantSku.id, MerchantSku.kind, MerchantSku.own_stock, MerchantSku.default_warehouse_id).join(
                r, r.c.id == MerchantSku.id
            )
        ).all()
        recipes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        query = select(Component).join(r, r.c.id == Component.combination_id).order_by(Component.component_id)
        for component in session.scalars(query):
            recipes[component.combination_id].append((component.component_id, component.quantity))
    return {
        row.id: _Sku(
            rules.parts_of(
                row.id,
                combination=row.kind == "combination",
                own_stock=row.own_stock,
                recipe=recipes[row.id],
            ),
            row.default_warehouse_id,
        )
        for row in rows
    }
