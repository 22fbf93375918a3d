"""store list|show|channels|add|update|remove|import|reseal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from cryptography.fernet import MultiFernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.cli.opening import Opened, actor, database
from server.cli.output import AsJson, complain, progress, record, say, table
from server.errors import WrongUse
from server.imports.sealing import reseal as reseal_imports
from server.jobs.asking import read_soon
from server.places.queries import warehouse_named
from server.push.service import judge_choice_store
from server.stores import connecting, service
from server.stores.credentials import keys_of
from server.stores.credentials import reseal as seal_anew
from server.stores.models import Store
from server.stores.options import OPTIONS
from server.stores.queries import store_named, warehouses_of
from server.sync import importing

#: Who is at this machine's command line has the database and its key, and so acts as an admin.
ROLE: Final = "admin"

group = typer.Typer(help="Stores: the shops whose stock is kept here.", no_args_is_help=True)

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, like shop=east; several times for several. Nothing after = empties it."),
]
Asks = Annotated[
    list[str] | None,
    typer.Option("--ask", help="A secret that is typed unseen, or read from a line of the input in a pipe."),
]
Warehouse = Annotated[str | None, typer.Option(help="The warehouse it ships from; 'default' for the default one.")]
Choice = Annotated[bool | None, typer.Option(help="Run by the marketplace.")]
Active = Annotated[bool | None, typer.Option(help="Whether orders are read and stock is pushed.")]
OrdersFrom = Annotated[
    datetime | None,
    typer.Option(help="Orders created before are ignored; UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="store")


@group.command("list")
def list_stores(as_json: AsJson = False) -> None:
    """Every store."""
    with database() as found, found.db.read() as session:
        keys = keys_of(found.settings)
        rows = _shown(session, session.scalars(select(Store).order_by(Store.id)).all(), keys)
    table(rows, as_json=as_json)


@group.command()
def show(name: str, as_json: AsJson = False) -> None:
    """One store; of its secrets only whether they are set."""
    with database() as found, found.db.read() as session:
        record(_shown(session, [store_named(session, name)], keys_of(found.settings))[0], as_json=as_json)


@group.command()
def channels(as_json: AsJson = False) -> None:
    """The channels there are, and the settings each takes."""
    rows = [
        {"channel": connector.channel, "setting": name, "secret": name in connector.secrets, "help": text}
        for connector in connecting.channels()
        for name, text in {**connector.settings, **connector.secrets}.items()
    ]
    rows += [{"channel": "any", "setting": o.name, "secret": False, "help": o.help} for o in OPTIONS.values()]
    table(rows, as_json=as_json)


@group.command()
def add(
    name: str,
    channel: str,
    settings: Sets = None,
    ask: Asks = None,
    warehouse: Warehouse = None,
    choice: Choice = False,
    active: Active = True,
    orders_from: OrdersFrom = None,
    as_json: AsJson = False,
) -> None:
    """Add a store; it ships from the default warehouse unless told otherwise."""
    given = _settings(settings, ask)

    def work(session: Session) -> Store:
        new = service.NewStore(
            name=name,
            channel=channel,
            settings={key: value for key, value in given.items() if value is not None},
            warehouse_id=_warehouse(session, warehouse),
            is_choice=bool(choice),
            active=bool(active),
            orders_from=_utc(orders_from),
        )
        keys = keys_of(found.settings)
        made = service.add_store(session, new, keys=keys, role=ROLE, by=actor(), at=clock.now())
        if made.active:
            read_soon(session, made.name, by=actor())
        return made

    with database() as found:
        _show_after(found, found.db.write(work).name, as_json=as_json)


@group.command()
def update(
    name: str,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    settings: Sets = None,
    ask: Asks = None,
    warehouse: Warehouse = None,
    choice: Choice = None,
    active: Active = None,
    orders_from: OrdersFrom = None,
    as_json: AsJson = False,
) -> None:
    """Change a store. New secrets end *needs sign-in*."""
    given = _settings(settings, ask)

    def work(session: Session) -> tuple[str, list[str]]:
        change = service.StoreChange(
            name=new_name,
            settings=given,
            warehouse_id=service.KEEP if warehouse is None else _warehouse(session, warehouse),
            is_choice=choice,
            active=active,
            orders_from=service.KEEP if orders_from is None else _utc(orders_from),
        )
        number, keys = store_named(session, name).id, keys_of(found.settings)
        store = service.change_store(session, number, change, keys=keys, role=ROLE, by=actor(), at=clock.now())
        if store.active and (active or given):
            read_soon(session, store.name, by=actor())
        return store.name, judge_choice_store(session, number) if choice else []

    with database() as found:
        changed, warnings = found.db.write(work)
        _show_after(found, changed, as_json=as_json)
    complain(*(f"warning: {warning}" for warning in warnings))


@group.command()
def remove(name: str) -> None:
    """Delete a store with its store SKUs and mappings; one with orders or push rules is refused."""
    with database() as found:
        found.db.write(
            lambda session: service.delete_store(session, store_named(session, name).id, by=actor(), at=clock.now())
        )
    say(f"store '{name}' is deleted")


@group.command("import")
def import_one(
    name: str,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; else only what it would do is shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a store: the first one with its quantities, a later one with its listings and mappings only."""
    with database() as found, progress(f"import {name}", quiet=as_json) as tell:
        with found.db.read() as session:
            number = store_named(session, name).id
        if apply:
            done = importing.import_store(
                found.db, found.settings, number, by=actor(), progress=lambda text: tell(0, None, text)
            )
        else:
            done = importing.preview(found.db, found.settings, number)
    if as_json:
        record({**asdict(done), "applied": apply, "counts": done.counts}, as_json=True)
        return
    table([asdict(row) for row in done.rows], as_json=False)
    said = ", ".join(f"{count} {what}" for what, count in done.counts.items())
    into = f"; into {done.warehouse}" if done.first else "; not the first store: our quantities are told to it"
    say(f"{said}{into}")
    if not apply:
        say("nothing was changed: add --apply to do it")


