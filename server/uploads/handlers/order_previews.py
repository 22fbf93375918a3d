"""What a sheet of order actions would come to (WB-5): the arithmetic of applying it, on figures that nobody locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.ledger.errors import Shortage
from server.orders.allocating import outcomes
from server.orders.holding import holds_of
from server.orders.models import Order, OrderHold
from server.orders.needs import Key, Other, age_of, needs_of
from server.orders.states import TABLE, Action, Effect, State
from server.switches import service as switches
from server.uploads.handlers import stock_lists

#: The order in which the actions of one sheet are done: what gives stock back before what takes some.
TURNS: tuple[Action, ...] = (
    Action.CANCEL,
    Action.CANCEL_RETURNED,
    Action.CANCEL_NOT_RETURNED,
    Action.VOID,
    Action.CHANGE_WAREHOUSE,
    Action.CHANGE_MAPPING,
    Action.REVERT,
    Action.MOVE_TO_PACK,
    Action.PACK,
    Action.SHIP,
)


@dataclass
class Deed:
    """One action on one order, as the sheet asks for it. `skus`: by line, for a changed mapping."""

    order: Order
    action: Action
    warehouse_id: int | None = None
    skus: dict[int, int | None] = field(default_factory=dict)
    to: State | None = None
    short: Sequence[Shortage] = ()

    @property
    def effect(self) -> Effect:
        """What it does to stock, by the table."""
        return TABLE[State(self.order.state), self.action].effect


@dataclass
class _Figures:
    available: dict[Key, int]
    on_hand: dict[Key, int]

    def move(self, key: Key, *, available: int = 0, on_hand: int = 0) -> None:
        self.available[key] = self.available.get(key, 0) + available
        self.on_hand[key] = self.on_hand.get(key, 0) + on_hand


def foresee(session: Session, deeds: Sequence[Deed]) -> None:
    """Fill in the state that each deed would end in, and what it is `short` of; in the order of `TURNS`."""
    holds = holds_of(session, [deed.order.id for deed in deeds])
    skus = {deed.order.id: deed.skus for deed in deeds}
    other = Other(
        {line: sku for changed in skus.values() for line, sku in changed.items()},
        {
            deed.order.id: deed.warehouse_id
            for deed in deeds
            if deed.warehouse_id is not None and deed.effect is Effect.TRY_THERE
        },
    )
    needs = {need.order.id: need for need in needs_of(session, [deed.order for deed in deeds], other)}
    figures = _figures(session, deeds, holds, (key for need in needs.values() for key in need.missing))
    counting = switches.is_on(session, switches.INVENTORY_FEATURES)
    for action in TURNS:
        some = sorted((deed for deed in deeds if deed.action is action), key=lambda deed: age_of(deed.order))
        for deed in some:
            own = holds.get(deed.order.id, [])
            deed.to = TABLE[State(deed.order.state), action].to
            _give(deed, own, figures)
            if deed.effect in (Effect.ALLOCATE, Effect.TRY_THERE, Effect.REMAP):
                need = needs[deed.order.id]
                deed.to = outcomes([need], figures.available, counting=counting)[deed.order.id]
            elif deed.effect is Effect.MOVE and deed.warehouse_id is not None:
                deed.short = _move(own, deed.warehouse_id, figures)
            elif deed.effect is Effect.DEDUCT:
                _deduct(deed, own, figures)


def _give(deed: Deed, holds: Sequence[OrderHold], figures: _Figures) -> None:
    """What a deed gives back."""
    for hold in holds:
        key = hold.warehouse_id, hold.sku_id
        if deed.effect in (Effect.RELEASE, Effect.TRY_THERE) or (
            deed.effect is Effect.REMAP and hold.line_id in deed.skus
        ):
            figures.move(key, available=hold.held)
        elif deed.effect is Effect.RETURN:
            out = hold.deducted - hold.returned
            figures.move(key, available=out, on_hand=out)


def _deduct(deed: Deed, holds: Sequence[OrderHold], figures: _Figures) -> None:
    """Where on hand is short it is refused, but for one that is cancelled without return: that is released (STK-5)."""
    wanted: dict[Key, int] = defaultdict(int)
    for hold in holds:
        wanted[hold.warehouse_id, hold.sku_id] += hold.held
    lacking = _lacking(wanted, figures.on_hand, "on_hand")
    if not lacking:
        for key, units in wanted.items():
            figures.move(key, on_hand=-units)
    elif deed.action is Action.CANCEL_NOT_RETURNED:
        for key, units in wanted.items():
            figures.move(key, available=units)
    else:
        deed.short = lacking


def _move(holds: Iterable[OrderHold], warehouse_id: int, figures: _Figures) -> list[Shortage]:
    """All that is held goes there, or nothing; what is short there."""
    elsewhere = [hold for hold in holds if hold.warehouse_id != warehouse_id]
    wanted: dict[Key, int] = defaultdict(int)
    for hold in elsewhere:
        wanted[warehouse_id, hold.sku_id] += hold.held
    if lacking := _lacking(wanted, figures.available, "available"):
        return lacking
    for hold in elsewhere:
        figures.move((hold.warehouse_id, hold.sku_id), available=hold.held)
        figures.move((warehouse_id, hold.sku_id), available=-hold.held)
    return []


def _lacking(wanted: Mapping[Key, int], there: Mapping[Key, int], figure: str) -> list[Shortage]:
    return [
        Shortage(*key, figure, there.get(key, 0), units) for key, units in wanted.items() if there.get(key, 0) < units
    ]


def _figures(
    session: Session, deeds: Sequence[Deed], holds: dict[int, list[OrderHold]], needed: Iterable[Key]
) -> _Figures:
    keys = set(needed)
    for deed in deeds:
        for hold in holds.get(deed.order.id, []):
            keys.add((hold.warehouse_id, hold.sku_id))
            if deed.warehouse_id is not None:
                keys.add((deed.warehouse_id, hold.sku_id))
    known = stock_lists.figures_of(session, keys)
    empty = dict.fromkeys(keys, 0)
    return _Figures(
        empty | {key: figure.available for key, figure in known.items()},
        empty | {key: figure.on_hand for key, figure in known.items()},
    )
