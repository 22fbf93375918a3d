"""What is pushed, when, and why (PSH-7, PSH-8)."""

from __future__ import annotations

import threading

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.catalog.models import Component
from server.channels.errors import Throttled
from server.channels.protocol import Limits
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.outbox import queue
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed, Push, Told
from server.push import leasing
from server.push.evaluating import evaluate
from server.push.explaining import explain
from server.push.worker import PushWorker
from server.settings import Settings
from tests.factories import entry, make_sku, make_store, make_store_sku, put_stock
from tests.server.push.conftest import NOON, Company, Pushing, Time, make_rule
from tests.server.push.market import Market
from tests.support.statements import counted


def test_a_movement_reaches_every_store(pushing: Pushing) -> None:
    """PSH-1, PSH-4: available stock goes to all stores of the rule; nothing is left waiting."""
    pushing.stock(30)
    counts = pushing.tick()
    assert pushing.shop.shown == pushing.web.shown == {"NK-RED-M": 30}
    assert counts == {"skus": 1, "send": 2, "accepted": 2}
    assert pushing.one(Push) is None
    told = pushing.one(Told)
    assert (told.quantity, told.known, told.target, told.told_at, told.answer) == (30, True, 30, NOON, "accepted")
    with pushing.c.db.read() as session:
        assert session.scalars(select(Changed)).all() == []


def test_what_did_not_change_is_not_sent_again(pushing: Pushing) -> None:
    """PSH-7, PSH-8: every evaluation is recorded with its causes, also one that came to nothing (8 rarely sends)."""
    pushing.stock(30)
    pushing.tick()
    allocate = entry(Line(pushing.c.main, pushing.c.sku, allocated=2), kind=Kind.ALLOCATE, cause=Cause.ORDER_SYNC)
    ship = entry(Line(pushing.c.main, pushing.c.sku, on_hand=-2, allocated=-2), kind=Kind.DEDUCT, cause=Cause.SALE)
    pushing.c.db.write(lambda s: post(s, [allocate]))
    pushing.tick()
    pushing.c.db.write(lambda s: post(s, [ship]))
    pushing.tick()
    assert pushing.results() == ["send", "send", "nothing_to_send"]
    assert pushing.shop.told["NK-RED-M"] == 2
    last = pushing.last_evaluation()
    assert unpack(last.causes) == [Cause.SALE] and last.target == 28


def test_every_cause_is_recorded(pushing: Pushing) -> None:
    """PSH-7: each of the seventeen by its number, the others by name, with the evaluation's result."""
    for cause in Cause:
        pushing.c.db.write(lambda s, cause=cause: queue.mark(s, [pushing.c.sku], cause=cause, at=NOON))
        evaluate(pushing.c.db)
        row = pushing.last_evaluation()
        assert unpack(row.causes) == [cause]
        assert (row.result, row.target, row.at) == ("send" if cause is Cause.ORDER_SYNC else "waits", 0, NOON)


def test_push_now_sends_regardless(pushing: Pushing) -> None:
    """PSH-8 (16): the same quantity is sent again when it is demanded."""
    pushing.stock(5)
    pushing.tick()
    pushing.c.db.write(lambda s: queue.mark(s, [pushing.c.sku], cause=Cause.PUSH_NOW, at=NOON, forced=True))
    pushing.tick()
    assert pushing.shop.told["NK-RED-M"] == 2
    assert pushing.last_evaluation().forced and pushing.results() == ["send", "send"]


def test_order_news_makes_what_a_store_shows_unknown(pushing: Pushing) -> None:
    """PSH-8: after any order, edit or cancel news the next evaluation sends to that listing in any case, only there."""
    pushing.stock(5)
    pushing.tick()
    pushing.shop.shown["NK-RED-M"] = 4  # the shop sold one and lowered its own figure

    def news(s: Session) -> None:
        queue.mark(s, [pushing.c.sku], cause=Cause.ORDER_SYNC, at=NOON)
        queue.forget_told(s, [pushing.c.listings["shop"]])

    pushing.c.db.write(news)
    pushing.tick()
    assert pushing.shop.shown["NK-RED-M"] == 5
    assert (pushing.shop.told["NK-RED-M"], pushing.web.told["NK-RED-M"]) == (2, 1)


def test_order_news_while_a_push_is_on_its_way(pushing: Pushing) -> None:
    """PSH-8: the answer to what was sent before the news does not make the figure known."""
    pushing.stock(5)

    def sold_meanwhile() -> None:
        pushing.shop.before_answer = None
        pushing.shop.shown["NK-RED-M"] = 4

        def news(s: Session) -> None:
            queue.mark(s, [pushing.c.sku], cause=Cause.ORDER_SYNC, at=NOON)
            queue.forget_told(s, [pushing.c.listings["shop"]])

        pushing.c.db.write(news)

    pushing.shop.before_answer = sold_meanwhile
    pushing.tick()
    pushing.tick()
    assert pushing.shop.shown["NK-RED-M"] == 5
    assert pushing.one(Told).known and pushing.one(Push) is None


def test_a_change_while_a_push_is_on_its_way(pushing: Pushing) -> None:
    """PSH-8: finished only if it is still the newest; the newer quantity follows."""
    pushing.stock(5)

    def more_meanwhile() -> None:
        pushing.shop.before_answer = None
        pushing.stock(4)
        evaluate(pushing.c.db)

    pushing.shop.before_answer = more_meanwhile
    pushing.tick()
    assert [batch[0].quantity for batch in pushing.shop.sent] == [5, 9]
    assert pushing.shop.shown["NK-RED-M"] == 9 and pushing.one(Push) is None
    assert pushing.one(Told).quantity == 9


