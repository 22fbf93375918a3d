"""Merchant SKUs, combinations among them (CAT-1 to CAT-6, CAT-12, CAT-13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging
from server.catalog import queries, searching
from server.catalog.models import MerchantSku
from server.catalog.queries import SkuRecord
from server.operations.delete_sku import delete_skus
from server.uploads.direct import Done, apply_rows
from server.uploads.handlers.sku_values import warehouse_codes
from server.uploads.sku_cells import apply_change, check_new, find_sku, record_of
from validators.messages import Finding

api = resource("skus", "Merchant SKUs")


def without_separators(attributes: dict[str, str]) -> dict[str, str]:
    """The attributes, where a cell of `name=value; name=value` can hold them. Raises `ValueError`."""
    for name, value in attributes.items():
        if not name.strip() or not value.strip() or ";" in name + value or "=" in name:
            raise ValueError("an attribute has a name without ; and = and a value without ;")
    return attributes


Attributes = Annotated[dict[str, str], AfterValidator(without_separators)]
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class ComponentShown(BaseModel):
    """One component of a combination, and units of it in one combination."""

    sku: str
    quantity: int


class Match(BaseModel):
    """A name that was searched for, and how well the SKU fits it, 0 to 100."""

    name: str
    score: float


class SkuShown(BaseModel):
    """A merchant SKU. Decimals are exact, as text."""

    id: int
    sku: str
    title: str
    kind: Literal["single", "combination"]
    own_stock: bool
    components: list[ComponentShown]
    parent_sku: str
    size: str
    colour: str
    attributes: dict[str, str]
    category: str
    brand: str
    gtins: list[str]
    weight_g: Decimal | None
    length_cm: Decimal | None
    width_cm: Decimal | None
    height_cm: Decimal | None
    model_number: str
    picture_url: str
    cost: Decimal | None
    price: Decimal | None
    currency: str
    default_warehouse: str | None
    serial_mode: str
    status: str
    notes: str
    created_at: datetime
    updated_at: datetime
    matches: list[Match] = Field([], description="In a search: the names it was found by.")


class SkuWarning(BaseModel):
    """What is awkward about a SKU, but no reason to refuse it (CAT-2)."""

    place: str | None
    code: str
    text: str


class SkuSaved(SkuShown):
    """A SKU that was made or changed."""

    warnings: list[SkuWarning]


class ComponentGiven(Body):
    """One component: a single SKU and units of it."""

    sku: str
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] = 1


class SkuFields(Body):
    """A SKU's values, by the rules of the SKU workbooks. In a change null empties a value."""

    parent_sku: str | None = None
    size: str | None = None
    colour: str | None = None
    attributes: Attributes | None = None
    category: str | None = None
    brand: str | None = None
    gtins: list[str] | None = Field(None, max_length=100)
    weight_g: Money | None = None
    length_cm: Money | None = None
    width_cm: Money | None = None
    height_cm: Money | None = None
    model_number: str | None = None
    picture_url: str | None = None
    cost: Money | None = None
    price: Money | None = None
    currency: str | None = None
    default_warehouse: str | None = Field(None, description="A warehouse's code.")
    serial_mode: Literal["off", "stock_out", "full"] | None = None
    status: Literal["active", "inactive"] | None = None
    notes: str | None = None


class NewSku(SkuFields):
    """A SKU to be. With `components` it is a combination, which has a title and own stock beside them."""

    sku: str
    title: str
    own_stock: bool | None = None
    components: list[ComponentGiven] | None = Field(None, max_length=1000)


class SkuChange(SkuFields):
    """What to change. `components` are a combination's whole recipe; they make a single without stock one."""

    title: str | None = None
    own_stock: bool | None = None
    components: list[ComponentGiven] | None = Field(None, max_length=1000)


class SkuFilter(Paging):
    """Which SKUs."""

    sku: list[str] = Field([], max_length=1000, description="Exact codes, without regard to case.")
    gtin: str | None = None
    parent: str | None = Field(None, description="The parent SKU that groups variants.")
    kind: Literal["single", "combination"] | None = None
    q: list[str] = Field([], description="Names to search for, fuzzily; up to 30, also separated by ; or new lines.")


def shown(record: SkuRecord, warehouses: Mapping[int, str], matches: Sequence[Match] = ()) -> SkuShown:
    """A SKU as the API shows it."""
    sku = record.sku
    return SkuShown(
        **{name: getattr(sku, name) for name in SkuShown.model_fields if hasattr(sku, name)},
        sku=sku.code,
        gtins=list(record.gtins),
        components=[ComponentShown(sku=part.code, quantity=part.quantity) for part in record.components],
        default_warehouse=warehouses.get(sku.default_warehouse_id or 0),
        matches=list(matches),
    )


