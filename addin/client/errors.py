"""What can go wrong between a button and the server (ADD-4): each its own kind, with a sentence that says what to do.

Whatever is raised from here means that the workbook was not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AddinError(Exception):
    """Something to be told in one message box: `title`, and the error's own text."""

    title = "Stockbook"


class NotSignedIn(AddinError):
    """There is no token on this machine yet."""

    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__("You are not signed in on this computer. Press Sign in on the Stockbook tab first.")


class ServerAway(AddinError):
    """Nobody answers at the server's address."""

    title = "The Stockbook server does not answer"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Nothing answers at {address}. Is the server running, and is this computer on the right network? "
            "Nothing was changed. The address can be changed with Sign in."
        )


class ServerTooSlow(AddinError):
    """The server took the call and did not answer in time."""

    title = "The Stockbook server takes too long"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"There was no answer in time while {what}. The server may still be at work: look at History, or press "
            "the same button again. An Apply that is pressed again is applied only once."
        )


class TokenRefused(AddinError):
    """The token is wrong, revoked or expired (401)."""

    title = "Please sign in again"

    def __init__(self) -> None:
        super().__init__(
            "Your access token is not valid: it has expired, was revoked, or was not copied whole. Press Sign in."
        )


class Forbidden(AddinError):
    """The role of this user does not allow it (403)."""

    title = "You may not do this"


class NotATemplate(AddinError):
    """The open workbook has no table of ours."""

    title = "This is not a Stockbook template"

    def __init__(self, book: str = "") -> None:
        which = f"'{book}'" if book else "This workbook"
        super().__init__(
            f"{which} has no Stockbook table. Press Get template, fill it in, and press the button there. "
            "If this is a copy, copy the whole workbook rather than its cells."
        )


class ControlWorkbook(NotATemplate):
    """The open workbook is the one that shows what waits."""

    title = "This is the control workbook"

    def __init__(self) -> None:
        AddinError.__init__(
            self,
            "The control workbook is looked at, not handed in. Press Load current data to refresh it; to change "
            "something, press Get template.",
        )


class ControlIncomplete(AddinError):
    """The open control workbook has lost its tables."""

    title = "This control workbook is incomplete"

    def __init__(self) -> None:
        super().__init__("None of its tables is left. Press Reports and choose Control workbook.")


class TemplateTooOld(AddinError):
    """The workbook was made with another version of its template."""

    title = "This template is out of date"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail} Get template has the current one.")


class TemplateTooNew(AddinError):
    """The workbook was made by a server that is ahead of this one."""

    title = "This template is from a newer server"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail} Are you signed in at the right server? Its own template comes with Get template.")


class TooManyRows(AddinError):
    """More rows, or more data, than can be handed in at once (413)."""

    title = "Too many rows"


class Refused(AddinError):
    """The server understood and said no; `code` says which no."""

    title = "Not possible"

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class NotThere(Refused):
    """What was asked for does not exist (404)."""

    title = "Not found"


class ServerBusy(AddinError):
    """The server has too much to do, or was asked too often (429, 503)."""

    title = "The Stockbook server is busy"


class ServerTrouble(AddinError):
    """Something went wrong inside the server (5xx)."""

    title = "Something went wrong on the server"


class WrongAddress(AddinError):
    """Something answers there, but it is no Stockbook server."""

    title = "Not a Stockbook server"

    def __init__(self, address: str) -> None:
        super().__init__(f"What answers at {address} is not a Stockbook server. Check the address with Sign in.")


def error_of(status: int, problem: Mapping[str, Any]) -> AddinError:
    """The error that a status and its problem document (RFC 9457) stand for."""
    detail = _sentence(str(problem.get("detail") or f"The server answered {status}."))
    code = str(problem.get("code") or "")
    if status == 401:
        return TokenRefused()
    if status == 403:
        return Forbidden(detail)
    if status == 404:
        return NotThere(detail, code)
    if status == 413:
        return TooManyRows(f"{detail} Nothing was changed.")
    if status in (429, 503):
        return ServerBusy(f"{detail} Nothing was changed; please try again in a moment.")
    if status >= 500:
        return ServerTrouble(f"{detail} Nothing was changed as far as this add-in can tell; look at History.")
    if code == "file-old-template":
        return TemplateTooOld(detail)
    if code == "file-new-template":
        return TemplateTooNew(detail)
    if code == "file-too-many-rows":
        return TooManyRows(f"{detail} Nothing was changed.")
    return Refused(_with_places(detail, problem), code)


def _with_places(detail: str, problem: Mapping[str, Any]) -> str:
    """The sentence, with what else was found beside the first."""
    others = [str(each.get("detail") or each.get("text") or "") for each in problem.get("errors") or ()]
    more = [_sentence(text) for text in others if text and _sentence(text).rstrip(".") not in detail]
    return "\n".join([detail, *more[:5]])


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    whole = text.strip()
    return whole[:1].upper() + whole[1:] + ("" if whole.endswith((".", "!", "?")) else ".")
