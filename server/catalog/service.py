"""Create and update merchant SKUs, many at a time: the number of statements does not grow with them.

Callers pass validated data; what only the database can know (a code or GTIN that is taken) is refused here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.catalog import queries
from server.catalog.errors import RecipesRefused, SkusExist, WrongSku
from server.catalog.records import COMBINATION, EMPTY, SINGLE, NewSku, SkuChange
from server.catalog.writing import (
    audit_many,
    forget,
    insert_skus,
    lock,
    parent_key,
    replace_gtins,
    title_key,
    update_skus,
)
from server.db.base import fold

CODE_LENGTH = 64


def create(session: Session, skus: Sequence[NewSku], *, by: str, at: datetime) -> list[int]:
    """Make them; gives their ids in order (CAT-1, CAT-3).

    Raises `SkusExist` for codes that are taken, or handed in twice; `WrongSku` for a code that can't be one;
    `GtinsTaken` for GTINs of other SKUs (CAT-4).
    """
    if not skus:
        return []
    keys = _checked_keys(skus)
    taken = queries.find_ids(session, keys)
    if taken:
        raise SkusExist([sku.code for sku, key in zip(skus, keys, strict=True) if key in taken])
    ids = insert_skus(session, skus, at)
    gtins = {ids[key]: sku.gtins for sku, key in zip(skus, keys, strict=True) if sku.gtins}
    replace_gtins(session, gtins, fresh=True)
    audit_many(session, by, "sku.create", [sku.code for sku in skus], at=at)
    return [ids[key] for key in keys]


def update_many(
    session: Session, changes: Sequence[SkuChange], *, by: str, at: datetime, singles_only: bool = False
) -> int:
    """Change fields of SKUs (CAT-5); gives how many SKUs really changed.

    One change per SKU. `singles_only`: combinations are refused, as the update workbook does. Raises `UnknownSkus`
    for ids that are gone, `RecipesRefused`, `WrongSku`, `GtinsTaken`.
    """
    by_id = {change.sku_id: change for change in changes}
    assert len(by_id) == len(changes), "one change per SKU"
    touched = sorted({name for change in changes for name in change.values})
    known = lock(session, by_id, touched)
    _refuse_update(known, by_id, singles_only)
    new = {sku_id: _after(known[sku_id], change.values, touched) for sku_id, change in by_id.items()}
    changed = {
        sku_id: values
        for sku_id, values in new.items()
        if any(getattr(known[sku_id], name) != values[name] for name in touched)
    }
    gtins = _changed_gtins(session, by_id)
    detail = _values_of_few(session, known, changed, gtins, touched)
    if changed:
        columns = [*touched, *(derived for name, derived in _DERIVED.items() if name in touched)]
        update_skus(session, columns, {i: _with_derived(values) for i, values in changed.items()}, at)
    replace_gtins(session, gtins)
    ids = sorted(changed.keys() | gtins.keys())
    audit_many(session, by, "sku.update", [known[sku_id].code for sku_id in ids], at=at, **detail)
    forget(session)
    return len(ids)


def _checked_keys(skus: Sequence[NewSku]) -> list[str]:
    keys = [fold(sku.code) for sku in skus]
    if len(set(keys)) < len(keys):
        often = Counter(keys)
        raise SkusExist([sku.code for sku, key in zip(skus, keys, strict=True) if often[key] > 1])
    for sku, key in zip(skus, keys, strict=True):
        if not key or len(sku.code) > CODE_LENGTH:
            raise WrongSku(f"'{sku.code[:100]}' can't be a SKU: write 1 to {CODE_LENGTH} characters", field="sku")
    return keys


def _refuse_update(known: Mapping[int, Any], changes: Mapping[int, SkuChange], singles_only: bool) -> None:
    combinations = [sku.code for sku in known.values() if sku.kind != SINGLE]
    if singles_only and combinations:
        raise RecipesRefused(
            [{"sku": code, "text": f"'{code}' is a combination; only singles can be updated"} for code in combinations]
        )
    for sku_id, change in changes.items():
        code, values = known[sku_id].code, change.values
        unknown = values.keys() - EMPTY.keys()
        assert not unknown, f"no fields of a SKU: {unknown}"
        if values.get("serial_mode", "off") != "off" and known[sku_id].kind == COMBINATION:
            raise WrongSku(f"'{code}' is a combination, which has no serial numbers", field="serial_mode")


#: Columns that follow from another.
_DERIVED = {"title": "title_key", "parent_sku": "parent_key", "model_number": "model_key"}


def _with_derived(values: dict[str, Any]) -> dict[str, Any]:
    if "title" in values:
        values["title_key"] = title_key(values["title"])
    if "parent_sku" in values:
        values["parent_key"] = parent_key(values["parent_sku"])
    if "model_number" in values:
        values["model_key"] = fold(values["model_number"])
    return values


def _after(sku: Any, values: Mapping[str, Any], touched: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] if name in values else getattr(sku, name) for name in touched}


def _changed_gtins(session: Session, changes: Mapping[int, SkuChange]) -> dict[int, Sequence[str]]:
    given = {sku_id: change.gtins for sku_id, change in changes.items() if change.gtins is not None}
    if not given:
        return {}
    now = queries.gtins_of(session, given)
    return {sku_id: gtins for sku_id, gtins in given.items() if [gtin.strip() for gtin in gtins] != now.get(sku_id, [])}


def _values_of_few(
    session: Session,
    known: Mapping[int, Any],
    changed: Mapping[int, Mapping[str, Any]],
    gtins: Mapping[int, Sequence[str]],
    touched: Sequence[str],
) -> dict[str, Any]:
    """For the audit line of one SKU, its values before and after; for many the fields (an upload keeps each row)."""
    ids = changed.keys() | gtins.keys()
    if len(ids) != 1:
        return {"fields": [*touched, *(["gtins"] if gtins else [])]}
    (sku_id,) = ids
    after = changed.get(sku_id, {})
    names = [name for name in touched if name in after and getattr(known[sku_id], name) != after[name]]
    before = {name: _plain(getattr(known[sku_id], name)) for name in names}
    now = {name: _plain(after[name]) for name in names}
    if sku_id in gtins:
        before["gtins"] = queries.gtins_of(session, [sku_id]).get(sku_id, [])
        now["gtins"] = list(gtins[sku_id])
    return {"before": before, "after": now}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    return dict(value) if isinstance(value, Mapping) else format(value, "f")
