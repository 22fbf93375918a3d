"""order list|show|counts|export and what is done to orders: pack, ship, void, cancel, change-warehouse, …"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server import clock
from server.catalog.queries import require_ids
from server.cli.opening import actor, database
from server.cli.output import AsJson, complain, record, say, table
from server.errors import NotFound, WrongUse
from server.operations.change_mapping import change_for_orders
from server.orders import by_hand, queries, returns
from server.orders.lists import EXPORT, LISTS, counts, export_rows, why
from server.orders.models import Order
from server.orders.queries import OrderView
from server.orders.states import Action, State
from server.places.queries import warehouse_named
from server.stores.queries import store_named, store_sku_ids

group = typer.Typer(help="Orders, and what can be done to them.", no_args_is_help=True)

Ids = Annotated[list[int], typer.Argument(help="Numbers of the first column of `order list`: all of them or none.")]
_COLUMNS = ("id", "store", "number", "state", "at_risk", "warehouse", "placed_at", "units")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="order")


Waits = Annotated[
    str | None, typer.Option("--waits", help=f"Only those of one list: {', '.join(LISTS)}.", metavar="LIST")
]
InStore = Annotated[str | None, typer.Option("--store", help="Only of this store.")]
InState = Annotated[State | None, typer.Option("--state", help="Only in this state.")]


@group.command("list")
def list_orders(
    store: InStore = None,
    state: InState = None,
    number: Annotated[str | None, typer.Option(help="The store's own order number.")] = None,
    at_risk: Annotated[bool, typer.Option("--at-risk", help="Only those the shelf no longer covers.")] = False,
    waits: Waits = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most orders.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Orders, newest first."""
    with database() as found, found.db.read() as session:
        rows = _chosen(session, store, state, waits, number=number, at_risk=at_risk)
        there = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
        some = session.scalars(rows.order_by(Order.id.desc()).limit(limit)).all()
        views = queries.views(session, some)
    table([_shown(view) for view in views], as_json=as_json, columns=_COLUMNS)
    if there > len(views) and not as_json:
        complain(f"{there - len(views)} more: --limit {there}")


@group.command("counts")
def count_orders(store: InStore = None, as_json: AsJson = False) -> None:
    """How many orders there are in each state, and on each list of those that wait for somebody."""
    with database() as found, found.db.read() as session:
        shown = counts(session, store_id=None if store is None else store_named(session, store).id)
    record(shown, as_json=as_json)


@group.command()
def export(
    file: Annotated[Path, typer.Argument(help="A .csv to write: a row for each line of an order.")],
    store: InStore = None,
    state: InState = None,
    waits: Waits = None,
) -> None:
    """Write orders to a file, oldest first."""
    with database() as found, found.db.read() as session:
        rows = export_rows(session, _chosen(session, store, state, waits))
        with file.open("w", encoding="utf-8-sig", newline="") as target:
            written = csv.writer(target)
            written.writerow(EXPORT)
            count = 0
            for row in rows:
                written.writerow([_cell(row[name]) for name in EXPORT])
                count += 1
    say(f"{count} rows in {file}")


def _cell(value: Any) -> Any:
    """A value as a spreadsheet keeps it: no text becomes a formula on the way out (WB-9)."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _chosen(
    session: Session,
    store: str | None,
    state: State | None,
    waits: str | None,
    *,
    number: str | None = None,
    at_risk: bool = False,
) -> Select[Order]:
    if waits is not None and waits not in LISTS:
        raise WrongUse(f"there is no list '{waits[:40]}'; there are {', '.join(LISTS)}")
    rows = queries.orders(
        store_id=None if store is None else store_named(session, store).id,
        state=None if state is None else state.value,
        number=number,
        at_risk=at_risk,
    )
    return rows if waits is None else rows.where(why(waits))


@group.command()
def show(id: Annotated[int, typer.Argument(help="The order's number here.")], as_json: AsJson = False) -> None:
    """One order with its lines."""
    with database() as found, found.db.read() as session:
        view = queries.views(session, [queries.find_order(session, id)])[0]
    if as_json:
        record(_shown(view), as_json=True)
        return
    record({name: value for name, value in _shown(view).items() if name != "lines"}, as_json=False)
    table([_line(line) for line in view.lines], as_json=False)


@group.command()
def pack(ids: Ids) -> None:
    """To pack -> in process; still allocated."""
    _act(Action.PACK, ids)


@group.command()
def ship(ids: Ids) -> None:
    """In process -> to pickup; on hand and allocated fall."""
    _act(Action.SHIP, ids)


@group.command()
def void(ids: Ids) -> None:
    """Release what they hold."""
    _act(Action.VOID, ids)


@group.command()
def revert(ids: Ids) -> None:
    """Take voided orders up again: allocated, or out of stock."""
    _act(Action.REVERT, ids)


@group.command("pick-up")
def pick_up(ids: Ids) -> None:
    """To pickup -> shipped; nothing moves."""
    _act(Action.PICK_UP, ids)


@group.command()
def deliver(ids: Ids) -> None:
    """-> completed; nothing moves."""
    _act(Action.DELIVER, ids)


@group.command()
def cancel(
    ids: Ids,
    return_quantity: Annotated[
        bool | None,
        typer.Option(
            "--return/--no-return",
            help="Whether the quantity comes back, where the store's on_cancel leaves it to you.",
        ),
    ] = None,
) -> None:
    """Cancel orders; what is allocated is released, or as the store's setting on_cancel says."""
    with database() as found:
        orders = found.db.write(
            lambda session: by_hand.cancel(session, ids, return_quantity=return_quantity, by=actor(), at=clock.now())
        )
        _say(orders)


