"""Orders: buyers place, pay, change and cancel them; the market ships and delivers them.

An order lowers what buyers see at once and whole, paid or not; cancelling or shrinking it before it has left
puts the units back. Once shipped nothing comes back by itself: the goods are on the road.
"""

from __future__ import annotations

import enum
import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from server.sandbox import parsing, webhooks
from server.sandbox.database import Database
from server.sandbox.errors import Conflict, Unknown, WrongInput
from server.sandbox.listings import Listings, ensure_shop
from server.sandbox.parsing import NewOrder, WantedLine

PAGE = 100


class Status(enum.StrEnum):
    """Where an order stands at the marketplace."""

    UNPAID = "unpaid"  # prepaid and not paid, or cash on delivery and not confirmed
    READY_TO_SHIP = "ready_to_ship"
    IN_PROCESS = "in_process"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


#: In these the units are still in the shop: taking the order back puts them up for sale again.
HELD = frozenset({Status.UNPAID, Status.READY_TO_SHIP, Status.IN_PROCESS})
EDITABLE = HELD | {Status.SHIPPED}

#: action -> state before -> state after, and the event that subscribers are told
ACTIONS: Mapping[str, tuple[frozenset[Status], Status, str]] = {
    "pay": (frozenset({Status.UNPAID}), Status.READY_TO_SHIP, "order.paid"),
    "pack": (frozenset({Status.READY_TO_SHIP}), Status.IN_PROCESS, "order.packed"),
    "ship": (frozenset({Status.READY_TO_SHIP, Status.IN_PROCESS}), Status.SHIPPED, "order.shipped"),
    "deliver": (frozenset({Status.SHIPPED}), Status.COMPLETED, "order.delivered"),
    "cancel": (EDITABLE, Status.CANCELLED, "order.cancelled"),
    "return": (frozenset({Status.SHIPPED, Status.COMPLETED}), Status.RETURNED, "order.returned"),
}


def _shown_line(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "line_id": str(row["line_id"]),
        "store_sku": row["store_sku"],
        "name": row["name"],
        "quantity": row["quantity"],
        "unit_price": row["unit_price"],
    }


