"""Passwords: how they are kept, which are taken, how many at once."""

from __future__ import annotations

import threading

import pytest

from server.access import passwords
from server.errors import Busy, WrongUse


def test_kept_by_argon2id_with_a_salt_of_its_own() -> None:
    """SEC-3: argon2id, two passes over 19 MiB; the same password is kept differently each time."""
    first, second = (passwords.sealed("correct horse battery", name="Ann") for _ in range(2))
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and first != second
    assert passwords.fits("correct horse battery", first)
    assert not passwords.fits("correct horse Battery", first)
    assert not passwords.fits("correct horse battery", None)


@pytest.mark.parametrize("password", ["", "ninechars", "x" * 201, "anna-maria1", "ANNA-MARIA2024"])
def test_too_short_too_long_or_the_name_itself(password: str) -> None:
    with pytest.raises(WrongUse):
        passwords.sealed(password, name="anna-maria")


@pytest.mark.parametrize("password", ["tenletters", "ßüñ 🙂🙂🙂🙂🙂🙂", "x" * 200, "a lark in the morning"])
def test_any_letters_will_do(password: str) -> None:
    assert passwords.fits(password, passwords.sealed(password, name="ark"))


def test_two_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-3: the others wait for a while, then are told to come back."""
    monkeypatch.setattr(passwords, "_PATIENCE_SECONDS", 0.05)
    inside, leave = threading.Barrier(3), threading.Event()

    def stay() -> None:
        with passwords._place():
            inside.wait(30)
            leave.wait(30)

    threads = [threading.Thread(target=stay) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(30)
    with pytest.raises(Busy):
        passwords.fits("anything", None)
    leave.set()
    for thread in threads:
        thread.join()
    assert not passwords.fits("anything", None)
