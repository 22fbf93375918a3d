"""One look at everything that was written down: figures, movements, orders with what they hold, what waits for stores.

Read with plain SQL, so that nothing of what is being tried decides what is seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

Key = tuple[str, str]  # warehouse's code, SKU's code

ALLOCATED = frozenset({"to_pack", "in_process"})
DEDUCTED = frozenset({"to_pickup", "shipped", "completed"})


class Figures(NamedTuple):
    """Units of one SKU in one warehouse."""

    on_hand: int = 0
    allocated: int = 0
    on_the_way: int = 0
    defective: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.allocated

    def plus(self, other: Figures, times: int = 1) -> Figures:
        """Both together, `other` so many times."""
        return Figures(*(one + times * more for one, more in zip(self, other, strict=True)))


NOTHING = Figures()


class Hold(NamedTuple):
    """What one line has taken of one SKU."""

    sku: str
    warehouse: str
    per_unit: int
    held: int
    deducted: int
    returned: int


@dataclass(frozen=True)
class Line:
    """One line of an order. `sku`: None where it has no mapping, or its SKU was deleted."""

    id: int
    store_sku: str
    sku: str | None
    quantity: int
    holds: tuple[Hold, ...]


@dataclass(frozen=True)
class Order:
    """An order; `age` is its place in the queue."""

    id: int
    store: str
    number: str
    state: str
    warehouse: str | None
    age: tuple[str, int]
    filed: bool
    supplement_of: int | None
    lines: tuple[Line, ...]

    @property
    def holds(self) -> list[Hold]:
        return [hold for line in self.lines for hold in line.holds]

    def held(self) -> Counter[Key]:
        """Units held by warehouse and SKU."""
        return summed(self.holds, "held")

    def out(self) -> Counter[Key]:
        """Units that were deducted and have not come back."""
        return summed(self.holds, "deducted") - summed(self.holds, "returned")


def summed(holds: list[Hold], what: str) -> Counter[Key]:
    """One of their figures by warehouse and SKU."""
    sums: Counter[Key] = Counter()
    for hold in holds:
        sums[hold.warehouse, hold.sku] += getattr(hold, what)
    return sums


@dataclass(frozen=True)
class Listing:
    """A store SKU. `failed`: its last push was refused for good."""

    store: str
    code: str
    sku: str | None
    synced: bool
    active: bool
    choice: bool
    failed: bool


@dataclass(frozen=True)
class Books:
    """All of it at one moment."""

    figures: dict[Key, Figures]
    moved: dict[Key, Figures]
    by_orders: dict[str, int]  # SKU -> what orders put on the shelf, good or defective; below 0: took off it
    orders: dict[int, Order]
    listings: list[Listing]
    warehouses: list[str]  # those that stand
    default: str
    recipes: dict[str, dict[str, int]]  # a combination's components, with itself where it has own stock
    own_warehouse: dict[str, str | None]  # a SKU's own default
    store_warehouse: dict[str, str | None]
    safety: dict[Key, int]
    switches: dict[str, bool]
    lost: list[str]  # figures where nobody looks: in deleted warehouses, on deleted SKUs
    aimless: list[str]  # entries that take back nothing that is known
    marks: int  # SKUs to be evaluated
    waiting: int  # pushes that are not refused for good

    def of(self, warehouse: str, sku: str) -> Figures:
        return self.figures.get((warehouse, sku), NOTHING)

    def order(self, store: str, number: str, supplement_of: int | None = None) -> Order:
        """The order of that number."""
        return next(
            each
            for each in self.orders.values()
            if (each.store, each.number, each.supplement_of) == (store, number, supplement_of)
        )

    @property
    def counting(self) -> bool:
        """Whether the inventory features are on."""
        return self.switches.get("inventory_features", True)

    def held(self) -> Counter[Key]:
        return summed([hold for order in self.orders.values() for hold in order.holds], "held")


def read(session: Session) -> Books:
    """What there is now."""
    rows = _Rows(session)
    combos = {
        row.code: bool(row.own_stock)
        for row in rows("SELECT code, own_stock FROM merchant_sku WHERE kind = 'combination'")
    }
    recipes: dict[str, dict[str, int]] = {code: ({code: 1} if own else {}) for code, own in combos.items()}
    for row in rows(
        "SELECT s.code, p.code AS part, c.quantity FROM component c JOIN merchant_sku s ON s.id = c.combination_id"
        " JOIN merchant_sku p ON p.id = c.component_id"
    ):
        recipes[row.code][row.part] = row.quantity
    standing = rows("SELECT code, is_default FROM warehouse WHERE deleted_at IS NULL ORDER BY id")
    return Books(
        figures=rows.figures("SELECT w.code AS w, s.code AS s, b.* FROM balance b"),
        moved=rows.figures(
            "SELECT w.code AS w, s.code AS s, SUM(b.on_hand) AS on_hand, SUM(b.allocated) AS allocated,"
            " SUM(b.on_the_way) AS on_the_way, SUM(b.defective) AS defective FROM movement b",
            " GROUP BY w.code, s.code",
        ),
        by_orders={
            row.s: int(row.units)
            for row in rows(
                "SELECT s.code AS s, SUM(m.on_hand + m.defective) AS units FROM movement m"
                " JOIN entry e ON e.id = m.entry_id JOIN merchant_sku s ON s.id = m.sku_id"
                " WHERE e.document = 'order' GROUP BY s.code"
            )
            if row.units
        },
        orders=_orders(rows),
        listings=_listings(rows),
        warehouses=[row.code for row in standing],
        default=next(row.code for row in standing if row.is_default),
        recipes=recipes,
        own_warehouse={
            row.code: row.w
            for row in rows(
                "SELECT s.code, w.code AS w FROM merchant_sku s LEFT JOIN warehouse w"
                " ON w.id = s.default_warehouse_id AND w.deleted_at IS NULL WHERE s.deleted_at IS NULL"
            )
        },
        store_warehouse={
            row.name: row.w
            for row in rows(
                "SELECT t.name, w.code AS w FROM store t LEFT JOIN warehouse w"
                " ON w.id = t.warehouse_id AND w.deleted_at IS NULL"
            )
        },
        safety={
            (row.w, row.s): row.quantity
            for row in rows(
                "SELECT w.code AS w, s.code AS s, b.quantity FROM safety_stock b"
                " JOIN warehouse w ON w.id = b.warehouse_id JOIN merchant_sku s ON s.id = b.sku_id"
            )
        },
        switches={row.name: str(row.value).lower() == "true" for row in rows("SELECT name, value FROM switch")},
        lost=[
            f"{row.s} in {row.w}: {row.on_hand}, {row.allocated}, {row.on_the_way}, {row.defective}"
            for row in rows(
                "SELECT w.code AS w, s.code AS s, b.* FROM balance b JOIN warehouse w ON w.id = b.warehouse_id"
                " JOIN merchant_sku s ON s.id = b.sku_id WHERE"
                " (w.deleted_at IS NOT NULL AND (b.on_hand <> 0 OR b.allocated <> 0 OR b.on_the_way <> 0)) OR"
                " (s.deleted_at IS NOT NULL"
                " AND (b.on_hand <> 0 OR b.allocated <> 0 OR b.on_the_way <> 0 OR b.defective <> 0))"
            )
        ],
        aimless=[
            row.key
            for row in rows(
                "SELECT e.key FROM entry e LEFT JOIN entry r ON r.id = e.reverses_id WHERE e.kind = 'undo'"
                " AND (r.id IS NULL OR r.document <> e.document OR r.document_id <> e.document_id)"
            )
        ],
        marks=rows("SELECT COUNT(*) AS n FROM changed")[0].n,
        waiting=rows("SELECT COUNT(*) AS n FROM push WHERE failed_at IS NULL")[0].n,
    )


class _Rows:
    def __init__(self, session: Session) -> None:
        self._connection = session.connection()

    def __call__(self, query: str) -> list[Any]:
        return list(self._connection.exec_driver_sql(query))

    def figures(self, query: str, after: str = "") -> dict[Key, Figures]:
        """By warehouse and SKU, without those where nothing is; a warehouse that was deleted has nothing."""
        joined = " JOIN warehouse w ON w.id = b.warehouse_id JOIN merchant_sku s ON s.id = b.sku_id"
        sums: dict[Key, Figures] = defaultdict(Figures)
        for row in self(query + joined + after):
            found = Figures(int(row.on_hand), int(row.allocated), int(row.on_the_way), int(row.defective))
            sums[row.w, row.s] = sums[row.w, row.s].plus(found)
        return {key: found for key, found in sums.items() if found != NOTHING}


def _orders(rows: _Rows) -> dict[int, Order]:
    holds: dict[int, list[Hold]] = defaultdict(list)
    for row in rows(
        "SELECT h.line_id, s.code AS s, w.code AS w, h.per_unit, h.held, h.deducted, h.returned FROM order_hold h"
        " JOIN merchant_sku s ON s.id = h.sku_id JOIN warehouse w ON w.id = h.warehouse_id ORDER BY h.line_id, s.code"
    ):
        holds[row.line_id].append(Hold(*row[1:]))
    lines: dict[int, list[Line]] = defaultdict(list)
    for row in rows(
        "SELECT l.id, l.order_id, l.quantity, k.code AS store_sku, s.code AS sku FROM order_line l"
        " JOIN store_sku k ON k.id = l.store_sku_id"
        " LEFT JOIN merchant_sku s ON s.id = l.sku_id AND s.deleted_at IS NULL ORDER BY l.id"
    ):
        lines[row.order_id].append(Line(row.id, row.store_sku, row.sku, row.quantity, tuple(holds[row.id])))
    return {
        row.id: Order(
            row.id,
            row.store,
            row.number,
            row.state,
            row.w,
            (str(row.age), row.id),
            bool(row.filed),
            row.supplement_of,
            tuple(lines[row.id]),
        )
        for row in rows(
            "SELECT o.id, t.name AS store, o.number, o.state, w.code AS w, o.filed, o.supplement_of,"
            ' COALESCE(o.counts_at, o.placed_at) AS age FROM "order" o JOIN store t ON t.id = o.store_id'
            " LEFT JOIN warehouse w ON w.id = o.warehouse_id AND w.deleted_at IS NULL ORDER BY o.id"
        )
    }


def _listings(rows: _Rows) -> list[Listing]:
    return [
        Listing(row.name, row.code, row.sku, *map(bool, (row.synced, row.active, row.is_choice, row.failed)))
        for row in rows(
            "SELECT t.name, k.code, s.code AS sku, k.synced, t.active, t.is_choice,"
            " CASE WHEN p.failed_at IS NULL THEN 0 ELSE 1 END AS failed"
            " FROM store_sku k JOIN store t ON t.id = k.store_id LEFT JOIN merchant_sku s ON s.id = k.sku_id"
            " LEFT JOIN push p ON p.store_sku_id = k.id ORDER BY k.id"
        )
    ]
