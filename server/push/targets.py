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


def sums_of(rule: Rule, sku_id: int, stock: Stock) -> tuple[int, int]:
    """The sums over the rule's warehouses, before and after hold-back."""
    available = stock.over(sku_id, rule.warehouses, hold_back=False)
    base = stock.over(sku_id, rule.warehouses, hold_back=True) if rule.hold_back else available
    return available, base


@dataclass(frozen=True)
class Ground:
    """What targets are worked out from: rules, figures, and whether the inventory features are on (PSH-13)."""

    book: Rulebook
    stock: Stock
    switched_on: bool = True

    def targets(self, listings: Sequence[Listing]) -> list[Target]:
        """The target of each store SKU (PSH-3 to PSH-6); plain arithmetic, no statements."""
        sums: dict[tuple[int, int], tuple[int, int]] = {}
        found = []
        for listing in listings:
            rule = self.book.governing(listing.store_id, listing.sku_id)
            why_not = self._why_not(listing, rule)
            if rule is None or why_not is not None:
                found.append(Target(listing, None, rule, why_not))
                continue
            key = (id(rule), listing.sku_id)
            known = sums.get(key)
            if known is None:
                known = sums[key] = sums_of(rule, listing.sku_id, self.stock)
            quantity = shown(rule, listing.store_id, available=known[0], base=known[1])
            found.append(Target(listing, quantity, rule))
        return found

    def _why_not(self, listing: Listing, rule: Rule | None) -> Result | None:
        if not self.switched_on:
            return Result.SWITCH_OFF
        if not listing.store_active:
            return Result.STORE_OFF
        if not listing.synced:
            return Result.NOT_SYNCED
        if rule is not None:
            return None
        off = self.book.switched_off(listing.store_id, listing.sku_id)
        return Result.NO_RULE if off is None else Result.RULE_OFF


def survey(session: Session, listings: Sequence[Listing], *, book: Rulebook | None = None) -> Ground:
    """Rules and figures for these store SKUs as things stand now, or under another `book` of rules. Nine statements or
    so, whatever the number of store SKUs."""
    sku_ids = {listing.sku_id for listing in listings}
    book = load_rulebook(session, sku_ids) if book is None else book
    stock = load_stock(session, sku_ids, safety=book.holds_back)
    return Ground(book, stock, switches.is_on(session, switches.INVENTORY_FEATURES))


def targets(session: Session, listings: Sequence[Listing]) -> list[Target]:
    """The target of each store SKU as things stand now."""
    return survey(session, listings).targets(listings)
