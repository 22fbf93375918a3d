"""Listings: what buyers see, and the seller's batch stock updates.

`quantity` is one figure: what buyers can still buy. An order lowers it at once, unpaid ones too (they are
reserved), and the seller's update sets it absolutely, whatever orders came in between, as the simplest real
markets do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from server.sandbox import parsing
from server.sandbox.database import Database
from server.sandbox.errors import WrongInput
from server.sandbox.faults import Faults
from server.sandbox.parsing import NewListing

STOCK_BATCH = 1000
HISTORY_KEPT = 100_000


def ensure_shop(connection: sqlite3.Connection, shop: str) -> None:
    """Shops come into being on first use."""
    connection.execute("INSERT OR IGNORE INTO shop (name) VALUES (?)", (shop,))


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "store_sku": row["store_sku"],
        "name": row["name"],
        "quantity": row["quantity"],
        "times_set": row["times_set"],
        "updated_at": parsing.moment_text(row["updated_us"]),
        "product": row["product"],
        "gtin": row["gtin"],
        "price": row["price"],
        "currency": row["currency"],
    }


def _refused(store_sku: object, code: str, reason: str, **facts: Any) -> dict[str, Any]:
    return {"store_sku": store_sku, "status": "refused", "code": code, "reason": reason, **facts}


class Listings:
    """The listings of every shop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, shop: str, listings: Sequence[NewListing]) -> list[dict[str, Any]]:
        """Put up or change listings by hand. That is no stock update: `times_set` stays."""
        with self._database.write() as connection:
            ensure_shop(connection, shop)
            self._take_effect(connection)
            connection.executemany(
                "INSERT INTO listing"
                " (shop, store_sku, name, product, gtin, price, currency, quantity, updated_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, store_sku) DO UPDATE SET"
                " name = excluded.name, product = excluded.product, gtin = excluded.gtin,"
                " price = excluded.price, currency = excluded.currency, quantity = excluded.quantity,"
                " updated_us = excluded.updated_us",
                [
                    (
                        *(shop, new.store_sku, new.name, new.product, new.gtin),
                        *(str(new.price), new.currency, new.quantity, self._database.next_moment(connection)),
                    )
                    for new in listings
                ],
            )
            return [self._one(connection, shop, new.store_sku) for new in listings]

    def page(self, shop: str, *, after: str = "", limit: int | None = None) -> tuple[list[dict[str, Any]], str | None]:
        """Listings by store SKU, and the cursor of the next page. No limit: all of them."""
        self.settle()
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT * FROM listing WHERE shop = ? AND store_sku > ? ORDER BY store_sku LIMIT ?",
                (shop, after, -1 if limit is None else limit + 1),
            ).fetchall()
        shown = [_shown(row) for row in (found if limit is None else found[:limit])]
        return shown, shown[-1]["store_sku"] if limit is not None and len(found) > limit else None

    def set_stock(self, shop: str, lines: Sequence[Any], faults: Faults) -> list[dict[str, Any]]:
        """Set absolute quantities, one answer per line in the same order; a refused line stops no other."""
        if len(lines) > STOCK_BATCH:
            raise WrongInput(f"at most {STOCK_BATCH} lines a call, not {len(lines)}", field="lines")
        with self._database.write() as connection:
            ensure_shop(connection, shop)
            self._take_effect(connection)
            connection.execute("UPDATE shop SET pushes = pushes + 1 WHERE name = ?", (shop,))
            floors = self._floors(connection, shop, reserved=faults.refuse_below_reserved)
            refusing = frozenset(faults.refuse_skus)
            seen: set[str] = set()
            answers = [self._judge(line, floors, refusing, seen) for line in lines]
            taken = [answer for answer in answers if answer["status"] == "accepted"]
            if faults.async_ms:
                self._postpone(connection, shop, taken, due=self._database.now_us() + faults.async_ms * 1000)
            else:
                self._set(connection, ((shop, answer["store_sku"], answer["quantity"]) for answer in taken))
            return answers

    def tickets(self, shop: str, tickets: Sequence[int]) -> list[dict[str, Any]]:
        """What became of updates that were to take effect later. A ticket nobody knows is left out."""
        self.settle()
        marks = ",".join("?" * len(tickets))
        with self._database.read() as connection:
            found = connection.execute(
                f"SELECT * FROM stock_write WHERE shop = ? AND ticket IN ({marks}) ORDER BY ticket",
                (shop, *tickets),
            ).fetchall()
        return [
            {
                "ticket": str(row["ticket"]),
                "store_sku": row["store_sku"],
                "quantity": row["quantity"],
                "status": "accepted" if row["effective"] else "pending",
            }
            for row in found
        ]

    def history(self, shop: str, store_sku: str | None, *, after: int, limit: int) -> list[dict[str, Any]]:
        """Every quantity the seller set, oldest first."""
        self.settle()
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT * FROM stock_set WHERE shop = ? AND (? IS NULL OR store_sku = ?) AND id > ?"
                " ORDER BY id LIMIT ?",
                (shop, store_sku, store_sku, after, limit),
            ).fetchall()
        return [
            {
                "id": row["id"],
                "store_sku": row["store_sku"],
                "quantity": row["quantity"],
                "at": parsing.moment_text(row["at_us"]),
            }
            for row in found
        ]

    def _one(self, connection: sqlite3.Connection, shop: str, store_sku: str) -> dict[str, Any]:
        return _shown(
            connection.execute("SELECT * FROM listing WHERE shop = ? AND store_sku = ?", (shop, store_sku)).fetchone()
        )

    def _floors(self, connection: sqlite3.Connection, shop: str, *, reserved: bool) -> dict[str, int]:
        """Store SKU -> the least quantity that may be set: 0, or the units that unpaid orders hold."""
        found = connection.execute("SELECT store_sku FROM listing WHERE shop = ?", (shop,)).fetchall()
        floors = {row["store_sku"]: 0 for row in found}
        if reserved:
            for row in connection.execute(
                "SELECT store_sku, sum(quantity) AS units"
                " FROM order_line JOIN market_order USING (shop, number)"
                " WHERE shop = ? AND status = 'unpaid' GROUP BY store_sku",
                (shop,),
            ):
                floors[row["store_sku"]] = row["units"]
        return floors

    def _judge(self, line: object, floors: dict[str, int], refusing: frozenset[str], seen: set[str]) -> dict[str, Any]:
        """The answer to one line of a stock update."""
        values = line if isinstance(line, dict) else {}
        store_sku, quantity = values.get("store_sku"), values.get("quantity")
        if not isinstance(store_sku, str) or store_sku not in floors:
            return _refused(store_sku, "unknown-listing", "there is no such listing in this shop")
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            return _refused(store_sku, "wrong-quantity", "the quantity must be a whole number")
        if not 0 <= quantity <= parsing.MAX_QUANTITY:
            return _refused(store_sku, "wrong-quantity", f"the quantity must be 0 to {parsing.MAX_QUANTITY}")
        if store_sku in refusing:
            return _refused(store_sku, "locked", "this listing is locked by the marketplace")
        if quantity < floors[store_sku]:
            floor = floors[store_sku]
            return _refused(store_sku, "below-reserved", f"{floor} are reserved by unpaid orders", floor=floor)
        if store_sku in seen:
            return _refused(store_sku, "repeated-line", "this listing is in the batch already")
        seen.add(store_sku)
        return {"store_sku": store_sku, "status": "accepted", "quantity": quantity}

    def _postpone(
        self, connection: sqlite3.Connection, shop: str, taken: Sequence[dict[str, Any]], *, due: int
    ) -> None:
        for answer in taken:
            ticket = connection.execute(
                "INSERT INTO stock_write (shop, store_sku, quantity, due_us) VALUES (?, ?, ?, ?) RETURNING ticket",
                (shop, answer["store_sku"], answer["quantity"], due),
            ).fetchone()["ticket"]
            answer.update(status="pending", ticket=str(ticket))

    def _set(self, connection: sqlite3.Connection, wanted: Iterable[tuple[str, str, int]]) -> None:
        """Set quantities of (shop, store SKU, quantity), counting and remembering each."""
        at = self._database.next_moment(connection)
        settings = list(wanted)
        connection.executemany(
            "UPDATE listing SET quantity = ?, times_set = times_set + 1, updated_us = ?"
            " WHERE shop = ? AND store_sku = ?",
            [(quantity, at, shop, store_sku) for shop, store_sku, quantity in settings],
        )
        connection.executemany(
            "INSERT INTO stock_set (shop, store_sku, quantity, at_us) VALUES (?, ?, ?, ?)",
            [(shop, store_sku, quantity, at) for shop, store_sku, quantity in settings],
        )
        connection.execute("DELETE FROM stock_set WHERE id <= (SELECT max(id) FROM stock_set) - ?", (HISTORY_KEPT,))

    def settle(self) -> None:
        """Let updates that are due by now take effect; only then is the writer's turn asked for."""
        with self._database.read() as connection:
            waiting = connection.execute(
                "SELECT 1 FROM stock_write WHERE effective = 0 AND due_us <= ? LIMIT 1",
                (self._database.now_us(),),
            ).fetchone()
        if waiting:
            with self._database.write() as connection:
                self._take_effect(connection)

    def _take_effect(self, connection: sqlite3.Connection) -> None:
        due = connection.execute(
            "UPDATE stock_write SET effective = 1 WHERE effective = 0 AND due_us <= ?"
            " RETURNING ticket, shop, store_sku, quantity",
            (self._database.now_us(),),
        ).fetchall()
        # One at a time and in the order of asking: the same listing may be in it twice.
        for row in sorted(due, key=lambda row: int(row["ticket"])):
            self._set(connection, [(row["shop"], row["store_sku"], row["quantity"])])