def _shown(order: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    total = sum((Decimal(line["unit_price"]) * line["quantity"] for line in lines), Decimal("0.00"))
    return {
        "number": order["number"],
        "status": order["status"],
        "payment": order["payment"],
        "created_at": parsing.moment_text(order["created_us"]),
        "paid_at": parsing.moment_text(order["paid_us"]),
        "confirmed_at": parsing.moment_text(order["confirmed_us"]),
        "shipped_at": parsing.moment_text(order["shipped_us"]),
        "cancelled_at": parsing.moment_text(order["cancelled_us"]),
        "updated_at": parsing.moment_text(order["updated_us"]),
        "tracking": order["tracking"],
        "package": order["tracking"] and f"PKG-{order['shop']}-{order['number']}",
        "currency": order["currency"],
        "total": str(total),
        "lines": [_shown_line(line) for line in lines],
    }


def _units(lines: Sequence[WantedLine] | Sequence[sqlite3.Row]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        if isinstance(line, WantedLine):
            units[line.store_sku] += line.quantity
        else:
            units[line["store_sku"]] += line["quantity"]
    return units


class Orders:
    """The orders of every shop."""

    def __init__(self, database: Database, listings: Listings) -> None:
        self._database = database
        self._listings = listings

    def place(self, shop: str, wanted: NewOrder) -> dict[str, Any]:
        """A buyer orders. `Unknown` for an unlisted store SKU, `Conflict` when not all of it is there."""
        self._listings.settle()
        with self._database.write() as connection:
            ensure_shop(connection, shop)
            self._take(connection, shop, _units(wanted.lines))
            at = self._database.next_moment(connection)
            number = self._next_number(connection, shop)
            status = Status.READY_TO_SHIP if wanted.paid else Status.UNPAID
            counted = at if wanted.paid else None
            first = self._listing(connection, shop, wanted.lines[0].store_sku)
            connection.execute(
                "INSERT INTO market_order"
                " (shop, number, status, payment, currency, created_us, paid_us, confirmed_us, updated_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(shop, number, status, wanted.payment, first["currency"], wanted.created_us or at),
                    *(
                        counted if wanted.payment == "prepaid" else None,
                        counted if wanted.payment == "cod" else None,
                    ),
                    at,
                ),
            )
            for line in wanted.lines:
                self._add_line(connection, shop, number, line)
            webhooks.enqueue(connection, shop, "order.created", number, status, at)
            return self._one(connection, shop, number)

    def act(self, shop: str, number: str, action: str) -> dict[str, Any]:
        """Move an order on. Raises `Conflict` when it is not in a state for that."""
        before, after, event = ACTIONS[action]
        with self._database.write() as connection:
            order = self._found(connection, shop, number)
            status = Status(order["status"])
            if status not in before:
                raise Conflict(
                    f"order {number} is {status}, so it can't be: {action}",
                    code="wrong-status",
                    order_status=status.value,
                )
            if after is Status.CANCELLED and status in HELD:
                self._put_back(connection, shop, _units(self._lines(connection, shop, number)))
            at = self._database.next_moment(connection)
            connection.execute(
                "UPDATE market_order SET status = ?, updated_us = ? WHERE shop = ? AND number = ?",
                (after, at, shop, number),
            )
            self._stamp(connection, order, action, at)
            webhooks.enqueue(connection, shop, event, number, after, at)
            return self._one(connection, shop, number)

    def edit(self, shop: str, number: str, wanted: Sequence[WantedLine]) -> dict[str, Any]:
        """Replace the lines. One that stays (same store SKU, in turn) keeps its id; others go or come."""
        self._listings.settle()
        with self._database.write() as connection:
            order = self._found(connection, shop, number)
            status = Status(order["status"])
            if status not in EDITABLE:
                raise Conflict(
                    f"order {number} is {status} and can't be edited",
                    code="wrong-status",
                    order_status=status.value,
                )
            lines = self._lines(connection, shop, number)
            had, wants = _units(lines), _units(wanted)
            self._take(connection, shop, wants - had)
            if status in HELD:
                self._put_back(connection, shop, had - wants)
            self._replace_lines(connection, shop, number, lines, wanted)
            at = self._database.next_moment(connection)
            connection.execute(
                "UPDATE market_order SET updated_us = ? WHERE shop = ? AND number = ?", (at, shop, number)
            )
            webhooks.enqueue(connection, shop, "order.edited", number, status, at)
            return self._one(connection, shop, number)

    def get(self, shop: str, number: str) -> dict[str, Any]:
        """One order as it is now."""
        with self._database.read() as connection:
            self._found(connection, shop, number)
            return self._one(connection, shop, number)

    def page(
        self, shop: str, *, since_us: int, cursor: str | None, limit: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Orders changed at or after `since_us`, oldest change first; the cursor is the last change shown.

        No two orders of a shop share an update time, so nothing falls between pages. An order changed while
        pages are read comes again at the end.
        """
        try:
            after = int(cursor) if cursor else since_us - 1
        except ValueError:
            raise WrongInput("this cursor was not given out by the marketplace", field="cursor") from None
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT * FROM market_order WHERE shop = ? AND updated_us > ? ORDER BY updated_us LIMIT ?",
                (shop, max(after, since_us - 1), limit + 1),
            ).fetchall()
            page = found[:limit]
            lines = self._lines_of(connection, shop, [row["number"] for row in page])
        shown = [_shown(row, lines[row["number"]]) for row in page]
        return shown, str(page[-1]["updated_us"]) if len(found) > limit else None

    def _take(self, connection: sqlite3.Connection, shop: str, units: Mapping[str, int]) -> None:
        """Lower what buyers see, or raise with what is there; check and change are one statement."""
        short = []
        for store_sku, quantity in sorted(units.items()):
            taken = connection.execute(
                "UPDATE listing SET quantity = quantity - ?, updated_us = ? WHERE shop = ? AND store_sku = ?"
                " AND quantity >= ?",
                (quantity, self._database.next_moment(connection), shop, store_sku, quantity),
            )
            if taken.rowcount == 0:
                there = self._listing(connection, shop, store_sku)["quantity"]
                short.append({"store_sku": store_sku, "wanted": quantity, "available": there})
        if short:
            raise Conflict("not that many are there", code="not-enough", lines=short)

    def _put_back(self, connection: sqlite3.Connection, shop: str, units: Mapping[str, int]) -> None:
        connection.executemany(
            "UPDATE listing SET quantity = quantity + ?, updated_us = ? WHERE shop = ? AND store_sku = ?",
            [
                (quantity, self._database.next_moment(connection), shop, store_sku)
                for store_sku, quantity in sorted(units.items())
            ],
        )

    def _stamp(self, connection: sqlite3.Connection, order: sqlite3.Row, action: str, at: int) -> None:
        """Keep when it happened. Cash on delivery is confirmed by `pay`, and paid by being delivered."""
        cod = order["payment"] == "cod"
        stamps: dict[str, object] = {}
        if action == "pay":
            stamps["confirmed_us" if cod else "paid_us"] = at
        elif action == "deliver" and cod:
            stamps["paid_us"] = at
        elif action == "cancel":
            stamps["cancelled_us"] = at
        elif action == "ship":
            stamps["shipped_us"] = at
        if action in ("pack", "ship"):
            stamps["tracking"] = order["tracking"] or f"TRK-{order['shop']}-{order['number']}"
        for column, value in stamps.items():
            connection.execute(
                f"UPDATE market_order SET {column} = ? WHERE shop = ? AND number = ?",
                (value, order["shop"], order["number"]),
            )

    def _replace_lines(
        self,
        connection: sqlite3.Connection,
        shop: str,
        number: str,
        lines: Sequence[sqlite3.Row],
        wanted: Sequence[WantedLine],
    ) -> None:
        known: dict[str, deque[int]] = defaultdict(deque)
        for had in lines:
            known[had["store_sku"]].append(had["line_id"])
        for line in wanted:
            if known[line.store_sku]:
                connection.execute(
                    "UPDATE order_line SET quantity = ? WHERE shop = ? AND number = ? AND line_id = ?",
                    (line.quantity, shop, number, known[line.store_sku].popleft()),
                )
            else:
                self._add_line(connection, shop, number, line)
        connection.executemany(
            "DELETE FROM order_line WHERE shop = ? AND number = ? AND line_id = ?",
            [(shop, number, line_id) for left in known.values() for line_id in left],
        )

    def _add_line(self, connection: sqlite3.Connection, shop: str, number: str, line: WantedLine) -> None:
        line_id = connection.execute(
            "UPDATE market_order SET lines_made = lines_made + 1 WHERE shop = ? AND number = ? RETURNING lines_made",
            (shop, number),
        ).fetchone()["lines_made"]
        listing = self._listing(connection, shop, line.store_sku)
        connection.execute(
            "INSERT INTO order_line (shop, number, line_id, store_sku, name, quantity, unit_price)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (shop, number, line_id, line.store_sku, listing["name"], line.quantity, listing["price"]),
        )

    def _next_number(self, connection: sqlite3.Connection, shop: str) -> str:
        """Counted per shop, so two shops have orders of the same number, as different marketplaces do."""
        row = connection.execute(
            "UPDATE shop SET orders = orders + 1 WHERE name = ? RETURNING orders", (shop,)
        ).fetchone()
        return f"S{row['orders']:07d}"

    def _listing(self, connection: sqlite3.Connection, shop: str, store_sku: str) -> sqlite3.Row:
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM listing WHERE shop = ? AND store_sku = ?", (shop, store_sku)
        ).fetchone()
        if row is None:
            raise Unknown(f"shop {shop} has no listing {store_sku}", code="unknown-listing", store_sku=store_sku)
        return row

    def _found(self, connection: sqlite3.Connection, shop: str, number: str) -> sqlite3.Row:
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM market_order WHERE shop = ? AND number = ?", (shop, number)
        ).fetchone()
        if row is None:
            raise Unknown(f"shop {shop} has no order {number}", code="unknown-order", number=number)
        return row

    def _lines(self, connection: sqlite3.Connection, shop: str, number: str) -> list[sqlite3.Row]:
        return self._lines_of(connection, shop, [number])[number]

    def _lines_of(
        self, connection: sqlite3.Connection, shop: str, numbers: Sequence[str]
    ) -> dict[str, list[sqlite3.Row]]:
        marks = ",".join("?" * len(numbers))
        lines: dict[str, list[sqlite3.Row]] = {number: [] for number in numbers}
        for row in connection.execute(
            f"SELECT * FROM order_line WHERE shop = ? AND number IN ({marks}) ORDER BY number, line_id",
            (shop, *numbers),
        ):
            lines[row["number"]].append(row)
        return lines

    def _one(self, connection: sqlite3.Connection, shop: str, number: str) -> dict[str, Any]:
        return _shown(self._found(connection, shop, number), self._lines(connection, shop, number))
