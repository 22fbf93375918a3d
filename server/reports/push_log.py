"""Push log: every evaluation with its causes and its result, and what each listing was last told (PSH-7, PSH-11)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.outbox.causes import unpack
from server.outbox.models import Told
from server.push.models import Evaluation, PushRule
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import SINCE, SKU, STORE, UNTIL
from server.reports.querying import stream
from server.stores.models import Store, StoreSku


def _evaluations(session: Session, asked: Asked) -> Iterator[Row]:
    query = (
        select(
            Evaluation.at,
            Store.name,
            StoreSku.code,
            MerchantSku.code,
            PushRule.name,
            Evaluation.target,
            Evaluation.result,
            Evaluation.forced,
            Evaluation.causes,
        )
        .join(StoreSku, StoreSku.id == Evaluation.store_sku_id)
        .join(Store, Store.id == StoreSku.store_id)
        .join(MerchantSku, MerchantSku.id == Evaluation.sku_id)
        .outerjoin(PushRule, PushRule.id == Evaluation.rule_id)
        .where(*asked.only(store=Store.key, sku=MerchantSku.key, at=Evaluation.at))
        .order_by(Evaluation.id.desc())
    )
    for *told, causes in stream(session, query):
        yield (*told, ", ".join(cause.label for cause in unpack(causes)))


def _told(session: Session, asked: Asked) -> Iterator[Row]:
    query = (
        select(
            Store.name,
            StoreSku.code,
            MerchantSku.code,
            Told.quantity,
            Told.told_at,
            Told.known,
            Told.target,
            Told.evaluated_at,
            Told.answer,
        )
        .join(StoreSku, StoreSku.id == Told.store_sku_id)
        .join(Store, Store.id == StoreSku.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
        .where(*asked.only(store=Store.key, sku=MerchantSku.key))
        .order_by(Store.key, StoreSku.code)
    )
    return stream(session, query)


REPORT = Report(
    "push_log",
    "Push log",
    "Every evaluation of a listing with its causes and what came of it, newest first; and what each was last told.",
    (
        Sheet(
            "Evaluations",
            (
                Column("When", Look.MOMENT, "When it was evaluated.", 20),
                columns.STORE,
                columns.STORE_SKU,
                columns.SKU,
                Column("Push rule", Look.TEXT, "The rule that governs the listing; none: nothing is pushed.", 24),
                Column("Target", Look.UNITS, "The quantity that the store should show.", 11),
                Column("Result", Look.WORD, "Whether the store had to be told, and if not, why.", 22),
                Column("Push Now", Look.YES_NO, "Whether it was to be sent in any case.", 13),
                Column("Causes", Look.WORD, "What it was evaluated for.", 40),
            ),
            _evaluations,
            "nothing was evaluated in this time",
            keys=3,
        ),
        Sheet(
            "Last told",
            (
                columns.STORE,
                columns.STORE_SKU,
                columns.SKU,
                Column("Told", Look.UNITS, "The quantity that the store last accepted.", 11),
                Column("Told at", Look.MOMENT, "When it accepted it.", 20),
                Column("Certain", Look.YES_NO, "No: the shop has changed its own figure since, by an order.", 12),
                Column("Target", Look.UNITS, "What it should show by the last evaluation.", 11),
                Column("Evaluated at", Look.MOMENT, "When that was.", 20),
                Column("Answer", Look.TEXT, "What the store answered last.", 50),
            ),
            _told,
            "no listing was evaluated or told anything yet",
            keys=2,
        ),
    ),
    (SINCE, UNTIL, STORE, SKU),
    ("Evaluations are kept for 90 days. Dates limit the evaluations only: what was last told stands as it is now.",),
)
