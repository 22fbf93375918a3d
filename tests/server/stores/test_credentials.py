from __future__ import annotations

import json
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from server import clock
from server.access import request_keys
from server.access.models import RequestKey
from server.channels.errors import NeedsSignIn, Throttled, Unreachable
from server.db.session import Database
from server.errors import Busy, WrongUse
from server.outbox.models import StorePause
from server.settings import Settings
from server.stores import credentials
from server.stores.credentials import StoreVault, keys_of, read_secrets, reseal, save_secrets
from server.stores.models import Credential, Store
from tests.factories import AT, make_store


@pytest.fixture
def store(db: Database, keys: MultiFernet) -> int:
    """A store with the secret `old`."""

    def make(session):
        store_id = make_store(session)
        save_secrets(session, keys, store_id, {"secret": "old"}, at=AT)
        return store_id

    return db.write(make)


def test_secrets_are_encrypted_at_rest(db: Database, keys: MultiFernet, store: int) -> None:
    """CH-6: nothing of them is in the database in clear."""
    with db.read() as session:
        sealed = session.scalar(select(Credential.sealed))
        assert sealed is not None and b"old" not in sealed and b"secret" not in sealed
        assert json.loads(keys.decrypt(sealed)) == {"secret": "old"}
        assert read_secrets(session, keys, store) == {"secret": "old"}
        assert read_secrets(session, keys, store + 1) == {}


def test_another_key_does_not_open_them(db: Database, store: int) -> None:
    """CH-6: then a person must sign in again; the words hold no secret."""
    other = MultiFernet([Fernet(Fernet.generate_key())])
    with pytest.raises(NeedsSignIn, match="does not open"):
        StoreVault(db, other, store).read()


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    """CH-6: the key is outside the database, mode 0600."""
    settings = Settings(data_dir=tmp_path / "var")
    with ThreadPoolExecutor(6) as pool:
        sealed = [box.encrypt(b"x") for box in pool.map(keys_of, [settings] * 6)]
    assert all(keys_of(settings).decrypt(token) == b"x" for token in sealed)
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret.key"]
    if sys.platform != "win32":
        assert stat.S_IMODE((settings.data_dir / "secret.key").stat().st_mode) == 0o600


def test_a_key_from_the_environment_is_used_and_none_is_made(tmp_path: Path) -> None:
    for key in (Fernet.generate_key().decode(), "a key of my own with 32 characters or more"):
        settings = Settings(data_dir=tmp_path, secret_key=key)
        assert keys_of(settings).decrypt(keys_of(settings).encrypt(b"x")) == b"x"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(WrongUse, match="32 random characters"):
        keys_of(Settings(data_dir=tmp_path, secret_key="changeme"))


def test_keys_can_be_rotated(db: Database, tmp_path: Path) -> None:
    """CH-6: both keys for a while, seal anew, drop the old one."""
    old, new = (Fernet.generate_key().decode() for _ in range(2))

    def box(*given: str) -> MultiFernet:
        return keys_of(Settings(data_dir=tmp_path, secret_key=",".join(given)))

    store = db.write(make_store)
    db.write(lambda s: save_secrets(s, box(old), store, {"secret": "x"}, at=AT))
    assert db.write(lambda s: reseal(s, box(new, old))) == 1
    assert StoreVault(db, box(new), store).read() == {"secret": "x"}
    with pytest.raises(WrongUse, match="none of the keys"):
        db.write(lambda s: reseal(s, box(old)))


def test_renewed_credentials_are_stored_before_they_are_used(db: Database, keys: MultiFernet, store: int) -> None:
    """CH-6: tokens refresh by themselves; the market is asked with no transaction open."""

    def ask(known):
        assert known == {"secret": "old"}
        db.write(lambda s: s.execute(select(func.count(Store.id))))  # on SQLite it would wait for ever otherwise
        return {"secret": "new"}

    assert StoreVault(db, keys, store).renew(ask) == {"secret": "new"}
    assert StoreVault(db, keys, store).read() == {"secret": "new"}
    with db.read() as session:
        assert session.scalar(select(func.count(RequestKey.id))) == 0


def test_of_many_at_once_one_renews(db: Database, keys: MultiFernet, store: int) -> None:
    """CH-6: a refresh token that may be used once is used once; the others get what came of it."""
    asked: list[int] = []

    def work(n: int) -> str:
        vault = StoreVault(db, keys, store)
        vault.read()
        barrier.append(n)
        while len(barrier) < 6:
            pass
        return vault.renew(lambda _: asked.append(n) or {"secret": f"new-{n}"})["secret"]

    barrier: list[int] = []
    with ThreadPoolExecutor(6) as pool:
        got = set(pool.map(work, range(6)))
    assert len(asked) == 1 and got == {f"new-{asked[0]}"}


