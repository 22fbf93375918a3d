"""Where a merchant SKU is in use, room by room (CAT-13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Select, and_, column, or_, select, table
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.orders.models import Order, OrderHold, OrderLine, OrderReturn, OrderReturnLine
from server.orders.states import OPEN
from server.stores.models import Store, StoreSku
from server.warehousing.models import StockCount, StockCountLine, StockList, StockListLine, Transfer, TransferLine

_NAMED = 5

# Push ranks above this room: its tables are read by name, as foreign keys name them.
_RULE = table("push_rule", column("id"), column("name"))
_SCOPE = table("push_rule_sku", column("rule_id"), column("sku_id"))


def open_orders(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> numbers of the open orders that sell it, or hold or have deducted it as a component."""
    ids = set(sku_ids)
    sold = (
        select(OrderLine.sku_id.label("sku_id"), Order.number.label("name"))
        .join(Order, OrderLine.order_id == Order.id)
        .where(Order.state.in_(OPEN))
    )
    held = (
        select(OrderHold.sku_id.label("sku_id"), Order.number.label("name"))
        .join(OrderLine, OrderHold.line_id == OrderLine.id)
        .join(Order, OrderLine.order_id == Order.id)
        .where(Order.state.in_(OPEN), or_(OrderHold.held > 0, OrderHold.deducted > 0))
    )
    found = _named(session, sold, ids)
    for sku_id, names in _named(session, held, ids).items():
        found[sku_id] = sorted({*found.get(sku_id, []), *names})
    return found


def unfinished_lists(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> the stock lists *to do* that name it."""
    query = (
        select(StockListLine.sku_id.label("sku_id"), StockList.id.label("name"))
        .join(StockList, StockListLine.list_id == StockList.id)
        .where(StockList.state == "todo")
    )
    return _named(session, query, sku_ids)


def unfinished_transfers(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> the transfers that name it and have not arrived whole."""
    query = (
        select(TransferLine.sku_id.label("sku_id"), Transfer.id.label("name"))
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .where(Transfer.state.in_(("draft", "dispatched")))
    )
    return _named(session, query, sku_ids)


def unfinished_counts(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> the stock counts that name it and are not completed."""
    query = (
        select(StockCountLine.sku_id.label("sku_id"), StockCount.id.label("name"))
        .join(StockCount, StockCountLine.count_id == StockCount.id)
        .where(StockCount.state == "draft")
    )
    return _named(session, query, sku_ids)


def unfinished_returns(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> the return lists *to do* that name it."""
    query = (
        select(OrderReturnLine.sku_id.label("sku_id"), OrderReturn.id.label("name"))
        .join(OrderReturn, OrderReturnLine.return_id == OrderReturn.id)
        .where(OrderReturn.state == "todo")
    )
    return _named(session, query, sku_ids)


def mapped_store_skus(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> the store SKUs that are mapped to it, as *store: code*."""
    query = select(StoreSku.sku_id.label("sku_id"), (Store.name + ": " + StoreSku.code).label("name")).join(
        Store, StoreSku.store_id == Store.id
    )
    return _named(session, query, sku_ids)


def scoping_rules(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """SKU -> the push rules that have it in their scope."""
    query = select(_SCOPE.c.sku_id.label("sku_id"), _RULE.c.name.label("name")).join(
        _RULE, and_(_SCOPE.c.rule_id == _RULE.c.id)
    )
    return _named(session, query, sku_ids)


Use = tuple[str, Callable[[Session, Iterable[int]], dict[int, list[str]]]]

#: Work that counts on a SKU's own stock, and how it is said.
OPEN_WORK: tuple[Use, ...] = (
    ("open orders", open_orders),
    ("stock lists to do", unfinished_lists),
    ("open transfers", unfinished_transfers),
    ("open stock counts", unfinished_counts),
    ("returns to do", unfinished_returns),
)
#: What keeps a SKU, beside its stock and recipes. A room that comes to hold SKUs adds a line.
USES: tuple[Use, ...] = (
    *OPEN_WORK,
    ("mapped to store SKUs", mapped_store_skus),
    ("in the scope of push rules", scoping_rules),
)


def uses(session: Session, sku_ids: Iterable[int], kinds: Iterable[Use] = USES) -> dict[int, list[str]]:
    """SKU -> every use of it in sentences' ends: `open orders: 1001, 1002`. One query or two for each kind of use."""
    ids = set(sku_ids)
    found: dict[int, list[str]] = defaultdict(list)
    for what, find in kinds:
        for sku_id, names in find(session, ids).items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            found[sku_id].append(f"{what}: {', '.join(names[:_NAMED])}{more}")
    return dict(found)


def _named(session: Session, query: Select[*tuple[Any, ...]], sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """Rows of (sku_id, name), for these SKUs, as name lists in order."""
    names: dict[int, set[str]] = defaultdict(set)
    rows = query.subquery()
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        for sku_id, name in session.execute(select(rows.c.sku_id, rows.c.name).join(r, rows.c.sku_id == r.c.id)):
            names[sku_id].add(str(name))
    return {sku_id: sorted(found) for sku_id, found in names.items()}
