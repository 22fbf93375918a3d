from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server.push.evaluating import evaluate
from tests.factories import make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.support.http import Api

RULE = {"name": "All", "warehouses": ["MAIN"], "stores": ["Shop", "Web"], "store_percentages": {"Web": 12.5}}


@pytest.fixture
def shop(api: Api) -> Api:
    """Two stores that sell one SKU, 9 of it in MAIN."""

    def make(s: Session) -> None:
        main, sku = make_warehouse(s, "MAIN", default=True), make_sku(s, "MUG")
        for name in ("Shop", "Web"):
            make_store_sku(s, make_store(s, name), f"{name}-MUG", sku)
        make_store(s, "Choice", is_choice=True)
        put_stock(s, main, sku, 9)

    api.db.write(make)
    return api


def made(api: Api, **more: Any) -> TestResponse:
    """The answer to a new rule."""
    return api.roles["manager"].post("/push-rules", json={**RULE, **more})


def test_rules_over_http(shop: Api) -> None:
    """PSH-2, PSH-6: make, list, change, refuse an overlap, delete; for managers (SEC-1)."""
    assert shop.roles["merchandiser"].post("/push-rules", json=RULE).status_code == 403
    answer = made(shop)
    assert answer.status_code == 201, answer.json
    rule = answer.json
    assert (rule["stores"], rule["store_percentages"], rule["percentage"]) == (["Shop", "Web"], {"Web": 12.5}, 100)
    overlap = made(shop, name="Other", stores=["Shop"], store_percentages={})
    assert overlap.status_code == 409 and "All" in overlap.json["detail"]
    assert overlap.json["errors"][0]["code"] == "rule-overlap"
    assert made(shop, name="Other", stores=["Shop"], store_percentages={}, skus=["MUG"]).status_code == 201
    changed = shop.admin.patch(f"/push-rules/{rule['id']}", json={"fixed": 1, "cap": 50, "stores": ["Web"]})
    assert changed.json["warnings"] == ["can show more than there is"]
    assert (changed.json["stores"], changed.json["store_percentages"]) == (["Web"], {"Web": 12.5})
    assert shop.admin.patch(f"/push-rules/{rule['id']}", json={"cap": None}).json["cap"] is None
    assert [one["name"] for one in shop.admin.get("/push-rules?limit=1").json["items"]] == ["All"]
    assert shop.admin.get("/push-rules?name=other").json["items"][0]["skus"] == ["MUG"]
    assert shop.admin.delete(f"/push-rules/{rule['id']}").status_code == 200
    assert shop.admin.get(f"/push-rules/{rule['id']}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"percentage": -1},
        {"percentage": 0.00001},
        {"percentage": 0.5},
        {"store_percentages": {"Web": 0.125}},
        {"stores": ["Nowhere"]},
        {"warehouses": []},
        {"store_percentages": {"Choice": 3}},
        {"priority_store": "Choice"},
        {"rounding": "sideways"},
        {"fixed": 1.5},
        {"colour": "red"},
        {"stores": ["Choice"], "store_percentages": {}, "fixed": 2},
    ],
)
def test_rules_that_cannot_be(shop: Api, wrong: dict[str, Any]) -> None:
    """PSH-2, PSH-3: refused with a reason."""
    answer = made(shop, **wrong)
    assert answer.status_code in (404, 409, 422) and answer.json["detail"]
    assert shop.admin.get("/push-rules").json["items"] == []


def test_preview_explain_and_push_over_http(shop: Api) -> None:
    """PSH-8, PSH-11, PSH-12: before it is saved, after, and what waits."""
    viewer = shop.roles["viewer"]
    preview = viewer.post("/push/preview", json=RULE).json
    assert [(one["store"], one["before"], one["after"]) for one in preview["items"]] == [
        ("Shop", None, 9),
        ("Web", None, 1),
    ]
    assert preview["counts"] == {"listings": 2, "changing": 2} and preview["problems"] == []
    first = viewer.post("/push/preview", json={**RULE, "limit": 1}).json
    rest = viewer.post("/push/preview", json={**RULE, "limit": 1, "after": first["next"]}).json
    assert [one["store"] for one in (*first["items"], *rest["items"])] == ["Shop", "Web"] and rest["next"] is None
    rule = made(shop).json
    evaluate(shop.db)
    half = viewer.post("/push/preview", json={"id": rule["id"], "percentage": 50}).json
    assert [(one["before"], one["after"]) for one in half["items"]] == [(9, 4), (1, 1)]
    refused = viewer.post("/push/preview", json={"upload": 1})
    assert refused.status_code == 403 and "upload.validate" in str(refused.json)
    assert shop.roles["merchandiser"].post("/push/preview", json={"upload": 99}).status_code == 404
    assert viewer.post("/push", json={}).status_code == 403
    asked = shop.roles["merchandiser"].post("/push", json={"stores": ["shop"], "skus": ["mug"]})
    assert (asked.status_code, asked.json) == (202, {"listings": 1, "warnings": []})
    evaluate(shop.db)
    waits = viewer.get("/push?limit=1").json
    assert (waits["items"][0]["store"], waits["items"][0]["quantity"], waits["items"][0]["state"]) == (
        "Shop",
        9,
        "waiting",
    )
    assert "16 push_now" in waits["items"][0]["causes"] and waits["next"] is not None
    assert viewer.get("/push?state=failed").json["items"] == []
    told = viewer.get("/push/explain?store=Web&store_sku=Web-MUG").json
    assert (told["target"], told["percentage"], told["waits"]["quantity"]) == (1, "12.5", 1)
    assert viewer.get("/push/explain?store=Web&store_sku=X").status_code == 404
    assert shop.admin.post("/push/retry", json={}).json == {"listings": 0, "warnings": []}
    assert shop.admin.post("/push", json={"stores": ["Nowhere"]}).status_code == 404


def test_half_a_per_cent_is_asked_about(shop: Api) -> None:
    """WB-15: 0.5 by a program is the slip that it is in a cell."""
    assert "write 50 for 50 %" in str(made(shop, percentage=0.5).json)


def test_a_rule_without_its_last_warehouse_can_be_switched_off(shop: Api) -> None:
    """WH-6: the answer to the deletion names the rule; it can't stay on as it is, but go off, and come back."""
    east = shop.admin.post("/warehouses", json={"code": "EAST", "name": "East"}).json["id"]
    rule = made(shop, warehouses=["EAST"]).json["id"]
    assert shop.admin.delete(f"/warehouses/{east}").json["push_rules"] == [rule]
    refused = shop.admin.patch(f"/push-rules/{rule}", json={"fixed": 0})
    assert refused.status_code == 422 and "needs a source warehouse" in str(refused.json)
    off = shop.admin.patch(f"/push-rules/{rule}", json={"active": False})
    assert (off.status_code, off.json["warehouses"]) == (200, [])
    back = shop.admin.patch(f"/push-rules/{rule}", json={"active": True, "warehouses": ["MAIN"]})
    assert back.status_code == 200, back.json


def test_push_now_says_that_the_features_are_off(shop: Api) -> None:
    """PSH-13: nothing will be sent, and the answer says so."""
    made(shop)
    shop.admin.patch("/settings", json={"inventory_features": False})
    asked = shop.admin.post("/push", json={}).json
    assert asked["listings"] == 2 and "switched off" in asked["warnings"][0]


def test_the_number_of_a_deleted_record_never_comes_back(shop: Api) -> None:
    """WB-7: a stored answer or a program that names it must not meet another record."""
    first = made(shop).json["id"]
    assert shop.admin.delete(f"/push-rules/{first}").status_code == 200
    assert made(shop).json["id"] > first
