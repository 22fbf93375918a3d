"""The order state machine as one table: states, actions, and what each does to stock (spec ORD-1 to ORD-11). Pure.

Every doing of an order asks this table; `docs/orders.md` is written from it.
"""

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
    """What can be done to an order, by a person or by news from its store.

    Where a store's own setting decides what follows (ORD-8, ORD-9), each way is an action of its own.
    """

    TAKE_IN = "take_in"  # it begins to count (ORD-1)
    MOVE_TO_PACK = "move_to_pack"  # try again (ORD-7)
    PACK = "pack"
    SHIP = "ship"
    PICK_UP = "pick_up"
    DELIVER = "deliver"
    VOID = "void"
    REVERT = "revert"
    CANCEL = "cancel"
    CANCEL_RETURNED = "cancel_returned"  # the store's other rule: the quantity comes back (ORD-8)
    CANCEL_NOT_RETURNED = "cancel_not_returned"  # the store's other rule: it does not (ORD-8)
    CHANGE_WAREHOUSE = "change_warehouse"  # ORD-6
    CHANGE_MAPPING = "change_mapping"  # this order's lines get another merchant SKU (CAT-9)
    EDIT = "edit"  # the store changed its lines (ORD-10)
    SHIPPED_OUTSIDE = "shipped_outside"  # the store reports it shipped (ORD-9)
    SHIPPED_OUTSIDE_DEDUCTED = "shipped_outside_deducted"  # the same with the store's other rule
    RETURN_SCAN = "return_scan"  # before the buyer signed (ORD-11)
    MARK_PROCESSED = "mark_processed"  # after: its return may be listed (ORD-11)
    RETURN_LIST = "return_list"  # the list is completed


class Effect(enum.StrEnum):
    """What an action does to the stock of an order's lines."""

    NONE = "none"
    ALLOCATE = "allocate"
    RELEASE = "release"
    DEDUCT = "deduct"
    DEDUCT_IF_FITS = "deduct_if_fits"
    MOVE = "move"
    TRY_THERE = "try_there"
    REMAP = "remap"
    FOLLOW = "follow"
    REFUND = "refund"
    RETURN = "return"
    FILE = "file"


#: What each effect means, in users' words.
EFFECTS: dict[Effect, str] = {
    Effect.NONE: "nothing moves",
    Effect.ALLOCATE: "what it does not hold yet is allocated, whole or not at all; the state follows",
    Effect.RELEASE: "allocated falls by what it holds",
    Effect.DEDUCT: "on hand and allocated fall by what it holds",
    Effect.DEDUCT_IF_FITS: "on hand falls by the whole order if it fits; else released and listed",
    Effect.MOVE: "what it holds is allocated in the other warehouse instead, or it is refused",
    Effect.TRY_THERE: "what it holds is released here, and the whole tried in the other warehouse",
    Effect.REMAP: "the changed lines' allocation moves to the other SKU, or it becomes out of stock",
    Effect.FOLLOW: "less is released; more is allocated, or it becomes out of stock and keeps what it held",
    Effect.REFUND: "less raises on hand; more becomes a supplementary order",
    Effect.RETURN: "on hand (or defective) rises by what was deducted and has not come back",
    Effect.FILE: "nothing moves; it leaves the list of what waits for pickup",
}


class Step(NamedTuple):
    """The state after an action (None: what came of allocating decides), and its effect."""

    to: State | None
    effect: Effect


ALLOCATED = frozenset({State.TO_PACK, State.IN_PROCESS})
DEDUCTED = frozenset({State.TO_PICKUP, State.SHIPPED, State.COMPLETED})
#: Nothing is packed yet, and nothing stands in the way of it but stock or a mapping (CAT-9's *all new orders*).
NEW = frozenset({State.TO_PACK, State.OUT_OF_STOCK, State.UNMAPPED})
#: To be packed or shipped here: they wait for units, or hold them, which are on the shelf all the same.
WAITING = NEW | {State.IN_PROCESS}
#: Not left, and may still leave: what these wait for, or hold, is in their warehouse (WH-6).
NOT_LEFT = WAITING | {State.UNPAID, State.VOIDED}
#: Can still move stock by themselves: what has left may come back until the buyer has it for good. A SKU in one of them
#: can't be deleted (CAT-13).
OPEN = WAITING | {State.UNPAID, State.TO_PICKUP, State.SHIPPED}

