"""Posting, order news, evaluating and sending at once, as several servers would."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import Component
from server.ledger.movements import Line
from server.ledger.posting import post
from server.outbox import queue
from server.outbox.causes import Cause
from server.outbox.models import Changed, Push
from server.push.evaluating import evaluate
from server.push.flow import tick
from server.push.targets import affected, targets
from server.settings import Settings
from server.stores.models import StoreSku
from tests.factories import AT, entry, make_sku, make_store_sku, put_stock
from tests.server.push.conftest import Company
from tests.server.push.market import Market


def test_nothing_is_lost_between_many(company: Company) -> None:
    """PSH-8, PSH-10: two evaluators and two senders while four threads post and hear news: in the end every store shows
    its target. Combinations of SKUs that change side by side are the hard case."""
    c, market = company, Market()

    def make(s: Session) -> list[int]:
        singles = [c.sku, *(make_sku(s, f"N{n}") for n in range(5))]
        for n in range(4):
            pair = make_sku(s, f"P{n}", kind="combination")
            s.add_all(Component(combination_id=pair, component_id=part, quantity=1) for part in singles[n : n + 3])
            make_store_sku(s, c.web, f"P{n}", pair)
        for sku in singles[1:]:
            make_store_sku(s, c.shop, f"N{sku}", sku)
        for sku in singles:
            put_stock(s, c.main, sku, 50)
        return singles

    singles = c.db.write(make)
    finished = threading.Event()

    def change(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(15):
            skus = rng.sample(singles, 2)

            def work(s: Session, skus: list[int] = skus) -> None:
                lines = [Line(c.main, sku, on_hand=rng.choice((1, 2, -1))) for sku in skus]
                post(s, [entry(*lines, cause=Cause.ORDER_SYNC)])
                listings = s.scalars(select(StoreSku.id).where(StoreSku.sku_id.in_(skus))).all()
                queue.mark(s, skus, cause=Cause.ORDER_SYNC, at=AT)
                queue.forget_told(s, listings)

            c.db.write(work)
            time.sleep(0.01)

    def serve(number: int) -> None:
        while not finished.is_set():
            if number % 2:
                evaluate(c.db, chunk=3)
            else:
                tick(c.db, Settings(), connect=market.connect, owner=f"server{number}")

    with ThreadPoolExecutor(8) as pool:
        servers = [pool.submit(serve, number) for number in range(4)]
        try:
            for job in [pool.submit(change, seed) for seed in range(4)]:
                job.result()
        finally:
            finished.set()
        for job in servers:
            job.result()
    tick(c.db, Settings(), connect=market.connect, owner="last")
    with c.db.read() as session:
        assert session.scalars(select(Changed.sku_id)).all() == session.scalars(select(Push.store_sku_id)).all() == []
        codes = dict(session.execute(select(StoreSku.id, StoreSku.code)).all())
        found = targets(session, affected(session, singles))
    shown = {(store, code): units for store, shop in market.shops.items() for code, units in shop.shown.items()}
    assert shown == {(one.listing.store_id, codes[one.listing.id]): one.quantity for one in found}
