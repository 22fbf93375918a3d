"""A merchant SKU's values as cells of its workbooks, for records that come from the API or the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from server.catalog import queries
from server.catalog.models import MerchantSku
from server.catalog.queries import SkuRecord
from server.catalog.records import COMBINATION, NewSku
from server.errors import NotFound, WrongUse
from server.uploads.direct import Done, apply_rows, check_rows
from server.uploads.sources import Checked
from validators.columns import CLEAR, SEPARATOR

#: What a combination has beside its code; everything else belongs to its components.
_OF_COMBINATION = {"title", "own_stock"}


def check_new(values: Mapping[str, Any], components: Mapping[str, int] | None) -> Checked:
    """Check a new single, or a new combination where there are `components` (code -> units)."""
    if components is None:
        return check_rows("sku_create", [_single_cells(values)])
    return check_rows("combinations", _recipe_rows(str(values["sku"]), values, components))


def apply_change(
    session: Session,
    sku_id: int,
    values: Mapping[str, Any],
    components: Mapping[str, int] | None,
    *,
    by: str,
    at: datetime,
) -> Done:
    """Change what `values` names, None empties it; `components`, where given, are the whole recipe (CAT-6).

    Raises `NotFound`, `RowsRefused`, `RowsCollide`.
    """
    record = record_of(session, sku_id)
    if record.sku.kind != COMBINATION and components is None:
        cells = {"sku": record.sku.code, **_single_cells(values, empty=CLEAR)}
        return apply_rows(session, check_rows("sku_update", [cells]), by=by, at=at)
    recipe = {part.code: part.quantity for part in record.components} if components is None else components
    return apply_rows(session, check_rows("combinations", _recipe_rows(record.sku.code, values, recipe)), by=by, at=at)


def create_variants(session: Session, skus: Sequence[NewSku], *, by: str, at: datetime) -> Done:
    """Make generated variants (CAT-7), by the rules of the SKU create workbook."""
    if not skus:
        return Done((), ())
    names = ("title", "parent_sku", "size", "colour", "attributes")
    rows = [{"sku": sku.code, **_single_cells({name: getattr(sku, name) for name in names})} for sku in skus]
    return apply_rows(session, check_rows("sku_create", rows), by=by, at=at)


def record_of(session: Session, sku_id: int) -> SkuRecord:
    """The living SKU of that number with its GTINs and recipe. Raises `NotFound`."""
    known = queries.by_ids(session, [sku_id])
    if sku_id not in known:
        raise NotFound(f"there is no merchant SKU {sku_id}", id=sku_id)
    return queries.records(session, [known[sku_id]])[0]


def find_sku(session: Session, code: str) -> MerchantSku:
    """The living SKU of that code. Raises `UnknownSkus`."""
    (sku_id,) = queries.require_ids(session, [code])
    return queries.by_ids(session, [sku_id])[sku_id]


def _recipe_rows(code: str, values: Mapping[str, Any], components: Mapping[str, int]) -> list[dict[str, Any]]:
    extra = sorted(name for name, value in values.items() if name not in _OF_COMBINATION | {"sku"} and value)
    if extra:
        raise WrongUse(f"a combination has a title, own stock and components, but no {', '.join(extra)}")
    if not components:
        raise WrongUse("a combination needs at least one component", field="components")
    shared = {name: values[name] for name in _OF_COMBINATION if values.get(name) is not None}
    return [{"combination": code, "component": part, "quantity": units, **shared} for part, units in components.items()]


def _single_cells(values: Mapping[str, Any], *, empty: str | None = None) -> dict[str, Any]:
    if values.get("own_stock") is not None:
        raise WrongUse("only a combination has own stock beside its components", field="own_stock")
    return {name: _cell(value, empty) for name, value in values.items() if name != "own_stock"}


def _cell(value: Any, empty: str | None) -> Any:
    if value is None or value == "" or value == {} or value == []:
        return empty
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return f"{SEPARATOR} ".join(f"{name}={text}" for name, text in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"{SEPARATOR} ".join(value)
    return value