@group.command("change-warehouse")
def change_warehouse(ids: Ids, warehouse: Annotated[str, typer.Option("--to", help="The other warehouse.")]) -> None:
    """Let them ship from another warehouse: all of them, or nothing changes."""

    def work(session: Session) -> Sequence[Order]:
        wanted = dict.fromkeys(ids, warehouse_named(session, warehouse).id)
        return by_hand.change_warehouse(session, wanted, by=actor(), at=clock.now())

    with database() as found:
        _say(found.db.write(work))


@group.command("change-mapping")
def change_mapping(
    id: Annotated[int, typer.Argument(help="The order's number here.")],
    store_sku: Annotated[str, typer.Argument(help="The store SKU of its line.")],
    sku: Annotated[str, typer.Argument(help="The merchant SKU that it sells in this order.")],
) -> None:
    """Another merchant SKU for this order only; `mapping set --scope` changes it for others."""

    def work(session: Session) -> Order:
        order = queries.find_order(session, id)
        pair = (order.store_id, store_sku.strip())
        number = store_sku_ids(session, [pair]).get(pair)
        if number is None:
            raise NotFound(f"order {id} has no line of store SKU '{store_sku[:120]}'")
        wanted = {(id, number): require_ids(session, [sku])[0]}
        change_for_orders(session, wanted, by=actor(), at=clock.now())
        return queries.find_order(session, id)

    with database() as found:
        _say([found.db.write(work)])


@group.command("mark-processed")
def mark_processed(ids: Ids) -> None:
    """Signed, cancelled or returned orders are processed: their return may be listed."""
    with database() as found:
        found.db.write(lambda session: returns.mark_processed(session, ids, by=actor(), at=clock.now()))
    say(f"marked as processed: {len(ids)}")


@group.command("move-to-pack")
def move_to_pack(
    ids: Annotated[list[int] | None, typer.Argument(help="Only these; all out-of-stock ones unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try out-of-stock orders again, oldest first."""
    with database() as found:
        tried = found.db.write(lambda session: by_hand.move_to_pack(session, ids or None, by=actor(), at=clock.now()))
    record(asdict(tried), as_json=as_json)


def _act(action: Action, ids: list[int]) -> None:
    with database() as found:
        orders = found.db.write(lambda session: by_hand.act(session, action, ids, by=actor(), at=clock.now()))
        _say(orders)


def _say(orders: Sequence[Order]) -> None:
    for order in orders:
        say(f"order {order.number} is {order.state.replace('_', ' ')}")


def _shown(view: OrderView) -> dict[str, Any]:
    order = view.order
    return {
        "id": order.id,
        "store": view.store,
        "number": order.number,
        "state": order.state,
        "at_risk": view.at_risk,
        "warehouse": view.warehouse,
        "market_status": order.market_status,
        "placed_at": order.placed_at,
        "counts_at": order.counts_at,
        "units": sum(line.quantity for line in view.lines),
        "lines": [_line(line) for line in view.lines],
    }


def _line(line: queries.LineView) -> dict[str, Any]:
    return {
        "store_sku": line.store_sku,
        "sku": line.sku,
        "quantity": line.quantity,
        "held": line.held,
        "deducted": line.deducted,
        "returned": line.returned,
        "name": line.name,
    }
