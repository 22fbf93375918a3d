"""The switches there are, reading and turning them. What follows from it is `operations.turn_switch`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.db.bulk import dialect_of
from server.db.upsert import upsert
from server.errors import NotFound, WrongUse
from server.switches.models import Switch


@dataclass(frozen=True)
class Definition:
    """A switch: its name, what it is unless turned, and what it does, in users' words."""

    name: str
    default: bool
    help: str


@dataclass(frozen=True)
class Turned:
    """What became of turning one."""

    name: str
    before: bool
    after: bool


INVENTORY_FEATURES = Definition("inventory_features", True, "Keep stock, allocate orders, push quantities to stores.")
#: ORD-7
ALLOCATE_ON_STOCK_IN = Definition(
    "allocate_on_stock_in", False, "Try out-of-stock orders again by itself after any stock-in."
)
#: CAT-11
CREATE_SKU_AUTOMATICALLY = Definition(
    "create_sku_automatically",
    False,
    "Make a merchant SKU for an order line whose store SKU has no mapping.",
)

DEFINITIONS = {
    definition.name: definition for definition in (INVENTORY_FEATURES, ALLOCATE_ON_STOCK_IN, CREATE_SKU_AUTOMATICALLY)
}


#: The class of advisory locks that switches use.
_LOCKS = 0x5717C4


def is_on(session: Session, switch: Definition, *, hold: bool = False) -> bool:
    """Whether `switch` is on now; with `hold` nobody turns it before this transaction has ended."""
    if hold and dialect_of(session) == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock_shared(_LOCKS, _lock_of(switch))))
    value = session.scalar(select(Switch.value).where(Switch.name == switch.name))
    return switch.default if value is None else bool(value)


def switches(session: Session) -> dict[str, bool]:
    """Every switch by name, as it is now."""
    turned = {name: bool(value) for name, value in session.execute(select(Switch.name, Switch.value))}
    return {name: turned.get(name, definition.default) for name, definition in DEFINITIONS.items()}


def turn(session: Session, name: str, value: bool, *, by: str, at: datetime | None = None) -> Turned:
    """Turn the switch `name`. Raises `NotFound` naming those there are, `WrongUse` for neither yes nor no."""
    definition = DEFINITIONS.get(name)
    if definition is None:
        raise NotFound(f"there is no setting '{name[:60]}'; there are {', '.join(DEFINITIONS)}", field=name[:60])
    if not isinstance(value, bool):
        raise WrongUse(f"{name} is either true or false", field=name)
    if dialect_of(session) == "postgresql":  # waits for those who act by what it is now
        session.execute(select(func.pg_advisory_xact_lock(_LOCKS, _lock_of(definition))))
    before = is_on(session, definition)
    change = {"value": value, "changed_at": at or clock.now(), "changed_by": by[:120]}
    session.execute(
        upsert(session, Switch).values(name=name, **change).on_conflict_do_update(index_elements=["name"], set_=change)
    )
    return Turned(name, before, value)


def _lock_of(switch: Definition) -> int:
    """A number for the switch, the same in every process; within the four signed bytes that the lock takes."""
    return crc32(switch.name.encode()) >> 1
