"""Push failures: listings that a store refused for good, and stores that are left alone (PSH-10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.outbox.models import Push, StorePause, Told
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Panel, Report, Row, Sheet
from server.reports.parameters import SKU, STORE
from server.reports.querying import stream
from server.reports.tallies import Sums
from server.stores.models import Store, StoreSku


def refused(asked: Asked) -> Select[Any]:
    """Listings refused for good."""
    told: tuple[Any, ...] = (
        Store.name,
        StoreSku.code,
        StoreSku.name,
        MerchantSku.code,
        Told.quantity,
        Push.quantity,
        Push.failed_at,
        Push.attempts,
        Push.reason,
    )
    return (
        select(*told)
        .join(StoreSku, StoreSku.id == Push.store_sku_id)
        .join(Store, Store.id == Push.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
        .outerjoin(Told, Told.store_sku_id == Push.store_sku_id)
        .where(Push.failed_at.is_not(None), *asked.only(store=Store.key, sku=MerchantSku.key))
        .order_by(Store.key, Push.failed_at.desc(), StoreSku.code)
    )


def _refused(session: Session, asked: Asked) -> Iterator[Row]:
    return stream(session, refused(asked))


def _paused(session: Session, asked: Asked) -> Iterator[Row]:
    query = (
        select(Store.name, StorePause.until, StorePause.failures, Store.needs_sign_in, StorePause.reason)
        .join(Store, Store.id == StorePause.store_id)
        .where(StorePause.until > asked.at, *asked.only(store=Store.key))
        .order_by(Store.key)
    )
    return stream(session, query)


class _PerStore:
    """How many listings each store refused."""

    def __init__(self) -> None:
        self._sums = Sums(1)

    def add(self, row: Row) -> None:
        self._sums.add(row[0], 1)

    def panels(self) -> Sequence[Panel]:
        shown = (Column("Store", Look.TEXT, "", 26), Column("Refused", Look.UNITS, "", 12))
        return [Panel("Refused listings by store", shown, self._sums.largest(), drawn=(1,))]

    def notes(self) -> Sequence[str]:
        return ()


REPORT = Report(
    "push_failures",
    "Push failures",
    "Listings whose quantity a store refused for good, with its reason, and stores that are left alone for a while.",
    (
        Sheet(
            "Refused listings",
            (
                columns.STORE,
                columns.STORE_SKU,
                Column("Listing", Look.TEXT, "What the listing is called in the store.", 36),
                columns.SKU,
                Column("Last told", Look.UNITS, "The quantity that the store accepted last.", 12),
                Column("Refused quantity", Look.UNITS, "The quantity that it refused.", 19),
                Column("Refused at", Look.MOMENT, "When it was given up.", 20),
                Column("Attempts", Look.NUMBER, "How often it was tried.", 12),
                Column("Reason", Look.TEXT, "What the store answered.", 60),
            ),
            _refused,
            "no store has refused anything for good",
            keys=2,
            tally=_PerStore,
        ),
        Sheet(
            "Paused stores",
            (
                columns.STORE,
                Column("Until", Look.MOMENT, "When it is tried again.", 20),
                Column("Failures", Look.NUMBER, "How often it failed in a row.", 12),
                Column("Needs sign-in", Look.YES_NO, "Whether somebody must sign in to the store anew.", 17),
                Column("Reason", Look.TEXT, "Why it is left alone.", 70),
            ),
            _paused,
            "no store is paused",
        ),
    ),
    (STORE, SKU),
    ("A refused listing is kept until it is tried again, by hand or by the job 'retry'.",),
)
