"""Orders: what waits and why, one order, and what people do to one or many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.declaring import shown_to
from server.catalog.queries import require_ids
from server.errors import NotFound, StockbookError, WrongUse
from server.operations.change_mapping import Scope, change_for_orders, change_mapping, lines_of, scope_named
from server.orders import by_hand, lists, queries, returns, service
from server.orders.models import Order
from server.orders.refusing import possible
from server.orders.states import BY_HAND, Action, State
from server.places.models import Warehouse
from server.places.queries import warehouse_named, warehouses
from server.stores.models import Store
from server.stores.queries import store_named, store_sku_ids
from server.web.frame import console, go, here_with, number_given, pages, show, visitor

page = pages("orders")
LINES, MOST_CHOSEN = 50, 500
#: What is offered for many orders at once; the others want a word more, on the order's own page.
FOR_MANY = (
    Action.MOVE_TO_PACK, Action.PACK, Action.SHIP, Action.PICK_UP, Action.DELIVER, Action.VOID, Action.REVERT,
    Action.CANCEL, Action.MARK_PROCESSED,
)  # fmt: skip
#: What the buttons say.
LABELS = {action: text[0].upper() + text[1:] for action, text in BY_HAND.items()}
#: What can't be undone by another click.
GRAVE = frozenset({Action.VOID, Action.CANCEL})
_DONE = {
    Action.MOVE_TO_PACK: "tried again", Action.PACK: "packed", Action.SHIP: "shipped", Action.PICK_UP: "picked up",
    Action.DELIVER: "delivered", Action.VOID: "voided", Action.REVERT: "reverted", Action.CANCEL: "cancelled",
    Action.MARK_PROCESSED: "marked as processed",
}  # fmt: skip


@page.get("/orders")
@shown_to("read")
def orders() -> Response:
    """Orders, newest first; by store, state, number, and by why they wait."""
    return _list()


@page.post("/orders")
@shown_to("orders.act")
def act_on_orders() -> Response:
    """Do one thing to all orders that are chosen, or to none."""
    ids = [int(text) for text in request.form.getlist("id") if text.isascii() and text.isdigit() and len(text) <= 18]
    try:
        if not ids:
            raise WrongUse("choose at least one order", field="id")
        if len(ids) > MOST_CHOSEN:
            raise WrongUse(f"choose at most {MOST_CHOSEN} orders at once", field="id")
        said = _act(ids)
    except StockbookError as problem:
        return _list(problem, chosen=ids)
    return go(here_with(), said)


@page.get("/orders/<int:id>")
@shown_to("read")
def order(id: int) -> Response:
    """One order with its lines, and what can be done to it."""
    return _one(id)


@page.post("/orders/<int:id>")
@shown_to("orders.act")
def act_on_order(id: int) -> Response:
    """Do one thing to this order."""
    try:
        said = _act([id])
    except NotFound:
        raise
    except StockbookError as problem:
        return _one(id, problem)
    return go(f"/orders/{id}", said)


@page.post("/orders/<int:id>/warehouse")
@shown_to("orders.act")
def change_order_warehouse(id: int) -> Response:
    """Let it ship from another warehouse (ORD-6)."""
    code = request.form.get("warehouse", "")

    def work(session: Session, by: str) -> None:
        by_hand.change_warehouse(session, {id: warehouse_named(session, code).id}, by=by, at=clock.now())

    return _changed(id, work, f"It ships from {code} now.")


@page.post("/orders/<int:id>/mapping")
@shown_to("orders.act")
def change_order_mapping(id: int) -> Response:
    """Let a store SKU of it sell another merchant SKU (CAT-9)."""
    given = request.form

    def work(session: Session, by: str) -> None:
        scope, at = scope_named(given.get("scope") or None), clock.now()
        pair = (queries.find_order(session, id).store_id, given.get("store_sku", "").strip())
        number = store_sku_ids(session, [pair]).get(pair)
        if number is None or (id, number) not in lines_of(session, {(id, number): None}):
            raise WrongUse(f"this order has no line of store SKU '{pair[1][:120]}'", field="store_sku")
        [sku_id] = require_ids(session, [given.get("sku", "")])
        if scope is Scope.THIS_ORDER:
            change_for_orders(session, {(id, number): sku_id}, by=by, at=at)
        else:
            change_mapping(session, {number: sku_id}, scope=scope, by=by, at=at)

    return _changed(id, work, f"{given.get('store_sku', '')} sells {given.get('sku', '')} now.")


def _act(ids: Sequence[int]) -> str:
    """Do what the form says, to all of these orders or none; what to tell."""
    action = _action(request.form.get("action", ""))
    by, at = visitor().name, clock.now()

    def work(session: Session) -> str:
        if action is Action.MOVE_TO_PACK:
            tried = by_hand.move_to_pack(session, ids, by=by, at=at)
            return f"{tried.tried} tried again: {tried.to_pack} to pack, {tried.out_of_stock} still out of stock."
        if action is Action.CANCEL:
            _cancel(session, ids, by=by, at=at)
        elif action is Action.MARK_PROCESSED:
            returns.mark_processed(session, ids, by=by, at=at)
        else:
            by_hand.act(session, action, ids, by=by, at=at)
        return f"{len(ids)} {'order' if len(ids) == 1 else 'orders'} {_DONE[action]}."

    return console().db.write(work)


def _cancel(session: Session, ids: Sequence[int], *, by: str, at: datetime) -> None:
    """Cancel them. Among many, the answer is for those alone whose store leaves it to whoever cancels (ORD-8)."""
    answer = _answer("return_quantity")
    asked = set(ids) if len(ids) == 1 else by_hand.asked_on_cancel(session, service.found(session, ids), at)
    for some, said in ([each for each in ids if each in asked], answer), ([e for e in ids if e not in asked], None):
        if some:
            by_hand.cancel(session, some, return_quantity=said, by=by, at=at)


def _action(name: str) -> Action:
    for action in FOR_MANY:
        if action.value == name:
            return action
    raise WrongUse("choose what to do", field="action")


def _answer(name: str) -> bool | None:
    return {"yes": True, "no": False}.get(request.form.get(name, ""))


def _changed(order_id: int, work: Callable[[Session, str], None], said: str) -> Response:
    by = visitor().name
    try:
        console().db.write(lambda session: work(session, by))
    except StockbookError as problem:
        return _one(order_id, problem)
    return go(f"/orders/{order_id}", said)


def _list(problem: StockbookError | None = None, *, chosen: Sequence[int] = ()) -> Response:
    wanted = {name: request.args.get(name, "").strip() for name in ("store", "state", "number", "list")}
    with console().db.read() as session:
        names = session.scalars(select(Store.name).order_by(Store.key)).all()
        found = lists.counts(session)
        try:
            some = session.scalars(_query(session, wanted).limit(LINES + 1)).all()
        except StockbookError as why:
            some, problem = [], problem or why
        views = queries.views(session, some[:LINES])
        there = set(chain.from_iterable(possible(session, some[:LINES]).values()))
        asks = bool(by_hand.asked_on_cancel(session, some[:LINES], clock.now()))
    following = here_with(before=some[LINES - 1].id) if len(some) > LINES else ""
    offered = [action for action in FOR_MANY if action in there]
    parts: dict[str, Any] = {"views": views, "stores": names, "wanted": wanted, "following": following}
    parts |= {"counts": found, "states": list(State), "reasons": lists.LISTS, "offered": offered, "chosen": chosen}
    parts |= {"asks": asks, "given": request.form}
    return show("orders.html", problem=problem, here_now=here_with(), words=LABELS, grave=GRAVE, **parts)


def _query(session: Session, wanted: dict[str, str]) -> Any:
    state = wanted["state"] if wanted["state"] in set(State) else None
    store_id = store_named(session, wanted["store"]).id if wanted["store"] else None
    rows = queries.orders(store_id=store_id, number=wanted["number"] or None, state=state)
    if wanted["list"] in lists.LISTS:
        rows = rows.where(lists.why(wanted["list"]))
    before = number_given("before")
    return (rows if before is None else rows.where(Order.id < before)).order_by(Order.id.desc())


def _one(order_id: int, problem: StockbookError | None = None) -> Response:
    with console().db.read() as session:
        found = queries.find_order(session, order_id)
        there = possible(session, [found])[found.id]
        [view] = queries.views(session, [found])
        asks = bool(by_hand.asked_on_cancel(session, [found], clock.now()))
        places = session.scalars(warehouses().order_by(Warehouse.key)).all()
    offered = [action for action in FOR_MANY if action in there and action is not Action.CANCEL]
    parts: dict[str, Any] = {"view": view, "places": places, "offered": offered, "given": request.form}
    parts |= {
        "asks": asks,
        "may": {action.value for action in there},
        "scopes": list(Scope),
        "words": LABELS,
        "grave": GRAVE,
    }
    return show("order.html", problem=problem, **parts)
