"""SKU health: merchant SKUs that are awkward, and why (CAT-2)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from server.catalog.hygiene import health
from server.db.base import fold
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import SKU


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    """A row for each warning of each SKU."""
    for one in health(session):
        if asked.sku is None or fold(one.code) == asked.sku:
            for hint in one.hints:
                yield one.code, one.title, hint.code.removeprefix("sku-").replace("-", " "), hint.text


REPORT = Report(
    "sku_health",
    "SKU health",
    "Merchant SKUs that are likely to be mistyped, mistaken for another or spoilt by a spreadsheet, and why.",
    (
        Sheet(
            "SKU health",
            (
                columns.SKU,
                columns.TITLE,
                Column("Warning", Look.TEXT, "The kind of trouble, in a word or two.", 22),
                Column("Why", Look.TEXT, "What makes it awkward. Nothing of this blocks anything.", 90),
            ),
            _rows,
            "no SKU is awkward",
        ),
    ),
    (SKU,),
)
