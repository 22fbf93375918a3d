"""From the ledger to a real marketplace over loopback: what it shows converges, whatever happens on the way (P9)."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.channels.sandbox.connector import SandboxConnector
from server.db.session import Database
from server.ledger.movements import Line
from server.ledger.posting import post
from server.outbox.models import Changed, Push, Told
from server.push.evaluating import evaluate
from server.push.flow import tick
from server.push.targets import affected, targets
from server.push.worker import PushWorker
from server.settings import Settings
from server.stores.models import Store, StoreSku
from tests.factories import entry, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.server.push.conftest import make_rule
from tests.support.sandbox import Market, MemoryVault, market

SHOPS, SKUS = 3, 12


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Market]:
    """A marketplace."""
    with market(tmp_path / "market.db") as found:
        yield found


@pytest.fixture
def skus(db: Database, served: Market) -> list[int]:
    """Three shops that list all SKUs, under one rule."""

    def make(session: Session) -> list[int]:
        main = make_warehouse(session, "MAIN", default=True)
        ids = [make_sku(session, f"S{n}") for n in range(SKUS)]
        stores = [
            make_store(session, f"shop{n}", settings={"url": served.url, "shop": f"shop{n}"}) for n in range(SHOPS)
        ]
        for store in stores:
            for number, sku in enumerate(ids):
                make_store_sku(session, store, f"S{number}", sku)
        make_rule(session, "All", warehouses=[main], stores=stores)
        for sku in ids:
            put_stock(session, main, sku, 50)
        return ids

    for shop in range(SHOPS):
        served.list(f"shop{shop}", **{f"S{n}": 0 for n in range(SKUS)})
    return db.write(make)


def connect(db: Database, _settings: Settings, store_id: int) -> SandboxConnector:
    """The real connector, its secret in memory."""
    with db.read() as session:
        return SandboxConnector(session.get_one(Store, store_id).settings, MemoryVault(secret=""))


def differing(db: Database, served: Market, skus: list[int]) -> int:
    """How many listings show another quantity than they should."""
    with db.read() as session:
        found = targets(session, affected(session, skus))
        names = {row.id: (row.store_id, row.code) for row in session.scalars(select(StoreSku))}
        shops = dict(session.execute(select(Store.id, Store.name)).all())
    shown = {shop: served.shown(shop) for shop in shops.values()}
    return sum(shown[shops[names[one.listing.id][0]]][names[one.listing.id][1]] != one.quantity for one in found)


def test_a_change_reaches_the_marketplace(db: Database, served: Market, skus: list[int]) -> None:
    """PSH-1, PSH-4: one tick tells every shop in one batch; what did not change is not set again."""
    counts = tick(db, Settings(), connect=connect)
    assert counts["accepted"] == SHOPS * SKUS and differing(db, served, skus) == 0
    db.write(lambda s: put_stock(s, 1, skus[0], 1))
    tick(db, Settings(), connect=connect)
    assert served.times_set("shop0") == {f"S{n}": 2 if n == 0 else 1 for n in range(SKUS)}


def test_a_write_that_the_marketplace_shows_later(db: Database, served: Market, skus: list[int]) -> None:
    """PSH-8: pending is settled by asking for it."""
    served.faults("shop0", async_ms=50)
    tick(db, Settings(), connect=connect)
    with db.read() as session:
        assert session.scalars(select(Push.ticket)).first()
    worker = PushWorker(db, Settings(), connect=connect, owner="test", every_seconds=0.05)
    worker.start()
    try:
        _until(lambda: differing(db, served, skus) == 0 and _idle(db), 90)
    finally:
        worker.stop()


@pytest.mark.slow
def test_what_stores_show_converges_after_faults(db: Database, served: Market, skus: list[int]) -> None:
    """PSH-10 (P9): down, 500, slow, lost and half answers, asynchronous, throttled; after they stop nothing differs."""
    rng = random.Random(20)
    worker = PushWorker(db, Settings(), connect=connect, owner="test", every_seconds=0.02)
    worker.start()
    try:
        for faults in (
            {"down": True},
            {"error_rate": 0.6},
            {"lose_answers": 0.6},
            {"half_answers": True},
            {"slow_ms": 150, "rate_limit_per_s": 3},
            {"async_ms": 80},
        ):
            served.faults(f"shop{rng.randrange(SHOPS)}", **faults)
            for _ in range(12):
                lines = [Line(1, sku, on_hand=rng.choice((-1, 1, 2))) for sku in rng.sample(skus, 4)]
                db.write(lambda s, lines=lines: post(s, [entry(*lines)]))
                time.sleep(0.03)
        for shop in range(SHOPS):
            served.faults(f"shop{shop}")
        stopped = time.monotonic()
        _until(lambda: differing(db, served, skus) == 0 and _idle(db), 30)
        print(f"converged in {time.monotonic() - stopped:.1f} s")
    finally:
        worker.stop()
    with db.read() as session:
        assert all(session.scalars(select(Told.known)))


def test_killed_between_send_and_record(db: Database, served: Market, skus: list[int], tmp_path: Path) -> None:
    """PSH-10: the marketplace took it, the process was killed before it could say so: the right quantity in the end,
    set once more at most."""
    evaluate(db)
    script = textwrap.dedent(
        f"""
        import os
        from server.db.session import Database
        from server.push.worker import PushWorker
        from server.settings import Settings
        from tests.journeys.test_push_converges import connect

        def deadly(db, settings, store_id):
            connector = connect(db, settings, store_id)
            tell = connector.set_stock
            def set_stock(lines):
                tell(lines)
                os._exit(9)
            connector.set_stock = set_stock
            return connector

        PushWorker(Database({db.url!r}), Settings(), connect=deadly, owner="one").start()
        import time; time.sleep(150)
        """
    )
    killed = subprocess.run([sys.executable, "-c", script], timeout=180, check=False)
    assert killed.returncode == 9
    with db.read() as session:
        assert session.scalars(select(Push.lease_owner)).first() is not None
    worker = PushWorker(db, Settings(), connect=connect, owner="one", every_seconds=0.02)
    worker.start()
    try:
        _until(lambda: differing(db, served, skus) == 0 and _idle(db), 90)
    finally:
        worker.stop()
    for shop in range(SHOPS):
        assert max(served.times_set(f"shop{shop}").values()) <= 2


def _idle(db: Database) -> bool:
    with db.read() as session:
        waits: list[Any] = [*session.scalars(select(Push.store_sku_id)), *session.scalars(select(Changed.sku_id))]
        return not waits


def _until(settled: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not settled():
        assert time.monotonic() < until, "did not converge"
        time.sleep(0.1)
