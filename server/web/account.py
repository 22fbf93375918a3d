"""One's own page: where one is signed in, and one's password."""

from __future__ import annotations

from flask import Response, request
from sqlalchemy.orm import Session

from server.access import passwords, sign_ins, users
from server.access.declaring import shown_to
from server.errors import NotAllowed, StockbookError, WrongUse
from server.web.frame import console, go, pages, show, visitor

page = pages("account")


class WrongPassword(NotAllowed):
    """The password of now is not the one that was given."""

    code = "wrong-password"


@page.get("/account")
@shown_to("read")
def account() -> Response:
    """Where one is signed in, and one's password."""
    return _page()


@page.post("/account/password")
@shown_to("read")
def set_own_password() -> Response:
    """Set one's own password; signed out everywhere else."""
    who, given, shared = visitor(), request.form.get("password", ""), console()
    try:
        _require_the_old_one()
        if given != request.form.get("again", ""):
            raise WrongUse("the two new passwords differ", field="again")
        kept = passwords.sealed(given, name=who.name)
    except StockbookError as problem:
        return _page(problem)

    def work(session: Session) -> int:
        passwords.keep(session, users.find_user(session, who.user_id), kept, by=who.name)
        return sign_ins.end_all(session, who.user_id, but=who.sign_in_id)

    ended = shared.db.write(work)
    others = f" You were signed out of {ended} other browsers." if ended else ""
    return go("/account", f"Your password is set.{others}")


@page.post("/account/sign-ins/<int:id>/end")
@shown_to("read")
def end_sign_in(id: int) -> Response:
    """Sign another browser of one's own out."""
    who = visitor()
    console().db.write(lambda session: sign_ins.end(session, id, user_id=who.user_id, by=who.name))
    return go("/account", "That browser is signed out.")


def _require_the_old_one() -> None:
    """Whoever came by a token has proven who they are by it; others by the password of now."""
    who, shared = visitor(), console()
    if who.by_token:
        return
    shared.by_name.count(f"own/{who.user_id}")
    with shared.db.read() as session:
        kept = passwords.kept_of(session, who.name)
    if not passwords.fits(request.form.get("old", ""), kept[1] if kept else None):
        raise WrongPassword("the password of now is another one; nothing was changed")


def _page(problem: StockbookError | None = None) -> Response:
    who = visitor()
    with console().db.read() as session:
        there = sign_ins.open_of(session, who.user_id)
        known = passwords.has_one(session, who.user_id)
    return show("account.html", problem=problem, there=there, has_password=known, shortest=passwords.SHORTEST)
