"""mapping list|unmapped-skus|set|remove|choose|match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.catalog.queries import require_ids
from server.cli.opening import actor, database
from server.cli.output import AsJson, say, table, value
from server.errors import NotFound
from server.operations.change_mapping import Scope, change_mapping, match_listings, scope_named
from server.stores import listings, queries
from server.stores.queries import StoreSkuRow, store_named

group = typer.Typer(help="Mappings: which merchant SKU a store's listing sells.", no_args_is_help=True)

InStore = Annotated[str | None, typer.Option("--store", help="Only this store.")]
WholeProduct = Annotated[bool, typer.Option("--whole-product", help="All store SKUs of the same product.")]
ForWhom = Annotated[
    str, typer.Option("--scope", help="future orders, or all new orders: also those that are not packed yet.")
]
_COLUMNS = ("store", "store_sku", "listing", "sku", "synced", "listed")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="mapping")


@group.command("list")
def list_mappings(
    store: InStore = None,
    sku: Annotated[str | None, typer.Option(help="Only this merchant SKU.")] = None,
    mapped: Annotated[bool | None, typer.Option("--mapped/--unmapped", help="Only those that are, or are not.")] = None,
    as_json: AsJson = False,
) -> None:
    """Store SKUs and what they are mapped to."""
    with database() as found, found.db.read() as session:
        rows = queries.store_skus(
            session,
            store_id=None if store is None else store_named(session, store).id,
            sku_id=None if sku is None else require_ids(session, [sku])[0],
            mapped=mapped,
        )
    table([_shown(row) for row in rows], as_json=as_json, columns=_COLUMNS)


@group.command("unmapped-skus")
def unmapped_skus(store: InStore = None, as_json: AsJson = False) -> None:
    """Merchant SKUs that no store SKU sells, in any store or in one."""
    with database() as found, found.db.read() as session:
        store_id = None if store is None else store_named(session, store).id
        rows = queries.skus_without_store(session, store_id=store_id)
    table([{"sku": row.sku, "title": row.title} for row in rows], as_json=as_json, columns=("sku", "title"))


@group.command("set")
def set_mapping(
    store: str,
    store_sku: str,
    sku: str,
    whole_product: WholeProduct = False,
    scope: ForWhom = Scope.FUTURE.value,
    as_json: AsJson = False,
) -> None:
    """Map a store SKU, or its whole product, to a merchant SKU."""

    def work(session: Session) -> Sequence[StoreSkuRow]:
        pair = (store_named(session, store).id, store_sku.strip())
        number = listings.ensure_store_skus(session, [pair], at=clock.now())[pair]
        return _map(session, number, require_ids(session, [sku])[0], whole_product, scope)

    with database() as found:
        table([_shown(row) for row in found.db.write(work)], as_json=as_json, columns=_COLUMNS)


@group.command()
def remove(
    store: str,
    store_sku: str,
    whole_product: WholeProduct = False,
    scope: ForWhom = Scope.FUTURE.value,
    as_json: AsJson = False,
) -> None:
    """Take a mapping away, or all of a product's at once; nothing is pushed to them any more."""

    def work(session: Session) -> Sequence[StoreSkuRow]:
        return _map(session, _find(session, store, store_sku), None, whole_product, scope)

    with database() as found:
        table([_shown(row) for row in found.db.write(work)], as_json=as_json, columns=_COLUMNS)


@group.command()
def choose(
    store: str,
    store_sku: str,
    synced: Annotated[bool, typer.Option("--synced/--not-synced", help="Whether its quantity is pushed.")],
    whole_product: WholeProduct = False,
    as_json: AsJson = False,
) -> None:
    """Choose whether a store SKU's quantity is pushed, or its whole product's."""

    def work(session: Session) -> Sequence[StoreSkuRow]:
        numbers = _numbers(session, _find(session, store, store_sku), whole_product)
        listings.choose_synced(session, numbers, synced, by=actor(), at=clock.now())
        return _rows(session, numbers)

    with database() as found:
        table([_shown(row) for row in found.db.write(work)], as_json=as_json, columns=_COLUMNS)


@group.command()
def match(store: str, as_json: AsJson = False) -> None:
    """Map a store's unmapped listings to merchant SKUs of the same code, GTIN or title, as the store is set."""
    with database() as found:
        done = found.db.write(
            lambda session: match_listings(session, store_named(session, store).id, by=actor(), at=clock.now())
        )
    left = [one.text for one in done.ambiguous]
    if as_json:
        value({"mapped": len(done.mapped), "ambiguous": left})
        return
    say(f"mapped: {len(done.mapped)}")
    for text in left:
        say(text)


def _map(session: Session, number: int, sku_id: int | None, whole_product: bool, scope: str) -> Sequence[StoreSkuRow]:
    numbers = _numbers(session, number, whole_product)
    wanted = dict.fromkeys(numbers, sku_id)
    change_mapping(session, wanted, scope=scope_named(scope), by=actor(), at=clock.now())
    return _rows(session, numbers)


def _find(session: Session, store: str, store_sku: str) -> int:
    pair = (store_named(session, store).id, store_sku.strip())
    number = queries.store_sku_ids(session, [pair]).get(pair)
    if number is None:
        raise NotFound(f"store '{store}' has no store SKU '{store_sku[:120]}'")
    return number


def _numbers(session: Session, number: int, whole_product: bool) -> Sequence[int]:
    return queries.same_product(session, number) if whole_product else [number]


def _rows(session: Session, numbers: Sequence[int]) -> Sequence[StoreSkuRow]:
    found = queries.find_store_skus(session, numbers)
    return [found[each] for each in numbers]


def _shown(row: StoreSkuRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "store": row.store,
        "store_sku": row.code,
        "listing": row.name,
        "sku": row.sku,
        "synced": row.synced,
        "listed": row.listed,
    }
