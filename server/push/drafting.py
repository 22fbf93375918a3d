"""A rule as people write it, in names and codes, on top of the one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from server.catalog.queries import require_ids
from server.errors import WrongUse
from server.places.queries import warehouse_named
from server.push.rules import Rounding, Rule
from server.stores.queries import store_named

#: Fields that always hold something; None leaves them as they are.
_PLAIN = {
    "name": "name",
    "active": "active",
    "percentage": "percentage",
    "fixed": "fixed",
    "priority_safety_stock": "priority_safety_stock",
    "hold_back_safety_stock": "hold_back",
}
#: Fields that None empties.
_OPTIONAL = ("minimum", "cap")


def drafted(session: Session, known: Rule | None, given: Mapping[str, Any]) -> Rule:
    """The rule that `given` describes, by the API's names of its fields; what is not in it stays as it is in `known`,
    or as a new rule has it. Names become numbers here.

    Raises `NotFound` for names that nothing has, `WrongUse` for a new rule without name, warehouses or stores.
    """
    if known is None and not all(given.get(name) for name in ("name", "warehouses", "stores")):
        raise WrongUse("a new rule needs a name, warehouses and stores", field="name")
    rule = known or Rule(given["name"], frozenset(), {})
    changes: dict[str, Any] = {field: given[name] for name, field in _PLAIN.items() if given.get(name) is not None}
    if given.get("rounding") is not None:
        changes["rounding"] = Rounding(given["rounding"])
    changes |= {name: given[name] for name in _OPTIONAL if name in given}
    if given.get("warehouses") is not None:
        changes["warehouses"] = frozenset(warehouse_named(session, code).id for code in given["warehouses"])
    if given.get("skus") is not None:
        changes["skus"] = frozenset(require_ids(session, given["skus"]))
    changes["stores"] = _stores(session, rule, given)
    if "priority_store" in given:
        first = given["priority_store"]
        changes["priority_store"] = None if first is None else store_named(session, first).id
    return replace(rule, **changes)


def _stores(session: Session, rule: Rule, given: Mapping[str, Any]) -> dict[int, Decimal | None]:
    """The rule's stores with their own percentages: those given, the others as they were."""
    stores = dict(rule.stores)
    if given.get("stores") is not None:
        stores = {number: rule.stores.get(number) for number in (store_named(session, s).id for s in given["stores"])}
    if given.get("store_percentages") is not None:
        own = {store_named(session, name).id: value for name, value in given["store_percentages"].items()}
        if stray := own.keys() - stores.keys():
            raise WrongUse(f"{len(stray)} of store_percentages are no stores of the rule", field="store_percentages")
        stores = {number: own.get(number) for number in stores}
    return stores
