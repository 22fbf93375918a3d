"""The first page: which SKUs stand on it, and what it costs to look."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server import clock
from server.web import overview
from tests.server.orders.desk import Desk, news
from tests.support.http import Api
from tests.support.pages import person
from tests.support.statements import counted_reads


def _codes(desk: Desk) -> list[str]:
    with desk.db.read() as session:
        return [line.sku for line in overview.overview(session, clock.now()).skus]


def test_what_was_sold_lately_stands_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """WEB-1: then by code; an order of long ago moves nothing."""
    assert _codes(desk) == ["BLUE", "RED"]
    desk.take(news("A1", ("red", 1)), at=clock.now() - overview.LATELY - timedelta(minutes=1))
    assert _codes(desk) == ["BLUE", "RED"]
    desk.take(news("A2", ("red", 1)), at=clock.now())
    assert _codes(desk) == ["RED", "BLUE"]
    monkeypatch.setattr(overview, "MOST_SKUS", 1)
    assert _codes(desk) == ["RED"]


def test_a_page_counts_only_what_its_navigation_shows(plain: Api, desk: Desk) -> None:
    """With many orders every list that is counted costs a look at all of them."""
    viewer = person(plain, "viewer")
    with counted_reads(desk.db) as seen:
        viewer.get("/account")
    lists = [statement for statement in seen if 'FROM "order"' in statement and "count(*)" in statement]
    assert len(lists) == 2  # by state, and at risk
