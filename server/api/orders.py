"""Orders: their list, and what can be done to them (ORD-4, ORD-5, ORD-7, ORD-8)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from flask import Response
from pydantic import BaseModel, Field, StrictBool
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, RecordId, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging
from server.catalog.queries import require_ids
from server.errors import NotFound
from server.operations.change_mapping import (
    Scope,
    change_for_orders,
    change_mapping,
    lines_of,
    scope_named,
)
from server.orders import by_hand, queries, returns
from server.orders.lists import LISTS, counts, why
from server.orders.models import Order
from server.orders.queries import OrderView
from server.orders.states import Action, State
from server.places.queries import warehouse_named
from server.stores.queries import store_named, store_sku_ids

api = resource("orders", "Orders")
_COUNTED = ("out_of_stock", "unmapped", *LISTS)


class OrderLineShown(BaseModel):
    """A line; `held`, `deducted` and `returned` are units of the line."""

    store_sku: str
    sku: str | None
    quantity: int
    held: int
    deducted: int
    returned: int = Field(description="Of the deducted units, those that have come back.")
    name: str


class OrderShown(BaseModel):
    """An order."""

    id: int
    store: str
    number: str
    state: State
    at_risk: bool = Field(description="The shelf no longer covers it (after a stock count).")
    warehouse: str | None
    market_status: str
    cod: bool
    hold: bool
    cancel_pending: bool
    placed_at: datetime
    counts_at: datetime | None = Field(description="When it began to count: its payment, or the COD confirmation.")
    total: Decimal | None
    currency: str
    tracking: list[str]
    filed: bool = Field(description="A cancelled order that was filed away by a ship click.")
    listed: bool = Field(description="Shipped outside, and could not be deducted as the store's setting asks.")
    processed_at: datetime | None = Field(description="When it was marked as processed for its return.")
    supplement_of: int | None = Field(description="The order whose lines this one adds to.")
    warnings: list[str] = Field(description="What to look at before going on with it.")
    lines: list[OrderLineShown]


class OrderFilter(Paging):
    """Which orders."""

    store: str | None = None
    number: str | None = None
    state: State | None = None
    at_risk: bool = Field(False, description="Only those that the shelf no longer covers (STK-5).")
    on_hold: bool = Field(False, description="Only those that the store says not to ship yet.")
    cancel_pending: bool = Field(False, description="Only those that the buyer asked to cancel.")
    to_return: bool = Field(False, description="Only those cancelled or returned at the market and not all back.")
    not_deducted: bool = Field(False, description="Only those shipped outside that could not be deducted.")
    to_file: bool = Field(False, description="Only cancelled, deducted ones that are not filed away.")

    @property
    def lists(self) -> list[str]:
        """The lists that are asked for."""
        return [name for name in LISTS if getattr(self, name)]


class Selected(Body):
    """The orders to act on; all that are out of stock unless given."""

    ids: list[RecordId] | None = Field(None, max_length=1000)


class HowToCancel(Body):
    """What comes of the quantity, where the store's setting `on_cancel` leaves it to the caller (ORD-8)."""

    return_quantity: StrictBool | None = Field(
        None, description="Whether it is sold again. Never after 14 days, whatever is said."
    )


class OtherWarehouse(Body):
    """Where it ships from."""

    warehouse: str


class OtherMapping(Body):
    """The merchant SKU that a store SKU of the order sells, and for whom (CAT-9)."""

    store_sku: str
    sku: str
    scope: str | None = Field(
        None, description="this order only · future orders (unless given) · all new orders: also those not packed yet."
    )


class OrderCounts(BaseModel):
    """How many orders there are on each list (ORD-14)."""

    out_of_stock: int
    unmapped: int
    at_risk: int
    on_hold: int
    cancel_pending: int
    to_return: int
    not_deducted: int
    to_file: int
    states: dict[str, int]


class CountsOf(BaseModel):
    """Whose orders."""

    store: str | None = None


class Tried(BaseModel):
    """What trying again came to, by state."""

    tried: int
    to_pack: int
    out_of_stock: int
    unmapped: int


def shown(view: OrderView) -> OrderShown:
    """An order as the API shows it."""
    order = view.order
    return OrderShown(
        id=order.id,
        store=view.store,
        number=order.number,
        state=State(order.state),
        at_risk=view.at_risk,
        warehouse=view.warehouse,
        market_status=order.market_status,
        cod=order.cod,
        hold=order.hold,
        cancel_pending=order.cancel_pending,
        placed_at=order.placed_at,
        counts_at=order.counts_at,
        total=order.total,
        currency=order.currency,
        tracking=order.tracking,
        filed=order.filed,
        listed=order.listed,
        processed_at=order.processed_at,
        supplement_of=order.supplement_of,
        warnings=view.warnings,
        lines=[
            OrderLineShown(
                store_sku=line.store_sku,
                sku=line.sku,
                quantity=line.quantity,
                held=line.held,
                deducted=line.deducted,
                returned=line.returned,
                name=line.name,
            )
            for line in view.lines
        ],
    )


@api.get("/orders", responses={200: Page[OrderShown]})
@needs("read")
def list_orders(query: OrderFilter) -> Response:
    """Orders, newest first."""
    with services().db.read() as session:
        store_id = store_named(session, query.store).id if query.store is not None else None
        state = query.state.value if query.state is not None else None
        rows = queries.orders(store_id=store_id, number=query.number, state=state)
        rows = rows.where(*map(why, query.lists))
        if query.after is not None:
            rows = rows.where(Order.id < query.after)
        found = session.scalars(rows.order_by(Order.id.desc()).limit(query.limit + 1)).all()
        some = found[: query.limit]
        following = some[-1].id if len(found) > query.limit else None
        return show(Page(items=[shown(view) for view in queries.views(session, some)], next=following))


