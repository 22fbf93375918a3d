"""Faults to switch on: how the marketplace misbehaves towards the seller, for one shop or for all.

Faults hit the *seller's* calls (whatever carries an `Authorization` header, and what only a seller calls) and
the webhooks. Buyers go on buying and the switches stay in reach: a marketplace whose seller API is down
still sells.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from server.sandbox.database import Database
from server.sandbox.errors import WrongInput

#: The row of the `fault` table that holds what applies to every shop.
EVERY_SHOP = ""


@dataclass(frozen=True)
class Faults:
    """What goes wrong. The values here are those of a well-behaved marketplace."""

    down: bool = False  # seller's calls: 503; webhooks wait
    error_rate: float = 0.0  # share of the seller's calls answered 500, nothing done
    lose_answers: float = 0.0  # share of the seller's calls that are *done* and then answered 500
    half_answers: bool = False  # answers are cut off in the middle
    rate_limit_per_s: float = 100.0  # seller's calls per second and shop; 0 is no limit
    slow_ms: int = 0  # seller's calls wait this long first
    refuse_sign_in: bool = False  # seller's calls: 401, as if the secret had been withdrawn
    async_ms: int = 0  # stock is accepted at once, and shown this much later
    refuse_skus: tuple[str, ...] = ()  # stock for these store SKUs is refused, line by line
    refuse_below_reserved: bool = False  # stock below the units in unpaid orders is refused
    duplicate_webhooks: bool = False  # every delivery is made twice
    drop_webhooks: bool = False  # none is made, and none later
    webhook_delay_ms: int = 0  # deliveries wait a random time up to this, so they overtake each other


def _number(name: str, value: object, *, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongInput(f"{name} must be a number", field=name)
    if not 0 <= value <= most:
        raise WrongInput(f"{name} must be between 0 and {most:g}", field=name)
    return float(value)


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongInput(f"{name} must be true or false", field=name)
    return value


def _skus(name: str, value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise WrongInput(f"{name} must be a list of store SKUs", field=name)
    return list(value)


def _checked(name: str, value: object) -> Any:
    default = getattr(Faults, name, None)
    if name not in {field.name for field in fields(Faults)}:
        raise WrongInput(f"there is no fault called {name!r}", field=name)
    if value is None:
        # Nothing said is the well-behaved value, save that no limit asked for is no limit.
        return 0.0 if name == "rate_limit_per_s" else default
    if isinstance(default, bool):
        return _switch(name, value)
    if isinstance(default, tuple):
        return _skus(name, value)
    if name.endswith("_ms"):
        return int(_number(name, value, most=600_000))
    return _number(name, value, most=1 if name != "rate_limit_per_s" else 1_000_000)


class FaultBox:
    """The switches, kept in the database so that they outlive a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, shop: str | None, wanted: Mapping[str, object]) -> None:
        """Replace the faults of one shop, or (no shop) of all, which also ends what single shops were told.

        What is not named is as in a well-behaved marketplace; for one shop it is what applies to all.
        Raises `WrongInput` for an unknown name or a value out of range.
        """
        settings = json.dumps({name: _checked(name, value) for name, value in wanted.items()})
        with self._database.write() as connection:
            if shop is None:
                connection.execute("DELETE FROM fault")
            connection.execute("INSERT OR REPLACE INTO fault VALUES (?, ?)", (shop or EVERY_SHOP, settings))

    def of(self, shop: str | None) -> Faults:
        """The faults in force for a shop, or (no shop) those for all."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT settings FROM fault WHERE shop IN (?, ?) ORDER BY shop",
                (EVERY_SHOP, shop or EVERY_SHOP),
            ).fetchall()
        merged: dict[str, Any] = {}
        for row in rows:
            merged.update(json.loads(row["settings"]))
        if "refuse_skus" in merged:
            merged["refuse_skus"] = tuple(merged["refuse_skus"])
        return Faults(**merged)


def as_json(faults: Faults) -> dict[str, Any]:
    """The faults as they are shown."""
    return asdict(faults) | {"refuse_skus": list(faults.refuse_skus)}


class RateLimiter:
    """A bucket of calls per shop, refilled steadily. In memory: after a restart every bucket is full."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, shop: str, per_second: float) -> float:
        """Take one call; 0 when it may go on, else the seconds until the next one may."""
        if per_second <= 0:
            return 0.0
        size = max(1.0, per_second)
        with self._lock:
            now = self._timer()
            level, at = self._buckets.get(shop, (size, now))
            level = min(size, level + (now - at) * per_second)
            allowed = level >= 1
            self._buckets[shop] = (level - 1 if allowed else level, now)
        return 0.0 if allowed else (1 - level) / per_second