def test_a_store_that_refuses_is_marked_and_another_may_try(db: Database, keys: MultiFernet, store: int) -> None:
    """CH-6: *needs sign-in*; a failure of another kind marks nothing. Renewal that works ends the mark."""

    def refuse(error: Exception):
        def ask(_):
            raise error

        return ask

    def needs() -> bool | None:
        with db.read() as session:
            return session.scalar(select(Store.needs_sign_in))

    vault = StoreVault(db, keys, store)
    with pytest.raises(Unreachable):
        vault.renew(refuse(Unreachable("down")))
    assert needs() is False
    with pytest.raises(NeedsSignIn):
        vault.renew(refuse(NeedsSignIn("revoked")))
    assert needs() is True
    assert vault.renew(lambda _: {"secret": "new"}) == {"secret": "new"}
    assert needs() is False


def test_new_secrets_from_a_person_end_mark_and_pause(db: Database, keys: MultiFernet, store: int) -> None:
    """CH-6: its pushes waited, and go on at once."""

    def pause(session):
        credentials.mark_sign_in(session, store, True)
        session.add(StorePause(store_id=store, until=AT, failures=3, reason="needs sign-in"))

    db.write(pause)
    db.write(lambda s: save_secrets(s, keys, store, {"secret": "mine"}, at=AT))
    with db.read() as session:
        assert session.scalar(select(Store.needs_sign_in)) is False
        assert session.scalar(select(func.count()).select_from(StorePause)) == 0


def test_what_a_person_gave_meanwhile_is_kept(db: Database, keys: MultiFernet, store: int) -> None:
    """CH-6: a renewal that began before does not overwrite it."""

    def ask(_):
        db.write(lambda s: save_secrets(s, keys, store, {"secret": "mine"}, at=AT))
        return {"secret": "renewed"}

    assert StoreVault(db, keys, store).renew(ask) == {"secret": "mine"}
    assert StoreVault(db, keys, store).read() == {"secret": "mine"}


def test_a_dead_caller_s_claim_is_taken_over(
    db: Database, keys: MultiFernet, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-6: after its lease; until then others wait, and then say that the store is busy."""
    monkeypatch.setattr(credentials, "WAIT_SECONDS", 0.2)
    db.write(lambda s: request_keys.claim(s, f"store:{store}", "renew/1", b"", lease=credentials.LEASE))
    with pytest.raises(Throttled):
        StoreVault(db, keys, store).renew(lambda _: {"secret": "new"})
    with clock.frozen(clock.now() + credentials.LEASE + timedelta(seconds=1)):
        assert StoreVault(db, keys, store).renew(lambda _: {"secret": "new"}) == {"secret": "new"}


@pytest.mark.parametrize("trouble", [Busy("locked"), OperationalError("UPDATE", None, Exception("disk full"))])
def test_renewed_secrets_are_kept_although_the_database_is_in_trouble(
    db: Database, keys: MultiFernet, store: int, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """CH-6: the market has made the old ones void; what it gave must not be lost to a moment's trouble."""
    monkeypatch.setattr(credentials, "_KEEP_EVERY_SECONDS", 0.01)
    save, left = credentials._save, 3

    def troubled(*given: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise trouble
        save(*given)

    monkeypatch.setattr(credentials, "_save", troubled)
    vault, asked = StoreVault(db, keys, store), []

    def ask(old: Any) -> dict[str, str]:
        asked.append(dict(old))
        return {"secret": "new"}

    assert vault.renew(ask) == {"secret": "new"} == StoreVault(db, keys, store).read()
    assert asked == [{"secret": "old"}]


def test_after_the_lease_keeping_renewed_secrets_is_given_up(
    db: Database, keys: MultiFernet, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-6: then another caller may renew; what went wrong is said."""
    monkeypatch.setattr(credentials, "LEASE", timedelta(seconds=0.3))
    monkeypatch.setattr(credentials, "_KEEP_EVERY_SECONDS", 0.05)

    def broken(*_: object) -> None:
        raise Busy("locked")

    monkeypatch.setattr(credentials, "_save", broken)
    with pytest.raises(Busy):
        StoreVault(db, keys, store).renew(lambda _: {"secret": "new"})


def test_a_commit_that_got_lost_is_not_taken_for_anothers(
    db: Database, keys: MultiFernet, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-6: stored, but the answer to the commit was lost: the second try finds its own."""
    monkeypatch.setattr(credentials, "_KEEP_EVERY_SECONDS", 0.01)
    vault, write, lost = StoreVault(db, keys, store), db.write, []

    def losing(work: Any) -> Any:
        result = write(work)
        if result == {"secret": "new"} and not lost:
            lost.append(1)
            raise OperationalError("COMMIT", None, Exception("connection lost"))
        return result

    monkeypatch.setattr(db, "write", losing)
    assert vault.renew(lambda _: {"secret": "new"}) == {"secret": "new"} and lost
    assert StoreVault(db, keys, store).read() == {"secret": "new"}
