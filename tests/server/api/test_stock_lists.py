from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.places.models import Shelf
from tests.factories import figures, make_sku, make_warehouse, put_stock
from tests.support.http import Api, Client


class Site:
    """The API over a database with RED and BLUE, the warehouses MAIN and EAST, and a shelf in MAIN."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client: Client = api.roles["merchandiser"]
        api.db.write(self._fill)

    def _fill(self, s) -> None:
        self.main, self.east = make_warehouse(s, default=True), make_warehouse(s, "EAST")
        self.red, self.blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        make_sku(s, "SET", kind="combination")
        s.add(Shelf(warehouse_id=self.main, code="A-01", key="a-01"))

    def figures(self, sku: int, warehouse: int | None = None) -> Figures:
        with self.api.db.read() as s:
            assert verify(s) == []
            return figures(s, warehouse or self.main, sku)

    def make(self, way: str, *lines: dict[str, Any], **more: Any) -> Any:
        return self.client.post(f"/stock-{way}s", json={"lines": list(lines), **more})

    def complete(self, way: str, number: int, **sent: Any) -> Any:
        return self.client.post(f"/stock-{way}s/{number}/complete", **sent)


@pytest.fixture
def site(api: Api) -> Site:
    return Site(api)


def test_a_list_is_to_do_until_it_is_completed(site: Site) -> None:
    """STK-6: only completing posts; lines have SKU, quantity, shelf, unit cost and note."""
    line = {"sku": "red", "quantity": 3, "shelf": "a-01", "unit_cost": "4.20", "note": "box 1"}
    made = site.make("in", line, {"sku": "BLUE", "quantity": 2}, note="delivery 7")
    assert (made.status_code, made.json["state"], made.json["warehouse"]) == (201, "todo", "MAIN")
    assert made.json["lines"][0] | {"unit_cost": float(made.json["lines"][0]["unit_cost"])} == {
        "sku": "RED", "quantity": 3, "shelf": "A-01", "unit_cost": 4.2, "note": "box 1",
    }  # fmt: skip
    assert site.figures(site.red) == Figures()
    done = site.complete("in", made.json["id"]).json
    assert (done["state"], done["completed_by"]) == ("completed", "merchandiser-user")
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(3), Figures(2))
    with site.api.db.read() as s:
        assert s.scalars(select(Shelf.sku_id)).all() == [site.red]
        assert {tuple(unpack(row.causes)) for row in s.scalars(select(Changed))} == {(Cause.STOCK_IN_MANUAL,)}


def test_completing_twice_posts_once(site: Site) -> None:
    """STK-3, STK-6: pressed twice, or sent twice under one key."""
    number = site.make("in", {"sku": "RED", "quantity": 3}).json["id"]
    answers = [site.complete("in", number, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert site.complete("in", number).json == answers[0].json
    assert site.figures(site.red) == Figures(3)
    assert len([e for e in site.api.admin.get("/audit").json["items"] if e["action"] == "stock_in.complete"]) == 1


def test_making_a_list_twice_under_one_key_makes_one(site: Site) -> None:
    """WB-7: Idempotency-Key is honoured; other content under the same key is refused."""
    body = {"lines": [{"sku": "RED", "quantity": 3}]}
    key = {"Idempotency-Key": "k"}
    made = [site.client.post("/stock-ins", json=body, headers=key) for _ in range(2)]
    assert made[0].json["id"] == made[1].json["id"]
    assert len(site.client.get("/stock-ins").json["items"]) == 1
    body["lines"][0]["quantity"] = 4
    assert site.client.post("/stock-ins", json=body, headers=key).status_code in (409, 422)


def test_a_stock_out_of_more_than_is_available_is_refused_line_by_line(site: Site) -> None:
    """STK-4: each short SKU with the quantity that is there; the sum of a SKU's lines counts; nothing is posted."""
    site.api.db.write(lambda s: (put_stock(s, site.main, site.red, 5), put_stock(s, site.main, site.blue, 9)))
    lines = [("RED", 3), ("RED", 3), ("BLUE", 9), ("BLUE", 1)]
    number = site.make("out", *({"sku": sku, "quantity": quantity} for sku, quantity in lines)).json["id"]
    refused = site.complete("out", number)
    assert (refused.status_code, refused.json["code"]) == (409, "not-enough")
    short = [(e["sku"], e["warehouse"], e["figure"], e["there"], e["wanted"]) for e in refused.json["errors"]]
    assert short == [("RED", "MAIN", "available", 5, 6), ("BLUE", "MAIN", "available", 9, 10)]
    assert refused.json["detail"] == "RED in MAIN: only 5 available, 6 wanted (and 1 more)"
    assert site.client.get(f"/stock-outs/{number}").json["state"] == "todo"
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(5), Figures(9))