@group.command()
def reseal() -> None:
    """Seal all credentials with the first of STOCKBOOK_SECRET_KEY's keys, so that the others can be dropped."""

    def work(session: Session) -> str:
        keys = keys_of(found.settings)
        told = f"{seal_anew(session, keys)} stores"
        if imports := reseal_imports(session, keys):
            told += f" and {imports} scheduled imports"
        audit(session, actor(), "credentials.reseal", told)
        return told

    with database() as found:
        say(f"sealed anew: the credentials of {found.db.write(work)}")


def _show_after(found: Opened, name: str, *, as_json: bool) -> None:
    with found.db.read() as session:
        record(_shown(session, [store_named(session, name)], keys_of(found.settings))[0], as_json=as_json)


def _shown(session: Session, stores: Sequence[Store], keys: MultiFernet) -> list[dict[str, Any]]:
    warehouses, secrets = warehouses_of(session, stores), service.secrets_set(session, stores, keys=keys)
    return [
        {
            "id": store.id,
            "name": store.name,
            "channel": store.channel,
            "warehouse": warehouses[store.id].code,
            "settings": store.settings,
            "secrets": secrets[store.id],
            "choice": store.is_choice,
            "active": store.active,
            "needs_sign_in": store.needs_sign_in,
            "orders_from": store.orders_from,
        }
        for store in stores
    ]


def _settings(pairs: list[str] | None, asked: list[str] | None) -> dict[str, str | None]:
    given: dict[str, str | None] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise WrongUse(f"'{pair[:60]}' is no setting; write it like shop=east")
        given[name.strip()] = value.strip() or None
    for name in asked or ():
        given[name] = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    return given


def _warehouse(session: Session, code: str | None) -> int | None:
    if code is None or code.strip().lower() == "default":
        return None
    return warehouse_named(session, code).id


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
