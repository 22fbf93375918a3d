"""What one process of a crowd does: one errand after the other through the API, drawn from its own seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.shops import shop_of

DEFAULT, EAST = "Main", "EAST"
STORES = ("North", "South")
CODES = tuple(f"SKU-{number:02d}" for number in range(1, 19))
SETS = {"SET-1": {CODES[0]: 1, CODES[1]: 2}, "SET-2": {CODES[1]: 1, CODES[2]: 1, CODES[3]: 1}}
PATIENCE_SECONDS = 120.0
#: What a rule may say no with. Anything else that is refused is a failure: so is every 5xx.
RULES = frozenset({"refused", "not-possible", "not-enough", "cannot-undo"})
ACTIONS = ("pack", "pack", "ship", "ship", "void", "revert", "cancel", "pick-up", "deliver")


@dataclass(frozen=True)
class Errands:
    """Where to go and how often."""

    address: str
    token: str
    market: str
    seed: int
    count: int


@dataclass
class Told:
    """What came of it: by kind what was done, what rules refused, what should not have happened."""

    done: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    troubles: list[str] = field(default_factory=list)
    placed: list[tuple[str, str]] = field(default_factory=list)
    counted: list[tuple[str, str]] = field(default_factory=list)


def run_errands(errands: Errands) -> Told:
    """All of one process's errands."""
    headers = {"Authorization": f"Bearer {errands.token}"}
    with (
        httpx.Client(base_url=f"{errands.address}/api/v1", headers=headers, **_CLIENT) as api,
        httpx.Client(base_url=f"{errands.market}/sandbox/v1", **_CLIENT) as market,
    ):
        return _Person(api, market, random.Random(errands.seed)).go(errands.count)


_CLIENT: dict[str, Any] = {"timeout": PATIENCE_SECONDS, "trust_env": False}


class _Person:
    def __init__(self, api: httpx.Client, market: httpx.Client, chance: random.Random) -> None:
        self._api, self._market, self._chance = api, market, chance
        self._told = Told()
        self._uploads: list[int] = []
        self._number = 0

    def go(self, count: int) -> Told:
        errands: list[Callable[[], None]] = [
            *[self._buy] * 5,
            *[self._act] * 6,
            *[self._stock_in] * 2,
            *[self._stock_out] * 2,
            *[self._quantity_update, self._stock_count, self._transfer, self._transfer_in_steps],
            *[self._change_warehouse, self._move_to_pack, self._order_sheet, self._sync, self._push_now, self._undo],
        ]
        for _ in range(count):
            self._chance.choice(errands)()
        return self._told

    def _buy(self) -> None:
        store = self._chance.choice(STORES)
        some = self._chance.sample((*CODES, *SETS), self._chance.randint(1, 4))
        lines = [{"store_sku": code, "quantity": self._chance.randint(1, 3)} for code in some]
        answer = self._market.post(f"/shops/{shop_of(store)}/orders", json={"lines": lines, "paid": True})
        if answer.is_success:
            self._told.done["buy"] += 1
            self._told.placed.append((store, answer.json()["number"]))

    def _act(self) -> None:
        if order := self._some_order():
            self._call("POST", f"/orders/{order['id']}/{self._chance.choice(ACTIONS)}")

    def _stock_in(self) -> None:
        self._sheet("stock_in", self._lines("quantity", 1, 10, count=5))

    def _stock_out(self) -> None:
        self._sheet("stock_out", self._lines("quantity", 1, 10, count=3))

    def _quantity_update(self) -> None:
        self._sheet("quantity_update", self._lines("on_hand", 10, 60, count=3))

    def _stock_count(self) -> None:
        rows = self._lines("counted", 0, 60, count=3)
        self._told.counted += [(row["warehouse"], row["sku"]) for row in rows]
        self._sheet("stock_count", rows)

    def _transfer(self) -> None:
        source, destination = self._chance.sample((DEFAULT, EAST), 2)
        rows = [
            {"sku": code, "source": source, "destination": destination, "quantity": self._chance.randint(1, 8)}
            for code in self._chance.sample(CODES, 3)
        ]
        self._sheet("transfer", [row | {"received": self._chance.choice(("yes", "no"))} for row in rows])

    def _transfer_in_steps(self) -> None:
        source, destination = self._chance.sample((DEFAULT, EAST), 2)
        lines = [{"sku": code, "quantity": self._chance.randint(1, 5)} for code in self._chance.sample(CODES, 3)]
        made = self._call("POST", "/transfers", {"source": source, "destination": destination, "lines": lines})
        if made and self._call("POST", f"/transfers/{made['id']}/dispatch"):
            self._call("POST", f"/transfers/{made['id']}/receive", {"lines": [lines[0]]})
            self._call("POST", f"/transfers/{made['id']}/receive")

    def _change_warehouse(self) -> None:
        if order := self._some_order():
            place = self._chance.choice((DEFAULT, EAST))
            self._call("POST", f"/orders/{order['id']}/change-warehouse", {"warehouse": place})

    def _move_to_pack(self) -> None:
        self._call("POST", "/orders/move-to-pack")

    def _order_sheet(self) -> None:
        some = self._orders()
        picked = self._chance.sample(some, min(3, len(some)))
        actions = ("pack", "void", "revert", "cancel")
        rows = [{"store": o["store"], "order": o["number"], "action": self._chance.choice(actions)} for o in picked]
        if rows:
            self._sheet("order_actions", rows)

    def _sync(self) -> None:
        self._call("POST", "/sync/orders")

    def _push_now(self) -> None:
        self._call("POST", "/push", {"skus": self._chance.sample(CODES, 5)})

    def _undo(self) -> None:
        if self._uploads:
            self._call("POST", f"/uploads/{self._uploads.pop()}/undo")

    def _some_order(self) -> dict[str, Any] | None:
        some = self._orders()
        return self._chance.choice(some) if some else None

    def _orders(self) -> list[dict[str, Any]]:
        found = self._call("GET", "/orders?limit=60")
        return found["items"] if found else []

    def _lines(self, field_name: str, least: int, most: int, *, count: int) -> list[dict[str, Any]]:
        return [
            {
                "sku": code,
                "warehouse": self._chance.choice((DEFAULT, EAST)),
                field_name: self._chance.randint(least, most),
            }
            for code in self._chance.sample(CODES, count)
        ]

    def _sheet(self, template: str, rows: list[dict[str, Any]]) -> None:
        """Hand rows in; what was applied may be undone later."""
        answer = self._call("POST", "/uploads?mode=apply&again=true", {"template": template, "rows": rows})
        if answer and answer["status"] == "applied":
            self._uploads.append(answer["id"])
        elif answer and answer["status"] == "refused":
            self._told.refused += 1

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to what was done; None where a rule refused it, or where it should not have happened."""
        answer = self._api.request(method, path, json=None if method == "GET" else body or {})
        if answer.is_success:
            if method != "GET":
                self._told.done[path.split("?")[0].split("/")[-1]] += 1
            return answer.json()
        problem = answer.json()
        if answer.status_code in (409, 422) and problem["code"] in RULES:
            self._told.refused += 1
        else:
            self._told.troubles.append(f"{answer.status_code} {method} {path} {body}: {answer.text[:500]}")
        return None
