"""Webhooks: what subscribers are told, signed over the raw body, and the thread that tells them.

A delivery is written in the transaction of the change it tells of, so a restart loses none. An answer outside
200–299 is tried again, later and later, `MAX_ATTEMPTS` times; then it is given up, as real markets do, and
the subscriber's own reading of the orders has to catch it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import random
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from server.sandbox import parsing
from server.sandbox.database import Database
from server.sandbox.faults import FaultBox, Faults

log = logging.getLogger(__name__)

SIGNATURE_HEADER = "X-Sandbox-Signature"
DELIVERY_HEADER = "X-Sandbox-Delivery"
MAX_ATTEMPTS = 8
TIMEOUT_SECONDS = 5.0
#: the first pause after a failed attempt; each later one is twice as long
RETRY_SECONDS = 1.0
#: how often it is looked whether a marketplace that is down is up again
DOWN_SECONDS = 0.5
SHOPS_AT_ONCE = 16
BATCH = 100
IDLE_SECONDS = 0.25


def sign(secret: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 over the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def enqueue(connection: sqlite3.Connection, shop: str, event: str, number: str, status: str, updated_us: int) -> None:
    """Note that the shop's subscriber, if it has one, is to be told."""
    connection.execute(
        "INSERT INTO delivery (shop, event, number, status, updated_us, due_us)"
        " SELECT name, ?, ?, ?, ?, ? FROM shop WHERE name = ? AND webhook_url IS NOT NULL",
        (event, number, status, updated_us, updated_us, shop),
    )


def _body(row: sqlite3.Row, sent_us: int) -> bytes:
    return json.dumps(
        {
            "id": str(row["id"]),
            "event": row["event"],
            "shop": row["shop"],
            "number": row["number"],
            "status": row["status"],
            "updated_at": parsing.moment_text(row["updated_us"]),
            "sent_at": parsing.moment_text(sent_us),
        }
    ).encode()


class Courier:
    """Delivers what is due, in the background. Shops don't wait for each other's subscribers."""

    def __init__(
        self,
        database: Database,
        faults: FaultBox,
        *,
        transport: httpx.BaseTransport | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._faults = faults
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False)
        self._chance = chance
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)

    def start(self) -> None:
        """Begin delivering; what a stop or crash left over goes first."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something to deliver: look now instead of at the next round."""
        self._news.set()

    def stop(self) -> None:
        """Finish the delivery at hand and stop. What is left stays in the database."""
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * TIMEOUT_SECONDS + 1)
        self._client.close()

    def _run(self) -> None:
        with ThreadPoolExecutor(SHOPS_AT_ONCE, thread_name_prefix="sandbox-webhook") as pool:
            while not self._stopping.is_set():
                self._news.clear()
                for shop in self._shops_due():
                    pool.submit(self._deliver_shop, shop)
                self._news.wait(IDLE_SECONDS)

    def _shops_due(self) -> list[str]:
        """The shops that have something due and that no thread delivers for yet; from now on one does."""
        with self._database.read() as connection:
            due = connection.execute("SELECT DISTINCT shop FROM delivery WHERE due_us <= ?", (self._database.now_us(),))
            shops = {str(row["shop"]) for row in due}
        with self._lock:
            free = shops - self._busy
            self._busy |= free
        return sorted(free)

    def _deliver_shop(self, shop: str) -> None:
        try:
            for row in self._due(shop):
                # After a failure the others of this subscriber would most likely fail, each with its own time-out.
                if self._stopping.is_set() or not self._deliver(row, self._faults.of(shop)):
                    break
        except Exception:  # the edge of a thread: a round that failed must not end all later ones
            log.exception("delivering the webhooks of shop %s failed", shop)
        finally:
            with self._lock:
                self._busy.discard(shop)
            self._news.set()

    def _due(self, shop: str) -> list[sqlite3.Row]:
        with self._database.read() as connection:
            return connection.execute(
                "SELECT delivery.*, webhook_url, webhook_secret FROM delivery JOIN shop ON shop.name = delivery.shop"
                " WHERE shop = ? AND due_us <= ? ORDER BY id LIMIT ?",
                (shop, self._database.now_us(), BATCH),
            ).fetchall()

    def _deliver(self, row: sqlite3.Row, faults: Faults) -> bool:
        """Deliver, drop or postpone one; False when its subscriber did not take it."""
        if faults.drop_webhooks or row["webhook_url"] is None:
            self._finish(row)
        elif faults.down:
            self._postpone(row, DOWN_SECONDS)
        elif faults.webhook_delay_ms and row["attempts"] == 0:
            # Being delayed once counts as the first attempt, or it would be delayed for ever.
            self._postpone(row, self._chance() * faults.webhook_delay_ms / 1000, attempts=1)
        elif self._send(row, copies=2 if faults.duplicate_webhooks else 1):
            self._finish(row)
        else:
            self._try_again(row)
            return False
        return True

    def _send(self, row: sqlite3.Row, *, copies: int) -> bool:
        """Whether every copy was taken."""
        return sum(self._post(row) for _ in range(copies)) == copies

    def _post(self, row: sqlite3.Row) -> bool:
        body = _body(row, self._database.now_us())
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: sign(row["webhook_secret"] or "", body),
            DELIVERY_HEADER: str(row["id"]),
        }
        try:
            return self._client.post(row["webhook_url"], content=body, headers=headers).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            return False

    def _try_again(self, row: sqlite3.Row) -> None:
        attempts = int(row["attempts"]) + 1
        if attempts < MAX_ATTEMPTS:
            self._postpone(row, RETRY_SECONDS * 2 ** (attempts - 1), attempts=attempts)
        else:
            log.info("webhook %s of shop %s given up after %s attempts", row["id"], row["shop"], attempts)
            self._finish(row)

    def _finish(self, row: sqlite3.Row) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM delivery WHERE id = ?", (row["id"],))

    def _postpone(self, row: sqlite3.Row, seconds: float, *, attempts: int = 0) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE delivery SET due_us = ?, attempts = max(attempts, ?) WHERE id = ?",
                (self._database.now_us() + int(seconds * 1_000_000), attempts, row["id"]),
            )
