"""sync orders|products: ask the stores now, from here."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import asdict
from itertools import count
from typing import Annotated

import typer
from sqlalchemy import func, select

from server.cli.opening import Opened, actor, database
from server.cli.output import AsJson, Told, complain, progress, record
from server.errors import Refused
from server.stores.models import Store
from server.stores.queries import store_named
from server.sync import flow
from server.sync.reading import Synced

group = typer.Typer(help="Read what is new from the stores.", no_args_is_help=True)

Stores = Annotated[list[str] | None, typer.Option("--store", help="Only this store; may be given several times.")]


class What(enum.StrEnum):
    """What is read."""

    ORDERS = "orders"
    PRODUCTS = "products"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="sync")


@group.command()
def orders(store: Stores = None, as_json: AsJson = False) -> None:
    """Orders that changed since the last time; 1 if a store could not be read."""
    _sync(What.ORDERS, store or [], as_json=as_json)


@group.command()
def products(store: Stores = None, as_json: AsJson = False) -> None:
    """Listings, kept as store SKUs; those that match a merchant SKU are mapped. 1 if a store could not be read."""
    _sync(What.PRODUCTS, store or [], as_json=as_json)


def _sync(what: What, names: Sequence[str], *, as_json: bool) -> None:
    with database() as found:
        ids = _chosen(found, names)
        with progress(f"sync {what}", quiet=as_json) as tell:
            done = _read(found, what, ids, tell)
    record(asdict(done) if as_json else _summary(done), as_json=as_json)
    for text in done.ambiguous:
        complain(f"not mapped, {text}")
    for text in done.odd:
        complain(text)
    for text in done.left:
        complain(f"not taken in, {text}")
    for name, reason in done.failed.items():
        complain(f"{name}: {reason}")
    if done.failed:
        raise typer.Exit(1)


def _read(found: Opened, what: What, ids: Sequence[int] | None, tell: Told) -> Synced:
    with found.db.read() as session:
        total = len(ids) if ids is not None else session.scalar(select(func.count()).where(Store.active)) or 0
    numbers = count()
    read = flow.sync_orders if what is What.ORDERS else flow.sync_products
    return read(
        found.db,
        found.settings,
        by=actor(),
        store_ids=ids,
        progress=lambda name: tell(next(numbers), total, name),
    )


def _chosen(found: Opened, names: Sequence[str]) -> list[int] | None:
    """The named stores' numbers, None for all. Raises `NotFound`, and `Refused` for one that is switched off."""
    if not names:
        return None
    with found.db.read() as session:
        stores = [store_named(session, name) for name in names]
    off = [store.name for store in stores if not store.active]
    if off:
        raise Refused(f"store '{off[0]}' is switched off")
    return [store.id for store in stores]


def _summary(done: Synced) -> dict[str, int]:
    return {name: number for name, number in asdict(done).items() if isinstance(number, int)}
