from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server import clock
from server.catalog.models import Component
from server.channels.errors import NeedsSignIn, Refused, Throttled, Unreachable
from server.channels.protocol import Limits
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.outbox import queue
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed, Push, StorePause, Told
from server.push import leasing, recording
from server.push.evaluating import evaluate
from server.push.flow import tick
from server.push.models import Evaluation
from server.push.worker import PushWorker
from server.settings import Settings
from server.stores.models import Store, StoreSku
from tests.factories import entry, make_sku, make_store, make_store_sku, put_stock
from tests.server.push.conftest import Company, make_rule
from tests.server.push.market import FakeShop, Market
from tests.support.statements import counted

NOON = datetime(2026, 4, 20, 12, 0, tzinfo=UTC)


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The clock of this test."""
    known = Time()
    monkeypatch.setattr(clock, "now", lambda: known.now)
    return known


class Pushing:
    """A company and the market it pushes to."""

    def __init__(self, company: Company) -> None:
        self.c = company
        self.market = Market()

    @property
    def shop(self) -> FakeShop:
        return self.market[self.c.shop]

    @property
    def web(self) -> FakeShop:
        return self.market[self.c.web]

    def tick(self) -> dict[str, int]:
        return tick(self.c.db, Settings(), connect=self.market.connect, owner="test")

    def stock(self, change: int, **more: Any) -> None:
        line = Line(self.c.main, self.c.sku, on_hand=change)
        self.c.db.write(lambda s: post(s, [entry(line, kind=Kind.STOCK_IN, **more)]))

    def one(self, model: Any, listing: str = "shop") -> Any:
        with self.c.db.read() as session:
            row = session.scalar(select(model).where(model.store_sku_id == self.c.listings[listing]))
            session.expunge_all()
            return row

    def last_evaluation(self, listing: str = "shop") -> Evaluation:
        with self.c.db.read() as session:
            query = select(Evaluation).where(Evaluation.store_sku_id == self.c.listings[listing])
            row = session.scalars(query.order_by(Evaluation.id.desc())).first()
            assert row is not None
            session.expunge_all()
            return row

    def results(self) -> list[str]:
        with self.c.db.read() as session:
            query = select(Evaluation.result).where(Evaluation.store_sku_id == self.c.listings["shop"])
            return list(session.scalars(query.order_by(Evaluation.id)))


@pytest.fixture
def pushing(company: Company, time: Time) -> Iterator[Pushing]:
    """What the tests work with."""
    yield Pushing(company)


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


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_answer_is_sent_again(pushing: Pushing, time: Time, lost: bool) -> None:
    """PSH-8, PSH-10: unreachable uses up no attempt; whether or not it took effect, the right quantity is shown."""
    pushing.shop.fails = [Unreachable("cut off")]
    pushing.shop.takes_effect_before_failing = lost
    pushing.stock(5)
    pushing.tick()
    assert pushing.one(Told).known is False and pushing.one(Push).attempts == 0
    time.move(2)
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5} and pushing.one(Push) is None
    first, second = (batch[0].key for batch in pushing.shop.sent)
    assert first == second  # where a market knows keys, the repetition does nothing


def test_a_lost_answer_and_back_to_what_was_told(pushing: Pushing, time: Time) -> None:
    """PSH-8: after a lost answer the store may show either figure, so it is told in any case."""
    pushing.stock(5)
    pushing.tick()
    pushing.shop.fails = [Unreachable("cut off")]
    pushing.shop.takes_effect_before_failing = True
    pushing.stock(1)
    pushing.tick()
    pushing.stock(-1)
    time.move(2)
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5}


def test_a_dead_store_pauses_longer_and_longer(pushing: Pushing, time: Time) -> None:
    """PSH-10: back-off with jitter; no attempt is used up; the other stores go on."""
    pushing.shop.fails = [Unreachable("down") for _ in range(6)]
    pushing.stock(5)
    pauses = []
    for _ in range(6):
        pushing.tick()
        with pushing.c.db.read() as session:
            pause = session.get_one(StorePause, pushing.c.shop)
            pauses.append((pause.until - time.now).total_seconds())
            assert pause.reason == "down"
        pushing.tick()  # paused: it is not even asked
        time.move(pauses[-1])
    assert all(2**n / 2 <= pause <= 2**n for n, pause in enumerate(pauses[:5]))
    assert pushing.web.shown == {"NK-RED-M": 5} and len(pushing.shop.sent) == 6
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5}
    with pushing.c.db.read() as session:
        assert session.get(StorePause, pushing.c.shop) is None


def test_retry_after_is_obeyed(pushing: Pushing, time: Time) -> None:
    """PSH-10: throttled: the store's own word counts, nothing is unknown."""
    pushing.stock(5)
    pushing.tick()
    pushing.shop.fails = [Throttled("slow down", retry_after=120)]
    pushing.stock(1)
    pushing.tick()
    assert pushing.one(Told).known is True
    time.move(119)
    pushing.tick()
    assert len(pushing.shop.sent) == 2
    time.move(1)
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 6}


