"""What orders need now: which units of which SKU in which warehouse, beside what their lines hold already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import Component, MerchantSku
from server.db.bulk import NUMBER, relation
from server.orders import rules
from server.orders.models import Order, OrderHold, OrderLine
from server.places.models import Warehouse
from server.stores.models import Store

Key = tuple[int, int]


class Part(NamedTuple):
    """What one line takes of one SKU: `per_unit` of it, `units` in all, of which `held` are held already."""

    line_id: int
    sku_id: int
    per_unit: int
    units: int
    held: int = 0

    @property
    def missing(self) -> int:
        """Units that are still to be allocated."""
        return max(0, self.units - self.held)


@dataclass
class Need:
    """What one order needs, and of which line. `dead`: lines whose SKU was deleted, which have no mapping any more."""

    order: Order
    warehouse_id: int
    parts: list[Part] = field(default_factory=list)
    unmapped: bool = False
    dead: list[int] = field(default_factory=list)

    @cached_property
    def missing(self) -> Mapping[Key, int]:
        """What is still to be allocated, by (warehouse, SKU); asked for again and again once the parts are known."""
        sums: dict[Key, int] = defaultdict(int)
        for part in self.parts:
            if part.missing:
                sums[self.warehouse_id, part.sku_id] += part.missing
        return sums


@dataclass(frozen=True)
class Other:
    """Another mapping or another place to work the needs out for; what those lines or orders hold is not counted."""

    skus: Mapping[int, int | None] = field(default_factory=dict)  # by line
    warehouses: Mapping[int, int] = field(default_factory=dict)  # by order


def age_of(order: Order) -> tuple[datetime, int]:
    """Oldest first, by ORD-1's moment, then by number."""
    return order.counts_at or order.placed_at, order.id


def needs_of(session: Session, orders: Sequence[Order], other: Other | None = None) -> list[Need]:
    """What each order needs, in their order. A line that holds already keeps the components it took (CAT-6)."""
    other = other or Other()
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        found = session.execute(
            select(OrderLine.order_id, OrderLine.id, OrderLine.sku_id, OrderLine.quantity)
            .join(r, r.c.id == OrderLine.order_id)
            .order_by(OrderLine.id)
        ).all()
        held = session.execute(
            select(OrderHold)
            .join(OrderLine, OrderLine.id == OrderHold.line_id)
            .join(r, r.c.id == OrderLine.order_id)
            .where(OrderHold.held > 0)
            .order_by(OrderHold.line_id, OrderHold.sku_id)
            .execution_options(populate_existing=True)
        )
        holds: dict[int, list[OrderHold]] = defaultdict(list)
        for (hold,) in held:
            holds[hold.line_id].append(hold)
    lines: dict[int, list[_Line]] = {}
    for order_id, line_id, sku_id, quantity in found:
        some = lines.setdefault(order_id, [])
        if not quantity:  # edited away, or only noted: it takes nothing
            continue
        given = line_id in other.skus or order_id in other.warehouses
        own = [] if given else holds[line_id]
        some.append(_Line(line_id, other.skus.get(line_id, sku_id), quantity, own))
    skus = _skus(session, {line.sku_id for some in lines.values() for line in some if line.sku_id is not None})
    stores = dict(session.execute(select(Store.id, Store.warehouse_id)).all())
    places = _places(session)
    return [
        _need(
            order, lines.get(order.id), skus, places, stores.get(order.store_id),
            other.warehouses.get(order.id, order.warehouse_id),
        )
        for order in orders
    ]  # fmt: skip


class _Line(NamedTuple):
    id: int
    sku_id: int | None
    quantity: int
    holds: Sequence[OrderHold]


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
    order: Order,
    lines: Sequence[_Line] | None,
    skus: Mapping[int, _Sku],
    places: _Places,
    store_warehouse: int | None,
    chosen: int | None,
) -> Need:
    """What one order needs. One whose lines were all edited away needs nothing (ORD-10); one that never had any waits
    for somebody to look."""
    unlisted, lines = lines is None, lines or ()
    dead = [line.id for line in lines if line.sku_id is not None and line.sku_id not in skus]
    unmapped = unlisted or bool(dead) or any(line.sku_id is None for line in lines)
    store_warehouse = places.known(store_warehouse)
    warehouse = places.known(chosen)  # chosen before, or changed by hand: it stays
    if warehouse is None:
        if unmapped:
            return Need(order, store_warehouse or places.default, unmapped=True, dead=dead)
        own = (places.known(skus[line.sku_id].default_warehouse_id) for line in lines if line.sku_id is not None)
        warehouse = rules.warehouse_of(own, store_warehouse, places.default)
    need = Need(order, warehouse, unmapped=unmapped, dead=dead)
    if not unmapped:
        need.parts = [part for line in lines for part in _parts(line, skus)]
    return need


def _parts(line: _Line, skus: Mapping[int, _Sku]) -> Iterable[Part]:
    if line.holds:
        for hold in line.holds:
            yield Part(line.id, hold.sku_id, hold.per_unit, hold.per_unit * line.quantity, hold.held)
        return
    assert line.sku_id is not None
    for sku_id, per_unit in skus[line.sku_id].parts:
        yield Part(line.id, sku_id, per_unit, per_unit * line.quantity)


@dataclass(frozen=True)
class _Sku:
    parts: tuple[rules.Part, ...]
    default_warehouse_id: int | None


def _skus(session: Session, sku_ids: Iterable[int]) -> dict[int, _Sku]:
    """Those of the SKUs that were not deleted."""
    columns = (MerchantSku.id, MerchantSku.kind, MerchantSku.own_stock, MerchantSku.default_warehouse_id)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in sku_ids]) as r:
        rows: Sequence[Any] = session.execute(
            select(*columns).join(r, r.c.id == MerchantSku.id).where(MerchantSku.deleted_at.is_(None))
        ).all()
        recipes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        query = select(Component).join(r, r.c.id == Component.combination_id).order_by(Component.component_id)
        for component in session.scalars(query):
            recipes[component.combination_id].append((component.component_id, component.quantity))
    return {
        row.id: _Sku(
            rules.parts_of(
                row.id, combination=row.kind == "combination", own_stock=row.own_stock, recipe=recipes[row.id]
            ),
            row.default_warehouse_id,
        )
        for row in rows
    }
