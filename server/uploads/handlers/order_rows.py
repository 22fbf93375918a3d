"""Rows of order actions, read: which order each names, whether its action is possible there, what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from server import clock
from server.catalog.queries import by_ids
from server.db.bulk import NUMBER, TEXT, relation
from server.errors import WrongUse
from server.operations.change_mapping import Scope, lines_of, scope_named
from server.orders import by_hand, refusing, service
from server.orders.models import Order, OrderLine
from server.orders.states import NEW, Action, State
from server.places.queries import warehouse_codes
from server.stores.queries import find_store_skus, store_sku_ids
from server.uploads.handlers.order_previews import Deed
from server.uploads.rows import Rows
from validators.messages import Finding
from validators.schemas import order_actions as words

ACTIONS = {
    words.PACK: Action.PACK,
    words.SHIP: Action.SHIP,
    words.VOID: Action.VOID,
    words.REVERT: Action.REVERT,
    words.CANCEL: Action.CANCEL,
    words.MOVE_TO_PACK: Action.MOVE_TO_PACK,
    words.CHANGE_MAPPING: Action.CHANGE_MAPPING,
    words.CHANGE_WAREHOUSE: Action.CHANGE_WAREHOUSE,
}
_NEEDED = {Action.CHANGE_MAPPING: ("store_sku", "sku"), Action.CHANGE_WAREHOUSE: ("warehouse",)}
_GOES_OUT = (Action.PACK, Action.SHIP)


@dataclass
class Asked:
    """What one row asks for. `deed`: what it does to its order; none for a mapping that is for other orders.

    `sku_before`: the merchant SKU that the store SKU sells now, in this order or by its mapping; `warehouse_before`:
    where the order ships from now.
    """

    number: int
    order: Order
    action: Action
    deed: Deed | None = None
    scope: Scope = Scope.FUTURE
    warehouse_id: int | None = None
    store_sku_id: int | None = None
    sku_id: int | None = None
    sku_before: str | None = None
    warehouse_before: str | None = None
    same: bool = False
    return_quantity: bool | None = None


def read(session: Session, rows: Rows) -> tuple[list[Asked], list[Finding]]:
    """What every row asks for, and what is wrong with it."""
    orders = orders_named(session, rows)
    found: list[Finding] = []
    asked: list[Asked] = []
    for number in rows.numbers:
        action = ACTIONS[rows.value("action", number)]
        missing = [column for column in _NEEDED.get(action, ()) if rows.value(column, number) is None]
        found += [Finding("missing", number, column) for column in missing]
        order = orders.get(number)
        if order is None:
            facts = {"store": rows.value("store", number), "value": rows.value("order", number)}
            found.append(Finding("unknown-order", number, "order", facts))
        elif not missing:
            asked.append(_asked(rows, number, order, action))
    _say_warehouses(session, asked)
    found += _alone(asked)
    found += _lines(session, asked, rows)
    found += _cancels(session, asked)
    found += _forbidden(session, asked, {finding.row for finding in found})
    found += [
        Finding("order-cancel-pending", one.number, "order")
        for one in asked
        if one.order.cancel_pending and one.action in _GOES_OUT
    ]
    return asked, found


def _asked(rows: Rows, number: int, order: Order, action: Action) -> Asked:
    scope = scope_named(rows.value("scope", number))
    one = Asked(number, order, action, scope=scope, return_quantity=rows.value("return_quantity", number))
    if action is Action.CHANGE_WAREHOUSE:
        one.warehouse_id = rows.id("warehouse", number)
        one.same = order.warehouse_id == one.warehouse_id
    if action is Action.CHANGE_MAPPING:
        one.sku_id = rows.id("sku", number)
    if action is not Action.CHANGE_MAPPING or _touches(order, scope):
        one.deed = Deed(order, action, one.warehouse_id)
    return one


def _say_warehouses(session: Session, asked: Sequence[Asked]) -> None:
    moving = [one for one in asked if one.action is Action.CHANGE_WAREHOUSE]
    codes = warehouse_codes(session, {one.order.warehouse_id for one in moving if one.order.warehouse_id is not None})
    for one in moving:
        one.warehouse_before = codes.get(one.order.warehouse_id or 0)


def _touches(order: Order, scope: Scope) -> bool:
    """Whether a mapping of that scope changes the order that the row names."""
    if scope is Scope.THIS_ORDER:
        return True
    return order.state in NEW if scope is Scope.ALL_NEW else order.state == State.UNMAPPED


def orders_named(session: Session, rows: Rows) -> dict[int, Order]:
    """Row number -> the order it names: the store's own of that number before a supplementary one."""
    cells = zip(rows.numbers, rows.ids["store"], rows.values["order"], strict=True)
    named = [(number, store, order) for number, store, order in cells if store is not None and order is not None]
    found: dict[tuple[int, str], Order] = {}
    with relation(session, {"store_id": NUMBER, "number": TEXT}, sorted({pair[1:] for pair in named})) as r:
        on = and_(Order.store_id == r.c.store_id, Order.number == r.c.number)
        for order in session.scalars(select(Order).join(r, on).order_by(Order.supplement)):
            found.setdefault((order.store_id, order.number), order)
    return {number: found[store, order] for number, store, order in named if (store, order) in found}