_S, _A, _E = State, Action, Effect


def _cancels(state: State, plain: Effect, returned: Effect, not_returned: Effect) -> dict[tuple[State, Action], Step]:
    return {
        (state, _A.CANCEL): Step(_S.CANCELLED, plain),
        (state, _A.CANCEL_RETURNED): Step(_S.CANCELLED, returned),
        (state, _A.CANCEL_NOT_RETURNED): Step(_S.CANCELLED, not_returned),
    }


def _outside(state: State, plain: Effect, deducted: Effect) -> dict[tuple[State, Action], Step]:
    return {
        (state, _A.SHIPPED_OUTSIDE): Step(_S.SHIPPED, plain),
        (state, _A.SHIPPED_OUTSIDE_DEDUCTED): Step(_S.SHIPPED, deducted),
    }


TABLE: dict[tuple[State, Action], Step] = {
    (_S.UNPAID, _A.TAKE_IN): Step(None, _E.ALLOCATE),
    **_cancels(_S.UNPAID, _E.NONE, _E.NONE, _E.NONE),
    **_outside(_S.UNPAID, _E.NONE, _E.DEDUCT_IF_FITS),
    (_S.UNPAID, _A.EDIT): Step(_S.UNPAID, _E.NONE),
    #
    (_S.UNMAPPED, _A.MOVE_TO_PACK): Step(None, _E.ALLOCATE),
    **_cancels(_S.UNMAPPED, _E.RELEASE, _E.RELEASE, _E.DEDUCT),
    **_outside(_S.UNMAPPED, _E.RELEASE, _E.DEDUCT_IF_FITS),
    (_S.UNMAPPED, _A.CHANGE_WAREHOUSE): Step(_S.UNMAPPED, _E.MOVE),
    (_S.UNMAPPED, _A.CHANGE_MAPPING): Step(None, _E.REMAP),
    (_S.UNMAPPED, _A.EDIT): Step(None, _E.FOLLOW),
    #
    (_S.OUT_OF_STOCK, _A.MOVE_TO_PACK): Step(None, _E.ALLOCATE),
    (_S.OUT_OF_STOCK, _A.VOID): Step(_S.VOIDED, _E.RELEASE),
    **_cancels(_S.OUT_OF_STOCK, _E.RELEASE, _E.RELEASE, _E.DEDUCT),
    **_outside(_S.OUT_OF_STOCK, _E.RELEASE, _E.DEDUCT_IF_FITS),
    (_S.OUT_OF_STOCK, _A.CHANGE_WAREHOUSE): Step(None, _E.TRY_THERE),
    (_S.OUT_OF_STOCK, _A.CHANGE_MAPPING): Step(None, _E.REMAP),
    (_S.OUT_OF_STOCK, _A.EDIT): Step(None, _E.FOLLOW),
    #
    (_S.TO_PACK, _A.PACK): Step(_S.IN_PROCESS, _E.NONE),
    (_S.TO_PACK, _A.VOID): Step(_S.VOIDED, _E.RELEASE),
    **_cancels(_S.TO_PACK, _E.RELEASE, _E.RELEASE, _E.DEDUCT),
    **_outside(_S.TO_PACK, _E.RELEASE, _E.DEDUCT_IF_FITS),
    (_S.TO_PACK, _A.CHANGE_WAREHOUSE): Step(_S.TO_PACK, _E.MOVE),
    (_S.TO_PACK, _A.CHANGE_MAPPING): Step(None, _E.REMAP),
    (_S.TO_PACK, _A.EDIT): Step(None, _E.FOLLOW),
    #
    (_S.IN_PROCESS, _A.SHIP): Step(_S.TO_PICKUP, _E.DEDUCT),
    (_S.IN_PROCESS, _A.VOID): Step(_S.VOIDED, _E.RELEASE),
    **_cancels(_S.IN_PROCESS, _E.RELEASE, _E.RELEASE, _E.DEDUCT),
    **_outside(_S.IN_PROCESS, _E.DEDUCT, _E.DEDUCT),
    (_S.IN_PROCESS, _A.CHANGE_WAREHOUSE): Step(_S.IN_PROCESS, _E.MOVE),
    (_S.IN_PROCESS, _A.EDIT): Step(None, _E.FOLLOW),
    #
    (_S.TO_PICKUP, _A.PICK_UP): Step(_S.SHIPPED, _E.NONE),
    (_S.TO_PICKUP, _A.DELIVER): Step(_S.COMPLETED, _E.NONE),
    **_cancels(_S.TO_PICKUP, _E.NONE, _E.RETURN, _E.NONE),
    **_outside(_S.TO_PICKUP, _E.NONE, _E.NONE),
    (_S.TO_PICKUP, _A.EDIT): Step(_S.TO_PICKUP, _E.REFUND),
    (_S.TO_PICKUP, _A.RETURN_SCAN): Step(_S.TO_PICKUP, _E.RETURN),
    (_S.TO_PICKUP, _A.MARK_PROCESSED): Step(_S.TO_PICKUP, _E.NONE),
    (_S.TO_PICKUP, _A.RETURN_LIST): Step(_S.TO_PICKUP, _E.RETURN),
    #
    (_S.SHIPPED, _A.DELIVER): Step(_S.COMPLETED, _E.NONE),
    **_cancels(_S.SHIPPED, _E.NONE, _E.RETURN, _E.NONE),
    (_S.SHIPPED, _A.EDIT): Step(_S.SHIPPED, _E.REFUND),
    (_S.SHIPPED, _A.RETURN_SCAN): Step(_S.SHIPPED, _E.RETURN),
    (_S.SHIPPED, _A.MARK_PROCESSED): Step(_S.SHIPPED, _E.NONE),
    (_S.SHIPPED, _A.RETURN_LIST): Step(_S.SHIPPED, _E.RETURN),
    #
    **_cancels(_S.COMPLETED, _E.NONE, _E.RETURN, _E.NONE),
    (_S.COMPLETED, _A.EDIT): Step(_S.COMPLETED, _E.REFUND),
    (_S.COMPLETED, _A.MARK_PROCESSED): Step(_S.COMPLETED, _E.NONE),
    (_S.COMPLETED, _A.RETURN_LIST): Step(_S.COMPLETED, _E.RETURN),
    #
    (_S.VOIDED, _A.REVERT): Step(None, _E.ALLOCATE),
    **_cancels(_S.VOIDED, _E.NONE, _E.NONE, _E.NONE),
    **_outside(_S.VOIDED, _E.NONE, _E.DEDUCT_IF_FITS),
    (_S.VOIDED, _A.CHANGE_WAREHOUSE): Step(_S.VOIDED, _E.MOVE),
    (_S.VOIDED, _A.CHANGE_MAPPING): Step(_S.VOIDED, _E.NONE),
    (_S.VOIDED, _A.EDIT): Step(_S.VOIDED, _E.NONE),
    #
    (_S.CANCELLED, _A.SHIP): Step(_S.CANCELLED, _E.FILE),
    (_S.CANCELLED, _A.RETURN_SCAN): Step(_S.CANCELLED, _E.RETURN),
    (_S.CANCELLED, _A.MARK_PROCESSED): Step(_S.CANCELLED, _E.NONE),
    (_S.CANCELLED, _A.RETURN_LIST): Step(_S.CANCELLED, _E.RETURN),
    #
    (_S.RECORDED, _A.EDIT): Step(_S.RECORDED, _E.NONE),
}

#: What people may do to an order; the other actions are news from its store.
BY_HAND: dict[Action, str] = {
    _A.PACK: "pack",
    _A.SHIP: "ship",
    _A.PICK_UP: "pick up",
    _A.DELIVER: "deliver",
    _A.VOID: "void",
    _A.REVERT: "revert",
    _A.MOVE_TO_PACK: "move to To Pack",
    _A.CANCEL: "cancel",
    _A.CHANGE_WAREHOUSE: "change warehouse",
    _A.CHANGE_MAPPING: "change mapping",
    _A.RETURN_SCAN: "scan a return",
    _A.MARK_PROCESSED: "mark as processed",
    _A.RETURN_LIST: "list a return",
}
_WAYS_TO_CANCEL = frozenset({_A.CANCEL_RETURNED, _A.CANCEL_NOT_RETURNED})


def actions(state: State) -> list[Action]:
    """What people can do to an order in `state`, in the order of its life; `refusing.possible` asks the order too."""
    return [action for action in BY_HAND if (state, action) in TABLE]


def words_of(action: Action) -> str:
    """What people call an action."""
    return "cancel" if action in _WAYS_TO_CANCEL else BY_HAND.get(action, action.value.replace("_", " "))