def test_a_store_that_wants_a_sign_in_waits(pushing: Pushing) -> None:
    """CH-6, PSH-10: marked as needing sign-in; its pushes wait and use up nothing."""
    pushing.shop.fails = [NeedsSignIn("token revoked")]
    pushing.stock(5)
    pushing.tick()
    with pushing.c.db.read() as session:
        assert session.get_one(Store, pushing.c.shop).needs_sign_in
    assert pushing.one(Push).attempts == 0 and pushing.one(Push).lease_owner is None


def three(pushing: Pushing) -> None:
    """Three listings in one batch."""

    def make(s: Session) -> None:
        for code in ("B", "C"):
            sku = make_sku(s, code)
            pushing.c.listings[code] = make_store_sku(s, pushing.c.shop, code, sku)
            put_stock(s, pushing.c.main, sku, 7)
        put_stock(s, pushing.c.main, pushing.c.sku, 5)

    pushing.c.db.write(make)


def test_a_refused_line_holds_back_no_other(pushing: Pushing, time: Time) -> None:
    """PSH-10: refused at most eight times, then kept with the reason; the others of its batch are told at once."""
    three(pushing)
    pushing.shop.refuses = {"B": "listing is locked"}
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5, "C": 7}
    row = pushing.one(Push, "B")
    assert (row.attempts, row.failed_at, row.reason) == (1, None, "refused: listing is locked")
    for _ in range(20):
        time.move(60)
        pushing.tick()
    row = pushing.one(Push, "B")
    assert row.attempts == recording.MOST_ATTEMPTS == pushing.shop.told["B"]
    assert row.failed_at is not None and "locked" in row.reason
    sku = pushing.c.db.write(lambda s: s.get_one(StoreSku, pushing.c.listings["B"]).sku_id)
    pushing.shop.refuses = {}
    pushing.c.db.write(lambda s: put_stock(s, pushing.c.main, sku, 1))
    pushing.tick()
    assert pushing.shop.shown["B"] == 8  # another quantity starts anew


def test_a_batch_refused_whole_is_taken_apart(pushing: Pushing) -> None:
    """PSH-10: one bad line must not make the market refuse the others for ever."""
    three(pushing)

    def set_stock(lines: Any, tell: Any = pushing.shop.set_stock) -> Any:
        if any(line.store_sku == "B" for line in lines):
            raise Refused("B is not yours")
        return tell(lines)

    pushing.shop.set_stock = set_stock  # type: ignore[method-assign]
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5, "C": 7}
    assert pushing.one(Push, "B").attempts == 1 and "not yours" in pushing.one(Push, "B").reason


def test_a_floor_is_not_asked_again_in_a_loop(pushing: Pushing, time: Time) -> None:
    """PSH-10: below what the market has reserved: it waits for news, and the new quantity goes out at once."""
    pushing.shop.floors = {"NK-RED-M": 3}
    pushing.stock(1)
    for _ in range(5):
        pushing.tick()
        time.move(20)
    assert pushing.shop.told["NK-RED-M"] == 1 and "no less than 3" in pushing.one(Push).reason
    pushing.stock(4)
    pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5}


def test_a_line_without_an_answer_is_not_known(pushing: Pushing, time: Time) -> None:
    """PSH-10: half an answer: that line is sent again, the store is not paused."""
    three(pushing)
    pushing.shop.silent = {"B"}
    pushing.tick()
    assert pushing.one(Told, "B").known is False and pushing.one(Told, "C").known is True
    pushing.shop.silent = set()
    time.move(recording.SILENCE_SECONDS)
    pushing.tick()
    assert pushing.one(Push, "B") is None and pushing.shop.told == {"NK-RED-M": 1, "B": 2, "C": 1}


def test_a_write_that_takes_effect_later(pushing: Pushing, time: Time) -> None:
    """PSH-8: pending is not told; it is asked after, and a newer quantity waits until it is settled."""
    pushing.shop.pending = True
    pushing.stock(5)
    pushing.tick()
    assert pushing.one(Told).known is False and pushing.one(Push).ticket
    pushing.stock(1)
    pushing.tick()
    assert len(pushing.shop.sent) == 1
    time.move(3)
    pushing.shop.pending = False
    pushing.tick()
    assert [batch[0].quantity for batch in pushing.shop.sent] == [5, 6]
    assert pushing.shop.shown == {"NK-RED-M": 6} and pushing.one(Push) is None and pushing.one(Told).known


