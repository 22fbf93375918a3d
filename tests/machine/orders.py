"""What buyers, stores and people do to orders: which become what is foretold, and what each posts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.machine import oracle
from tests.machine.base import Base
from tests.machine.books import Books, Figures, Key, Line, Order
from tests.machine.stock import FEW, WHICH
from tests.machine.world import CODES, NORTH, SKUS, SOUTH, WAREHOUSES, WEST

SHOPS = st.sampled_from((NORTH, NORTH, SOUTH, SOUTH, "Choice"))
LISTED = st.sampled_from((*CODES, "A", "B", "SET"))
BASKET = st.dictionaries(LISTED, st.integers(1, 4), min_size=1, max_size=3)
AT_MARKET = st.sampled_from(("pay", "pack", "ship", "ship", "deliver", "cancel", "cancel", "return"))
#: Action -> the states in which it can be done, and the state after it.
SIMPLE = {
    "pack": ({"to_pack"}, "in_process"),
    "ship": ({"in_process"}, "to_pickup"),
    "pick-up": ({"to_pickup"}, "shipped"),
    "deliver": ({"to_pickup", "shipped"}, "completed"),
    "void": ({"to_pack", "out_of_stock", "in_process"}, "voided"),
}


WAY = ("pack", "ship", "pick-up", "deliver")


class OrderRules(Base):
    """Bought, edited, cancelled, synced; packed, shipped, voided, reverted, moved, returned."""

    @initialize(baskets=st.lists(st.tuples(SHOPS, BASKET), min_size=2, max_size=6), read=st.booleans())
    def first_orders(self, baskets: list[tuple[str, dict[str, int]]], read: bool) -> None:
        """There are orders from the first."""
        self.books = self.world.books()
        for store, basket in baskets:
            self.buy(store=store, basket=basket, cod=False, paid=True, read=False)
        if read:
            self._sync()

    @rule(store=SHOPS, basket=BASKET, cod=st.booleans(), paid=st.sampled_from((True, True, False)), read=st.booleans())
    def buy(self, store: str, basket: dict[str, int], cod: bool, paid: bool, read: bool) -> None:
        """A buyer orders; the shop lowers its own figure."""
        lines = [{"store_sku": code, "quantity": units} for code, units in sorted(basket.items())]
        body = {"lines": lines, "payment": "cod" if cod else "prepaid", "paid": paid}
        made = self.world.at_market(store, "orders", body)
        if made is not None:
            self.placed.append((store, made["number"]))
            if read:
                self._sync()

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, action=AT_MARKET, read=st.booleans())
    def at_market(self, which: int, action: str, read: bool) -> None:
        """The marketplace moves an order on."""
        store, number = self.placed[-1 - which % len(self.placed)]
        if self.world.at_market(store, f"orders/{number}/{action}") is not None and read:
            self._sync()

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, basket=BASKET, read=st.booleans())
    def edited_in_store(self, which: int, basket: dict[str, int], read: bool) -> None:
        """ORD-10: other quantities, other lines."""
        store, number = self.placed[-1 - which % len(self.placed)]
        lines = [{"store_sku": code, "quantity": units} for code, units in sorted(basket.items())]
        had = self.world.market_order(store, number)
        if self.world.at_market(store, f"orders/{number}/edit", {"lines": lines}) is None:
            return
        self.raised.add((store, number))
        if had["status"] == "shipped":
            # The shop does not put back what had left it. What it sold and struck off again before we first read of
            # it is in no news that anybody could hear.
            heard = {line.store_sku for line in self._lines_of(store, number)}
            self.touched |= {(store, line["store_sku"]) for line in had["lines"] if line["store_sku"] not in heard}
        if read:
            self._sync()

    @rule(store=st.none() | SHOPS)
    def sync(self, store: str | None) -> None:
        """ORD-2, ORD-3: news is taken in; the same again changes nothing."""
        self._sync(*([] if store is None else [store]))

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, delivery=st.integers(1, 4))
    def hear(self, which: int, delivery: int) -> None:
        """CH-5: a webhook, for the first time or again, of any order, however old."""
        store, number = self.placed[-1 - which % len(self.placed)]
        self.world.hear(store, number, str(delivery))

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, action=st.sampled_from(sorted(SIMPLE)))
    def act(self, which: int, action: str) -> None:
        """ORD-4, ORD-5: what is possible in its state is done, and posts what the state says; else refused."""
        order = self._pick(self.books, which)
        if order is not None:
            self._act(order, action)

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, far=st.integers(1, 4))
    def go_on(self, which: int, far: int) -> None:
        """ORD-4: packed, shipped, picked up, delivered: as far as it goes."""
        for action in WAY[:far]:
            self.books = self.world.books()
            order = self._pick(self.books, which)
            if order is not None and order.state in SIMPLE[action][0] and not self._is_short(order, action):
                self._act(order, action)

    def _is_short(self, order: Order, action: str) -> bool:
        """STK-5: shipping is refused where on hand itself is short."""
        held = order.held().items()
        return action == "ship" and any(self.books.of(*key).on_hand < units for key, units in held)

    def _act(self, order: Order, action: str) -> None:
        states, after = SIMPLE[action]
        held = order.held()
        change: dict[Key, Figures] = {}
        refused: bool | None = order.state not in states or self._is_short(order, action)
        if action == "ship":
            change = {key: Figures(-units, -units) for key, units in held.items()}
            if order.state == "cancelled":
                change, refused, after = {}, None, "cancelled"
        elif action == "void":
            change = {key: Figures(0, -units) for key, units in held.items()}
        if self._expect("POST", f"/orders/{order.id}/{action}", {}, change, refused=refused):
            self._state(order, after)

    @precondition(lambda self: self.placed)
    @rule(which=WHICH)
    def revert(self, which: int) -> None:
        """ORD-5: allocated again whole, or out of stock, or unmapped."""
        before = self.books
        order = self._pick(before, which, "voided")
        if order is None:
            return
        becomes = oracle.tried(before, [order])[order.id]
        change = self._taking(before, order) if becomes == "to_pack" else {}
        refused = order.state != "voided"
        if self._expect("POST", f"/orders/{order.id}/revert", {}, {} if refused else change, refused=refused):
            self._state(order, becomes)

    @rule()
    def move_to_pack(self) -> None:
        """ORD-7: those out of stock are tried, oldest first."""
        before = self.books
        waiting = [order for order in before.orders.values() if order.state == "out_of_stock"]
        becomes = oracle.tried(before, waiting)
        counts = self.world.must("POST", "/orders/move-to-pack", {})
        after = self.world.books()
        assert {order.id: after.orders[order.id].state for order in waiting} == becomes, (becomes, before.figures)
        assert counts["to_pack"] == sum(state == "to_pack" for state in becomes.values())

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, returned=st.booleans())
    def cancel(self, which: int, returned: bool) -> None:
        """ORD-8: what is allocated is released; what was deducted comes back as the store's setting says."""
        before = self.books
        order = self._pick(before, which)
        if order is None:
            return
        other_rule = order.store in self.returns_on_cancel
        held, out = order.held(), order.out()
        change = {key: Figures(0, -units) for key, units in held.items()}
        if other_rule and returned:
            for key, units in out.items():
                change[key] = change.get(key, Figures()).plus(Figures(units))
        elif other_rule and all(before.of(*key).on_hand >= units for key, units in held.items()):
            change = {key: Figures(-units, -units) for key, units in held.items()}
        body = {"return_quantity": returned} if other_rule else {}
        refused = order.state in ("cancelled", "recorded")
        if self._expect("POST", f"/orders/{order.id}/cancel", body, {} if refused else change, refused=refused):
            self._state(order, "cancelled")

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, place=st.sampled_from((*WAREHOUSES, WEST)))
    def change_warehouse(self, which: int, place: str) -> None:
        """ORD-6: all of it moves, or it is refused and keeps what it has; one out of stock is tried there."""
        before = self.books
        order = self._pick(before, which)
        if order is None or place not in before.warehouses:
            return
        went, answer = self.world.call("POST", f"/orders/{order.id}/change-warehouse", {"warehouse": place})
        after = self.world.books()
        now = after.orders[order.id]
        if not went:
            self._same(before, after)
            return
        assert now.warehouse == place, answer
        if order.state in ("to_pack", "in_process"):
            assert now.state == order.state and sum(now.held().values()) == sum(order.held().values()), (order, now)
        assert sum(one.on_hand for one in after.figures.values()) == sum(one.on_hand for one in before.figures.values())

    @precondition(lambda self: self.placed)
    @rule(
        which=WHICH,
        sku=st.sampled_from(SKUS),
        scope=st.sampled_from(("this order only", "future orders", "all new orders")),
    )
    def change_mapping(self, which: int, sku: str, scope: str) -> None:
        """CAT-9: allocations move to the other SKU in the same transaction, or the order is out of stock."""
        order = self._pick(self.books, which)
        lines = [line for line in order.lines if line.quantity] if order else []
        if order is None or not lines:
            return
        body = {"store_sku": lines[which % len(lines)].store_sku, "sku": sku, "scope": scope}
        self._unmoved_on_hand("POST", f"/orders/{order.id}/change-mapping", body)

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, defective=st.booleans())
    def scan_return(self, which: int, defective: bool) -> None:
        """ORD-11: the package's items come back, once; where nothing was deducted, a scan is refused."""
        store, number = self.placed[-1 - which % len(self.placed)]
        body = {"tracking": f"TRK-{self.world.shop(store)}-{number}", "store": store, "defective": defective}
        before = self.books
        out: Counter[Key] = Counter()
        for order in before.orders.values():
            if (order.store, order.number) == (store, number):
                out += order.out()
        done = self._may_miss("POST", "/returns", body)  # nobody told us its number before the store was read
        after = self.world.books()
        if not done:
            self._same(before, after)
            return
        gained = {
            key: (one.on_hand - before.of(*key).on_hand, one.defective - before.of(*key).defective)
            for key, one in after.figures.items()
            if (one.on_hand, one.defective) != (before.of(*key).on_hand, before.of(*key).defective)
        }
        assert out and gained, "a scan of what deducted nothing"
        assert all(sum(units) <= out[key] and units[not defective] == 0 for key, units in gained.items()), (gained, out)

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, defective=st.booleans(), units=FEW, part=st.booleans())
    def list_return(self, which: int, defective: bool, units: int, part: bool) -> None:
        """ORD-11: marked as processed, then listed, then completed; never more than was deducted."""
        before = self.books
        order = self._pick(before, which, "completed")
        if order is None:
            return
        self.world.call("POST", f"/orders/{order.id}/mark-processed", {})
        body: dict[str, Any] = {"order": order.id, "defective": defective}
        if part and order.holds:
            body["items"] = [{"sku": order.holds[0].sku, "quantity": units}]
        done, answer = self.world.call("POST", "/returns", body)
        if done:
            for made in answer["items"]:
                done, _ = self.world.call("POST", f"/returns/{made['id']}/complete", {})
        after = self.world.books()
        gained = sum(one.on_hand + one.defective for one in after.figures.values()) - sum(
            one.on_hand + one.defective for one in before.figures.values()
        )
        assert 0 <= gained <= sum(order.out().values()), (gained, order)

    @precondition(lambda self: self.placed)
    @rule(which=WHICH, by_order=st.booleans(), defective=st.booleans())
    def returns_sheet(self, which: int, by_order: bool, defective: bool) -> None:
        """ORD-11: by tracking number or by order, in a sheet; it can be undone."""
        store, number = self.placed[-1 - which % len(self.placed)]
        named = {"order": number} if by_order else {"tracking": f"TRK-{self.world.shop(store)}-{number}"}
        row = {"store": store, "condition": "defective" if defective else "good", "note": self.world.note()}
        self._hand_in("returns", [row | named])

    @precondition(lambda self: self.placed)
    @rule(
        which=WHICH,
        actions=st.lists(
            st.sampled_from(("pack", "ship", "void", "revert", "cancel", "move to To Pack")), min_size=1, max_size=3
        ),
    )
    def order_actions(self, which: int, actions: list[str]) -> None:
        """Several orders in one sheet: all of it or nothing."""
        some = [order for order in self.books.orders.values() if order.supplement_of is None]
        rows = [
            {"store": order.store, "order": order.number, "action": action}
            | ({"return_quantity": "yes"} if action == "cancel" and order.store in self.returns_on_cancel else {})
            for order, action in zip(some[which:], actions, strict=False)
        ]
        if rows:
            self._hand_in("order_actions", rows)

    def _sync(self, *stores: str) -> None:
        """Read orders. One that was never seen before is out of stock only if it does not fit."""
        before = self.books
        synced = self.world.sync(*stores)
        assert not synced.failed or self.faulty, synced.failed
        after = self.world.books()
        fresh = [order for number, order in after.orders.items() if number not in before.orders]
        needless = [
            order
            for order in fresh
            if order.state == "out_of_stock"
            and (order.store, order.number) not in self.raised
            and oracle.tried(after, [order])[order.id] == "to_pack"
        ]
        assert not needless, f"ORD-2: there is enough for {needless}: {after.figures}"

    def _lines_of(self, store: str, number: str) -> list[Line]:
        """Its lines as they were read last; none if it was never read."""
        some = [order for order in self.books.orders.values() if (order.store, order.number) == (store, number)]
        return [line for order in some for line in order.lines]

    def _pick(self, books: Books, which: int, *states: str) -> Order | None:
        """One of the orders, the newest first; of these states where there are any."""
        some = [order for order in books.orders.values() if order.state in states] or list(books.orders.values())
        return some[-1 - which % len(some)] if some else None

    def _taking(self, books: Books, order: Order) -> dict[Key, Figures]:
        needed = oracle.lacks(books, order) if books.counting else Counter()
        return {key: Figures(0, units) for key, units in needed.items()}

    def _state(self, order: Order, wanted: str) -> None:
        found = self.world.books().orders[order.id].state
        assert found == wanted, f"{order} is {found}, and should be {wanted}"

    def _unmoved_on_hand(self, method: str, path: str, body: Any) -> bool:
        """Call what may move allocations, and nothing else; refused it changes nothing."""
        before = self.books
        done, _ = self.world.call(method, path, body)
        after = self.world.books()
        if not done:
            self._same(before, after)
        strip = [
            {k: f._replace(allocated=0) for k, f in one.figures.items() if f._replace(allocated=0) != Figures()}
            for one in (before, after)
        ]
        assert strip[0] == strip[1], f"{method} {path} {body}"
        return done

    def _may_miss(self, method: str, path: str, body: Any) -> bool:
        """Call what may name something that is not known; whether it was done."""
        answer = self.world.admin.call(method, path, json=body)
        assert answer.status_code in (200, 201, 404, 409), answer.text
        return answer.status_code < 300
