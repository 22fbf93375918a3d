"""What can go wrong between us and a marketplace; each says whether trying again can help (PSH-10)."""

from __future__ import annotations

from decimal import InvalidOperation

#: What reading an answer of another shape than expected comes to.
NOT_UNDERSTOOD = (KeyError, IndexError, TypeError, ValueError, AttributeError, InvalidOperation)


class ChannelError(Exception):
    """A call to a marketplace failed. `reason` is for people and holds no secret."""

    retryable = False

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        #: seconds to wait before the next call to this store, when the market said so
        self.retry_after = retry_after


class Unreachable(ChannelError):
    """No answer, an answer cut off, or 5xx: it is not known whether the call took effect."""

    retryable = True


class Throttled(ChannelError):
    """The market asks us to slow down; nothing took effect."""

    retryable = True


class NeedsSignIn(ChannelError):
    """The store refuses our credentials; a person must sign in again (CH-6). Pushes wait."""

    retryable = True


class Refused(ChannelError):
    """The market understood and said no; the same call would be refused again."""


class Unreadable(ChannelError):
    """The market answered, but what it says of this one order can't be understood."""


class Forged(ChannelError):
    """A webhook whose signature, time window or delivery id is not right."""


class Unsupported(ChannelError):
    """The channel cannot do this; its features say so."""


def why_not_understood(problem: Exception) -> str:
    """For people: what a reader stumbled over."""
    return f"{type(problem).__name__}: {str(problem)[:200]}"