def test_the_same_list_goes_through_once_there_is_enough(site: Site) -> None:
    """STK-4: a refusal stores nothing, so the same key may be tried again; EAST is not MAIN."""
    site.api.db.write(lambda s: put_stock(s, site.main, site.red, 9))
    number = site.make("out", {"sku": "RED", "quantity": 4}, warehouse="east").json["id"]
    key = {"Idempotency-Key": "k"}
    assert site.complete("out", number, headers=key).status_code == 409
    site.api.db.write(lambda s: put_stock(s, site.east, site.red, 4))
    assert site.complete("out", number, headers=key).json["state"] == "completed"
    assert site.figures(site.red, site.east) == Figures(0)


def test_every_wrong_line_is_named(site: Site) -> None:
    refused = site.make("in", {"sku": "GONE", "quantity": 1}, {"sku": "RED", "quantity": 1, "shelf": "Z"})
    assert refused.status_code == 404
    assert [(error["line"], error["field"]) for error in refused.json["errors"]] == [(1, "sku"), (2, "shelf")]
    assert "own stock" in site.make("in", {"sku": "SET", "quantity": 1}).json["detail"]
    for wrong in ({"quantity": 0}, {"quantity": 1.5}, {"quantity": "3"}, {"quantity": True}, {"quantity": 1, "x": 1}):
        assert site.make("in", {"sku": "RED", **wrong}).status_code == 422
    assert site.make("in").status_code == 422
    assert site.make("in", {"sku": "RED", "quantity": 1}, warehouse="nowhere").status_code == 404
    assert site.client.get("/stock-ins").json["items"] == []


def test_a_shelf_that_is_occupied_is_refused_with_its_holder(site: Site) -> None:
    """WH-2, WH-3: completing assigns shelves; nothing is posted where one can't be."""
    site.complete("in", site.make("in", {"sku": "RED", "quantity": 1, "shelf": "A-01"}).json["id"])
    number = site.make("in", {"sku": "BLUE", "quantity": 1, "shelf": "A-01"}).json["id"]
    refused = site.complete("in", number)
    assert refused.status_code == 409 and "holds 'RED'" in refused.json["detail"]
    assert site.figures(site.blue) == Figures()


def test_lists_by_way_state_and_page(site: Site) -> None:
    """STK-6: each way has its own lists."""
    for _ in range(3):
        site.make("in", {"sku": "RED", "quantity": 1})
    out = site.make("out", {"sku": "RED", "quantity": 1}).json["id"]
    site.complete("in", 1)
    first = site.client.get("/stock-ins?limit=2").json
    assert [row["id"] for row in first["items"]] == [3, 2]
    assert [row["id"] for row in site.client.get(f"/stock-ins?after={first['next']}").json["items"]] == [1]
    assert [row["id"] for row in site.client.get("/stock-ins?state=todo").json["items"]] == [3, 2]
    assert [row["id"] for row in site.client.get("/stock-outs").json["items"]] == [out]
    assert site.client.get(f"/stock-ins/{out}").status_code == 404
    assert site.complete("in", out).status_code == 404
    assert site.api.roles["viewer"].post(f"/stock-outs/{out}/complete").status_code == 403


def test_a_list_that_is_to_do_can_be_changed(site: Site) -> None:
    """STK-6: all of its lines at once, or its note alone; a completed one stands as it was posted."""
    number = site.make("in", {"sku": "RED", "quantity": 3}, note="box 1").json["id"]
    where = f"/stock-ins/{number}"
    assert site.client.patch(where, json={"note": "box 2"}).json["lines"][0]["quantity"] == 3
    changed = site.client.patch(where, json={"lines": [{"sku": "BLUE", "quantity": 4, "shelf": "A-01"}]}).json
    assert (changed["note"], [(line["sku"], line["quantity"]) for line in changed["lines"]]) == ("box 2", [("BLUE", 4)])
    refused = site.client.patch(where, json={"lines": [{"sku": "SET", "quantity": 1}]})
    assert refused.status_code == 409 and site.client.get(where).json == changed
    assert site.client.patch(f"/stock-outs/{number}", json={"note": "x"}).status_code == 404
    site.complete("in", number)
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(), Figures(4))
    late = site.client.patch(where, json={"note": "box 3"})
    assert late.status_code == 409 and "stock-out list" in late.json["detail"]


def test_a_list_that_is_to_do_can_be_taken_away(site: Site) -> None:
    """STK-6, SEC-2: it is gone and the audit says who; a completed one is not."""
    first, second = (site.make("out", {"sku": "RED", "quantity": 3}).json["id"] for _ in range(2))
    gone = site.client.delete(f"/stock-outs/{first}")
    assert (gone.status_code, gone.json["lines"][0]["sku"]) == (200, "RED")
    assert site.client.get(f"/stock-outs/{first}").status_code == 404
    assert site.client.delete(f"/stock-outs/{first}").status_code == 404
    site.api.db.write(lambda s: put_stock(s, site.main, site.red, 3))
    site.complete("out", second)
    assert site.client.delete(f"/stock-outs/{second}").status_code == 409
    said = [entry for entry in site.api.admin.get("/audit").json["items"] if entry["action"] == "stock_out.remove"]
    assert [entry["by"] for entry in said] == ["merchandiser-user"]
