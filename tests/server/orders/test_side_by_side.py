"""The same news of a store, read by several at once: the schedule here, a webhook on another server."""

from __future__ import annotations

import threading

from server.db.session import Database
from server.orders.taking import take_in
from server.stores.models import Store
from tests.factories import AT
from tests.server.orders.desk import Desk, news

READERS, PAGES, ORDERS = 3, 6, 8


def test_readers_of_one_store_wait_for_each_other(desk: Desk) -> None:
    """ORD-3, CH-5: nobody meets another's unique number or a deadlock, and each order is there once."""
    desk.stock(desk.red, PAGES * ORDERS - 10)
    databases = [Database(desk.db.url) for _ in range(READERS)]
    begin = threading.Barrier(READERS)
    failed: list[BaseException] = []

    def read(number: int) -> None:
        for page in range(PAGES):
            told = [news(f"{page}-{each}", ("red", 1)) for each in range(ORDERS)]
            begin.wait(60)
            try:
                databases[number].write(
                    lambda s, told=told: take_in(
                        s, s.get_one(Store, desk.store), told[:: -1 if number % 2 else 1], by="sync", at=AT
                    )
                )
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    retries = sum(database.retries for database in databases)
    for database in databases:
        database.close()
    assert (failed, retries) == ([], 0)
    assert desk.figures(desk.red).allocated == PAGES * ORDERS
    assert desk.state("0-0") == "to_pack"
