"""One company with its shops: the application over a database, a marketplace beside it, and a clock that can be moved.

People act through the API, buyers at the marketplace; jobs run when they are told to. Whatever the API answers beside
*done* and *refused by a rule* is a failure at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from server import clock
from server.access import request_keys
from server.api.frame import Services
from server.api.token_uses import TokenUses
from server.channels.sandbox.client import sign
from server.db.session import Database
from server.jobs.recovery import recover
from server.operations.refresh import Refreshed, refresh_inventory
from server.push.flow import tick
from server.settings import Settings
from server.sync import flow, inbox
from server.uploads import pipeline
from server.uploads.running import Uploads
from tests.machine import books
from tests.machine.books import Books
from tests.support.http import Client, application, make_api
from tests.support.sandbox import Market

SINGLES = ("A", "B", "C")
SET, BOX = "SET", "BOX"  # combinations: without and with stock of its own
SKUS = (*SINGLES, SET, BOX)
WAREHOUSES = ("MAIN", "EAST")
WEST = "WEST"  # comes and goes
NORTH, SOUTH, CHOICE = STORES = ("North", "South", "Choice")
SECOND, UNMAPPED = "A-2ND", "WILD"  # another listing of A; one that no SKU is mapped to at first
CODES = (*SKUS, SECOND, UNMAPPED)
SECRET = "a-secret-of-the-shop"


@dataclass
class Read:
    """What reading stores came to: orders new and changed, and by store why it could not be read."""

    new: int = 0
    changed: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class World:
    """It ends with `close()`; the database stays."""

    def __init__(self, url: str, market: Market, folder: Path, *, admin: Client | None = None, number: int = 0) -> None:
        """`admin`: of a company that is in this database already; without one it is founded.

        `number` is part of its shops' names: no two worlds share a shop.
        """
        self._url, self.market = url, market
        self._settings = Settings(data_dir=folder, database_url=url)
        self._ahead = timedelta()
        self._clock = ExitStack()
        self._number = count(1)
        self._world = number
        self.store_ids: dict[str, int] = {}
        self.let_time_pass()
        self._start()
        self._first_shown: dict[str, dict[str, int]] = {}
        self.admin = admin or Client(application(self._shared))
        if admin is None:
            self.admin.token = make_api(self.db, self._settings).admin.token
            self._found()
        else:
            admin.app.share(self._shared)
            self._move_in()

    def close(self) -> None:
        """Let go of the database and of the clock."""
        self._stop()
        self._clock.close()

    def restart(self) -> None:
        """Another process over the same database, which takes up what the last one left."""
        self._stop()
        self._start()
        self.admin.app = application(self._shared)
        pipeline.recover(self.db, all_of_them=True)
        self.db.write(request_keys.free_left)
        recover(self.db, self._settings, "machine")

    def let_time_pass(self, **units: float) -> None:
        """The clock stands still within a step; between steps it goes on, by this much at once."""
        self._ahead += timedelta(**units)
        self._clock.close()
        self._clock.enter_context(clock.frozen(datetime.now(UTC) + self._ahead))

    # What people do.

    def call(self, method: str, path: str, body: Any = None) -> tuple[bool, Any]:
        """Whether it was done, and the answer; false where a rule refused it."""
        answer = self.admin.call(method, path, json=body if method != "GET" else None)
        assert answer.status_code in (200, 201, 202, 204, 409, 422), f"{method} {path} {body}: {answer.text}"
        if answer.status_code in (409, 422):
            assert answer.json["code"] not in _NO_RULES, f"{method} {path} {body}: {answer.text}"
        return answer.status_code < 300, answer.json if answer.data else None

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to what no rule forbids."""
        done, answer = self.call(method, path, body)
        assert done, f"{method} {path} {body}: {answer}"
        return answer

    def hand_in(self, template: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Apply rows; the outcome."""
        body = {"template": template, "rows": list(rows)}
        return dict(self.must("POST", "/uploads?mode=apply&again=true", body))

    def note(self) -> str:
        """A text that was not used before."""
        return f"note {next(self._number)}"

    def rules(self) -> list[dict[str, Any]]:
        """The push rules."""
        return list(self.must("GET", "/push-rules")["items"])

    def books(self) -> Books:
        """All that is written down now."""
        with self.db.read() as session:
            return books.read(session)

    # What buyers and marketplaces do.

    def shop(self, store: str) -> str:
        """What the marketplace calls a store's shop."""
        return f"{store.lower()}-{self._world}"

    def at_market(self, store: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """What a buyer or the tester does in a shop; None where the marketplace refuses it."""
        answer = self.market.calls.post(f"/shops/{self.shop(store)}/{path}", json=body)
        if answer.status_code == 409:
            return None
        return dict(answer.raise_for_status().json())

    def market_order(self, store: str, number: str) -> dict[str, Any]:
        """An order as it stands in its shop."""
        answer = self.market.calls.get(f"/shops/{self.shop(store)}/orders/{number}")
        return dict(answer.raise_for_status().json())

    def accepted(self, store: str) -> dict[str, int]:
        """Store SKU -> the last quantity that the shop accepted from us."""
        path = f"/shops/{self.shop(store)}/stock/history"
        answer = self.market.calls.get(path, headers={"Authorization": f"Bearer {SECRET}"})
        items = answer.raise_for_status().json()["items"]
        return self._first_shown[store] | {item["store_sku"]: item["quantity"] for item in items}

    def faults(self, stores: Iterable[str] = STORES, **faults: Any) -> None:
        """What goes wrong in these shops from now on."""
        for store in stores:
            self.market.faults(self.shop(store), rate_limit_per_s=0, **faults)

    # What jobs do.

    def sync(self, *stores: str) -> Read:
        """Read orders; of all stores unless some are named. One store after the other, so that it is the same twice."""
        read = Read()
        for store in stores or STORES:
            done = flow.sync_orders(self.db, self._settings, by="sync", store_ids=[self.store_ids[store]])
            read.new, read.changed = read.new + done.new, read.changed + done.changed
            read.failed |= done.failed
        return read

    def hear(self, store: str, number: str, delivery: str) -> None:
        """A webhook of an order comes in and is read; the same `delivery` again is the same letter."""
        at = clock.now().isoformat().replace("+00:00", "Z")
        body = json.dumps({"id": delivery, "shop": self.shop(store), "number": number, "sent_at": at}).encode()
        headers = {"X-Sandbox-Signature": sign(SECRET, body)}
        answer = self.admin.call("POST", f"/webhooks/{self.store_ids[store]}", data=body, headers=headers)
        assert answer.status_code == 200, answer.text
        self.read_letters()

    def read_letters(self) -> None:
        """Take in what webhooks named."""
        for number in inbox.waiting_stores(self.db):
            inbox.handle_store(self.db, self._settings, number, by="news")

    def refresh(self) -> Refreshed:
        """Refresh inventory, as its job does."""
        return refresh_inventory(self.db, by="refresh")

    def push(self) -> dict[str, int]:
        """Evaluate what changed and send what is due."""
        return tick(self.db, self._settings, owner="machine")

    def _start(self) -> None:
        self.db = Database(self._url)
        uploads = Uploads(self.db, self._settings)
        self._shared = Services(db=self.db, settings=self._settings, token_uses=TokenUses(self.db), uploads=uploads)
        self._shared.ready.set()

    def _stop(self) -> None:
        self._shared.uploads.close()
        self.db.close()

    def _move_in(self) -> None:
        """The company is there; its stores get shops of their own, which show what those of its founding show."""
        for store in STORES:
            self._first_shown[store] = self.market.shown(f"{store.lower()}-0")
            self._list(store, self._first_shown[store])
            found = self.must("GET", f"/stores?name={store}")["items"][0]
            self.store_ids[store] = found["id"]
            self.must("PATCH", f"/stores/{found['id']}", {"settings": {"shop": self.shop(store)}})
        self.faults()

    def _found(self) -> None:
        """The company as every run finds it."""
        self.must("POST", "/warehouses", {"code": "MAIN", "default": True})
        self.must("POST", "/warehouses", {"code": "EAST"})
        self._apply("sku_create", *({"sku": sku, "title": f"Thing {sku}"} for sku in SINGLES))
        parts = [(SET, "A", 2, "no"), (SET, "B", 1, "no"), (BOX, "A", 1, "yes"), (BOX, "C", 2, "yes")]
        self._apply(
            "combinations",
            *(
                {"combination": whole, "title": whole, "component": part, "quantity": units, "own_stock": own}
                for whole, part, units, own in parts
            ),
        )
        self._apply(
            "stock_in",
            *({"sku": sku, "warehouse": place, "quantity": 6} for sku in ("A", "B", "C", BOX) for place in WAREHOUSES),
        )
        for store in STORES:
            self._open(store)
        self._apply("mapping", *({"store": store, "store_sku": SECOND, "sku": "A"} for store in STORES))
        self._apply(
            "push_rules",
            {"name": "Everything", "warehouses": "MAIN; EAST", "stores": "North; South"},
            {"name": "For Choice", "warehouses": "EAST", "stores": "Choice", "percentage": 50},
        )
        self.faults()
        self.push()

    def _open(self, store: str) -> None:
        self._list(store, dict.fromkeys(CODES, 5))
        settings = {"url": self.market.url, "shop": self.shop(store), "secret": SECRET}
        body = {"name": store, "channel": "sandbox", "settings": settings, "choice": store == CHOICE}
        self.store_ids[store] = self.must("POST", "/stores", body)["id"]
        flow.sync_products(self.db, self._settings, by="sync", store_ids=[self.store_ids[store]])

    def _list(self, store: str, quantities: Mapping[str, int]) -> None:
        items = [
            {"store_sku": code, "name": f"Listing {code}", "quantity": units} for code, units in quantities.items()
        ]
        self.market.calls.post(f"/shops/{self.shop(store)}/listings", json={"items": items}).raise_for_status()
        self.market.calls.put(f"/shops/{self.shop(store)}", json={"secret": SECRET}).raise_for_status()

    def _apply(self, template: str, *rows: Mapping[str, Any]) -> None:
        outcome = self.hand_in(template, rows)
        assert outcome["status"] == "applied", outcome


#: Codes of problems that no rule stands behind: of them none may be met.
_NO_RULES = frozenset({"unexpected", "busy", "wrong-request"})
