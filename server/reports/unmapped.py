"""Unmapped, both ways: listings without a merchant SKU, merchant SKUs without a listing (CAT-8)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.ledger.models import Balance
from server.orders.models import Order, OrderLine
from server.orders.states import State
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import STORE
from server.reports.querying import stream
from server.stores.models import Store, StoreSku


def _listings(session: Session, asked: Asked) -> Iterator[Row]:
    waiting = (
        select(func.count(OrderLine.order_id.distinct()))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.store_sku_id == StoreSku.id, Order.state == State.UNMAPPED)
        .scalar_subquery()
    )
    query = (
        select(Store.name, StoreSku.code, StoreSku.name, StoreSku.gtin, StoreSku.listed, waiting, StoreSku.created_at)
        .join(Store, Store.id == StoreSku.store_id)
        .where(StoreSku.sku_id.is_(None), *asked.only(store=Store.key))
        .order_by(Store.key, StoreSku.code)
    )
    return stream(session, query)


def _skus(session: Session, asked: Asked) -> Iterator[Row]:
    mapped = exists().where(StoreSku.sku_id == MerchantSku.id)
    if asked.store is not None:
        mapped = mapped.where(StoreSku.store_id == Store.id, Store.key == asked.store)
    on_hand = select(func.coalesce(func.sum(Balance.on_hand), 0)).where(Balance.sku_id == MerchantSku.id)
    query = (
        select(
            MerchantSku.code, MerchantSku.title, MerchantSku.category, MerchantSku.brand, MerchantSku.kind,
            on_hand.scalar_subquery(), MerchantSku.created_at,
        )
        .where(MerchantSku.deleted_at.is_(None), ~mapped)
        .order_by(MerchantSku.key)
    )  # fmt: skip
    return stream(session, query)


REPORT = Report(
    "unmapped",
    "Unmapped both ways",
    "Listings that are tied to no merchant SKU, and merchant SKUs that are sold in no store.",
    (
        Sheet(
            "Listings without a SKU",
            (
                columns.STORE,
                columns.STORE_SKU,
                Column("Listing", Look.TEXT, "What the listing is called in the store.", 44),
                Column("GTIN", Look.TEXT, "The listing's barcode number, as the store tells it.", 18),
                Column("Listed", Look.YES_NO, "Whether the store shows it; no: it is known from orders only.", 11),
                Column("Orders waiting", Look.UNITS, "Orders that wait for this mapping.", 17),
                Column("Known since", Look.MOMENT, "When Stockbook first met it.", 20),
            ),
            _listings,
            "every listing is mapped",
            keys=2,
        ),
        Sheet(
            "SKUs without a listing",
            (
                columns.SKU,
                columns.TITLE,
                columns.CATEGORY,
                columns.BRAND,
                Column("Kind", Look.WORD, "Single, or a combination of others.", 14),
                columns.meaning(columns.ON_HAND, "Good units in all warehouses together."),
                Column("Made", Look.MOMENT, "When the SKU was made.", 20),
            ),
            _skus,
            "every SKU is mapped to a listing",
        ),
    ),
    (STORE,),
    ("With one store asked for, a SKU counts as sold only if it has a listing in that store.",),
)
