from __future__ import annotations

import pytest

from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.places.service import ensure_default
from tests.factories import AT, entry, make_sku, put_stock
from tests.support.http import Api, Client


@pytest.fixture
def admin(api: Api) -> Client:
    """A company with the warehouse Main and the SKUs A and B."""
    api.db.write(lambda s: (ensure_default(s, AT), make_sku(s, "A"), make_sku(s, "B")))
    return api.admin


def warehouse(admin: Client, code: str) -> int:
    return admin.post("/warehouses", json={"code": code}).json["id"]


def test_warehouses_are_made_found_changed_and_deleted(admin: Client) -> None:
    """WH-1: the default moves; WH-5: an empty one can go."""
    made = admin.post("/warehouses", json={"code": "East", "address": "Pier 4"})
    assert (made.status_code, made.json["default"], made.json["name"]) == (201, False, "East")
    number = made.json["id"]
    assert [w["id"] for w in admin.get("/warehouses?code=EAST").json["items"]] == [number]
    assert admin.patch(f"/warehouses/{number}", json={"default": True}).json["default"] is True
    assert [w["default"] for w in admin.get("/warehouses").json["items"]] == [False, True]
    assert admin.delete(f"/warehouses/{number}").status_code == 409
    main = admin.get("/warehouses?code=main").json["items"][0]["id"]
    assert admin.delete(f"/warehouses/{main}").json["code"] == "Main"
    assert admin.get(f"/warehouses/{main}").status_code == 404
    assert admin.post("/warehouses", json={"code": "EAST"}).status_code == 409


def test_a_warehouse_with_stock_is_refused_with_its_skus(api: Api, admin: Client) -> None:
    """WH-5: a clear refusal that lists them."""
    east = warehouse(admin, "EAST")
    api.db.write(lambda s: put_stock(s, east, 1, 4))
    answer = admin.delete(f"/warehouses/{east}")
    assert (answer.status_code, answer.json["errors"]) == (409, [{"sku": "A", "on_hand": 4, "on_the_way": 0}])


def test_pages_follow_each_other(admin: Client) -> None:
    for code in "XYZ":
        warehouse(admin, code)
    first = admin.get("/warehouses?limit=3").json
    second = admin.get(f"/warehouses?limit=3&after={first['next']}").json
    assert [w["code"] for w in first["items"] + second["items"]] == ["Main", "X", "Y", "Z"]
    assert second["next"] is None


def test_a_shelf_goes_through_its_life(api: Api, admin: Client) -> None:
    """WH-2, WH-3: available, occupied, recyclable; an occupied one is refused with what holds it."""
    made = admin.post("/shelves", json={"code": "A-01"}).json
    assert (made["warehouse"], made["status"], made["sku"]) == ("Main", "available", None)
    shelf = f"/shelves/{made['id']}"
    api.db.write(lambda s: put_stock(s, 1, 1, 3))
    assert admin.patch(shelf, json={"sku": "a"}).json == {**made, "sku": "A", "status": "occupied"}
    refused = admin.patch(shelf, json={"sku": "B"})
    assert (refused.status_code, refused.json["code"]) == (409, "shelf-occupied")
    assert refused.json["errors"][0]["holder"] == "A"
    assert admin.delete(shelf).status_code == 409
    api.db.write(lambda s: post(s, [entry(Line(1, 1, on_hand=-3), kind=Kind.STOCK_OUT)]))
    assert [s["code"] for s in admin.get("/shelves?status=recyclable&warehouse=main&sku=A").json["items"]] == ["A-01"]
    assert admin.patch(shelf, json={"sku": "B"}).json["sku"] == "B"
    assert admin.patch(shelf, json={"sku": None}).json["status"] == "available"
    assert admin.delete(shelf).status_code == 200
    assert admin.get("/shelves").json == {"items": [], "next": None}


def test_safety_stock_is_set_and_taken_away(admin: Client) -> None:
    """WH-4: per warehouse and SKU, many at a time, all or none."""
    warehouse(admin, "EAST")
    items = [
        {"sku": "A", "safety_stock": 5},
        {"sku": "A", "warehouse": "EAST", "safety_stock": 7},
        {"sku": "B", "safety_stock": 9},
    ]
    assert admin.call("PUT", "/safety-stock", json={"items": items}).json == {"changed": 3}
    first = admin.get("/safety-stock?limit=2").json
    rest = admin.get(f"/safety-stock?limit=2&after={first['next']}").json
    shown = [(i["sku"], i["warehouse"], i["safety_stock"]) for i in first["items"] + rest["items"]]
    assert shown == [("A", "Main", 5), ("A", "EAST", 7), ("B", "Main", 9)]
    gone = [{"sku": "A", "safety_stock": None}]
    assert admin.call("PUT", "/safety-stock", json={"items": gone}).json == {"changed": 1}
    for wrong in ([*gone, *gone], [{"sku": "A", "safety_stock": -1}], [{"sku": "A", "safety_stock": "5"}]):
        assert admin.call("PUT", "/safety-stock", json={"items": wrong}).status_code == 422
    assert [i["warehouse"] for i in admin.get("/safety-stock?sku=A").json["items"]] == ["EAST"]


def test_deleting_takes_a_manager(api: Api, admin: Client) -> None:
    """SEC-1: a merchandiser makes and changes, a manager also deletes."""
    east = warehouse(api.roles["merchandiser"], "EAST")
    assert api.roles["viewer"].post("/warehouses", json={"code": "X"}).status_code == 403
    assert api.roles["merchandiser"].delete(f"/warehouses/{east}").status_code == 403
    assert api.roles["manager"].delete(f"/warehouses/{east}").status_code == 200


def test_who_names_a_warehouse_is_said_before_it_goes(admin: Client) -> None:
    """WH-6: the stock lists that would be deleted with it by number."""
    number = warehouse(admin, "WEST")
    assert admin.get(f"/warehouses/{number}/uses").json == {"id": number, "code": "WEST", "used_by": ""}
    made = admin.post("/stock-ins", json={"warehouse": "WEST", "lines": [{"sku": "A", "quantity": 2}]}).json["id"]
    said = admin.get(f"/warehouses/{number}/uses").json["used_by"]
    assert said == f"1 stock list to do, which is deleted with it ({made})"
    assert admin.delete(f"/warehouses/{number}").json["stock_lists"] == [made]
