"""push now|list|retry, explain."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from server import clock
from server.catalog.queries import require_ids
from server.cli.opening import actor, database
from server.cli.output import AsJson, record, say, table, value
from server.push import explaining, queries, service
from server.push.explaining import LastTold
from server.push.queries import PushState
from server.stores.queries import store_named

group = typer.Typer(help="Push: tell the stores what is available.", no_args_is_help=True)

Stores = Annotated[list[str] | None, typer.Option("--store", help="Only this store; may be given several times.")]
Skus = Annotated[list[str] | None, typer.Option("--sku", help="Only this SKU; may be given several times.")]
_COLUMNS = ("store", "store_sku", "sku", "state", "quantity", "told", "attempts", "due_at", "reason", "paused_for")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="push")
    app.command()(explain)


@group.command()
def now(store: Stores = None, sku: Skus = None, as_json: AsJson = False) -> None:
    """Have a running server tell the stores now, whatever they were told before."""

    def work(session: Session) -> tuple[int, list[str]]:
        stores = [store_named(session, name).id for name in store or []]
        skus = require_ids(session, sku or [])
        asked = service.push_now(session, stores=stores, skus=skus, by=actor(), at=clock.now())
        return asked, service.why_not_now(session)

    with database() as found:
        _asked(found.db.write(work), as_json=as_json)


@group.command("list")
def list_pushes(
    store: Stores = None,
    state: Annotated[PushState | None, typer.Option(help="Only those in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pushes that wait, are on their way, or were refused for good."""
    with database() as found, found.db.read() as session:
        stores = [store_named(session, name).id for name in store or []]
        rows = [asdict(push) for push in queries.waiting(session, stores=stores, state=state)]
    table(rows, as_json=as_json, columns=_COLUMNS)


@group.command()
def retry(store: Stores = None, as_json: AsJson = False) -> None:
    """Try again what was refused for good, with the quantity of now."""

    def work(session: Session) -> tuple[int, list[str]]:
        stores = [store_named(session, name).id for name in store or []]
        return service.retry(session, stores=stores, by=actor(), at=clock.now()), service.why_not_now(session)

    with database() as found:
        _asked(found.db.write(work), as_json=as_json)


def explain(store: str, store_sku: str, as_json: AsJson = False) -> None:
    """Why a store SKU shows what it shows."""
    with database() as found, found.db.read() as session:
        told = explaining.explain(session, store, store_sku)
    if as_json:
        value(told.facts())
        return
    record({"store": told.store, "store_sku": told.store_sku, "sku": told.sku, "rule": told.rule}, as_json=False)
    for step in told.steps:
        say(f"  {step}")
    record({"priority": told.priority, "last_told": _last(told.told)}, as_json=False)
    say("evaluated:")
    past = [{**asdict(one), "causes": ", ".join(one.causes)} for one in told.evaluations]
    table(past, as_json=False, columns=("at", "causes", "target", "result"))


def _last(told: LastTold) -> str:
    """What the store was last told, and whether it shows that still."""
    if told.at is None:
        return "nothing yet"
    answer = f"; it answered: {told.answer}" if told.answer else ""
    since = "" if told.known else "; what it shows now is not known, so the next evaluation sends in any case"
    return f"{told.quantity} at {told.at.isoformat(timespec='seconds')}{answer}{since}"


def _asked(asked: tuple[int, list[str]], *, as_json: bool) -> None:
    listings, warnings = asked
    if as_json:
        value({"listings": listings, "warnings": warnings})
        return
    say(f"{listings} store SKUs will be told")
    for warning in warnings:
        say(warning)
