"""Undo of whatever posts stock: it points at what it takes back, and puts nothing where nobody would find it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.ledger.models import Entry
from server.ledger.movements import Kind
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.settings import Settings
from tests.factories import figures, make_sku, make_warehouse, put_stock
from tests.support.filling import applied
from tests.support.http import Client, make_api


class Site:
    """10 of RED in MAIN and in EAST, and 5 of BLUE in EAST."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.client: Client = make_api(db, Settings(data_dir=folder)).roles["manager"]
        db.write(self._fill)

    def _fill(self, s) -> None:
        main = self.client.get("/warehouses?limit=1").json["items"]
        self.main = main[0]["id"] if main else make_warehouse(s, "MAIN", default=True)
        self.east, self.red, self.blue = make_warehouse(s, "EAST"), make_sku(s, "RED"), make_sku(s, "BLUE")
        put_stock(s, self.main, self.red, 10)
        put_stock(s, self.east, self.red, 10)
        put_stock(s, self.east, self.blue, 5)

    def undo(self, upload: int) -> Any:
        return self.client.post(f"/uploads/{upload}/undo")

    def figures(self, sku: int, warehouse: int) -> Figures:
        with self.db.read() as s:
            assert verify(s) == []
            return figures(s, warehouse, sku)


@pytest.fixture
def site(db: Database, tmp_path: Path) -> Site:
    return Site(db, tmp_path / "data")


def emptying(template: str, **place: str) -> dict[str, Any]:
    """A row that takes all 10, or all 5, out."""
    quantity = {"stock_out": ("quantity", 10), "quantity_update": ("on_hand", 0), "stock_count": ("counted", 0)}
    name, units = quantity[template]
    return {"warehouse": "EAST", "sku": "RED", name: 5 if units and place.get("sku") == "BLUE" else units, **place}


WAYS = ["stock_out", "quantity_update", "stock_count"]


@pytest.mark.parametrize("template", WAYS)
def test_nothing_is_put_into_a_deleted_warehouse(site: Site, template: str) -> None:
    """WB-8, WH-6: refused with the reason."""
    applied(site.client, "stock_out", [emptying("stock_out", sku="BLUE")])
    done = applied(site.client, template, [emptying(template)])
    assert site.client.delete(f"/warehouses/{site.east}").status_code == 200
    refused = site.undo(done["id"])
    assert (refused.status_code, "warehouse 'EAST' was deleted" in refused.json["detail"]) == (409, True), refused.json
    assert site.figures(site.red, site.east) == Figures()


@pytest.mark.parametrize("template", WAYS)
def test_nothing_is_put_on_a_deleted_sku(site: Site, template: str) -> None:
    """WB-8, CAT-13: refused with the reason, and what to do."""
    done = applied(site.client, template, [emptying(template, sku="BLUE")])
    assert site.client.delete(f"/skus/{site.blue}").status_code in (200, 204)
    refused = site.undo(done["id"])
    assert (refused.status_code, "'BLUE' was deleted" in refused.json["detail"]) == (409, True), refused.json
    assert site.figures(site.blue, site.east) == Figures()


def test_every_undo_points_at_what_it_takes_back(site: Site) -> None:
    """STK-2: stock list, quantity update, count, transfer on its way and received; returns are tried with orders."""
    sent = {"sku": "RED", "source": "MAIN", "destination": "EAST", "quantity": 1}
    uploads = [
        applied(site.client, "stock_in", [{"sku": "RED", "warehouse": "MAIN", "quantity": 2}]),
        applied(site.client, "stock_out", [emptying("stock_out", sku="BLUE")]),
        applied(site.client, "quantity_update", [{"sku": "RED", "warehouse": "EAST", "on_hand": 3}]),
        applied(site.client, "stock_count", [{"sku": "RED", "warehouse": "MAIN", "counted": 4}]),
        applied(site.client, "transfer", [sent, sent | {"quantity": 2, "received": "yes"}]),
    ]
    for one in reversed(uploads):
        assert site.undo(one["id"]).json["status"] == "undone"
    with site.db.read() as s:
        reversals = s.scalars(select(Entry).where(Entry.kind == Kind.UNDO)).all()
        assert {row.document for row in reversals} == {"stock_list", "stock_count", "transfer"}
        assert len(reversals) > len(uploads)
        for row in reversals:
            original = s.get_one(Entry, row.reverses_id)
            assert (original.document, original.document_id) == (row.document, row.document_id)
    assert site.figures(site.red, site.main) == site.figures(site.red, site.east) == Figures(10)
