"""Mappings: store SKUs and the merchant SKU each sells (CAT-8). A mapping's number is its store SKU's."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field, StrictBool
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, cut
from server.catalog.queries import require_ids
from server.errors import Conflict, WrongUse
from server.operations import change_mapping as operation
from server.operations.change_mapping import scope_named
from server.stores import listings, queries
from server.stores.queries import LoneSku, StoreSkuRow

api = resource("mappings", "Mappings")
_SCOPES = "future orders (unless given), or all new orders: also those that are not packed yet (CAT-9)."


class MappingShown(BaseModel):
    """A store SKU, and the merchant SKU it is mapped to."""

    id: int
    store: str
    store_sku: str
    listing: str = Field(description="What buyers see.")
    gtin: str
    sku: str | None
    synced: bool = Field(description="Whether its quantity is pushed.")
    listed: bool = Field(description="Whether it was among the store's listings when they were last read.")


class NewMapping(Body):
    """A store SKU to map. One that is not known yet is made."""

    store: str
    store_sku: str = Field(min_length=1, max_length=listings.MAX_CODE)
    sku: str
    scope: str | None = Field(None, description=_SCOPES)


class MappingChange(Body):
    """What to change: `sku` null takes the mapping away."""

    sku: str | None = None
    scope: str | None = Field(None, description=_SCOPES)
    whole_product: StrictBool = Field(False, description="All store SKUs of the same product, not this one only.")
    synced: StrictBool | None = Field(None, description="Whether its quantity is pushed.")


class WholeProduct(BaseModel):
    """How much to take away."""

    whole_product: bool = Field(False, description="All store SKUs of the same product, not this one only.")


class MappingFilter(Paging):
    """Which store SKUs."""

    store: str | None = None
    store_sku: str | None = None
    sku: str | None = None
    mapped: bool | None = Field(None, description="Only those that are, or are not, mapped.")
    q: str | None = Field(None, description="Part of a store SKU or of the listing's name.")


class LoneSkuShown(BaseModel):
    """A merchant SKU without a store SKU."""

    id: int
    sku: str
    title: str


class LoneSkuFilter(Paging):
    """In which store none sells it; in any unless given."""

    store: str | None = None


class MatchWanted(Body):
    """The store whose unmapped listings to match."""

    store: str


class Matched(BaseModel):
    """How many were mapped, and what was left because several merchant SKUs fit."""

    mapped: int
    ambiguous: list[str]


def shown(row: StoreSkuRow) -> MappingShown:
    """A mapping as the API shows it."""
    return MappingShown(
        id=row.id,
        store=row.store,
        store_sku=row.code,
        listing=row.name,
        gtin=row.gtin,
        sku=row.sku,
        synced=row.synced,
        listed=row.listed,
    )


@api.get("/mappings", responses={200: Page[MappingShown]})
@needs("read")
def list_mappings(query: MappingFilter) -> Response:
    """Store SKUs, mapped and unmapped."""
    with services().db.read() as session:
        found = queries.store_skus(
            session,
            store_id=None if query.store is None else queries.store_named(session, query.store).id,
            mapped=query.mapped,
            sku_id=None if query.sku is None else require_ids(session, [query.sku])[0],
            code=query.store_sku,
            q=query.q,
            after=query.after,
            limit=query.limit + 1,
        )
        return show(cut(found, query, shown))


@api.get("/mappings/unmapped-skus", responses={200: Page[LoneSkuShown]})
@needs("read")
def list_unmapped_skus(query: LoneSkuFilter) -> Response:
    """The other side: merchant SKUs that no store SKU sells, in any store or in one."""
    with services().db.read() as session:
        store_id = None if query.store is None else queries.store_named(session, query.store).id
        found = queries.skus_without_store(session, store_id=store_id, after=query.after, limit=query.limit + 1)
        return show(cut(found, query, _lone))


@api.post("/mappings", responses={201: MappingShown})
@needs("records.write")
def create_mapping(body: NewMapping) -> Response:
    """Map a store SKU that is not mapped yet."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> MappingShown:
        pair = (queries.store_named(session, body.store).id, body.store_sku)
        number = listings.ensure_store_skus(session, [pair], at=at)[pair]
        row = queries.find_store_sku(session, number)
        [sku_id] = require_ids(session, [body.sku])
        if row.sku_id is not None and row.sku_id != sku_id:
            raise Conflict(f"'{row.code}' is mapped to '{row.sku}' already; change that mapping", id=number)
        operation.change_mapping(session, {number: sku_id}, scope=scope_named(body.scope), by=by, at=at)
        return shown(queries.find_store_sku(session, number))

    return once(work, status=201)


@api.post("/mappings/match", responses={200: Matched})
@needs("records.write")
def match_mappings(body: MatchWanted) -> Response:
    """Map a store's unmapped listings to merchant SKUs of the same code, GTIN or title, as the store is set."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> Matched:
        done = operation.match_listings(session, queries.store_named(session, body.store).id, by=by, at=at)
        return Matched(mapped=len(done.mapped), ambiguous=[one.text for one in done.ambiguous])

    return once(work)


@api.get("/mappings/<int:id>", responses={200: MappingShown})
@needs("read")
def get_mapping(path: ById) -> Response:
    """One store SKU and its mapping."""
    with services().db.read() as session:
        return show(shown(queries.find_store_sku(session, path.id)))


@api.patch("/mappings/<int:id>", responses={200: MappingShown})
@needs("records.write")
def change_mapping(path: ById, body: MappingChange) -> Response:
    """Map a store SKU, or its whole product, to another merchant SKU or to none; choose whether it is pushed."""
    by, at = caller().name, clock.now()
    if not body.model_fields_set & {"sku", "synced"}:
        raise WrongUse("say what to change: sku or synced", field="sku")

    def work(session: Session) -> MappingShown:
        numbers = _chosen(session, path.id, body.whole_product)
        if "sku" in body.model_fields_set:
            sku_id = None if body.sku is None else require_ids(session, [body.sku])[0]
            wanted = dict.fromkeys(numbers, sku_id)
            operation.change_mapping(session, wanted, scope=scope_named(body.scope), by=by, at=at)
        if body.synced is not None:
            listings.choose_synced(session, numbers, body.synced, by=by, at=at)
        return shown(queries.find_store_sku(session, path.id))

    return once(work)


@api.delete("/mappings/<int:id>", responses={200: MappingShown})
@needs("records.write")
def remove_mapping(path: ById, query: WholeProduct) -> Response:
    """Take a mapping away, or all of a product's at once. The store SKUs stay, unmapped; nothing is pushed to them."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> MappingShown:
        numbers = _chosen(session, path.id, query.whole_product)
        operation.change_mapping(session, dict.fromkeys(numbers, None), by=by, at=at)
        return shown(queries.find_store_sku(session, path.id))

    return once(work)


def _chosen(session: Session, number: int, whole_product: bool) -> list[int]:
    if whole_product:
        return queries.same_product(session, number)
    return [queries.find_store_sku(session, number).id]


def _lone(row: LoneSku) -> LoneSkuShown:
    return LoneSkuShown(id=row.id, sku=row.sku, title=row.title)
