"""The same news of a store, read by several at once: the schedule here, a webhook on another server."""

from __future__ import annotations

import threading

from server.db.session import Database
from server.orders.taking import take_in
from server.stores.models import Store
from tests.factories import AT
from tests.server.orders.desk import Desk, news
from tests.support.statements import counted

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


def test_a_page_writes_its_marks_at_once(desk: Desk) -> None:
    """PSH-10: posting marks what a page takes and gives back, hearing of orders marks what they sell; two stores' pages
    over the same SKUs would meet in a deadlock if each locked its marks step by step."""
    desk.stock(desk.red, 5)
    desk.stock(desk.blue, 5)
    told = [news("1", ("red", 2)), news("2", ("blue", 1)), news("3", ("red", 900))]
    with counted(desk.db) as statements:
        desk.db.write(lambda s: take_in(s, s.get_one(Store, desk.store), told, by="sync", at=AT))
    assert sum("INTO changed" in statement for statement in statements) == 1
    assert [desk.state(number) for number in "123"] == ["to_pack", "to_pack", "out_of_stock"]