@api.get("/skus", responses={200: Page[SkuShown]})
@needs("read")
def list_skus(query: SkuFilter) -> Response:
    """SKUs that are not deleted. A search gives the best first, on one page."""
    names = [name for text in query.q for name in searching.split_names(text)]
    with services().db.read() as session:
        if names:
            return show(_searched(session, names, query.limit))
        if query.sku or query.gtin is not None:
            return show(_looked_up(session, query))
        found = queries.page(
            session, after=query.after or 0, limit=query.limit + 1, kind=query.kind, parent=query.parent
        )
        more = len(found) > query.limit
        found = found[: query.limit]
        return show(Page(items=_shown_all(session, found), next=found[-1].id if more else None))


@api.post("/skus", responses={201: SkuSaved})
@needs("records.write")
def create_sku(body: NewSku) -> Response:
    """Make a SKU, or a combination."""
    by, at = caller().name, clock.now()
    sheet = check_new(_given(body), _recipe(body.components))

    def work(session: Session) -> SkuSaved:
        done = apply_rows(session, sheet, by=by, at=at)
        return _saved(session, find_sku(session, body.sku).id, done)

    return once(work, status=201)


@api.get("/skus/<int:id>", responses={200: SkuShown})
@needs("read")
def get_sku(path: ById) -> Response:
    """One SKU."""
    with services().db.read() as session:
        return show(shown(record_of(session, path.id), warehouse_codes(session)))


@api.patch("/skus/<int:id>", responses={200: SkuSaved})
@needs("records.write")
def change_sku(path: ById, body: SkuChange) -> Response:
    """Change what is named; null empties a value."""
    by, at = caller().name, clock.now()
    values, recipe = _given(body), _recipe(body.components)

    def work(session: Session) -> SkuSaved:
        done = apply_change(session, path.id, values, recipe, by=by, at=at)
        return _saved(session, path.id, done)

    return once(work)


@api.delete("/skus/<int:id>", responses={200: SkuShown})
@needs("records.delete")
def delete_sku(path: ById) -> Response:
    """Delete a SKU that nothing uses any more; what stands in the way is named (CAT-13)."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> SkuShown:
        gone = shown(record_of(session, path.id), warehouse_codes(session))
        delete_skus(session, [path.id], by=by, at=at)
        return gone

    return once(work)


def warnings_of(findings: Sequence[Finding]) -> list[SkuWarning]:
    """Warnings as the API shows them."""
    return [SkuWarning(place=finding.column, code=finding.code, text=finding.text) for finding in findings]


def _given(body: BaseModel) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set if name != "components"}


def _recipe(components: Sequence[ComponentGiven] | None) -> dict[str, int] | None:
    return None if components is None else {component.sku: component.quantity for component in components}


def _saved(session: Session, sku_id: int, done: Done) -> SkuSaved:
    now = shown(record_of(session, sku_id), warehouse_codes(session))
    return SkuSaved(**now.model_dump(), warnings=warnings_of(done.warnings))


def _shown_all(
    session: Session, skus: Sequence[MerchantSku], matches: Mapping[int, Sequence[Match]] | None = None
) -> list[SkuShown]:
    warehouses = warehouse_codes(session)
    return [
        shown(record, warehouses, (matches or {}).get(record.sku.id, ())) for record in queries.records(session, skus)
    ]


def _looked_up(session: Session, query: SkuFilter) -> Page[SkuShown]:
    ids = [sku.id for sku in queries.find(session, query.sku).values()]
    if query.gtin is not None:
        ids = list(queries.by_gtins(session, [query.gtin]).values())
    known = queries.by_ids(session, ids)
    return Page(items=_shown_all(session, [known[sku_id] for sku_id in sorted(known)]), next=None)


def _searched(session: Session, names: Sequence[str], limit: int) -> Page[SkuShown]:
    matches: dict[int, list[Match]] = {}
    for found in searching.search(session, names, limit=min(limit, 50)):
        for hit in found.hits:
            matches.setdefault(hit.sku_id, []).append(Match(name=found.name, score=hit.score))
    best = sorted(matches, key=lambda sku_id: -max(match.score for match in matches[sku_id]))[:limit]
    known = queries.by_ids(session, best)
    return Page(items=_shown_all(session, [known[sku_id] for sku_id in best], matches), next=None)
