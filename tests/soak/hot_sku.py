"""P2: never oversold. Many processes take orders for the same few units at the same time."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.db.session import Database
from server.ledger.models import Balance
from server.ledger.verifying import verify
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.taking import take_in
from server.stores.models import Store
from tests.factories import AT, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.soak.trial import Figures, Place, Trial
from tests.support.processes import PROCESSES

PROCESS_COUNT = 8
#: Connections per process: SQLite has one writer at a time anyway.
THREADS = {"sqlite": 1, "postgresql": 2}
HOT, TWICE, SHELF = "hot", "twice", [f"shelf-{number}" for number in range(8)]
LINES = 5

Plan = tuple[str, tuple[tuple[str, int], ...]]  # an order's number and its lines


@dataclass(frozen=True)
class Stocked:
    """How much of everything there is, for a number of orders of each kind."""

    orders: int

    @property
    def hot(self) -> int:
        """Five units for eight orders of one."""
        return self.orders * 5 // 8

    @property
    def twice(self) -> int:
        """Orders name it twice, a unit each: the odd one can't be had."""
        return self.orders // 2 * 2 + 1 if self.orders >= 4 else 1

    @property
    def shelf(self) -> int:
        """Of each of eight SKUs, about two thirds of what orders of five lines want."""
        return max(1, self.orders * LINES * 3 // 2 // len(SHELF) * 2 // 3)


def run(place: Place, orders: int) -> Figures:
    """`orders` of each of three kinds, shuffled, dealt to processes that take them in one by one."""
    db = Database(place.url)
    there = Stocked(orders)
    stores = db.write(lambda session: _fill(session, there))
    plans = _plans(orders, random.Random(place.seed))
    hands = [plans[start::PROCESS_COUNT] for start in range(PROCESS_COUNT)]
    with PROCESSES.Pool(PROCESS_COUNT) as pool:
        told = pool.starmap(
            _take_all, [(place.url, *mine, THREADS[db.dialect]) for mine in zip(stores, hands, strict=True)]
        )
    figures = sum((Counter(one) for one in told), Counter())
    accepted = _accepted(db)
    figures.update(
        hot_wrong=abs(accepted["hot"] - there.hot),
        twice_wrong=abs(accepted["twice"] - min(orders, there.twice // 2)),
    )
    figures.update(_wrong(db))
    db.close()
    names = ("errors", "hot_wrong", "twice_wrong", "refused_though_it_fits", "below_zero", "differences", "retries")
    done = {"orders": len(plans), "accepted_hot": accepted["hot"], "units_hot": there.hot}
    return done | {"accepted_of_five_lines": accepted["five"]} | {name: figures[name] for name in names}


def _fill(session: object, there: Stocked) -> list[int]:
    """A store for each process: news of one store is taken in by one after the other."""
    warehouse = make_warehouse(session, default=True)
    stores = [make_store(session, f"Shop {number}") for number in range(PROCESS_COUNT)]
    for code, units in {HOT: there.hot, TWICE: there.twice, **dict.fromkeys(SHELF, there.shelf)}.items():
        sku = make_sku(session, code.upper())
        for store in stores:
            make_store_sku(session, store, code, sku)
        put_stock(session, warehouse, sku, units)
    return stores


def _plans(orders: int, chance: random.Random) -> list[Plan]:
    plans: list[Plan] = []
    for number in range(orders):
        plans.append((f"hot-{number}", ((HOT, 1),)))
        plans.append((f"twice-{number}", ((TWICE, 1), (TWICE, 1))))
        picked = chance.sample(SHELF, LINES)
        plans.append((f"five-{number}", tuple((code, chance.randint(1, 2)) for code in picked)))
    chance.shuffle(plans)
    return plans


def _take_all(url: str, store: int, plans: Sequence[Plan], threads: int) -> dict[str, int]:
    """One process: its orders, each taken in by itself. Whatever a caller would see as an error is counted."""
    db = Database(url)
    errors: list[BaseException] = []

    def take(mine: Sequence[Plan]) -> None:
        for plan in mine:
            order = _news(plan)
            try:
                db.write(lambda s, o=order: take_in(s, s.get_one(Store, store), [o], by="sync", at=AT))
            except Exception as error:
                errors.append(error)

    workers = [threading.Thread(target=take, args=(plans[start::threads],)) for start in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    retries = db.retries
    db.close()
    return {"errors": len(errors), "retries": retries}


def _news(plan: Plan) -> MarketOrder:
    lines = [MarketLine(str(place), code, units) for place, (code, units) in enumerate(plan[1], 1)]
    ready = MarketStatus.READY_TO_SHIP
    return MarketOrder(number=plan[0], status=ready, updated_at=AT, placed_at=AT, paid_at=AT, lines=lines)


def _accepted(db: Database) -> Counter[str]:
    with db.read() as session:
        numbers = session.scalars(select(Order.number).where(Order.state == "to_pack"))
        return Counter(number.partition("-")[0] for number in numbers)


def _wrong(db: Database) -> dict[str, int]:
    """Figures that can't be, and orders sent away although all they want is still there: stock only ever fell."""
    wanted = (
        select(OrderLine.order_id, OrderLine.sku_id, func.sum(OrderLine.quantity).label("units"))
        .group_by(OrderLine.order_id, OrderLine.sku_id)
        .subquery()
    )
    lacking = (
        select(wanted.c.order_id)
        .join(Balance, Balance.sku_id == wanted.c.sku_id)
        .where(Balance.on_hand - Balance.allocated < wanted.c.units)
    )
    with db.read() as session:
        needless = select(func.count(Order.id)).where(Order.state == "out_of_stock", Order.id.not_in(lacking))
        below = or_(Balance.allocated < 0, Balance.on_hand < Balance.allocated)
        held = int(session.scalar(select(func.sum(OrderHold.held))) or 0)
        allocated = int(session.scalar(select(func.sum(Balance.allocated))) or 0)
        return {
            "refused_though_it_fits": session.scalar(needless) or 0,
            "below_zero": session.scalar(select(func.count()).select_from(Balance).where(below)) or 0,
            "differences": len(verify(session)) + abs(held - allocated),
        }


TRIAL = Trial(
    "P2: never oversold",
    run,
    full=400,
    kept=("errors", "hot_wrong", "twice_wrong", "refused_though_it_fits", "below_zero", "differences"),
)
