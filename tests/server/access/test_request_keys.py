"""Idempotency keys: one effect, one answer; leases where work takes several steps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server import clock
from server.access import request_keys
from server.access.request_keys import Claim, KeyReused, StillRunning
from server.db.session import Database
from server.errors import Busy, WrongUse


def _claim(db: Database, key: str = "k", content: bytes = b"a" * 32, seconds: int = 0) -> Claim:
    at = clock.now() + timedelta(seconds=seconds)
    return db.write(lambda s: request_keys.claim(s, "user:1", key, content, at=at))


def test_the_stored_answer_comes_back_word_for_word(db: Database) -> None:
    claim = _claim(db)
    db.write(lambda s: request_keys.finish(s, claim, 201, {"Location": "/x"}, b'{"a": 1}\x00\xff'))
    stored = _claim(db).stored
    assert stored is not None
    assert (stored.status, stored.headers, stored.body) == (201, {"Location": "/x"}, b'{"a": 1}\x00\xff')


def test_another_request_under_the_key_is_refused(db: Database) -> None:
    _claim(db)
    with pytest.raises(KeyReused):
        _claim(db, content=b"b" * 32)
    assert db.write(lambda s: request_keys.claim(s, "user:2", "k", b"b" * 32)).stored is None


def test_a_running_claim_makes_others_wait_until_its_lease_is_over(db: Database) -> None:
    first = _claim(db)
    with pytest.raises(StillRunning):
        _claim(db)
    second = _claim(db, seconds=121)
    assert second.taken_over and not first.taken_over and second.id == first.id
    with pytest.raises(Busy):
        db.write(lambda s: request_keys.finish(s, first, 200, {}, b"late"))
    db.write(lambda s: request_keys.renew(s, second, at=clock.now() + timedelta(seconds=200)))
    with pytest.raises(StillRunning):
        _claim(db, seconds=300)
    db.write(lambda s: request_keys.finish(s, second, 200, {}, b"right"))
    stored = _claim(db).stored
    assert stored is not None and stored.body == b"right"


def test_a_claim_given_up_can_be_taken_anew(db: Database) -> None:
    first = _claim(db)
    db.write(lambda s: request_keys.give_up(s, first))
    assert not _claim(db, content=b"b" * 32).taken_over


def test_keys_are_kept_a_week_at_least(db: Database) -> None:
    claim = _claim(db)
    db.write(lambda s: request_keys.finish(s, claim, 200, {}, b"x"))
    for days, forgotten in ((7, 0), (9, 1)):
        at = clock.now() + timedelta(days=days)
        assert db.write(lambda s, at=at: request_keys.forget_old(s, at=at)) == forgotten  # type: ignore[misc]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b", "a\nb"])
def test_a_key_that_can_not_be(db: Database, key: str) -> None:
    with pytest.raises(WrongUse):
        _claim(db, key)


def test_a_server_that_starts_alone_frees_what_the_last_one_left(db: Database) -> None:
    """P1: a retry after a crash need not wait for the dead one's lease; what is answered stays answered."""
    _claim(db)
    answered = _claim(db, key="answered")
    db.write(lambda s: request_keys.finish(s, answered, 200, {}, b"{}"))
    assert db.write(request_keys.free_left) == 1
    assert _claim(db).taken_over
    assert _claim(db, key="answered").stored is not None


def test_old_keys_are_forgotten_in_bites(db: Database) -> None:
    """Millions of them in one statement would hold up everybody who writes."""
    for number in range(5):
        _claim(db, key=f"key-{number}")
    later = clock.now() + timedelta(days=9)
    bites = [db.write(lambda s: request_keys.forget_old(s, at=later, limit=2)) for _ in range(4)]
    assert bites == [2, 2, 1, 0]
