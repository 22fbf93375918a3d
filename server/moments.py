"""Moments and days as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from server.errors import WrongUse


def moment(text: str, *, end_of_day: bool = False) -> datetime:
    """A day or a moment; UTC unless it says otherwise. A day alone is its first moment, or its last.

    Raises `WrongUse` for anything else.
    """
    given = text.strip()
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = None
    if day is not None:
        return datetime.combine(day, time.max if end_of_day else time.min, UTC)
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise WrongUse(f"'{given[:40]}' is neither a day (2026-04-20) nor a moment (2026-04-20T08:00)") from None
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise WrongUse(f"'{given[:40]}' is before the year 1 or after 9999 in UTC") from None
