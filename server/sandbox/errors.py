"""What the sandbox marketplace says no with: a code, a sentence, the facts. HTTP is decided in `http`."""

from __future__ import annotations

from typing import Any


class ShopError(Exception):
    """The marketplace refuses. `code` is stable, `facts` are for programs."""

    code = "refused"

    def __init__(self, text: str, *, code: str | None = None, **facts: Any) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or self.code
        self.facts = facts


class WrongInput(ShopError):
    """The call itself is wrong: a missing field, a value that can't be."""

    code = "wrong-input"


class Unknown(ShopError):
    """There is no such shop, listing or order."""

    code = "unknown"


class Conflict(ShopError):
    """It can't be done now: not enough is left, or the order is past that."""

    code = "conflict"


class WrongSecret(ShopError):
    """The seller's call does not carry the secret that the shop was registered with."""

    code = "wrong-secret"