@api.get("/orders/counts", responses={200: OrderCounts})
@needs("read")
def count_orders(query: CountsOf) -> Response:
    """How many orders wait, and why."""
    with services().db.read() as session:
        store_id = store_named(session, query.store).id if query.store is not None else None
        found = counts(session, store_id=store_id)
        states = {state.value: found[state.value] for state in State}
        return show(OrderCounts(**{name: found[name] for name in _COUNTED}, states=states))


@api.get("/orders/<int:id>", responses={200: OrderShown})
@needs("read")
def get_order(path: ById) -> Response:
    """One order."""
    with services().db.read() as session:
        return show(_view(session, path.id))


@api.post("/orders/<int:id>/pack", responses={200: OrderShown})
@needs("orders.act")
def pack_order(path: ById) -> Response:
    """Pack: to pack -> in process; still allocated."""
    return _act(path.id, Action.PACK)


@api.post("/orders/<int:id>/ship", responses={200: OrderShown})
@needs("orders.act")
def ship_order(path: ById) -> Response:
    """Ship: in process -> to pickup; on hand and allocated both fall. Files a cancelled, deducted order away."""
    return _act(path.id, Action.SHIP)


@api.post("/orders/<int:id>/void", responses={200: OrderShown})
@needs("orders.act")
def void_order(path: ById) -> Response:
    """Void: what it holds is released."""
    return _act(path.id, Action.VOID)


@api.post("/orders/<int:id>/revert", responses={200: OrderShown})
@needs("orders.act")
def revert_order(path: ById) -> Response:
    """Revert a voided order: allocated again, or out of stock."""
    return _act(path.id, Action.REVERT)


@api.post("/orders/<int:id>/pick-up", responses={200: OrderShown})
@needs("orders.act")
def pick_up_order(path: ById) -> Response:
    """Picked up: to pickup -> shipped; nothing moves."""
    return _act(path.id, Action.PICK_UP)


@api.post("/orders/<int:id>/deliver", responses={200: OrderShown})
@needs("orders.act")
def deliver_order(path: ById) -> Response:
    """Delivered: -> completed; nothing moves."""
    return _act(path.id, Action.DELIVER)


@api.post("/orders/<int:id>/cancel", responses={200: OrderShown})
@needs("orders.act")
def cancel_order(path: ById, body: HowToCancel) -> Response:
    """Cancel: what is allocated is released; what was deducted comes back as the store's setting says."""
    by = caller().name

    def work(session: Session) -> OrderShown:
        by_hand.cancel(session, [path.id], return_quantity=body.return_quantity, by=by, at=clock.now())
        return _view(session, path.id)

    return once(work)


@api.post("/orders/<int:id>/change-warehouse", responses={200: OrderShown})
@needs("orders.act")
def change_order_warehouse(path: ById, body: OtherWarehouse) -> Response:
    """Change the warehouse: what it holds moves there, or nothing changes; one out of stock is tried there."""
    by = caller().name

    def work(session: Session) -> OrderShown:
        warehouse_id = warehouse_named(session, body.warehouse).id
        by_hand.change_warehouse(session, {path.id: warehouse_id}, by=by, at=clock.now())
        return _view(session, path.id)

    return once(work)


@api.post("/orders/<int:id>/change-mapping", responses={200: OrderShown})
@needs("orders.act")
def change_order_mapping(path: ById, body: OtherMapping) -> Response:
    """Change what a store SKU of the order sells: for this order only, future orders, or all new orders."""
    by = caller().name

    def work(session: Session) -> OrderShown:
        scope, at = scope_named(body.scope), clock.now()
        store_id = queries.find_order(session, path.id).store_id
        pair = (store_id, body.store_sku.strip())
        number = store_sku_ids(session, [pair]).get(pair)
        if number is None or (path.id, number) not in lines_of(session, {(path.id, number): None}):
            raise NotFound(f"order {path.id} has no line of store SKU '{body.store_sku[:120]}'", field="store_sku")
        [sku_id] = require_ids(session, [body.sku])
        if scope is Scope.THIS_ORDER:
            change_for_orders(session, {(path.id, number): sku_id}, by=by, at=at)
        else:
            change_mapping(session, {number: sku_id}, scope=scope, by=by, at=at)
        return _view(session, path.id)

    return once(work)


@api.post("/orders/<int:id>/mark-processed", responses={200: OrderShown})
@needs("orders.act")
def mark_order_processed(path: ById) -> Response:
    """Mark a signed, cancelled or returned order as processed, so that its return may be listed."""
    by = caller().name

    def work(session: Session) -> OrderShown:
        returns.mark_processed(session, [path.id], by=by, at=clock.now())
        return _view(session, path.id)

    return once(work)


@api.post("/orders/move-to-pack", responses={200: Tried})
@needs("orders.act")
def move_to_pack(body: Selected) -> Response:
    """Try out-of-stock orders again, oldest first."""
    by = caller().name

    def work(session: Session) -> Tried:
        return Tried(**asdict(by_hand.move_to_pack(session, body.ids, by=by, at=clock.now())))

    return once(work)


def _act(order_id: int, action: Action) -> Response:
    by = caller().name

    def work(session: Session) -> OrderShown:
        by_hand.act(session, action, [order_id], by=by, at=clock.now())
        return _view(session, order_id)

    return once(work)


def _view(session: Session, order_id: int) -> OrderShown:
    order = queries.find_order(session, order_id)
    return shown(queries.views(session, [order])[0])
