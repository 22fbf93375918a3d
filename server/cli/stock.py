"""stock, movements, refresh."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from server import clock
from server.catalog.queries import require_ids
from server.cli.opening import actor, database
from server.cli.output import AsJson, progress, record, say, table
from server.ledger.movements import Kind
from server.ledger.queries import FIGURES
from server.moments import moment
from server.operations.refresh import refresh_inventory
from server.warehousing import queries
from server.warehousing.queries import MovementFilter, MovementRow, StockFilter

Sku = Annotated[str | None, typer.Option("--sku", help="Only this merchant SKU.")]
Place = Annotated[str | None, typer.Option("--warehouse", help="Only this warehouse.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Most rows.")]
_STOCK = ("sku", "warehouse", "on_hand", "allocated", "available", "on_the_way", "defective", "kind")
_MOVEMENT = ("id", "at", "kind", "sku", "warehouse", *FIGURES, "document", "document_id", "by", "note")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(stock)
    app.command()(movements)
    app.command()(refresh)


def stock(
    sku: Sku = None,
    warehouse: Place = None,
    search: Annotated[str | None, typer.Option("--search", "-q", help="Part of a SKU's code or title.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a past moment, UTC unless it says otherwise; a day means its end.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Figures per SKU and warehouse, now or as of a past moment; of a combination what its components allow."""
    at = None if as_of is None else moment(as_of, end_of_day=True)
    with database() as found, found.db.read() as session:
        shown = queries.stock(session, StockFilter(sku, warehouse, search, at))
        rows = [{name: getattr(row, name) for name in _STOCK} for row in shown]
        if sku is not None and not rows:
            require_ids(session, [sku])
    table(rows, as_json=as_json, columns=_STOCK)


def movements(
    sku: Sku = None,
    warehouse: Place = None,
    kind: Annotated[Kind | None, typer.Option(help="Only this kind, such as stock_in or deduct.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or moment on; else the last 730 days.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this moment, or the end of this day.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Posted movements, newest first."""
    with database() as found:
        first: datetime = moment(since) if since else clock.now() - timedelta(days=found.settings.history_days)
        last = moment(until, end_of_day=True) if until else None
        wanted = MovementFilter(sku=sku, warehouse=warehouse, kind=kind, since=first, until=last)
        with found.db.read() as session:
            rows = [_movement(row) for row in queries.movements(session, wanted, limit=limit)]
            if sku is not None and not rows:  # one that was deleted has movements still
                require_ids(session, [sku])
    table(rows, as_json=as_json, columns=_MOVEMENT)


def refresh(as_json: AsJson = False) -> None:
    """Set figures to the sums of their movements, try out-of-stock orders, evaluate what every store shows."""
    with database() as found, progress("refresh", quiet=as_json):
        done = refresh_inventory(found.db, by=actor())
    if as_json:
        record(asdict(done), as_json=True)
        return
    for one in done.differences:
        say(one.text)
    tried = done.tried
    say(
        f"{len(done.differences)} figures differed; {tried.to_pack} of {tried.tried} out-of-stock orders are to pack; "
        f"{done.marked} SKUs are evaluated"
    )


def _movement(row: MovementRow) -> dict[str, Any]:
    return {
        "id": row.movement.id,
        "at": row.entry.at,
        "kind": row.entry.kind,
        "sku": row.sku,
        "warehouse": row.warehouse,
        **{name: getattr(row.movement, name) for name in FIGURES},
        "document": row.entry.document,
        "document_id": row.entry.document_id,
        "by": row.entry.actor,
        "note": row.entry.note,
        "reverses": row.entry.reverses_id,
    }
