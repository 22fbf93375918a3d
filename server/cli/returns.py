"""return scan|make|complete|list|remove."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.catalog.queries import require_ids
from server.cli.opening import Opened, actor, database
from server.cli.output import AsJson, say, table
from server.errors import WrongUse
from server.orders import returns
from server.orders.giving_back import Item
from server.orders.models import OrderReturn
from server.orders.return_lists import ReturnView, return_views, returns_by
from server.stores.queries import store_named

group = typer.Typer(help="Returns: what comes back of orders.", no_args_is_help=True)

Items = Annotated[list[str] | None, typer.Option("--item", help="SKU=units that come back; all unless given.")]
Defects = Annotated[list[str] | None, typer.Option("--defective", help="SKU=units that come back defective.")]
Number = Annotated[int, typer.Argument(help="The number in the first column of `return list`.")]
_COLUMNS = ("id", "store", "order", "way", "state", "sku", "warehouse", "quantity", "condition")


class ReturnState(enum.StrEnum):
    """How far a return is."""

    TODO = "todo"
    COMPLETED = "completed"
    UNDONE = "undone"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="return")


@group.command("list")
def list_returns(
    state: Annotated[ReturnState | None, typer.Option(help="Only those that are this far.")] = None,
    as_json: AsJson = False,
) -> None:
    """Returns, newest first, a line for each SKU."""
    with database() as found, found.db.read() as session:
        rows = session.scalars(returns_by(state=state).order_by(OrderReturn.id.desc()).limit(1000)).all()
        shown = [line for view in return_views(session, rows) for line in _shown(view)]
    table(shown, as_json=as_json, columns=_COLUMNS)


@group.command()
def scan(
    tracking: Annotated[str, typer.Argument(help="Tracking or package number.")],
    items: Items = None,
    defective: Defects = None,
    all_defective: Annotated[bool, typer.Option("--all-defective", help="The whole package is.")] = False,
    store: Annotated[str | None, typer.Option(help="Where several stores have that number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a package's items back, once, before the buyer signed."""

    def work(session: Session) -> Sequence[OrderReturn]:
        store_id = None if store is None else store_named(session, store).id
        return returns.scan(
            session,
            tracking,
            store_id=store_id,
            items=[Item(defective=True)] if all_defective else _items(session, items, defective),
            by=actor(),
            at=clock.now(),
        )

    with database() as found:
        _show(found, found.db.write(work), as_json=as_json)


@group.command()
def make(
    order: Annotated[int, typer.Argument(help="The number of an order that is marked as processed.")],
    items: Items = None,
    defective: Defects = None,
    as_json: AsJson = False,
) -> None:
    """List what comes back of an order; `return complete` posts it."""

    def work(session: Session) -> OrderReturn:
        wanted = _items(session, items, defective)
        return returns.make_list(session, order, wanted, by=actor(), at=clock.now())

    with database() as found:
        _show(found, [found.db.write(work)], as_json=as_json)


@group.command()
def complete(id: Number, as_json: AsJson = False) -> None:
    """Complete a return list: on hand rises, or defective."""

    def work(session: Session) -> OrderReturn:
        row = returns.find_return(session, id, lock=True)
        returns.complete(session, [row], by=actor(), at=clock.now())
        return row

    with database() as found:
        _show(found, [found.db.write(work)], as_json=as_json)


@group.command()
def remove(id: Number) -> None:
    """Take a return list back that is still to do."""
    with database() as found:
        found.db.write(
            lambda session: returns.remove_list(
                session, returns.find_return(session, id, lock=True), by=actor(), at=clock.now()
            )
        )
    say(f"return {id} is taken back")


def _items(session: Session, good: list[str] | None, defective: list[str] | None) -> list[Item] | None:
    if not good and not defective:
        return None
    named = [(_parted(pair), False) for pair in good or ()] + [(_parted(pair), True) for pair in defective or ()]
    skus = require_ids(session, [sku for (sku, _), _ in named])
    return [Item(sku_id, units, bad) for sku_id, ((_, units), bad) in zip(skus, named, strict=True)]


def _parted(pair: str) -> tuple[str, int | None]:
    sku, equals, units = pair.rpartition("=")
    if not equals:
        return pair, None
    if not units.strip().isdecimal():
        raise WrongUse(f"'{pair[:80]}' is no item; write it like SKU=2")
    return sku, int(units)


def _show(found: Opened, rows: Sequence[OrderReturn], *, as_json: bool) -> None:
    with found.db.read() as session:
        again = [returns.find_return(session, row.id) for row in rows]
        shown = [line for view in return_views(session, again) for line in _shown(view)]
    table(shown, as_json=as_json, columns=_COLUMNS)


def _shown(view: ReturnView) -> list[dict[str, Any]]:
    head = {"id": view.row.id, "store": view.store, "order": view.number, "way": view.row.way, "state": view.row.state}
    return [
        head
        | {
            "sku": line.sku,
            "warehouse": line.warehouse,
            "quantity": line.quantity,
            "condition": "defective" if line.defective else "good",
        }
        for line in view.lines
    ]
