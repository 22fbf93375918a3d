"""Many SKUs -> the quantity of each of their store SKUs. A handful of statements, whatever the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.catalog.models import Component
from server.db.bulk import NUMBER, relation
from server.push.figures import Stock, load_stock
from server.push.rulebook import load_rulebook
from server.push.rules import Result, Rule, Rulebook, shown
from server.stores.models import Store, StoreSku
from server.switches import service as switches


class Listing(NamedTuple):
    """A mapped store SKU, and what of its store decides whether it is told anything."""

    id: int
    store_id: int
    sku_id: int
    synced: bool
    store_active: bool
    is_choice: bool


@dataclass(frozen=True, slots=True)
class Target:
    """What a store SKU should show now. Where nothing is pushed `quantity` is None and `why_not` says why."""

    listing: Listing
    quantity: int | None
    rule: Rule | None
    why_not: Result | None = None


def mapped() -> Select[int, int, int | None, bool, bool, bool]:
    """Every mapped store SKU, in the columns of a `Listing`; callers narrow it down."""
    return (
        select(StoreSku.id, StoreSku.store_id, StoreSku.sku_id, StoreSku.synced, Store.active, Store.is_choice)
        .join(Store, Store.id == StoreSku.store_id)
        .where(StoreSku.sku_id.is_not(None))
    )


def affected(session: Session, sku_ids: Iterable[int]) -> list[Listing]:
    """The store SKUs mapped to these SKUs, and those of combinations that contain one of them, by number."""
    ids = sorted(set(sku_ids))
    with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in ids]) as wanted:
        direct = mapped().join(wanted, StoreSku.sku_id == wanted.c.sku_id)
        through = (
            mapped()
            .join(Component, Component.combination_id == StoreSku.sku_id)
            .join(wanted, Component.component_id == wanted.c.sku_id)
        )
        rows = {row[0]: row for query in (direct, through) for row in session.execute(query)}
    return [Listing._make(rows[number]) for number in sorted(rows)]


def evaluate(listings: Sequence[Listing], book: Rulebook, stock: Stock, *, switched_on: bool = True) -> list[Target]:
    """The target of each store SKU, out of rules and figures already loaded (PSH-3 to PSH-6)."""
    sums: dict[tuple[int, int], tuple[int, int]] = {}
    targets = []
    for listing in listings:
        rule = book.governing(listing.store_id, listing.sku_id)
        why_not = _why_not(listing, rule, book, switched_on)
        if rule is None or why_not is not None:
            targets.append(Target(listing, None, rule, why_not))
            continue
        key = (id(rule), listing.sku_id)
        known = sums.get(key)
        if known is None:
            known = sums[key] = sums_of(rule, listing.sku_id, stock)
        available, base = known
        targets.append(Target(listing, shown(rule, listing.store_id, available=available, base=base), rule))
    return targets


def sums_of(rule: Rule, sku_id: int, stock: Stock) -> tuple[int, int]:
    """The sums over the rule's warehouses, before and after hold-back."""
    available = stock.over(sku_id, rule.warehouses, hold_back=False)
    base = stock.over(sku_id, rule.warehouses, hold_back=True) if rule.hold_back else available
    return available, base


def targets(session: Session, listings: Sequence[Listing]) -> list[Target]:
    """The target of each store SKU as things stand now. Nine statements or so, whatever the number of listings."""
    sku_ids = {listing.sku_id for listing in listings}
    book = load_rulebook(session, sku_ids)
    stock = load_stock(session, sku_ids, safety=book.holds_back)
    return evaluate(listings, book, stock, switched_on=switches.is_on(session, switches.INVENTORY_FEATURES))


def _why_not(listing: Listing, rule: Rule | None, book: Rulebook, switched_on: bool) -> Result | None:
    if not switched_on:
        return Result.SWITCH_OFF
    if not listing.store_active:
        return Result.STORE_OFF
    if not listing.synced:
        return Result.NOT_SYNCED
    if rule is not None:
        return None
    off = book.switched_off(listing.store_id, listing.sku_id)
    return Result.NO_RULE if off is None else Result.RULE_OFF
