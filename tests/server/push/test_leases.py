"""Who may send what: leases of other processes, of dead ones, and of what was switched off meanwhile."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from server import clock
from server.channels.errors import Unreachable
from server.channels.protocol import StockAnswer, StockOutcome
from server.db import bulk
from server.outbox.models import Push, Told
from server.processes import is_dead, new_name
from server.push import asking, leasing
from server.push.evaluating import evaluate
from server.push.leasing import Due, free_leases
from server.settings import Settings
from server.stores.models import Store
from server.switches.models import Switch
from server.worker import Worker
from tests.factories import make_store_sku
from tests.server.push.conftest import NOON, Pushing, Time
from tests.support.processes import PROCESSES


def claim(pushing: Pushing, owner: str) -> Any:
    return pushing.c.db.write(lambda s: leasing.claim(s, pushing.c.shop, owner=owner, limit=9, at=clock.now()))


def gone_process() -> str:
    """The name that a process had which is no more."""
    with PROCESSES.Pool(1) as gone:
        return gone.apply(new_name)


def test_two_workers_of_one_machine_have_names_of_their_own(pushing: Pushing, tmp_path: Any) -> None:
    """PSH-8: a second start must not free what the first is sending; nor may the host's length make them alike."""
    settings = Settings(data_dir=tmp_path, database_url=pushing.c.db.url)
    names = {Worker(pushing.c.db, settings)._push._owner for _ in range(2)}
    assert len(names) == 2
    assert len({leasing._cut(f"{'h' * 80}:{number}:{new_name()[-12:]}") for number in range(9)}) == 9


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_lease_of_a_living_process_stays(pushing: Pushing, where: str) -> None:
    """PSH-8, PSH-10: whoever starts beside it leaves it alone; of another machine's nothing is known."""
    pushing.stock(5)
    evaluate(pushing.c.db)
    host, _, unique = new_name().rsplit(":", 2)
    owner = f"{host}:{os.getppid()}:{unique}" if where == "here" else gone_process().replace(":", "x:", 1)
    assert claim(pushing, owner).rows
    mine = new_name()

    def free(session: Session) -> int:
        return free_leases(session, mine, is_dead=lambda owner: is_dead(owner, mine))

    assert pushing.c.db.write(free) == 0 and pushing.one(Push).lease_owner is not None


def test_what_a_dead_process_of_this_machine_held_is_due_at_once(pushing: Pushing) -> None:
    """PSH-10: and what the store shows is not known."""
    pushing.stock(5)
    evaluate(pushing.c.db)
    assert claim(pushing, gone_process()).rows
    pushing.c.db.write(lambda s: s.execute(update(Told).values(known=True)))
    mine = new_name()
    free = pushing.c.db.write(lambda s: free_leases(s, mine, is_dead=lambda owner: is_dead(owner, mine)))
    assert free == 1 and pushing.one(Push).lease_owner is None and not pushing.one(Told).known


def test_a_name_that_is_none_of_ours_is_not_dead() -> None:
    assert not is_dead("push@host", new_name()) and not is_dead("a:b:c", new_name())
    assert not is_dead(new_name(), new_name()), "two that hold leases in one process"
    assert is_dead(new_name().rsplit(":", 1)[0] + ":before", new_name())


@pytest.mark.parametrize("what", ["store", "switch"])
def test_a_sender_at_work_stops_when_it_is_switched_off(pushing: Pushing, what: str) -> None:
    """PSH-6: what is claimed after "off" would be told to a store that nothing is to be told."""
    pushing.stock(5)
    evaluate(pushing.c.db)

    def turn(on: bool) -> None:
        def work(session: Session) -> None:
            if what == "store":
                session.execute(update(Store).where(Store.id == pushing.c.shop).values(active=on))
            else:
                session.merge(Switch(name="inventory_features", value=on, changed_at=NOON, changed_by="test"))

        pushing.c.db.write(work)

    turn(False)
    assert claim(pushing, "a") is None
    turn(True)
    assert claim(pushing, "a") is not None


def due(number: int, at: Any = NOON) -> Due:
    return Due(number, f"S{number}", {}, 1, 1, at, f"t{number}")


def test_asking_after_tickets_ends_before_the_lease() -> None:
    """PSH-8: slow answers must not outlive the lease; what there was no time for is asked after the next time."""
    clock_now = 0.0

    def settle(tickets: Any) -> list[StockAnswer]:
        nonlocal clock_now
        clock_now += 20.0
        return [StockAnswer("", StockOutcome.ACCEPTED, ticket=ticket) for ticket in tickets]

    rows = [due(number) for number in range(leasing.TICKETS)]
    slow: Any = SimpleNamespace(settle=settle)
    answers = asking.settle(slow, rows, timer=lambda: clock_now)
    assert clock_now == 40.0 and len(answers.by_row) == 2 * asking.TICKETS_A_CALL < len(rows)
    assert answers.failure is None


def test_what_was_settled_before_the_market_fell_silent_is_kept() -> None:
    """PSH-10: and why it broke off."""
    calls = 0

    def settle(tickets: Any) -> list[StockAnswer]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Unreachable("cut off")
        return [StockAnswer("", StockOutcome.ACCEPTED, ticket=ticket) for ticket in tickets]

    broken: Any = SimpleNamespace(settle=settle)
    answers = asking.settle(broken, [due(number) for number in range(leasing.TICKETS)])
    assert len(answers.by_row) == asking.TICKETS_A_CALL and isinstance(answers.failure, Unreachable)


def test_giving_back_makes_no_table_anew_each_time(pushing: Pushing, time: Time) -> None:
    """The tables of values are kept by their types: one made anew for each call would never be found again."""
    made = []
    for _ in range(3):
        pushing.shop.fails = [Unreachable("cut off")]
        pushing.stock(1)
        pushing.tick()
        time.move(1000)
        made.append(bulk._table.cache_info().misses)
    assert made[1] == made[2]
    with pushing.c.db.read() as session:
        assert session.scalars(select(Push.store_sku_id)).all()


def test_a_batch_is_never_larger_than_asked_for(pushing: Pushing) -> None:
    """PSH-10, CH-7: also where PostgreSQL looks at what is due once for every row, as it may."""
    c = pushing.c

    def fill(s: Session) -> None:
        for number in range(40):
            make_store_sku(s, c.shop, f"X{number}", c.sku)

    c.db.write(fill)
    pushing.stock(5)
    evaluate(c.db)

    def work(s: Session) -> Any:
        if c.db.dialect == "postgresql":
            for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
                s.execute(text(f"SET LOCAL enable_{way} = off"))
        return leasing.claim(s, c.shop, owner="me", limit=3, at=clock.now())

    assert len(c.db.write(work).rows) == 3