def _alone(asked: Sequence[Asked]) -> Iterator[Finding]:
    """One action for an order in a sheet; only a change of mapping may stand on several rows."""
    first: dict[int, Asked] = {}
    for one in asked:
        known = first.setdefault(one.order.id, one)
        if known.action is not one.action or (known.deed is None) is not (one.deed is None):
            yield Finding("rows-disagree", one.number, "action", {"other": known.number, "what": "order"})
        elif known is not one and one.action is not Action.CHANGE_MAPPING:
            yield Finding("same-key", one.number, "order", {"other": known.number})
        elif known is not one:
            one.deed = known.deed


def _lines(session: Session, asked: Sequence[Asked], rows: Rows) -> Iterator[Finding]:
    """The lines of changed mappings, and what they sell now."""
    mapping = [one for one in asked if one.action is Action.CHANGE_MAPPING]
    if not mapping:
        return
    pairs = {one.number: (one.order.store_id, rows.value("store_sku", one.number)) for one in mapping}
    known = store_sku_ids(session, pairs.values())
    wanted = {(one.order.id, known[pairs[one.number]]): one for one in mapping if pairs[one.number] in known}
    lines = lines_of(session, wanted)
    before = _skus_before(session, wanted, lines)
    for one in mapping:
        one.store_sku_id = known.get(pairs[one.number])
        mine = lines.get((one.order.id, one.store_sku_id or 0), [])
        if not mine:
            facts = {"order": one.order.number, "value": rows.value("store_sku", one.number)}
            yield Finding("unknown-order-line", one.number, "store_sku", facts)
            continue
        assert one.store_sku_id is not None
        if one.deed is not None:
            one.deed.skus |= dict.fromkeys(mine, one.sku_id)
        sku_id, one.sku_before = before[one.order.id, one.store_sku_id]
        one.same = sku_id == one.sku_id and one.scope is not Scope.ALL_NEW


def _skus_before(
    session: Session, wanted: Mapping[tuple[int, int], Asked], lines: Mapping[tuple[int, int], Sequence[int]]
) -> dict[tuple[int, int], tuple[int | None, str | None]]:
    """(order, store SKU) -> the merchant SKU it sells now: by its mapping; by its line for this order only, and for all
    new orders where the mapping is right already."""
    mapped = find_store_skus(session, {store_sku for _, store_sku in wanted})
    with relation(session, {"id": NUMBER}, [(line,) for some in lines.values() for line in some]) as r:
        query = select(OrderLine.id, OrderLine.sku_id).join(r, r.c.id == OrderLine.id)
        sold = {row[0]: row[1] for row in session.execute(query)}
    codes = by_ids(session, {sku for sku in sold.values() if sku is not None})
    before: dict[tuple[int, int], tuple[int | None, str | None]] = {}
    for pair, one in wanted.items():
        sku_id, sku = mapped[pair[1]].sku_id, mapped[pair[1]].sku
        mapping_stays = one.scope is Scope.ALL_NEW and sku_id == one.sku_id
        if (one.scope is Scope.THIS_ORDER or mapping_stays) and lines.get(pair):
            sku_id = sold[lines[pair][0]]
            sku = codes[sku_id].code if sku_id in codes else None
        before[pair] = sku_id, sku
    return before


def _cancels(session: Session, asked: Sequence[Asked]) -> Iterator[Finding]:
    """How each order is cancelled, by its store's rule and what the row says (ORD-8)."""
    cancelled = [one for one in asked if one.action is Action.CANCEL]
    ways = service.ways_of(session, {one.order.store_id for one in cancelled})
    for one in cancelled:
        try:
            how = by_hand.way_to_cancel(one.order, ways[one.order.store_id], one.return_quantity, clock.now())
        except WrongUse as wrong:
            yield Finding("refused", one.number, "return_quantity", {"reason": wrong.text})
        else:
            assert one.deed is not None
            one.deed.action = how


def _forbidden(session: Session, asked: Sequence[Asked], bad: Iterable[int | None]) -> Iterator[Finding]:
    wrong = set(bad)
    deeds = {one.order.id: one.deed for one in asked if one.deed is not None and one.number not in wrong}
    why = refusing.forbidden(
        session, {number: deed.action for number, deed in deeds.items()}, [deed.order for deed in deeds.values()]
    )
    for one in asked:
        if one.order.id in why and one.number not in wrong:
            yield Finding("refused", one.number, "action", {"reason": why[one.order.id]})
