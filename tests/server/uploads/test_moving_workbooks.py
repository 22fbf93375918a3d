"""The workbooks *transfer* and *stock count*."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.ledger.verifying import verify
from server.places.models import Shelf, Warehouse
from server.settings import Settings
from server.warehousing.models import StockCount, StockCountLine, Transfer, TransferLine
from tests.factories import entry, figures, make_sku, make_warehouse, put_stock
from tests.support.filling import applied, columns, fill, hand_in, template
from tests.support.http import Client, make_api


class Site:
    """The API over a database with two warehouses and two SKUs, ten of each in MAIN."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.client: Client = make_api(db, Settings(data_dir=folder)).roles["manager"]
        db.write(self._fill)

    def _fill(self, s) -> None:
        self.main = s.scalars(select(Warehouse.id).where(Warehouse.is_default)).first() or make_warehouse(
            s, "MAIN", default=True
        )
        self.east, self.west = make_warehouse(s, "EAST"), make_warehouse(s, "WEST")
        self.red, self.blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        for sku in (self.red, self.blue):
            put_stock(s, self.main, sku, 10)

    def figures(self, sku: int, warehouse: int | None = None) -> Figures:
        with self.db.read() as s:
            assert verify(s) == []
            return figures(s, warehouse or self.main, sku)

    def post(self, line: Line, kind: Kind = Kind.ALLOCATE) -> None:
        self.db.write(lambda s: post(s, [entry(line, kind=kind)]))

    def all(self, model: type) -> list[Any]:
        with self.db.read() as s:
            return list(s.scalars(select(model)))

    def apply(self, template_id: str, rows: list[dict[str, Any]], query: str = "") -> Any:
        return self.client.post(f"/uploads?mode=apply{query}", json={"template": template_id, "rows": rows}).json


@pytest.fixture
def site(db: Database, tmp_path: Path) -> Site:
    return Site(db, tmp_path / "data")


# -- transfer


SENT = [
    {"sku": "RED", "source": "MAIN", "destination": "EAST", "quantity": 3},
    {"sku": "red", "destination": "east", "quantity": 2, "received": "yes", "note": "by car"},
    {"sku": "BLUE", "source": "MAIN", "destination": "WEST", "quantity": 4, "received": True},
]


def test_a_transfer_previews_both_sides(site: Site) -> None:
    """WB-5: what leaves, what is on the way, what is there already; nothing is posted."""
    done = hand_in(site.client, fill(template(site.client, "transfer"), "transfer", SENT[:2])).json
    assert (done["status"], done["counts"]["ok"]) == ("validated", 2)
    changes = [[(c["field"], c["before"], c["after"]) for c in row["changes"]] for row in done["rows"]]
    assert changes == [
        [("source_on_hand", 10, 7), ("destination_on_the_way", 0, 3)],
        [("source_on_hand", 7, 5), ("destination_on_hand", 0, 2)],
    ]
    assert site.figures(site.red) == Figures(10)


def test_a_transfer_leaves_and_what_is_there_is_received(site: Site) -> None:
    """STK-7, WB-14: one transfer per pair of warehouses, rows of a SKU added up; blank From is the default."""
    done = applied(site.client, "transfer", SENT)
    assert (site.figures(site.red), site.figures(site.red, site.east)) == (Figures(5), Figures(2, on_the_way=3))
    assert (site.figures(site.blue), site.figures(site.blue, site.west)) == (Figures(6), Figures(4))
    states = {(row.destination_id, row.state, row.upload_id) for row in site.all(Transfer)}
    assert states == {(site.east, "dispatched", done["id"]), (site.west, "received", done["id"])}
    lines = {(line.sku_id, line.quantity, line.received, line.note) for line in site.all(TransferLine)}
    assert lines == {(site.red, 5, 2, "by car"), (site.blue, 4, 4, "")}


def test_rows_of_a_transfer_are_checked_as_a_sum(site: Site) -> None:
    """STK-4, WB-14: every row of the SKU is refused with what is available; two identical lines get a warning."""
    site.post(Line(site.main, site.red, allocated=4))
    rows = [{"sku": "RED", "destination": place, "quantity": 4} for place in ("EAST", "WEST")]
    done = site.apply("transfer", [*rows, {"sku": "BLUE", "destination": "EAST", "quantity": 1}])
    assert (done["status"], done["counts"]["error"], done["counts"]["ok"]) == ("refused", 2, 1)
    assert done["rows"][0]["messages"][0]["text"] == "only 6 available, 8 wanted. Lower the quantity."
    done = site.apply("transfer", [{"sku": "BLUE", "destination": "EAST", "quantity": 1}] * 2)
    assert (done["status"], done["counts"]["warning"]) == ("applied", 1)
    assert site.figures(site.blue) == Figures(8)


