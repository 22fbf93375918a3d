"""The life of an order and all that moves stock around it, as one story with the figures of every step.

    python -m tests.journeys.story [DATABASE_URL]

plays it against a server and a marketplace that it starts (an empty SQLite database unless another is named) and prints
a line a step; the first figure that is not as told ends it. `test_story.py` plays it on both databases.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.company import MAIN, Company, over_http

EAST = "EAST"
HEADINGS = ("step", "Main", "EAST", "shops show", "order A", "order B")
#: What the figures of a warehouse are.
LEGEND = "on hand − allocated = available, and what is on the way to it"


@dataclass(frozen=True)
class Step:
    """What happened, and how everything stands then: on hand, allocated and on the way of RED; orders by their name."""

    what: str
    main: tuple[int, int, int]
    east: tuple[int, int, int]
    shows: tuple[int, ...]
    orders: dict[str, str]

    @property
    def cells(self) -> tuple[str, ...]:
        """As a table has it."""
        shows = " / ".join(str(shown) for shown in dict.fromkeys(self.shows))
        orders = (self.orders.get(name, "").replace("_", " ") for name in "AB")
        return self.what, _place(self.main), _place(self.east), shows, *orders


@dataclass
class Teller:
    """Has the company do things and says what must be so then."""

    company: Company
    cast: dict[str, tuple[str, str]] = field(default_factory=dict)

    def then(
        self, what: str, main: tuple[int, ...], east: tuple[int, ...] = (0, 0), *, shows: int, **orders: str
    ) -> Step:
        """Wait until it is so, or raise `AssertionError` with what is so instead."""
        wanted = Step(what, _three(main), _three(east), (shows, shows), orders)
        seen = self.company.doors.until(lambda: self._look(what), lambda seen: seen == wanted)
        assert seen == wanted, f"\n is {' | '.join(seen.cells)}\n not {' | '.join(wanted.cells)}"
        return wanted

    def _look(self, what: str) -> Step:
        c = self.company
        found = {name: c.order(*where) for name, where in self.cast.items()}
        states = {name: order["state"] + " (at risk)" * order["at_risk"] for name, order in found.items()}
        shows = (c.shown("North"), c.shown("South"))
        return Step(what, c.figures()[:3], c.figures(warehouse=EAST)[:3], shows, states)


def story(c: Company) -> Iterator[Step]:
    """Two shops sell RED out of two warehouses. Raises `AssertionError` at the first figure that is not as told."""
    told = Teller(c)
    open_the_company(c)
    c.stock_in(5)
    yield told.then("5 arrive in Main", (5, 0), shows=5)

    a = c.buy("North", 3)
    told.cast["A"] = ("North", a)
    yield told.then("**sync**: a buyer took 3 in North: order A", (5, 3), shows=2, A="to_pack")

    c.market.list("south", RED=4)  # South's own people put up more than there is: that triggers nothing (PSH-1)
    b = c.buy("South", 4)
    told.cast["B"] = ("South", b)
    yield told.then(
        "**out of stock**: South had been set to 4 by hand, and all 4 are sold: order B",
        (5, 3), shows=2, A="to_pack", B="out_of_stock",
    )  # fmt: skip
    c.stock_in(2)
    yield told.then("**stock-in** of 2", (7, 3), shows=4, A="to_pack", B="out_of_stock")
    c.ask("POST", "/orders/move-to-pack")
    yield told.then("**move to To Pack**", (7, 7), shows=0, A="to_pack", B="to_pack")
    c.act("South", b, "pack")
    yield told.then("**pack** B", (7, 7), shows=0, A="to_pack", B="in_process")
    c.act("South", b, "void")
    yield told.then("**void** B", (7, 3), shows=4, A="to_pack", B="voided")

    c.stock_in(4, warehouse=EAST)
    c.act("South", b, "change-warehouse", warehouse=EAST)
    yield told.then(
        "4 arrive in EAST; **change warehouse** of B", (7, 3), (4, 0), shows=8, A="to_pack", B="voided"
    )  # fmt: skip
    c.act("South", b, "revert")
    yield told.then("**revert** B", (7, 3), (4, 4), shows=4, A="to_pack", B="to_pack")
    c.act("South", b, "pack", "ship")
    yield told.then("pack and **ship** B", (7, 3), shows=4, A="to_pack", B="to_pickup")
    c.at_market("South", b, "ship")
    yield told.then("picked up at the market", (7, 3), shows=4, A="to_pack", B="shipped")
    c.at_market("South", b, "cancel")
    yield told.then("**cancel after shipping**, at the market", (7, 3), shows=4, A="to_pack", B="cancelled")
    c.scan("South", b)
    yield told.then("**return by scan**", (7, 3), (4, 0), shows=8, A="to_pack", B="cancelled")

    c.count(2)
    yield told.then(
        "**stock count**: Main has only 2", (2, 3), (4, 0), shows=3, A="to_pack (at risk)", B="cancelled"
    )  # fmt: skip
    c.count(7)
    yield told.then("**and back**: counted again, all 7 are there", (7, 3), (4, 0), shows=8, A="to_pack", B="cancelled")

    transfer = c.dispatch(3, EAST, MAIN)
    yield told.then(
        "**transfer**: 3 leave EAST for Main", (7, 3, 3), (1, 0), shows=5, A="to_pack", B="cancelled"
    )  # fmt: skip
    c.receive(transfer, 2)
    yield told.then("2 of them **arrive**", (9, 3, 1), (1, 0), shows=7, A="to_pack", B="cancelled")
    c.receive(transfer, 1)
    yield told.then("**the other one** arrives", (10, 3), (1, 0), shows=8, A="to_pack", B="cancelled")

    c.act("North", a, "pack", "ship")
    c.at_market("North", a, "ship", "deliver")
    yield told.then("A is packed, shipped and delivered", (7, 0), (1, 0), shows=8, A="completed", B="cancelled")
    assert c.run("/inventory/refresh")["counts"]["differences"] == 0
    yield told.then(
        "refresh: no figure differs from its movements", (7, 0), (1, 0), shows=8, A="completed", B="cancelled"
    )  # fmt: skip


def open_the_company(c: Company) -> None:
    """A second warehouse, one SKU, two shops, and a rule that shows what both warehouses have."""
    c.warehouse(EAST)
    c.sku("RED")
    for store in ("North", "South"):
        c.store(store, RED=0)
    c.read_listings()
    c.rule("Everything", ["North", "South"], [MAIN, EAST])


def main(arguments: list[str]) -> int:
    """Play it and print it; 1 if it did not come as told."""
    with tempfile.TemporaryDirectory() as folder, over_http("".join(arguments[:1]), Path(folder)) as company:
        print(f"{company.doors.server.address} with shops at {company.market.url}\nWarehouses: {LEGEND}\n")
        print(_line(HEADINGS))
        try:
            for number, step in enumerate(story(company), 1):
                print(_line((f"{number:2} {step.cells[0].replace('**', '')}", *step.cells[1:])), flush=True)
        except AssertionError as error:
            print(error)
            return 1
    return 0


def _line(cells: tuple[str, ...]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, (78, 25, 11, 10, 18, 12), strict=True)).rstrip()


def _place(figures: tuple[int, int, int]) -> str:
    on_hand, allocated, way = figures
    available = f"{on_hand - allocated}".replace("-", "−")
    return f"{on_hand} − {allocated} = {available}" + (f", {way} on the way" if way else "")


def _three(figures: tuple[int, ...]) -> tuple[int, int, int]:
    on_hand, allocated, way = (*figures, 0)[:3]
    return on_hand, allocated, way


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
