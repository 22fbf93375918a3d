"""Signing a browser in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.access import passwords, sign_ins, tokens, users
from server.access.models import SignIn, User
from server.access.roles import Role
from server.access.sign_ins import From, Visitor
from server.db.session import Database
from server.errors import NotFound, NotSignedIn

HERE = From("127.0.0.1", "Firefox")
SECRET = "correct horse battery"


def _user(db: Database, name: str = "Ann", *, role: Role = "manager", password: str = SECRET) -> User:
    kept = passwords.sealed(password, name=name)

    def work(session: Session) -> User:
        user = users.create_user(session, name, role=role, by="test")
        passwords.keep(session, user, kept, by="test")
        return user

    return db.write(work)


def _visitor(db: Database, text: str, *, hours: float = 0) -> Visitor:
    with db.read() as session:
        return sign_ins.visitor(session, text, at=clock.now() + timedelta(hours=hours))


def test_by_password_whatever_the_case_of_the_name(db: Database) -> None:
    _user(db)
    found = _visitor(db, sign_ins.by_password(db, " ANN ", SECRET, HERE))
    assert (found.name, found.role, found.by_token) == ("Ann", "manager", False)


@pytest.mark.parametrize(("name", "password"), [("Ann", "wrong horse battery"), ("Bob", SECRET), ("", ""), ("Ann", "")])
def test_wrong_ones_are_told_in_the_same_words(db: Database, name: str, password: str) -> None:
    """SEC-3: nobody learns which names there are."""
    _user(db)
    with pytest.raises(NotSignedIn, match="this name and password do not fit"):
        sign_ins.by_password(db, name, password, HERE)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_a_stranger_costs_as_much_work_as_a_known_name(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-3: nor by the time it takes."""
    user, asked = _user(db), []
    fits = passwords.fits
    monkeypatch.setattr(passwords, "fits", lambda text, what: asked.append(what) or fits(text, what))
    for name in (user.name, "nobody"):
        with pytest.raises(NotSignedIn):
            sign_ins.by_password(db, name, "not the password", HERE)
    assert len(asked) == 2 and asked[1] is None


def test_a_user_who_is_shut_out(db: Database) -> None:
    """SEC-1: at once, also where the browser is signed in already."""
    user = _user(db)
    text = sign_ins.by_password(db, "Ann", SECRET, HERE)
    db.write(lambda session: users.create_user(session, "Root", role="admin", by="test"))
    db.write(lambda session: users.change_user(session, user.id, active=False, by="test"))
    with pytest.raises(NotSignedIn, match="signed out"):
        _visitor(db, text)
    with pytest.raises(NotSignedIn, match="do not fit"):
        sign_ins.by_password(db, "Ann", SECRET, HERE)


def test_by_token_as_what_the_token_may_do(db: Database) -> None:
    """SEC-1: a token's scope holds for the pages too, and so does its end."""
    user = _user(db, role="admin")
    made = db.write(lambda s: tokens.create_token(s, users.find_user(s, user.id), "t", scope="viewer", by="test"))
    text = sign_ins.by_token(db, f" {made.text}\n", HERE)
    found = _visitor(db, text)
    assert (found.role, found.by_token) == ("viewer", True)
    db.write(lambda session: tokens.revoke_token(session, made.record.id, by="test"))
    with pytest.raises(NotSignedIn, match="token you signed in with"):
        _visitor(db, text)
    with pytest.raises(NotSignedIn, match="revoked"):
        sign_ins.by_token(db, made.text, HERE)


def test_twelve_hours_without_a_click(db: Database) -> None:
    """SEC-3: idle at most twelve hours; a click counts."""
    _user(db)
    text = sign_ins.by_password(db, "Ann", SECRET, HERE)
    number = _visitor(db, text, hours=11.9).sign_in_id
    with pytest.raises(NotSignedIn, match="twelve hours"):
        _visitor(db, text, hours=12)
    db.write(lambda session: sign_ins.note_use(session, number, at=clock.now() + timedelta(hours=11)))
    assert _visitor(db, text, hours=22).sign_in_id == number


def test_ending_one_and_all(db: Database) -> None:
    user, other = _user(db), _user(db, "Bob")
    texts = [sign_ins.by_password(db, "Ann", SECRET, HERE) for _ in range(3)]
    numbers = [_visitor(db, text).sign_in_id for text in texts]
    assert len(set(texts)) == 3  # a new one each time: nobody can plant one beforehand
    db.write(lambda session: sign_ins.end(session, numbers[0], user_id=user.id, by="Ann"))
    with pytest.raises(NotFound):
        db.write(lambda session: sign_ins.end(session, numbers[1], user_id=other.id, by="Bob"))
    with db.read() as session:
        assert {row.id for row in sign_ins.open_of(session, user.id)} == set(numbers[1:])
    assert db.write(lambda session: sign_ins.end_all(session, user.id, but=numbers[2])) == 1
    assert _visitor(db, texts[2]).name == "Ann"
    with pytest.raises(NotSignedIn):
        _visitor(db, texts[1])


def test_what_a_cookie_says_is_kept_nowhere(db: Database) -> None:
    _user(db)
    text = sign_ins.by_password(db, "Ann", SECRET, HERE)
    with db.read() as session:
        row = session.scalars(select(SignIn)).one()
        assert text.encode() not in row.digest and row.browser == "Firefox"
    assert text not in sign_ins.form_key(text)


def test_old_ones_are_forgotten(db: Database) -> None:
    _user(db)
    sign_ins.by_password(db, "Ann", SECRET, HERE)
    later = clock.now() + timedelta(days=31)
    assert db.write(lambda session: sign_ins.forget_old(session)) == 0
    assert db.write(lambda session: sign_ins.forget_old(session, at=later)) == 1
