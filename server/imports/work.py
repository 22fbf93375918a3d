"""What a round of a scheduled import works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server.db.session import Database
from server.imports.places import Place
from server.settings import Settings
from server.uploads.pipeline import Request, Who


@dataclass(frozen=True)
class Order:
    """A scheduled import as a round needs it."""

    id: int
    name: str
    kind: str
    settings: dict[str, str]
    sealed: bytes | None
    pattern: str
    quiet_seconds: int
    request: Request
    who: Who


@dataclass(frozen=True)
class Work:
    """A round that is at work: for whom, where, and since when (`began`, of the monotonic clock)."""

    db: Database
    settings: Settings
    order: Order
    place: Place
    stopping: Callable[[], bool]
    began: float = field(default_factory=time.monotonic)

    def wait_until(self, seconds: float) -> None:
        """Until the round is so many seconds old, or the server stops."""
        until = self.began + seconds
        while not self.stopping() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
