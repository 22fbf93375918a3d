"""Tokens: shown once, kept as a hash, ended by expiry, revocation and their user's end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from server import clock
from server.access.models import Token, User
from server.access.tokens import create_token, first_admin, note_use, revoke_token, sign_in
from server.access.users import change_user, create_user
from server.db.session import Database
from server.errors import NotFound, NotSignedIn, WrongUse


def _user(db: Database, name: str = "anna", role: str = "manager") -> User:
    return db.write(lambda s: create_user(s, name, role=role, by="test"))  # type: ignore[arg-type]


def test_only_the_hash_is_kept(db: Database) -> None:
    """SEC-1: 256 random bits, recognisable, hashed."""
    user = _user(db)
    made = db.write(lambda s: create_token(s, s.merge(user), "laptop", by="test"))
    assert made.text.startswith("sb_") and len(made.text) == 46
    with db.read() as session:
        kept = session.scalars(select(Token)).one()
        assert made.text.encode() not in kept.digest and kept.prefix == made.text[:10]
        who = sign_in(session, made.text)
    assert (who.name, who.role) == ("anna", "manager")


def test_scope_caps_the_role_and_the_role_caps_the_scope(db: Database) -> None:
    """SEC-1: with scope."""
    user = _user(db)
    narrow = db.write(lambda s: create_token(s, s.merge(user), "reader", scope="viewer", by="test")).text
    wide = db.write(lambda s: create_token(s, s.merge(user), "wide", scope="admin", by="test")).text
    with db.read() as session:
        assert sign_in(session, narrow).role == "viewer"
        assert sign_in(session, wide).role == "manager"


def test_expiry_revocation_and_a_shut_out_user_end_a_token(db: Database) -> None:
    """SEC-1: with expiry; ends at once when revoked."""
    user, at = _user(db), clock.now()
    soon = at + timedelta(hours=1)
    texts = [
        db.write(lambda s: create_token(s, s.merge(user), "t", expires_at=soon, by="test", at=at)) for _ in range(2)
    ]
    with db.read() as session:
        assert sign_in(session, texts[0].text, at=soon - timedelta(seconds=1)).name == "anna"
        with pytest.raises(NotSignedIn, match="expired"):
            sign_in(session, texts[0].text, at=soon)
    db.write(lambda s: revoke_token(s, texts[0].record.id, by="test"))
    db.write(lambda s: revoke_token(s, texts[0].record.id, by="test"))
    with db.read() as session, pytest.raises(NotSignedIn, match="revoked"):
        sign_in(session, texts[0].text)
    _user(db, "boss", "admin")
    db.write(lambda s: change_user(s, user.id, active=False, by="test"))
    with db.read() as session, pytest.raises(NotSignedIn):
        sign_in(session, texts[1].text)
    with pytest.raises(NotFound):
        db.write(lambda s: revoke_token(s, 999, by="test"))


@pytest.mark.parametrize("text", ["", "sb_", "sb_" + "A" * 43, "sb_é" + "A" * 42, "x" * 10_000, "sb_\ud800"])
def test_what_is_no_token_is_refused_in_words(db: Database, text: str) -> None:
    with db.read() as session, pytest.raises(NotSignedIn, match="not known"):
        sign_in(session, text)


def test_a_token_that_can_not_be(db: Database) -> None:
    user = _user(db)
    with pytest.raises(WrongUse):
        db.write(lambda s: create_token(s, s.merge(user), " ", by="test"))
    with pytest.raises(WrongUse):
        db.write(lambda s: create_token(s, s.merge(user), "x", expires_at=clock.now(), by="test"))


def test_last_use_is_kept_to_the_minute(db: Database) -> None:
    user, at = _user(db), clock.now()
    token = db.write(lambda s: create_token(s, s.merge(user), "t", by="test")).record
    for seconds in (0, 30, 61):
        db.write(lambda s, n=seconds: note_use(s, token.id, at=at + timedelta(seconds=n)))  # type: ignore[misc]
    with db.read() as session:
        assert session.scalars(select(Token.last_used_at)).one() == at + timedelta(seconds=61)


def test_the_first_start_makes_one_admin_even_if_two_start_at_once(db: Database) -> None:
    """SEC-1: first start makes an admin and shows the token once. No default password."""
    made: list[str | None] = []
    starts = [threading.Thread(target=lambda: made.append(db.write(first_admin))) for _ in range(6)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    texts = [text for text in made if text]
    assert len(texts) == 1
    with db.read() as session:
        assert sign_in(session, texts[0]).role == "admin"
    assert db.write(first_admin) is None
