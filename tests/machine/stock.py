"""What people do to stock by themselves: every figure afterwards is foretold, every refusal too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine import oracle
from tests.machine.base import Base, Done
from tests.machine.books import Books, Figures, Key
from tests.machine.world import BOX, SET, SINGLES, WAREHOUSES, WEST

STOCKED = st.sampled_from((*SINGLES, "A", "B", BOX))
PLACES = st.sampled_from(WAREHOUSES)
ANYWHERE = st.sampled_from((*WAREHOUSES, "EAST", WEST))
FEW = st.integers(1, 6)
LEVELS = st.integers(0, 12)
WHICH = st.integers(0, 9)
#: States of orders that still take stock from somewhere.
OPEN = frozenset({"to_pack", "out_of_stock", "in_process"})


@dataclass
class Transfer:
    """What is known of a transfer of one SKU."""

    id: int
    source: str
    destination: str
    sku: str
    quantity: int
    state: str = "draft"
    done: int = 0  # received or written off

    @property
    def on_the_way(self) -> int:
        return self.quantity - self.done if self.state == "dispatched" else 0


class StockRules(Base):
    """Stock-in, stock-out, quantity update, count, transfer, refresh."""

    @rule(sku=STOCKED, place=ANYWHERE, units=FEW, twice=st.booleans())
    def stock_in(self, sku: str, place: str, units: int, twice: bool) -> None:
        """STK-12, WB-14: lines of one SKU add up."""
        rows = [
            {"sku": sku, "warehouse": place, "quantity": units, "note": self.world.note()} for _ in range(1 + twice)
        ]
        gone = place not in self.books.warehouses
        self._expect_rows("stock_in", rows, {(place, sku): Figures(units * len(rows))}, refused=gone, arrives=True)

    @rule(sku=STOCKED, place=ANYWHERE, units=LEVELS.filter(bool), other=STOCKED, more=FEW)
    def stock_out(self, sku: str, place: str, units: int, other: str, more: int) -> None:
        """STK-4: more than is available is refused, and with it the whole sheet."""
        before = self.books
        wanted: dict[Key, Figures] = {(place, sku): Figures(-units)}
        wanted[place, other] = wanted.get((place, other), Figures()).plus(Figures(-more))
        rows = [
            {"sku": one, "warehouse": place, "quantity": n, "note": self.world.note()}
            for one, n in ((sku, units), (other, more))
        ]
        fits = all(before.of(*key).available + change.on_hand >= 0 for key, change in wanted.items())
        self._expect_rows("stock_out", rows, wanted, refused=not fits or place not in before.warehouses)

    @rule(template=st.sampled_from(("stock_in", "stock_out", "quantity_update", "stock_count")), place=PLACES)
    def no_stock_of_its_own(self, template: str, place: str) -> None:
        """CAT-6: stock documents are refused for a combination without own stock."""
        field = {"quantity_update": "on_hand", "stock_count": "counted"}.get(template, "quantity")
        self._expect_rows(template, [{"sku": SET, "warehouse": place, field: 3}], {}, refused=True)

    @rule(sku=STOCKED, place=PLACES, units=LEVELS)
    def quantity_update(self, sku: str, place: str, units: int) -> None:
        """STK-12: sets on hand; below what orders hold it is refused."""
        there = self.books.of(place, sku)
        change = {(place, sku): Figures(units - there.on_hand)}
        rows = [{"sku": sku, "warehouse": place, "on_hand": units, "note": self.world.note()}]
        refused = units < there.allocated and units != there.on_hand
        self._expect_rows("quantity_update", rows, change, refused=refused, arrives=units > there.on_hand)

    @rule(sku=STOCKED, place=PLACES, units=LEVELS)
    def stock_count(self, sku: str, place: str, units: int) -> None:
        """STK-5: the shelf is the truth, also below what orders hold."""
        there = self.books.of(place, sku)
        if units < there.allocated:
            self.counted.add((place, sku))
        rows = [{"sku": sku, "warehouse": place, "counted": units, "note": self.world.note()}]
        self._expect_rows("stock_count", rows, {(place, sku): Figures(units - there.on_hand)})

    @rule(sku=STOCKED, source=PLACES, units=FEW, received=st.booleans())
    def transfer_by_workbook(self, sku: str, source: str, units: int, received: bool) -> None:
        """STK-7: out of the source at once; on the way unless it has arrived."""
        destination = _other(source)
        change = {
            (source, sku): Figures(-units),
            (destination, sku): Figures(units) if received else Figures(on_the_way=units),
        }
        row = {"sku": sku, "source": source, "destination": destination, "quantity": units, "note": self.world.note()}
        refused = self.books.of(source, sku).available < units
        received_word = {"received": "yes" if received else "no"}
        done = self._expect_rows("transfer", [row | received_word], change, refused=refused, arrives=received)
        if done and not received:
            (made,) = self.world.must("GET", "/transfers?limit=1")["items"]
            self.transfers.append(Transfer(made["id"], source, destination, sku, units, "dispatched"))

    @rule(sku=STOCKED, source=PLACES, units=FEW)
    def draft_transfer(self, sku: str, source: str, units: int) -> None:
        """STK-7: a draft posts nothing."""
        line = {"sku": sku, "quantity": units}
        body = {"source": source, "destination": _other(source), "lines": [line]}
        made = self._expect("POST", "/transfers", body, {})
        self.transfers.append(Transfer(made["id"], source, _other(source), sku, units))

    @precondition(lambda self: self.transfers)
    @rule(which=WHICH, step=st.sampled_from(("dispatch", "receive", "receive", "write-off", "cancel")), part=FEW)
    def go_on_with_transfer(self, which: int, step: str, part: int) -> None:
        """STK-7: dispatched, received in part or in full, written off, called off while nothing has arrived."""
        one = self.transfers[which % len(self.transfers)]
        units = min(part, one.on_the_way)
        source, destination = (one.source, one.sku), (one.destination, one.sku)
        line = {"sku": one.sku, "quantity": max(1, units)}
        if step == "dispatch":
            refused = one.state == "cancelled" or self.books.of(*source).available < one.quantity
            twice = one.state in ("dispatched", "finished")
            change = {} if twice else {source: Figures(-one.quantity), destination: Figures(on_the_way=one.quantity)}
            if self._expect("POST", f"/transfers/{one.id}/dispatch", {}, change, refused=None if twice else refused):
                one.state = one.state if twice else "dispatched"
        elif step == "cancel":
            back = {source: Figures(one.quantity), destination: Figures(on_the_way=-one.quantity)}
            change = back if one.state == "dispatched" else {}
            refused = one.done > 0 or one.state == "finished"
            if self._expect("POST", f"/transfers/{one.id}/cancel", {}, change, refused=None if not change else refused):
                one.state = "cancelled"
        else:
            arrived = step == "receive"
            body: dict[str, Any] = {"lines": [line]} | ({} if arrived else {"reason": "lost"})
            change = {destination: Figures(units if arrived else 0, on_the_way=-units)}
            path = f"/transfers/{one.id}/{step}"
            if self._expect("POST", path, body, change, refused=units < 1, arrives=arrived):
                one.done += units
                one.state = "finished" if one.done == one.quantity else one.state

    @rule()
    def third_warehouse(self) -> None:
        """WH-5, WH-6: made, and deleted once nothing lies there; its orders go to the default one."""
        before = self.books
        if WEST not in before.warehouses:
            self._expect("POST", "/warehouses", {"code": WEST}, {})
            return
        (found,) = self.world.must("GET", f"/warehouses?code={WEST}")["items"]
        holds_some = any(
            place == WEST and (one.on_hand or one.on_the_way) for (place, _), one in before.figures.items()
        )
        done, answer = self.world.call("DELETE", f"/warehouses/{found['id']}")
        assert done == (not holds_some), answer
        for one in self.uploads if done else ():
            one.closed |= any(place == WEST and any(moved) for (place, _), moved in (one.change or {}).items())
        after = self.world.books()
        moved = [number for number, order in before.orders.items() if order.warehouse == WEST and order.state in OPEN]
        assert not done or all(after.orders[number].warehouse == before.default for number in moved), answer

    @rule(place=PLACES, units=FEW)
    def short_lived_sku(self, place: str, units: int) -> None:
        """CAT-13: a SKU comes, sells out and is deleted; what moved it can't be undone any more."""
        sku = f"GONE-{self.world.note()[5:]}"
        made = self.world.must("POST", "/skus", {"sku": sku, "title": sku})
        for template, sign in (("stock_in", 1), ("stock_out", -1)):
            self.books = self.world.books()
            row = {"sku": sku, "warehouse": place, "quantity": units}
            self._expect_rows(template, [row], {(place, sku): Figures(sign * units)}, arrives=True)
        assert self.world.call("DELETE", f"/skus/{made['id']}")[0]
        for one in self.uploads[-2:]:
            one.closed = True

    @rule()
    def refresh(self) -> None:
        """STK-11: nothing differs, so nothing is set; orders that wait are tried, oldest first."""
        before = self.books
        waiting = [order for order in before.orders.values() if order.state == "out_of_stock"]
        becomes = oracle.tried(before, waiting) if before.counting else {order.id: order.state for order in waiting}
        assert not self.world.refresh().differences
        after = self.world.books()
        assert {order.id: after.orders[order.id].state for order in waiting} == becomes

    @precondition(lambda self: self.uploads)
    @rule(which=WHICH)
    def undo(self, which: int) -> None:
        """WB-8: opposite movements, all or nothing; refused where less than nothing would be available, and where the
        warehouse is gone (WH-6), also if there is another one of its name."""
        done = self.uploads[which % len(self.uploads)]
        before = self.books
        went, _ = self.world.call("POST", f"/uploads/{done.id}/undo", {})
        after = self.world.books()
        if not went:
            self._same(before, after)
        elif done.change is not None:
            self._moved(before, after, done.change, times=-1)
        if done.foretold and not done.undone:
            assert done.change is not None
            short = any(_below(before, key, change) for key, change in done.change.items())
            assert went == (not short and not done.closed), f"undo of {done}: {went}, with {before.figures}"
        assert not (went and (done.undone or done.closed)), f"{done} was undone a second time, or where nobody looks"
        if went:
            done.undone = True
            self._note_transfer_undone(done)

    def _note_transfer_undone(self, done: Done) -> None:
        for one in self.transfers if done.template == "transfer" else ():
            if one.state == "dispatched" and not one.done:
                found = self.world.must("GET", f"/transfers/{one.id}")
                one.state = "cancelled" if found["state"] == "cancelled" else one.state


def _below(before: Books, key: Key, change: Figures) -> bool:
    """Whether taking `change` back would lower what is available to less than nothing."""
    return change.on_hand > 0 and before.of(*key).available - change.on_hand < 0


def _other(place: str) -> str:
    return next(one for one in WAREHOUSES if one != place)