def test_what_a_transfer_row_can_not_say(site: Site) -> None:
    """STK-7, CAT-6: the same warehouse twice, an unknown one, no destination, a combination, nothing."""
    site.db.write(lambda s: make_sku(s, "BOX", kind="combination"))
    good = {"sku": "RED", "destination": "EAST", "quantity": 1}
    wrong = {
        "same-warehouse": {"destination": "main"},
        "unknown-warehouse": {"source": "NORTH"},
        "missing": {"destination": None},
        "combination-no-stock": {"sku": "BOX"},
        "number-too-small": {"quantity": 0},
    }
    done = site.apply("transfer", [good, *({**good, **change} for change in wrong.values())], "&on_error=apply_good")
    assert done["status"] == "partly_applied"
    assert [row["messages"][0]["code"] for row in done["rows"][1:]] == list(wrong)
    assert site.figures(site.red) == Figures(9)


def test_applied_transfers_are_not_posted_again(site: Site) -> None:
    """WB-7, WB-13: a duplicate, and rows with the mark."""
    first = hand_in(site.client, fill(template(site.client, "transfer"), "transfer", SENT), "?mode=apply").json
    assert site.apply("transfer", SENT)["status"] == "duplicate"
    result = site.client.get(f"/uploads/{first['id']}/result.xlsx").data
    more = fill(result, "transfer", [{"sku": "BLUE", "destination": "EAST", "quantity": 1}], first_row=7)
    done = hand_in(site.client, more, "?mode=apply").json
    assert (done["status"], done["counts"]["skipped"], done["counts"]["ok"]) == ("applied", 3, 1)
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(5), Figures(5))


def test_undoing_a_transfer(site: Site) -> None:
    """WB-8: by opposite movements; a second undo is refused."""
    done = applied(site.client, "transfer", SENT)
    assert site.client.post(f"/uploads/{done['id']}/undo").json["status"] == "undone"
    for sku in (site.red, site.blue):
        assert (site.figures(sku), site.figures(sku, site.east), site.figures(sku, site.west)) == (
            Figures(10), Figures(), Figures(),
        )  # fmt: skip
    assert {row.state for row in site.all(Transfer)} == {"cancelled"}
    assert site.client.post(f"/uploads/{done['id']}/undo").status_code == 409


def test_a_transfer_that_has_moved_on_is_not_undone(site: Site) -> None:
    """WB-8, STK-4: refused where units were received since, or what arrived has gone; one cancelled by hand is fine."""
    done = applied(site.client, "transfer", SENT)
    site.db.write(lambda s: put_stock(s, site.west, site.blue, -1))
    refused = site.client.post(f"/uploads/{done['id']}/undo")
    assert (refused.status_code, "BLUE in WEST: only 3 available, 4" in refused.json["detail"]) == (409, True)
    site.db.write(lambda s: put_stock(s, site.west, site.blue, 1))
    east = next(row.id for row in site.all(Transfer) if row.destination_id == site.east)
    assert site.client.post(f"/transfers/{east}/receive", json={"lines": [{"sku": "RED", "quantity": 1}]}).json
    refused = site.client.post(f"/uploads/{done['id']}/undo")
    assert f"units of transfer {east} were received or written off since" in refused.json["detail"]
    assert site.figures(site.red, site.east) == Figures(3, on_the_way=2)
    other = applied(site.client, "transfer", [{"sku": "RED", "destination": "WEST", "quantity": 1}])
    west = max(row.id for row in site.all(Transfer))
    assert site.client.post(f"/transfers/{west}/cancel").status_code == 200
    assert site.client.post(f"/uploads/{other['id']}/undo").json["status"] == "undone"
    assert site.figures(site.red) == Figures(5)


# -- stock count


