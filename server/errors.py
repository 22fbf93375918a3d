"""Kinds of error: a code, a sentence for people, and the facts. How they look over HTTP is decided in `api`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class StockbookError(Exception):
    """Something a user can be told. `code` is stable, `text` a sentence with what to do, `facts` for programs."""

    code = "error"

    def __init__(self, text: str, *, errors: Sequence[dict[str, Any]] = (), **facts: Any) -> None:
        super().__init__(text)
        self.text = text
        self.errors = list(errors)
        self.facts = facts


class WrongUse(StockbookError):
    """The call itself is wrong: a value that can't be, a setting that contradicts another."""

    code = "wrong-use"


class NotFound(StockbookError):
    """There is no such record."""

    code = "not-found"


class Refused(StockbookError):
    """A rule forbids it now; the text says which and what would help."""

    code = "refused"


class Conflict(StockbookError):
    """It collides with something else: a doubled code, a newer version, a request still running."""

    code = "conflict"


class NotAllowed(StockbookError):
    """This user, or this token, may not do that (SEC-1)."""

    code = "not-allowed"


class NotSignedIn(StockbookError):
    """No token, or one that is wrong, expired or revoked."""

    code = "not-signed-in"


class Busy(StockbookError):
    """Try again in `retry_after` seconds; nothing was done."""

    code = "busy"

    def __init__(self, text: str, *, retry_after: int = 5, **facts: Any) -> None:
        super().__init__(text, **facts)
        self.retry_after = retry_after
