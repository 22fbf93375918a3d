"""Movements: every posted change to the figures, newest first (STK-3, STK-9)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import String, and_, cast, select
from sqlalchemy.orm import Session, aliased

from server.catalog.models import MerchantSku
from server.ledger.models import Entry, Movement
from server.orders.holding import DOCUMENT
from server.orders.models import Order
from server.places.models import Warehouse
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import SINCE, SKU, UNTIL, WAREHOUSE
from server.reports.querying import stream

_REVERSED = aliased(Entry)


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    query = (
        select(
            Entry.at,
            Entry.kind,
            MerchantSku.code,
            MerchantSku.title,
            Warehouse.code,
            Movement.on_hand,
            Movement.allocated,
            Movement.on_the_way,
            Movement.defective,
            Entry.document,
            Entry.document_id,
            Order.number,
            Entry.actor,
            Entry.note,
            Entry.key + "/" + cast(Movement.line, String),
            _REVERSED.key,
        )
        .join(Entry, Entry.id == Movement.entry_id)
        .join(MerchantSku, MerchantSku.id == Movement.sku_id)
        .join(Warehouse, Warehouse.id == Movement.warehouse_id)
        .outerjoin(Order, and_(Entry.document == DOCUMENT, Order.id == Entry.document_id))
        .outerjoin(_REVERSED, _REVERSED.id == Entry.reverses_id)
        .where(*asked.only(warehouse=Warehouse.key, sku=MerchantSku.key, at=Entry.at))
        .order_by(Movement.id.desc())
    )
    return stream(session, query)


def _change(of: Column) -> Column:
    return Column(of.title, Look.CHANGE, f"The change. {of.title}: {of.help[0].lower()}{of.help[1:]}", of.width)


REPORT = Report(
    "movements",
    "Movements",
    "Every posted change to the figures with its document, who made it and why, newest first.",
    (
        Sheet(
            "Movements",
            (
                Column("When", Look.MOMENT, "When it was posted.", 20),
                Column("Kind", Look.WORD, "What kind of change it is: stock in, allocate, deduct, return, undo …", 15),
                columns.SKU,
                columns.TITLE,
                columns.WAREHOUSE,
                _change(columns.ON_HAND),
                _change(columns.ALLOCATED),
                _change(columns.ON_THE_WAY),
                _change(columns.DEFECTIVE),
                Column("Document", Look.WORD, "What caused it: an order, a stock list, a transfer, an upload …", 15),
                Column("No.", Look.NUMBER, "The document's number in Stockbook.", 10),
                Column("Order", Look.TEXT, "The store's order number, where the document is an order.", 22),
                Column("By", Look.TEXT, "Who, or which job.", 20),
                Column("Note", Look.TEXT, "Why.", 28),
                Column("Key", Look.TEXT, "Names this very movement: document, step and line.", 28),
                Column("Reverses", Look.TEXT, "The entry that this one takes back.", 24),
            ),
            _rows,
            "nothing was posted in this time",
            keys=3,
        ),
    ),
    (SINCE, UNTIL, WAREHOUSE, SKU),
    ("Older movements are never dropped: ask from an earlier day.",),
)