def test_a_count_previews_and_posts_the_differences(site: Site) -> None:
    """STK-8, WB-5: one count per warehouse, completed; what agrees is unchanged."""
    rows = [{"sku": "RED", "counted": 7, "note": "one box was wet"}, {"sku": "BLUE", "counted": 10},
            {"sku": "BLUE", "warehouse": "EAST", "counted": 2}]  # fmt: skip
    done = hand_in(site.client, fill(template(site.client, "stock_count"), "stock_count", rows)).json
    assert (done["status"], done["counts"]["ok"], done["counts"]["unchanged"]) == ("validated", 2, 1)
    assert done["rows"][0]["changes"] == [{"field": "counted", "before": 10, "after": 7}]
    assert site.figures(site.red) == Figures(10)
    applied(site.client, "stock_count", rows)
    assert (site.figures(site.red), site.figures(site.blue, site.east)) == (Figures(7), Figures(2))
    assert [(row.state, row.warehouse_id) for row in site.all(StockCount)] == [
        ("completed", site.main), ("completed", site.east),
    ]  # fmt: skip
    kept = [(line.sku_id, line.expected, line.counted, line.note) for line in site.all(StockCountLine)]
    assert (site.red, 10, 7, "one box was wet") in kept


def test_a_count_may_go_below_what_is_promised(site: Site) -> None:
    """STK-5: the shelf is the truth; available is negative."""
    site.post(Line(site.main, site.red, allocated=8))
    applied(site.client, "stock_count", [{"sku": "RED", "counted": 6}])
    assert site.figures(site.red).available == -2


def test_the_same_sku_counted_twice_is_an_error_on_both_rows(site: Site) -> None:
    """WB-14: a count sets a value."""
    done = site.apply("stock_count", [{"sku": "RED", "counted": 7}, {"sku": "red", "counted": 8}])
    assert [row["messages"][0]["code"] for row in done["rows"]] == ["same-key", "same-key"]


def test_what_a_count_row_can_not_say(site: Site) -> None:
    """STK-8, CAT-6: a typed row needs its number; a combination without own stock is not counted."""
    site.db.write(lambda s: make_sku(s, "BOX", kind="combination"))
    done = site.apply("stock_count", [{"sku": "RED"}, {"sku": "BOX", "counted": 1}, {"sku": "BLUE", "counted": -1}])
    codes = [row["messages"][0]["code"] for row in done["rows"]]
    assert (done["status"], codes) == ("refused", ["missing", "combination-no-stock", "number-too-small"])


def test_counting_with_current_data(site: Site) -> None:
    """WB-4: shelf by shelf; rows left blank stay as they are, whatever was sold meanwhile; a counted row whose stock
    moved is a conflict."""

    def lay(s) -> None:
        s.add(Shelf(warehouse_id=site.main, code="A-01", key="a-01", sku_id=site.red))
        put_stock(s, site.main, make_sku(s, "AAA"), 1)

    site.db.write(lay)
    book = template(site.client, "stock_count", "?with_data=true&warehouse=main")
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Stock count"]
    letters = columns(sheet, "stock_count")
    shown = [
        [sheet[f"{letters[name]}{row}"].value for name in ("sku", "counted", "shelf", "on_hand")] for row in (4, 5, 6)
    ]
    assert shown == [["RED", None, "A-01", 10], ["AAA", None, None, 1], ["BLUE", None, None, 10]]
    for sku in (site.red, site.blue):
        site.post(Line(site.main, sku, on_hand=-1), Kind.STOCK_OUT)
    book = fill(book, "stock_count", [{"counted": 3}], first_row=5)
    done = hand_in(site.client, book, "?mode=apply").json
    assert [row["status"] for row in done["rows"]] == ["unchanged", "ok", "unchanged"]
    assert done["status"] == "applied"
    done = hand_in(site.client, fill(book, "stock_count", [{"counted": 9}]), "?mode=apply").json
    assert (done["rows"][0]["status"], done["status"]) == ("conflict", "refused")
    done = hand_in(site.client, fill(book, "stock_count", [{"counted": 8}]), "?mode=apply").json
    assert "now '9'" in done["rows"][0]["messages"][0]["text"]
    assert site.figures(site.red) == Figures(9)


def test_undoing_a_count(site: Site) -> None:
    """WB-8: opposite changes, never an absolute figure; refused where what it found is promised by now."""
    done = applied(site.client, "stock_count", [{"sku": "RED", "counted": 12}, {"sku": "BLUE", "counted": 9}])
    site.db.write(lambda s: put_stock(s, site.main, site.blue, 5))
    site.post(Line(site.main, site.red, allocated=11))
    refused = site.client.post(f"/uploads/{done['id']}/undo")
    assert (refused.status_code, "RED in MAIN: only 1 available, 2" in refused.json["detail"]) == (409, True)
    site.post(Line(site.main, site.red, allocated=-11), Kind.RELEASE)
    assert site.client.post(f"/uploads/{done['id']}/undo").json["status"] == "undone"
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(10), Figures(15))
    assert site.all(StockCount)[0].state == "cancelled"
