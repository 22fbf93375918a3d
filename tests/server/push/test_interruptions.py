"""What changes while a push is on its way: a crash, a lost lease, a mapping or a store that is gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from server import clock
from server.channels.errors import Throttled, Unreachable
from server.outbox import queue
from server.outbox.causes import Cause
from server.outbox.models import Push
from server.push import leasing, recording
from server.push.evaluating import evaluate
from server.stores.mapping import map_many
from server.stores.models import StoreSku
from tests.factories import make_sku, put_stock
from tests.server.push.conftest import NOON, Pushing, Time


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


def test_another_mapping_while_the_market_has_yet_to_settle(pushing: Pushing, time: Time) -> None:
    """PSH-8: the write for the old SKU may still take effect, so the one for the new SKU comes after it."""
    pushing.shop.pending = True
    pushing.stock(5)
    pushing.tick()

    def remap(s: Session) -> None:
        other = make_sku(s, "OTHER")
        put_stock(s, pushing.c.main, other, 2)
        map_many(s, {pushing.c.listings["shop"]: other}, by="test", at=NOON)

    pushing.c.db.write(remap)
    pushing.shop.pending = False
    pushing.tick()
    assert [line.quantity for batch in pushing.shop.sent for line in batch] == [5]
    time.move(3)
    pushing.tick()
    assert [line.quantity for batch in pushing.shop.sent for line in batch] == [5, 2]
    assert pushing.shop.shown == {"NK-RED-M": 2} and pushing.one(Push) is None


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
