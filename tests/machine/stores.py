"""What is told to stores, and what gets in the way: rules, mappings, recipes, switches, faults, restarts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine import oracle
from tests.machine.base import Base
from tests.machine.stock import LEVELS, PLACES
from tests.machine.world import BOX, CODES, NORTH, SECRET, SET, SINGLES, SKUS, SOUTH, STORES

SELLING = st.sampled_from((NORTH, SOUTH))
PERCENTAGES = st.sampled_from((100, 100, 50, 33.3, 12.5, 0, 150))
FAULTS: tuple[dict[str, Any], ...] = (
    {"down": True},
    {"error_rate": 1},
    {"lose_answers": 1},
    {"half_answers": True},
    {"refuse_sign_in": True},
    {"refuse_skus": ["A", SET]},
    {"refuse_below_reserved": True},
    {"async_ms": 1},
    {},
)
SWITCHES = ("allocate_on_stock_in", "inventory_features", "inventory_features", "create_sku_automatically")
#: Rounds, of two hours each, after which a store that answers must have been told everything.
MOST_ROUNDS = 30


class StoreRules(Base):
    """Rules, mappings, recipes, safety stock, switches, settings; faults, restarts; and that stores show what is so."""

    @rule(
        percentage=PERCENTAGES,
        own=st.none() | PERCENTAGES,
        fixed=st.integers(-3, 2),
        rounding=st.sampled_from(("down", "up", "nearest")),
        warehouses=st.sampled_from((["MAIN"], ["EAST"], ["MAIN", "EAST"])),
        first=st.none() | SELLING,
        safety=LEVELS,
        hold_back=st.booleans(),
        minimum=st.none() | st.integers(0, 4),
        cap=st.none() | st.integers(0, 8),
        active=st.sampled_from((True, True, True, False)),
    )
    def change_rule(self, percentage: float, own: float | None, first: str | None, safety: int, **more: Any) -> None:
        """PSH-2: any of its values."""
        number = next(one["id"] for one in self.world.rules() if one["name"] == "Everything")
        body = {
            "percentage": percentage,
            "store_percentages": {} if own is None else {SOUTH: own},
            "priority_store": first,
            "priority_safety_stock": safety if first else 0,
            "hold_back_safety_stock": more.pop("hold_back"),
            **more,
        }
        self.world.must("PATCH", f"/push-rules/{number}", body)

    @rule(
        sku=st.sampled_from(SKUS),
        store=SELLING,
        action=st.sampled_from(("make", "make", "remove")),
        cap=st.integers(0, 5),
        percentage=PERCENTAGES,
    )
    def scoped_rule(self, sku: str, store: str, action: str, cap: int, percentage: float) -> None:
        """PSH-6: a rule for one SKU beats the one for all; two for one SKU in one store are refused."""
        name = f"Only {sku} in {store}"
        row = {"name": name, "action": "REMOVE"}
        if action == "make":
            more = {"warehouses": "MAIN", "stores": store, "skus": sku, "percentage": percentage, "cap": cap}
            row = {"name": name} | more  # type: ignore[assignment]
        self._hand_in("push_rules", [row])

    @rule(sku=st.sampled_from(SINGLES), place=PLACES, units=st.integers(0, 5))
    def safety_stock(self, sku: str, place: str, units: int) -> None:
        """WH-4: it matters only where a rule holds it back."""
        self._hand_in("safety_stock", [{"sku": sku, "warehouse": place, "safety_stock": units}])

    @rule(
        store=st.sampled_from(STORES),
        code=st.sampled_from(CODES),
        sku=st.none() | st.sampled_from(SKUS),
        everywhere=st.booleans(),
    )
    def mapping(self, store: str, code: str, sku: str | None, everywhere: bool) -> None:
        """CAT-8, CAT-9: changed for future orders or for all that are not packed, or taken away."""
        scope = "all new orders" if everywhere else "future orders"
        row = {"store": store, "store_sku": code}
        self._hand_in("mapping", [row | ({"sku": sku, "scope": scope} if sku else {"action": "REMOVE"})])

    @rule(
        whole=st.sampled_from((SET, BOX)),
        recipe=st.dictionaries(st.sampled_from(SINGLES), st.integers(1, 3), min_size=1),
    )
    def other_recipe(self, whole: str, recipe: dict[str, int]) -> None:
        """CAT-6: orders keep the components they took."""
        rows = [{"combination": whole, "component": part, "quantity": units} for part, units in sorted(recipe.items())]
        self._hand_in("combinations", rows)

    @rule(store=st.sampled_from(STORES), code=st.sampled_from(CODES), synced=st.booleans())
    def choose_synced(self, store: str, code: str, synced: bool) -> None:
        """CH-4: which SKUs of a store are synced can be chosen."""
        (found,) = self.world.must("GET", f"/mappings?store={store}&store_sku={code}")["items"]
        if found["sku"] is not None:
            self.world.must("PATCH", f"/mappings/{found['id']}", {"sku": found["sku"], "synced": synced})

    @rule(store=SELLING, active=st.sampled_from((True, True, False)), returns=st.booleans(), deducts=st.booleans())
    def store_settings(self, store: str, active: bool, returns: bool, deducts: bool) -> None:
        """ORD-8, ORD-9: the other rule can be chosen per store; a store can be switched off."""
        settings = {
            "on_cancel": "return" if returns else "release",
            "shipped_outside": "deduct" if deducts else "release",
        }
        self.world.must("PATCH", f"/stores/{self.world.store_ids[store]}", {"active": active, "settings": settings})
        (self.returns_on_cancel.add if returns else self.returns_on_cancel.discard)(store)

    @rule(sku=st.sampled_from(SINGLES), place=st.none() | PLACES)
    def own_warehouse(self, sku: str, place: str | None) -> None:
        """WH-1: a SKU's own default shipping warehouse beats its store's."""
        self._hand_in("sku_update", [{"sku": sku, "default_warehouse": place or "#CLEAR"}])

    @rule(name=st.sampled_from(SWITCHES), on=st.sampled_from((True, True, False)))
    def switch(self, name: str, on: bool) -> None:
        """PSH-13: not while orders are in process; off releases, on tries, oldest first."""
        before = self.books
        done, _ = self.world.call("PATCH", "/settings", {name: on})
        after = self.world.books()
        changes = name == "inventory_features" and before.counting != on
        packed = any(order.state == "in_process" for order in before.orders.values())
        assert done or (changes and packed), "nothing stands in the way"
        assert not (done and changes and packed), "orders are in process"
        if done and changes and on:
            ready = [order for order in before.orders.values() if order.state == "to_pack"]
            wanted = oracle.tried(after.__class__(**{**vars(before), "switches": after.switches}), ready)
            assert {order.id: after.orders[order.id].state for order in ready} == wanted

    @rule(store=SELLING, faults=st.sampled_from(FAULTS))
    def fault(self, store: str, faults: dict[str, Any]) -> None:
        """CH, PSH-10: a store that misbehaves, until it is told otherwise."""
        self.world.faults([store], **faults)
        self.faulty = (self.faulty - {store}) | ({store} if faults else set())

    @rule(store=SELLING, code=st.sampled_from(CODES), units=st.integers(0, 20))
    def set_in_shop(self, store: str, code: str, units: int) -> None:
        """PSH-1: somebody sets a figure in the shop itself; it triggers nothing and changes nothing here."""
        before = self.books
        self.world.at_market(store, "listings", {"store_sku": code, "name": f"Listing {code}", "quantity": units})
        self.touched.add((store, code))
        self._same(before, self.world.books())

    @rule(minutes=st.sampled_from((0, 1, 60)))
    def push(self, minutes: int) -> None:
        """One round of telling stores."""
        self.world.let_time_pass(minutes=minutes)
        self.world.push()

    @rule(store=st.none() | SELLING, sku=st.none() | st.sampled_from(SKUS))
    def push_now(self, store: str | None, sku: str | None) -> None:
        """PSH-7 (16)."""
        self.world.must("POST", "/push", {"stores": [store] if store else [], "skus": [sku] if sku else []})

    @rule()
    def restart(self) -> None:
        """Nothing that was posted is lost; figures, orders and what waits are what they were."""
        before = self.books
        self.world.restart()
        assert self.world.books() == before

    @rule()
    def settle(self) -> None:
        """PSH-10: once stores answer again, each is told what the rules say, and nothing waits any more."""
        self._settle()

    @precondition(lambda self: any(listing.failed for listing in self.books.listings))
    @rule()
    def retry(self) -> None:
        """PSH-10: what was refused for good is tried again by hand."""
        self.world.must("POST", "/push/retry", {})

    def _settle(self) -> None:
        self.world.faults()
        self.faulty = set()
        for store, number in self.world.store_ids.items():
            self.world.must("PATCH", f"/stores/{number}", {"settings": {"secret": SECRET}})
            assert store in STORES
        self._all_told()
        again = self.world.sync()
        assert (again.new, again.changed) == (0, 0), f"ORD-3: the same again: {again}"
        books, rules = self.world.books(), self.world.rules()
        accepted = {store: self.world.accepted(store) for store in STORES}
        visible = {store: self.world.market.shown(self.world.shop(store)) for store in STORES}
        for listing in books.listings:
            wanted = oracle.shown(books, rules, listing)
            if wanted is None or listing.choice or listing.failed:
                continue
            said = f"{listing} is to show {wanted}; {books.figures}; {rules}"
            assert accepted[listing.store][listing.code] == wanted, f"told {accepted[listing.store]}: {said}"
            if (listing.store, listing.code) not in self.touched:
                assert visible[listing.store][listing.code] == wanted, f"shown {visible[listing.store]}: {said}"

    def _all_told(self) -> None:
        for _ in range(MOST_ROUNDS):
            self.world.let_time_pass(hours=2)
            failed = self.world.sync().failed
            self.world.read_letters()
            self.world.push()
            books = self.world.books()
            off = {listing.store for listing in books.listings if not listing.active}
            assert set(failed) <= off, failed
            if not books.marks and not books.waiting:
                return
        raise AssertionError(f"{books.marks} marks and {books.waiting} pushes wait for good")
