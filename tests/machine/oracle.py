"""What the rules of the spec ask for, in the plainest Python there is. Nothing of the server is imported here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tests.machine.books import ALLOCATED, Books, Key, Line, Listing, Order

Rule = Mapping[str, Any]  # a push rule as the API shows it


def shown(books: Books, rules: Iterable[Rule], listing: Listing) -> int | None:
    """PSH-3 to PSH-6: what a listing must show. None: nothing is pushed, and the store keeps its figure."""
    rule = governing(rules, listing)
    if rule is None or not books.counting or not listing.synced or not listing.active:
        return None
    assert listing.sku is not None
    total = sum(_available(books, warehouse, listing.sku, hold_back=False) for warehouse in rule["warehouses"])
    first = rule["priority_store"]
    if first is not None and first != listing.store and total < rule["priority_safety_stock"]:
        return 0
    if rule["hold_back_safety_stock"]:
        total = sum(_available(books, warehouse, listing.sku, hold_back=True) for warehouse in rule["warehouses"])
    if total <= 0:
        return 0
    percentage = rule["store_percentages"].get(listing.store, rule["percentage"])
    exact = total * Fraction(str(percentage)) / 100
    rounded = {"down": math.floor, "up": math.ceil, "nearest": lambda x: math.floor(x + Fraction(1, 2))}
    quantity = rounded[rule["rounding"]](exact) + rule["fixed"]
    if quantity < max(0, rule["minimum"] or 0):
        return 0
    return quantity if rule["cap"] is None else min(quantity, rule["cap"])


def governing(rules: Iterable[Rule], listing: Listing) -> Rule | None:
    """PSH-6: a rule for this very SKU beats one for all; one that is off governs nothing."""
    if listing.sku is None:
        return None
    mine = [rule for rule in rules if rule["active"] and listing.store in rule["stores"]]
    scoped = [rule for rule in mine if listing.sku in rule["skus"]]
    unscoped = [rule for rule in mine if not rule["skus"]]
    assert len(scoped) <= 1 and len(unscoped) <= 1, f"rules that conflict are on: {mine}"
    return (scoped or unscoped or [None])[0]


def _available(books: Books, warehouse: str, sku: str, *, hold_back: bool) -> int:
    """CAT-6 and PSH-3's hold-back, in one warehouse."""
    if sku in books.recipes:
        parts = books.recipes[sku].items()
        most = (_single(books, warehouse, part, hold_back=hold_back) // units for part, units in parts)
        return max(0, min(most, default=0))
    return _single(books, warehouse, sku, hold_back=hold_back)


def _single(books: Books, warehouse: str, sku: str, *, hold_back: bool) -> int:
    available = books.of(warehouse, sku).available
    return available - min(books.safety.get((warehouse, sku), 0), max(0, available)) if hold_back else available


def taken_by(books: Books, line: Line) -> dict[str, int]:
    """CAT-6: units of each SKU that one unit of a line takes: those it took already, else today's recipe."""
    if any(hold.held for hold in line.holds):
        return {hold.sku: hold.per_unit for hold in line.holds if hold.held}
    assert line.sku is not None
    return books.recipes.get(line.sku, {line.sku: 1})


def is_unmapped(order: Order) -> bool:
    """ORD-2: a line of it sells no merchant SKU; one that is left with no units lacks none (ORD-10)."""
    return not order.lines or any(line.sku is None for line in order.lines if line.quantity)


def ships_from(books: Books, order: Order) -> str:
    """WH-1: the warehouse it has, else its SKUs' common own default, else the store's, else the default one."""
    if order.warehouse is not None:
        return order.warehouse
    own = {books.own_warehouse[line.sku] for line in order.lines if line.quantity and line.sku is not None}
    common = own.pop() if len(own) == 1 else None
    return common or books.store_warehouse[order.store] or books.default


def lacks(books: Books, order: Order, warehouse: str | None = None) -> Counter[Key]:
    """What is still to be allocated for a mapped order; in another warehouse, all of it."""
    place = warehouse or ships_from(books, order)
    sums: Counter[Key] = Counter()
    for line in order.lines:
        if not line.quantity:
            continue
        holds = {} if warehouse else {hold.sku: hold.held for hold in line.holds}
        for sku, per_unit in taken_by(books, line).items():
            sums[place, sku] += max(0, per_unit * line.quantity - holds.get(sku, 0))
    return +sums


def tried(books: Books, orders: Iterable[Order]) -> dict[int, str]:
    """ORD-2, ORD-7: what becomes of orders that are tried, oldest first; whole or not at all."""
    left = {key: figures.available for key, figures in books.figures.items()}
    states = {}
    for order in sorted(orders, key=lambda each: each.age):
        if is_unmapped(order):
            states[order.id] = "unmapped"
            continue
        needed = lacks(books, order) if books.counting else Counter()
        fits = all(left.get(key, 0) >= units for key, units in needed.items())
        if fits:
            for key, units in needed.items():
                left[key] -= units
        states[order.id] = "to_pack" if fits else "out_of_stock"
    return states


def at_risk(books: Books) -> set[int]:
    """STK-5: walking the orders that hold a SKU from oldest to newest, the running sum passes on hand."""
    found = set()
    running: Counter[Key] = Counter()
    for order in sorted(books.orders.values(), key=lambda each: each.age):
        for key, units in (+order.held()).items():
            running[key] += units
            if running[key] > books.of(*key).on_hand:
                found.add(order.id)
    return found


def is_whole(order: Order) -> bool:
    """ORD-2: each of its lines holds all that it wants, of every SKU that it takes."""
    return all(
        line.holds and all(hold.held == hold.per_unit * line.quantity for hold in line.holds)
        for line in order.lines
        if line.quantity
    )


def broken(books: Books, *, raised: set[tuple[str, str]], counted: set[Key]) -> list[str]:
    """What should be and is not. `raised`: orders that their stores raised (ORD-10); `counted`: where a count may have
    put on hand below what is promised (STK-5)."""
    wrong = []
    if books.moved != books.figures:
        wrong.append(f"STK-2: movements sum to {books.moved}, figures are {books.figures}")
    wrong += [f"STK-2: {key} does not say what it takes back" for key in books.aimless]
    # What is defective may stay in a warehouse that is deleted (WH-5).
    wrong += [f"WH-5, CAT-13: {lost} of what is deleted" for lost in books.lost]
    held = +books.held()
    allocated = {key: figures.allocated for key, figures in books.figures.items() if figures.allocated}
    if dict(held) != allocated:
        wrong.append(f"orders hold {dict(held)}, allocated is {allocated}")
    out: Counter[str] = Counter()
    for hold in (hold for order in books.orders.values() for hold in order.holds):
        out[hold.sku] += hold.returned - hold.deducted
    if {sku: units for sku, units in out.items() if units} != books.by_orders:
        wrong.append(f"orders put {dict(out)} on the shelf by their lines, {books.by_orders} by the ledger")
    for key, figures in books.figures.items():
        if min(figures) < 0 or (figures.available < 0 and key not in counted):
            wrong.append(f"STK-4: {key} is {figures}")
    for order in books.orders.values():
        wrong += _wrong_with(books, order, (order.store, order.number) in raised)
    return wrong


def _wrong_with(books: Books, order: Order, raised: bool) -> Iterable[str]:
    holds = any(hold.held for hold in order.holds)
    if holds and not books.counting and order.state != "in_process":
        yield f"PSH-13: {order} holds stock while the features are off"
    if order.state in ALLOCATED:
        if books.counting and not is_whole(order):
            yield f"ORD-2: {order} does not hold all of itself"
    elif holds and not (raised and order.state in ("out_of_stock", "unmapped")):
        yield f"ORD-2: {order} holds stock"
    if any(hold.returned > hold.deducted or min(hold[2:]) < 0 for hold in order.holds):
        yield f"§4: {order} gave back more than it deducted"
