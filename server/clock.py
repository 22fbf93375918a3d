"""The time, in UTC. Tests set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_fixed: datetime | None = None


def now() -> datetime:
    """The moment, with its zone."""
    return _fixed or datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Within the block `now()` is `at`. For tests."""
    global _fixed
    before, _fixed = _fixed, at
    try:
        yield
    finally:
        _fixed = before
