from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from server import clock
from server.jobs.runner import Runner
from server.places.service import ensure_default
from server.sync import inbox
from server.sync.models import Inbox
from tests.factories import AT, make_sku
from tests.support.http import Api
from tests.support.sandbox import Market, Subscriber, market

SECRET = "the east shop's own secret"


@dataclass
class Told:
    """The API with the store East, a shop of a running sandbox, and the webhooks that the sandbox really sends."""

    api: Api
    market: Market
    subscriber: Subscriber
    store: int

    def webhooks(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        """The first `count` deliveries, word for word."""
        received = self.subscriber.wait(count)
        assert len(received) >= count
        return received

    def deliver(self, headers: dict[str, str], body: bytes, *, store: int | None = None) -> Any:
        return self.api.nobody.post(f"/webhooks/{store or self.store}", data=body, headers=headers)

    def handle(self) -> Any:
        return inbox.handle(self.api.db, self.api.shared.settings, by="news")

    def orders(self) -> dict[str, str]:
        return {order["number"]: order["state"] for order in self.api.admin.get("/orders").json["items"]}

    def kept(self) -> int:
        with self.api.db.read() as s:
            return s.scalar(select(func.count()).select_from(Inbox)) or 0


def add_store(api: Api, url: str, shop: str) -> int:
    body = {"name": shop.title(), "channel": "sandbox", "settings": {"url": url, "shop": shop, "secret": SECRET}}
    return int(api.admin.post("/stores", json=body).json["id"])


@pytest.fixture
def told(api: Api, tmp_path: Path) -> Iterator[Told]:
    api.db.write(lambda s: (ensure_default(s, AT), make_sku(s, "RED")))
    subscriber = Subscriber()
    with market(tmp_path / "sandbox.db") as served:
        served.list("east", RED=50)
        address = {"url": subscriber.url, "secret": SECRET}
        sign_in = {"Authorization": f"Bearer {SECRET}"}
        served.calls.put("/shops/east/webhook", json=address, headers=sign_in).raise_for_status()
        yield Told(api, served, subscriber, add_store(api, served.url, "east"))
    subscriber.close()


def signed(**told: str) -> tuple[dict[str, str], bytes]:
    """A webhook as the sandbox would sign it."""
    body = json.dumps({"id": "900", "shop": "east", "number": "X", "sent_at": clock.now().isoformat(), **told}).encode()
    return {"X-Sandbox-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}, body


def test_a_webhook_brings_its_order_in(told: Told) -> None:
    """CH-5: checked, kept word for word, answered at once, read later; without a token."""
    number = told.market.order("east", RED=2)
    [(headers, body)] = told.webhooks(1)
    answer = told.deliver(headers, body)
    assert (answer.status_code, answer.json) == (200, {"received": 1})
    assert told.orders() == {}
    assert told.handle().new == 1
    assert told.orders() == {number: "unmapped"}
    with told.api.db.read() as s:
        kept = s.scalars(select(Inbox)).one()
    assert (kept.body, kept.order_number, kept.outcome) == (body, number, "1 new, 0 changed, 0 same")


def test_a_delivery_again_changes_nothing(told: Told) -> None:
    """CH-5: replay-safe, before and after it was handled; duplicates are the market's habit."""
    told.market.faults("east", duplicate_webhooks=True)
    number = told.market.order("east", RED=2)
    first, second = told.webhooks(2)
    assert [told.deliver(*delivery).json["received"] for delivery in (first, second, first)] == [1, 0, 0]
    told.handle()
    told.market.act("east", number, "cancel")
    assert told.deliver(*first).json["received"] == 0
    assert (told.handle().stores, told.kept()) == (0, 1)
    assert told.orders() == {number: "unmapped"}


def test_late_deliveries_in_any_order_end_the_same(told: Told) -> None:
    """ORD-3, CH-5: a hint is a reason to read, never the truth itself."""
    number = told.market.order("east", RED=2)
    told.market.act("east", number, "cancel")
    created, cancelled = told.webhooks(2)
    told.deliver(*cancelled)
    told.handle()
    told.deliver(*created)
    assert told.handle().same == 1
    assert told.orders() == {number: "cancelled"}


def test_forged_news_is_refused_and_not_kept(told: Told) -> None:
    """CH-5: the signature over the raw body, the shop and the time are checked."""
    told.market.order("east", RED=1)
    [(headers, body)] = told.webhooks(1)
    changed = body.replace(b"created", b"deleted")
    unsigned = {name: value for name, value in headers.items() if name.lower() != "x-sandbox-signature"}
    wrong = [(headers, changed), (headers, body + b" "), (unsigned, body), signed(shop="west"), ({}, b"")]
    wrong += [({**headers, "X-Sandbox-Signature": "é"}, body), ({**headers, "X-Sandbox-Signature": "0" * 64}, body)]
    for case in wrong:
        answer = told.deliver(*case)
        assert answer.status_code == 401, case
        assert SECRET not in answer.text
    for away in (timedelta(hours=-2), timedelta(hours=2)):
        with clock.frozen(clock.now() + away):
            assert told.deliver(headers, body).status_code == 401
    assert told.kept() == 0
    assert told.deliver(headers, body, store=999).status_code == 404
    assert told.deliver(headers, b"x" * (1024 * 1024 + 1)).status_code == 413


def test_another_store_s_secret_opens_nothing(told: Told) -> None:
    """CH-5, CH-6: each store has its own address and secret."""
    body = {"name": "Bare", "channel": "sandbox", "settings": {"url": told.market.url, "shop": "bare"}}
    bare = int(told.api.admin.post("/stores", json=body).json["id"])
    empty = {"X-Sandbox-Signature": hmac.new(b"", b"{}", hashlib.sha256).hexdigest()}
    assert told.deliver(empty, b"{}", store=bare).status_code == 401
    assert told.deliver(*signed(), store=bare).status_code == 401


def test_a_hint_of_an_order_that_is_none_is_done_with(told: Told) -> None:
    """CH-5: signed, and still only a hint."""
    for number in ("GONE", "../orders", "x" * 79):
        assert told.deliver(*signed(id=number, number=number)).status_code == 200
    assert told.handle().new == 0
    assert not inbox.anything_waiting(told.api.db)


def test_news_of_a_dead_store_waits_and_holds_up_no_other(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """CH-5: what can't be read now is read later, however much of it waits."""
    monkeypatch.setattr(inbox, "_AT_ONCE", 2)
    dead = add_store(told.api, "http://127.0.0.1:9", "dead")
    for number in range(3):
        assert told.deliver(*signed(id=str(number), shop="dead"), store=dead).json == {"received": 1}
    order = told.market.order("east", RED=1)
    told.deliver(*told.webhooks(1)[0])
    done = told.handle()
    assert (done.new, list(done.failed)) == (1, ["Dead"])
    assert order in told.orders() and inbox.anything_waiting(told.api.db)
    assert told.api.admin.patch(f"/stores/{dead}", json={"active": False}).status_code == 200
    assert not inbox.anything_waiting(told.api.db)


def test_a_missed_webhook_is_caught_by_the_schedule(told: Told) -> None:
    """CH-5, JOB-4: sync now answers at once with a run to follow; a run caught what no webhook told."""
    told.market.faults("east", drop_webhooks=True)
    number = told.market.order("east", RED=1)
    asked = told.api.roles["merchandiser"].post("/sync/orders", json={"stores": ["east"]})
    assert (asked.status_code, asked.json["status"]) == (202, "waiting")
    run = told.api.admin.get(asked.headers["Location"])
    assert (run.json["job"], run.json["asked_by"]) == ("sync_orders", "merchandiser-user")
    runner = Runner(told.api.db, told.api.shared.settings)
    runner.take(run.json["id"])
    runner.stop()
    ended = told.api.admin.get(asked.headers["Location"]).json
    assert (ended["status"], ended["counts"]) == ("done", {"stores": 1, "new": 1})
    assert told.orders() == {number: "unmapped"}


def test_sync_now_of_a_store_that_is_none_is_said_at_once(told: Told) -> None:
    """JOB-4: not by a run that fails later; products take the same way, viewers none."""
    assert told.api.admin.post("/sync/orders", json={"stores": ["North"]}).status_code == 404
    assert told.api.admin.post("/sync/products").status_code == 202
    assert told.api.roles["viewer"].post("/sync/products").status_code == 403
    key = {"Idempotency-Key": "k"}
    runs = {told.api.admin.post("/sync/orders", headers=key).json["id"] for _ in range(2)}
    assert len(runs) == 1


def test_a_market_may_ask_whether_the_address_is_ours(told: Told) -> None:
    """CH-5: the sandbox has no such test; the address answers all the same."""
    assert told.api.nobody.get(f"/webhooks/{told.store}").json == {}
    assert told.api.nobody.get("/webhooks/999").status_code == 404
    assert told.api.nobody.call("PUT", f"/webhooks/{told.store}").status_code == httpx.codes.METHOD_NOT_ALLOWED