def test_a_pending_write_that_is_settled_is_told(pushing: Pushing, time: Time) -> None:
    """PSH-11: what was told, when, and the answer."""
    pushing.shop.pending = True
    pushing.stock(5)
    pushing.tick()
    time.move(3)
    pushing.tick()
    told = pushing.one(Told)
    assert (told.quantity, told.known, told.answer) == (5, True, "accepted") and pushing.one(Push) is None


def test_a_pending_write_the_market_forgot(pushing: Pushing, time: Time) -> None:
    """PSH-10: sent again."""
    pushing.shop.pending = True
    pushing.stock(5)
    pushing.tick()
    pushing.shop.tickets.clear()
    pushing.shop.pending = False
    for _ in range(2):
        time.move(10)
        pushing.tick()
    assert pushing.shop.shown == {"NK-RED-M": 5} and pushing.one(Push) is None


def test_a_crash_between_send_and_record(pushing: Pushing, time: Time) -> None:
    """PSH-10: what was leased is sent once more after the lease, or at once by the owner that starts again."""
    pushing.stock(5)
    evaluate(pushing.c.db)
    batch = pushing.c.db.write(lambda s: leasing.claim(s, pushing.c.shop, owner="dead", limit=9, at=clock.now()))
    assert batch is not None
    pushing.shop.set_stock([row.line for row in batch.rows])  # and the process dies here
    pushing.tick()
    assert pushing.shop.told["NK-RED-M"] == 1 and pushing.one(Push).lease_owner == batch.lease
    assert pushing.c.db.write(lambda s: leasing.free_leases(s, "de_d")) == 0
    assert pushing.c.db.write(lambda s: leasing.free_leases(s, "dead")) == 1
    pushing.tick()
    assert pushing.shop.told["NK-RED-M"] == 2 and pushing.shop.shown == {"NK-RED-M": 5}
    assert pushing.one(Push) is None


def test_an_answer_after_the_lease_was_lost_changes_nothing(pushing: Pushing, time: Time) -> None:
    """PSH-10: who lost the lease can't finish the row that another has now."""
    pushing.stock(5)
    evaluate(pushing.c.db)

    def claim() -> Any:
        return pushing.c.db.write(lambda s: leasing.claim(s, pushing.c.shop, owner="a", limit=9, at=clock.now()))

    old = claim()
    assert claim() is None
    time.move(leasing.LEASE_SECONDS)
    new = claim()
    answers = dict(zip([row.store_sku_id for row in old.rows], pushing.shop.set_stock([old.rows[0].line]), strict=True))
    pushing.c.db.write(lambda s: recording.record(s, old.lease, old.rows, answers, at=time.now))
    assert pushing.one(Push).lease_owner == new.lease
    pushing.c.db.write(lambda s: recording.record(s, new.lease, new.rows, answers, at=time.now))
    assert pushing.one(Push) is None


def test_mapping_removed_nothing_waits(pushing: Pushing) -> None:
    """PSH-6: with its mapping gone a listing keeps its figure; what waits for it is dropped."""
    pushing.shop.fails = [Throttled("slow down", retry_after=30)]
    pushing.stock(5)
    pushing.tick()

    def unmap(s: Session) -> None:
        s.execute(update(StoreSku).where(StoreSku.id == pushing.c.listings["shop"]).values(sku_id=None))
        queue.mark(s, [pushing.c.sku], cause=Cause.MAPPING, at=NOON)

    pushing.c.db.write(unmap)
    pushing.tick()
    assert pushing.one(Push) is None


def test_store_switched_off_while_a_push_is_on_its_way(pushing: Pushing, time: Time) -> None:
    """PSH-6: nothing follows a push that was withdrawn, whatever its answer."""
    pushing.shop.fails = [Unreachable("cut off")]
    pushing.stock(5)

    def off() -> None:
        pushing.shop.before_answer = None

        def unsync(s: Session) -> None:
            s.execute(update(StoreSku).where(StoreSku.id == pushing.c.listings["shop"]).values(synced=False))
            queue.mark(s, [pushing.c.sku], cause=Cause.MAPPING, at=NOON)

        pushing.c.db.write(unsync)
        evaluate(pushing.c.db)

    pushing.shop.before_answer = off
    pushing.tick()
    time.move(100)
    pushing.tick()
    assert pushing.one(Push) is None and len(pushing.shop.sent) == 1
    assert pushing.results()[-1] == "not_synced"


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
