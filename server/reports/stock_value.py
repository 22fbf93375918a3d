"""Stock value: what is on hand at cost and at price, by category and warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.ledger.models import Balance
from server.ledger.queries import figures_as_of
from server.places.models import Warehouse
from server.reports import columns
from server.reports.describing import Asked, Bars, Column, Look, Panel, Report, Row, Sheet
from server.reports.parameters import AS_OF, SKU, WAREHOUSE
from server.reports.querying import stream
from server.reports.tallies import Sums
from server.warehousing.figures import STANDING

#: Charts of more currencies than these would say less.
MOST_CURRENCIES = 3


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    figure = Balance.__table__.c if asked.as_of is None else figures_as_of(asked.as_of).subquery("figures").c
    standing = STANDING if asked.as_of is None else ()
    query = (
        select(
            MerchantSku.code,
            MerchantSku.title,
            MerchantSku.category,
            MerchantSku.brand,
            Warehouse.code,
            figure.on_hand,
            MerchantSku.cost,
            MerchantSku.price,
            MerchantSku.currency,
        )
        .join(MerchantSku, MerchantSku.id == figure.sku_id)
        .join(Warehouse, Warehouse.id == figure.warehouse_id)
        .where(figure.on_hand > 0, *standing, *asked.only(warehouse=Warehouse.key, sku=MerchantSku.key))
        .order_by(MerchantSku.key, Warehouse.key)
    )
    for *what, units, cost, price, currency in stream(session, query):
        at_cost, at_price = (None if each is None else each * units for each in (cost, price))
        yield (*what, units, cost, at_cost, price, at_price, currency)


class _Values:
    """The value by category and by warehouse, for each currency apart: they don't add up."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()
        self._categories: dict[str, Sums] = {}
        self._warehouses: dict[str, Sums] = {}
        self._without_cost = 0

    def add(self, row: Row) -> None:
        _, _, category, _, warehouse, units, _, at_cost, _, _, currency = row
        if at_cost is None:
            self._without_cost += 1
            return
        self._rows[currency] += 1
        for sums, name in ((self._categories, category or "no category"), (self._warehouses, warehouse)):
            sums.setdefault(currency, Sums(2)).add(name, at_cost, units)

    def panels(self) -> Sequence[Panel]:
        found = []
        for currency, _ in self._rows.most_common(MOST_CURRENCIES):
            of = f", {currency}" if currency else ""
            for word, sums in (("category", self._categories), ("warehouse", self._warehouses)):
                shown = (Column(word.title(), Look.TEXT, "", 26), _AT_COST, columns.ON_HAND)
                bars = Bars.ACROSS if word == "category" else Bars.UP
                found.append(
                    Panel(f"Value at cost by {word}{of}", shown, sums[currency].largest(), drawn=(1,), bars=bars)
                )
        return found

    def notes(self) -> Sequence[str]:
        if not self._without_cost:
            return ()
        rows = "1 row has" if self._without_cost == 1 else f"{self._without_cost:,} rows have"
        return (f"{rows} no cost: their value at cost is empty, and not in the charts.",)


_AT_COST = Column("Value at cost", Look.MONEY, "On hand times unit cost.", 16)

REPORT = Report(
    "stock_value",
    "Stock value",
    "What is on hand, at cost and at price, per SKU and warehouse.",
    (
        Sheet(
            "Stock value",
            (
                columns.SKU,
                columns.TITLE,
                columns.CATEGORY,
                columns.BRAND,
                columns.WAREHOUSE,
                columns.ON_HAND,
                Column("Unit cost", Look.MONEY, "The SKU's cost as it stands in the catalogue today.", 12),
                _AT_COST,
                Column("Unit price", Look.MONEY, "The SKU's price as it stands in the catalogue today.", 12),
                Column("Value at price", Look.MONEY, "On hand times unit price.", 16),
                columns.CURRENCY,
            ),
            _rows,
            "no SKU has units on hand",
            tally=_Values,
        ),
    ),
    (AS_OF, WAREHOUSE, SKU),
    ("Only what is on hand counts: neither defective units nor those on the way.",),
)
