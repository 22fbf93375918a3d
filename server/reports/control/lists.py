"""The lists of the control workbook, in the order of its sheets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.outbox.models import Push
from server.push.standing import StoreStanding, standings
from server.reports import columns, low_stock, push_failures
from server.reports.control.listing import MOST_ROWS, ControlList
from server.reports.control.waiting import AT_RISK, OUT_OF_STOCK, UNMAPPED
from server.reports.describing import Asked, Column, Look, Row, Sheet
from server.stores.models import Store
from server.uploads.models import Upload
from validators.registry import WORKBOOKS

_STATUSES = (("ok", "OK"), ("warning", "Warnings"), ("error", "Errors"), ("conflict", "Conflicts"))
_LOW = low_stock.REPORT.sheets[0]
_REFUSED = push_failures.REPORT.sheets[0]


def midnight(at: datetime) -> datetime:
    """When this day began, in UTC."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def needs_care(store: StoreStanding) -> bool:
    """Whether a store that is on is not told what is available."""
    return store.active and (store.needs_sign_in or bool(store.paused_for))


def _low(session: Session, asked: Asked) -> Sequence[Row]:
    return [low_stock.row(tuple(found)) for found in session.execute(low_stock.low(asked).limit(MOST_ROWS))]


def _count_low(session: Session, asked: Asked) -> int:
    found = low_stock.low(asked).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _refused(session: Session, asked: Asked) -> Sequence[Row]:
    return [tuple(found) for found in session.execute(push_failures.refused(asked).limit(MOST_ROWS))]


def _count_refused(session: Session, _: Asked) -> int:
    return session.scalar(select(func.count()).select_from(Push).where(Push.failed_at.is_not(None))) or 0


def _stores(session: Session, asked: Asked) -> Sequence[Row]:
    """Those that need somebody first."""
    found = sorted(standings(session, asked.at), key=lambda one: (not needs_care(one), one.name.casefold()))
    return [
        (
            one.name, one.channel, one.state, one.waiting - one.refused, one.refused, one.listings, one.unmapped,
            one.paused_until, one.paused_for,
        )
        for one in found[:MOST_ROWS]
    ]  # fmt: skip


def _count_stores(session: Session, _: Asked) -> int:
    return session.scalar(select(func.count()).select_from(Store)) or 0


def _uploads(session: Session, asked: Asked) -> Sequence[Row]:
    query = select(Upload).where(Upload.created_at >= midnight(asked.at)).order_by(Upload.id.desc()).limit(MOST_ROWS)
    return [
        (
            one.filename or "rows from a sheet",
            WORKBOOKS[one.template].title if one.template in WORKBOOKS else one.template,
            one.actor,
            one.created_at,
            "checked" if one.status == "validated" else one.status,
            one.counts.get("rows"),
            *(one.counts.get(name) for name, _ in _STATUSES),
            one.id,
        )
        for one in session.scalars(query)
    ]


def _count_uploads(session: Session, asked: Asked) -> int:
    query = select(func.count()).select_from(Upload).where(Upload.created_at >= midnight(asked.at))
    return session.scalar(query) or 0


LOW_STOCK = ControlList(
    "low_stock",
    Sheet("Low stock", _LOW.columns, _low, _LOW.nothing),
    _count_low,
    ("SKU below its safety stock", "SKUs below their safety stock"),
    "Order what Replenish says; enter it with the template Stock-in once it is there, or bring it over with Transfer.",
    "/stock?low=yes",
    "the report Low stock & replenishment",
)
REFUSED = ControlList(
    "refused",
    Sheet("Failed pushes", _REFUSED.columns, _refused, _REFUSED.nothing),
    _count_refused,
    ("push refused by its store", "pushes refused by their stores"),
    "Read the reason, mend the listing in the store, then try it again on the console's pushes, or press Push Now.",
    "/pushes?state=failed",
    "the report Push failures",
)
STORES = ControlList(
    "stores",
    Sheet(
        "Stores",
        (
            columns.STORE,
            Column("Channel", Look.WORD, "The marketplace that it is on.", 14),
            Column("State", Look.TEXT, "Whether it is told what is available.", 15),
            Column("Waiting", Look.UNITS, "Listings that wait to be told.", 11),
            Column("Refused", Look.UNITS, "Listings whose quantity it refused for good.", 11),
            Column("Listings", Look.UNITS, "Listings that it has.", 11),
            Column("Unmapped", Look.UNITS, "Of these, those that no merchant SKU belongs to.", 12),
            Column("Paused until", Look.MOMENT, "When it is tried again.", 18),
            Column("Reason", Look.TEXT, "Why it is left alone.", 60),
        ),
        _stores,
        "there are no stores yet",
    ),
    _count_stores,
    ("store", "stores"),
    "A store that needs sign-in gets new secrets from an admin (console: Stores); one that is paused is tried again by "
    "itself.",
    "/stores",
    "the console's stores",
    waits=False,
)
UPLOADS = ControlList(
    "uploads",
    Sheet(
        "Uploads today",
        (
            Column("File", Look.TEXT, "What the file is called.", 34),
            Column("Template", Look.TEXT, "Which workbook it is.", 20),
            Column("By", Look.TEXT, "Who handed it in.", 18),
            Column("Handed in", Look.MOMENT, "When it was handed in.", 18),
            Column("Status", Look.WORD, "What came of it.", 15),
            Column("Rows", Look.UNITS, "Rows with something in them.", 10),
            *(Column(title, Look.UNITS, f"Rows that count under {title}.", 12) for _, title in _STATUSES),
            Column("No.", Look.NUMBER, "The upload's number.", 9),
        ),
        _uploads,
        "nothing was handed in since midnight (UTC)",
    ),
    _count_uploads,
    ("upload today", "uploads today"),
    "Press History to open one with its results; correct the rows that are wrong and hand it in again.",
    "/uploads",
    "the report Upload history",
    waits=False,
)

LISTS: tuple[ControlList, ...] = (AT_RISK, OUT_OF_STOCK, UNMAPPED, LOW_STOCK, REFUSED, STORES, UPLOADS)
