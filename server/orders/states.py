"""The order state machine as one table: states, actions, and what each does to stock (ORD-4, ORD-5, ORD-8). Pure."""

from __future__ import annotations

import enum
from typing import NamedTuple


class State(enum.StrEnum):
    """Where an order stands. `RECORDED`: run by the marketplace, never processed here (ORD-13)."""

    UNPAID = "unpaid"
    TO_PACK = "to_pack"
    OUT_OF_STOCK = "out_of_stock"
    UNMAPPED = "unmapped"
    IN_PROCESS = "in_process"
    TO_PICKUP = "to_pickup"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    VOIDED = "voided"
    CANCELLED = "cancelled"
    RECORDED = "recorded"


class Action(enum.StrEnum):
    """What can be done to an order, by a person or by news from its store."""

    TAKE_IN = "take_in"  # it begins to count (ORD-1)
    MOVE_TO_PACK = "move_to_pack"  # try again (ORD-7)
    PACK = "pack"
    SHIP = "ship"
    PICK_UP = "pick_up"
    DELIVER = "deliver"
    VOID = "void"
    REVERT = "revert"
    CANCEL = "cancel"
    SHIPPED_OUTSIDE = "shipped_outside"  # the store reports it shipped (ORD-9)


class Effect(enum.StrEnum):
    """What an action does to the stock that an order's lines hold."""

    NONE = "none"
    ALLOCATE = "allocate"  # all of it, or out of stock, or unmapped: the state follows from what came of it
    RELEASE = "release"
    DEDUCT = "deduct"


class Step(NamedTuple):
    """The state after an action (None: decided by allocating), and its effect."""

    to: State | None
    effect: Effect


ALLOCATED = frozenset({State.TO_PACK, State.IN_PROCESS})
DEDUCTED = frozenset({State.TO_PICKUP, State.SHIPPED, State.COMPLETED})
#: States whose orders still wait for something to happen here; a SKU in one of them can't be deleted (CAT-13).
OPEN = frozenset({State.UNPAID, State.TO_PACK, State.OUT_OF_STOCK, State.UNMAPPED, State.IN_PROCESS, State.TO_PICKUP})

_S, _A, _E = State, Action, Effect
TABLE: dict[tuple[State, Action], Step] = {
    (_S.UNPAID, _A.TAKE_IN): Step(None, _E.ALLOCATE),
    (_S.UNPAID, _A.CANCEL): Step(_S.CANCELLED, _E.NONE),
    (_S.UNPAID, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.NONE),
    (_S.UNMAPPED, _A.MOVE_TO_PACK): Step(None, _E.ALLOCATE),
    (_S.UNMAPPED, _A.CANCEL): Step(_S.CANCELLED, _E.NONE),
    (_S.UNMAPPED, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.NONE),
    (_S.OUT_OF_STOCK, _A.MOVE_TO_PACK): Step(None, _E.ALLOCATE),
    (_S.OUT_OF_STOCK, _A.VOID): Step(_S.VOIDED, _E.NONE),
    (_S.OUT_OF_STOCK, _A.CANCEL): Step(_S.CANCELLED, _E.NONE),
    (_S.OUT_OF_STOCK, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.NONE),
    (_S.TO_PACK, _A.PACK): Step(_S.IN_PROCESS, _E.NONE),
    (_S.TO_PACK, _A.VOID): Step(_S.VOIDED, _E.RELEASE),
    (_S.TO_PACK, _A.CANCEL): Step(_S.CANCELLED, _E.RELEASE),
    (_S.TO_PACK, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.RELEASE),
    (_S.IN_PROCESS, _A.SHIP): Step(_S.TO_PICKUP, _E.DEDUCT),
    (_S.IN_PROCESS, _A.VOID): Step(_S.VOIDED, _E.RELEASE),
    (_S.IN_PROCESS, _A.CANCEL): Step(_S.CANCELLED, _E.RELEASE),
    (_S.IN_PROCESS, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.DEDUCT),
    (_S.TO_PICKUP, _A.PICK_UP): Step(_S.SHIPPED, _E.NONE),
    (_S.TO_PICKUP, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.NONE),
    (_S.TO_PICKUP, _A.DELIVER): Step(_S.COMPLETED, _E.NONE),
    (_S.SHIPPED, _A.DELIVER): Step(_S.COMPLETED, _E.NONE),
    (_S.VOIDED, _A.REVERT): Step(None, _E.ALLOCATE),
    (_S.VOIDED, _A.CANCEL): Step(_S.CANCELLED, _E.NONE),
    (_S.VOIDED, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, _E.NONE),
}


def possible(state: State) -> list[Action]:
    """What can be done to an order in `state`, for refusals that say so."""
    return [action for (at, action) in TABLE if at is state]