def test_a_waiting_push_is_replaced(pushing: Pushing, time: Time) -> None:
    """PSH-8: ten changes while a store is down are one push, of the last quantity."""
    pushing.shop.fails = [Throttled("slow down", retry_after=30)]
    pushing.stock(5)
    pushing.tick()
    for _ in range(10):
        pushing.stock(1)
        pushing.tick()
    assert pushing.one(Push).quantity == 15 and pushing.web.shown["NK-RED-M"] == 15
    time.move(31)
    pushing.tick()
    assert [[line.quantity for line in batch] for batch in pushing.shop.sent] == [[5], [15]]


def test_a_waiting_push_that_is_no_longer_due_is_dropped(pushing: Pushing) -> None:
    """PSH-8: back at what the store was last told, nothing waits any more."""
    pushing.stock(5)
    pushing.tick()
    pushing.shop.fails = [Throttled("slow down", retry_after=30)]
    pushing.stock(1)
    pushing.tick()
    assert pushing.one(Push).quantity == 6
    pushing.stock(-1)
    pushing.tick()
    assert pushing.one(Push) is None


def test_a_choice_store_over_time(pushing: Pushing) -> None:
    """PSH-9: 30 sent, falls to 20: nothing; rises to 25: 25 is sent; Push Now sends."""

    def choose(s: Session) -> tuple[int, int]:
        store = make_store(s, "Choice", is_choice=True)
        make_rule(s, "Choice", warehouses=[pushing.c.main], stores=[store])
        return store, make_store_sku(s, store, "X", pushing.c.sku)

    store, _ = pushing.c.db.write(choose)
    for change in (30, -10, 5):
        pushing.stock(change)
        pushing.tick()
    shop = pushing.market[store]
    assert [batch[0].quantity for batch in shop.sent] == [30, 25]
    pushing.c.db.write(lambda s: queue.mark(s, [pushing.c.sku], cause=Cause.PUSH_NOW, at=NOON, forced=True))
    pushing.tick()
    assert [batch[0].quantity for batch in shop.sent] == [30, 25, 25]


def test_explain_promises_a_choice_store_nothing(pushing: Pushing) -> None:
    """PSH-9, PSH-11: an order makes what it shows unknown, and still it is told only when the target rises."""

    def choose(s: Session) -> tuple[int, int]:
        store = make_store(s, "Choice", is_choice=True)
        make_rule(s, "Choice", warehouses=[pushing.c.main], stores=[store])
        return store, make_store_sku(s, store, "X", pushing.c.sku)

    store, listing = pushing.c.db.write(choose)
    pushing.stock(30)
    pushing.tick()
    pushing.c.db.write(lambda s: queue.forget_told(s, [listing]))
    with pushing.c.db.read() as s:
        last = explain(s, store, "X").steps[-1]
    assert last == (
        "last told 30, but the store has changed its own figure since; "
        "a Choice store is only told when the target rises"
    )


def test_a_combination_follows_its_components(pushing: Pushing) -> None:
    """CAT-6, PSH-7: its evaluation carries the causes of its components."""

    def make(s: Session) -> int:
        pair = make_sku(s, "PAIR", kind="combination")
        s.add(Component(combination_id=pair, component_id=pushing.c.sku, quantity=2))
        return make_store_sku(s, pushing.c.web, "PAIR", pair)

    pushing.c.listings["pair"] = pushing.c.db.write(make)
    pushing.stock(5)
    pushing.tick()
    assert pushing.web.shown == {"NK-RED-M": 5, "PAIR": 2}
    assert unpack(pushing.last_evaluation("pair").causes) == [Cause.STOCK_IN_MANUAL]


def test_statements_do_not_grow_with_skus(pushing: Pushing) -> None:
    """PSH-10: evaluating, claiming and recording are set-based."""
    pushing.shop.limits = Limits(100, 100, 1_000, 1_000.0)

    def make(s: Session, n: int) -> None:
        skus = [make_sku(s, f"N{n}-{i}") for i in range(n)]
        for sku in skus:
            make_store_sku(s, pushing.c.shop, f"N{n}-{sku}", sku)
        post(s, [entry(*(Line(pushing.c.main, sku, on_hand=3) for sku in skus))])

    counts = []
    for n in (1, 400):
        pushing.c.db.write(lambda s, n=n: make(s, n))
        with counted(pushing.c.db) as seen:
            assert pushing.tick()["accepted"] == n
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 110


def test_the_worker_pushes_within_moments(company: Company) -> None:
    """PSH-10: a running worker takes up what was marked, also what was leased when its process died."""
    market, done = Market(), threading.Event()
    shop = market[company.shop]
    shop.before_answer = done.set
    company.db.write(lambda s: put_stock(s, company.main, company.sku, 3))
    evaluate(company.db)
    company.db.write(lambda s: leasing.claim(s, company.shop, owner="me", limit=9, at=clock.now()))
    worker = PushWorker(company.db, Settings(), connect=market.connect, owner="me", every_seconds=0.01)
    worker.start()
    try:
        assert done.wait(5)
    finally:
        worker.stop()
    assert shop.shown == {"NK-RED-M": 3}
