"""What a store answers, or does not, and what becomes of the push (PSH-8, PSH-10, PSH-11)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.channels.errors import NeedsSignIn, Refused, Throttled, Unreachable
from server.outbox.models import Push, StorePause, Told
from server.push import recording
from server.stores.models import Store, StoreSku
from tests.factories import make_sku, make_store_sku, put_stock
from tests.server.push.conftest import Pushing, Time


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
