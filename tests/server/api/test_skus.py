"""Merchant SKUs over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.access.models import AuditLine
from server.places.models import Warehouse
from tests.factories import make_store, make_store_sku, make_warehouse, put_stock
from tests.support.http import Api

SHIRT = {
    "sku": "NK/SP TS.1", "title": "Sport T-shirt", "parent_sku": "NK-SP", "size": "M", "colour": "Red",
    "attributes": {"fit": "slim"}, "gtins": ["4006381333931", "A+1"], "weight_g": 180.5, "cost": "4.20",
    "price": 12.9, "currency": "usd", "default_warehouse": "east", "serial_mode": "full", "notes": "x",
}  # fmt: skip


@pytest.fixture
def shop(api: Api) -> Api:
    """The API over a database with a second warehouse."""
    api.db.write(lambda session: make_warehouse(session, "EAST"))
    return api


def create(api: Api, **values: Any) -> dict[str, Any]:
    answer = api.roles["merchandiser"].post("/skus", json=values)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def single(api: Api, code: str, **values: Any) -> dict[str, Any]:
    return create(api, sku=code, title=f"Single {code}", **values)


def test_a_sku_is_made_found_changed_and_deleted(shop: Api) -> None:
    """CAT-1, CAT-3, CAT-5: every field; a change names what changes, null empties."""
    made = create(shop, **SHIRT)
    assert [warning["code"] for warning in made["warnings"]] == ["sku-blank", "sku-slash", "sku-dot"]
    expected = SHIRT | {
        "weight_g": "180.5",
        "cost": "4.2",
        "price": "12.9",
        "currency": "USD",
        "default_warehouse": "EAST",
    }
    assert {name: made[name] for name in SHIRT} == expected
    viewer, merchandiser, manager = (shop.roles[name] for name in ("viewer", "merchandiser", "manager"))
    found = viewer.get("/skus", query_string={"sku": ["nk/sp ts.1", "none"]}).get_json()
    assert [item["id"] for item in found["items"]] == [made["id"]]
    assert viewer.get("/skus?gtin=a%2B1").get_json()["items"][0]["id"] == made["id"]
    path = f"/skus/{made['id']}"
    changed = merchandiser.patch(path, json={"title": "New", "cost": None, "gtins": ["A+1"], "default_warehouse": None})
    after = changed.get_json()
    assert (after["title"], after["cost"], after["gtins"], after["default_warehouse"]) == ("New", None, ["A+1"], None)
    assert (after["price"], after["colour"]) == ("12.9", "Red")
    assert merchandiser.delete(path).status_code == 403
    assert manager.delete(path).get_json()["sku"] == SHIRT["sku"]
    assert viewer.get(path).status_code == 404 and manager.delete(path).status_code == 404
    with shop.db.read() as session:
        lines = session.execute(select(AuditLine.actor, AuditLine.action).where(AuditLine.action.like("sku.%"))).all()
    assert [tuple(line) for line in lines] == [
        ("merchandiser-user", "sku.create"), ("merchandiser-user", "sku.update"), ("manager-user", "sku.delete"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "status", "place", "code"),
    [
        ({"sku": "a", "title": "x"}, 409, "sku", "exists"),
        ({"sku": "B", "title": "x", "gtins": ["gt-a"]}, 409, "gtins", "gtin-taken"),
        ({"sku": "B", "title": "x", "gtins": ["no blank"]}, 422, "gtins", "gtin-characters"),
        ({"sku": "B" * 65, "title": "x"}, 422, "sku", "text-too-long"),
        ({"sku": "=B", "title": "x"}, 422, "sku", "sku-formula"),
        ({"sku": "B", "title": "x", "currency": "dollar"}, 422, "currency", "currency-unknown"),
        ({"sku": "B", "title": "x", "default_warehouse": "NONE"}, 422, "default_warehouse", "unknown-warehouse"),
        ({"sku": "B", "title": "x", "size": "M" * 65}, 422, "size", "text-too-long"),
        ({"sku": "B", "title": " "}, 422, "title", "missing"),
    ],
)
def test_the_rules_are_those_of_the_workbook(
    shop: Api, values: dict[str, Any], status: int, place: str, code: str
) -> None:
    """WB-1: API fields come out of the same description; each problem names its place."""
    single(shop, "A", gtins=["GT-A"])
    answer = shop.roles["merchandiser"].post("/skus", json=values)
    assert answer.status_code == status, answer.text
    assert [(error["place"], error["code"]) for error in answer.get_json()["errors"]] == [(place, code)]


@pytest.mark.parametrize(
    "values",
    [
        {"sku": "B"}, {"sku": "B", "title": "x", "colour ": "r"}, {"sku": "B", "title": "x", "cost": -1},
        {"sku": "B", "title": "x", "attributes": {"a=b": "c"}}, {"sku": "B", "title": "x", "status": "gone"},
        {"sku": "B", "title": "x", "components": []}, {"sku": "B", "title": "x", "own_stock": True},
        {"sku": "B", "title": "x", "components": [{"sku": "A"}], "size": "M"},
    ],
)  # fmt: skip
def test_what_has_another_shape_is_refused(shop: Api, values: dict[str, Any]) -> None:
    """CAT-3: unknown fields, wrong types, and fields that a combination does not have."""
    assert shop.roles["merchandiser"].post("/skus", json=values).status_code == 422


def test_components_stand_inside_the_record(shop: Api) -> None:
    """CAT-6: a SKU with components is a combination; a change gives its whole recipe."""
    a, _ = single(shop, "A"), single(shop, "B")
    made = create(shop, sku="SET", title="Set", own_stock=True, components=[{"sku": "a", "quantity": 2}, {"sku": "B"}])
    assert (made["kind"], made["own_stock"]) == ("combination", True)
    assert made["components"] == [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    merchandiser = shop.roles["merchandiser"]
    path = f"/skus/{made['id']}"
    renamed = merchandiser.patch(path, json={"title": "Twin"}).get_json()
    assert (renamed["title"], len(renamed["components"])) == ("Twin", 2)
    assert merchandiser.patch(path, json={"components": [{"sku": "B", "quantity": 9}]}).get_json()["components"] == [
        {"sku": "B", "quantity": 9}
    ]
    nested = {"sku": "OUTER", "title": "x", "components": [{"sku": "SET"}]}
    answer = merchandiser.post("/skus", json=nested)
    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (422, "combination-nested")
    assert merchandiser.patch(path, json={"size": "M"}).status_code == 422
    assert [x["sku"] for x in merchandiser.get("/skus?kind=combination").get_json()["items"]] == ["SET"]
    become = merchandiser.patch(f"/skus/{a['id']}", json={"components": [{"sku": "B", "quantity": 2}]}).get_json()
    assert (become["kind"], become["title"]) == ("combination", "Single A")


def test_a_sku_in_use_is_not_deleted(shop: Api) -> None:
    """CAT-13: every reason is given."""
    made = single(shop, "A")
    create(shop, sku="SET", title="Set", components=[{"sku": "A"}])

    def use(session: Any) -> None:
        default = session.scalar(select(Warehouse.id).where(Warehouse.code == "EAST"))
        put_stock(session, default, made["id"], 1)
        make_store_sku(session, make_store(session, "Web"), "web-a", made["id"])

    shop.db.write(use)
    answer = shop.roles["manager"].delete(f"/skus/{made['id']}")
    assert answer.status_code == 409
    text = answer.get_json()["errors"][0]["text"]
    assert text == "it has stock; it is a component of SET; mapped to store SKUs: Web: web-a"


def test_pages_follow_each_other(shop: Api) -> None:
    """CAT-3: by cursor, to the end."""
    for number in range(5):
        single(shop, f"S-{number}", parent_sku="P" if number % 2 else None)
    viewer, seen, after = shop.roles["viewer"], [], ""
    while True:
        page = viewer.get(f"/skus?limit=2{after}").get_json()
        seen += [item["sku"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [f"S-{number}" for number in range(5)]
    assert [item["sku"] for item in viewer.get("/skus?parent=p").get_json()["items"]] == ["S-1", "S-3"]


def test_names_are_searched_together(shop: Api) -> None:
    """CAT-12: several at once, fuzzily; 31 are a clear error."""
    for code in ("MUG-WHT-350", "GIFT-BOX-S", "NK-RED-M"):
        single(shop, code)
    viewer = shop.roles["viewer"]
    found = viewer.get("/skus", query_string={"q": ["mug-wth-350; gift box", "nothing like that"]}).get_json()
    assert {item["sku"]: [match["name"] for match in item["matches"]] for item in found["items"]} == {
        "MUG-WHT-350": ["mug-wth-350"], "GIFT-BOX-S": ["gift box"],
    }  # fmt: skip
    answer = viewer.get("/skus", query_string={"q": ";".join(f"name {n}" for n in range(31))})
    assert answer.status_code == 422 and "31 names; at most 30" in answer.get_json()["detail"]


def test_variants_are_shown_and_then_made(shop: Api) -> None:
    """CAT-7: a preview makes nothing; what exists is refused or left alone, as asked."""
    merchandiser = shop.roles["merchandiser"]
    wanted = {"parent": "TS", "title": "Shirt", "attributes": {"colour": ["Red", "Blue"], "size": ["M"]}}
    preview = merchandiser.post("/skus/variants", json=wanted).get_json()
    assert ([item["sku"] for item in preview["items"]], preview["created"]) == (["TS-RED-M", "TS-BLU-M"], 0)
    made = merchandiser.post("/skus/variants", json={**wanted, "mode": "create", "codes": {"Blue": "B"}}).get_json()
    assert made["created"] == 2
    found = merchandiser.get("/skus?parent=ts").get_json()["items"]
    assert [(item["sku"], item["title"], item["colour"]) for item in found] == [
        ("TS-RED-M", "Shirt, Red, M", "Red"), ("TS-B-M", "Shirt, Blue, M", "Blue"),
    ]  # fmt: skip
    again = {**wanted, "mode": "create"}
    assert merchandiser.post("/skus/variants", json=again).status_code == 409
    left = merchandiser.post("/skus/variants", json={**again, "skip_existing": True}).get_json()
    assert ([item["exists"] for item in left["items"]], left["created"]) == ([True, False], 1)
    assert merchandiser.post("/skus/variants", json={"parent": "X", "attributes": {}}).status_code == 422
    assert shop.roles["viewer"].post("/skus/variants", json=wanted).status_code == 403


def test_labels_come_as_pdf(shop: Api) -> None:
    """CAT-14: of chosen SKUs times copies; a sheet or SKU that is not there is said."""
    single(shop, "A", gtins=["4006381333931"])
    single(shop, "B")
    viewer = shop.roles["viewer"]
    answer = viewer.get("/skus/labels.pdf?sku=A&sku=b&copies=2&sheet=50x30")
    assert answer.status_code == 200 and answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF-") and answer.data.count(b"/Type /Page\n") == 4
    items = [{"sku": "A", "copies": 3}, {"sku": "B"}]
    posted = viewer.post("/skus/labels.pdf", json={"items": items, "sheet": "l7651", "barcode": "qr", "start": 65})
    assert posted.data.count(b"/Type /Page\n") == 2
    assert viewer.get("/skus/labels.pdf?sku=A&sheet=L1").status_code == 422
    assert viewer.get("/skus/labels.pdf?sku=NONE").status_code == 404
    assert viewer.get("/skus/labels.pdf").status_code == 422
    sheets = viewer.get("/skus/label-sheets").get_json()["items"]
    assert {"id": "L7160", "labels_per_page": 21}.items() <= sheets[0].items()


def test_health_lists_what_is_awkward(shop: Api) -> None:
    """CAT-2: warnings by SKU, filtered by code, page by page."""
    for code in ("NK-10", "NK-1O", "A B", "FINE"):
        create(shop, sku=code, title=code)
    viewer = shop.roles["viewer"]
    items = viewer.get("/skus/health").get_json()["items"]
    assert {item["sku"]: [warning["code"] for warning in item["warnings"]] for item in items} == {
        "NK-10": ["sku-lookalike"], "NK-1O": ["sku-ambiguous", "sku-lookalike"], "A B": ["sku-blank"],
    }  # fmt: skip
    page = viewer.get("/skus/health?code=sku-lookalike&limit=1").get_json()
    assert page["next"] == page["items"][0]["id"]


def test_a_repeated_request_makes_one_sku(shop: Api) -> None:
    """An Idempotency-Key is honoured: the stored answer comes back."""
    merchandiser = shop.roles["merchandiser"]
    first, second = (
        merchandiser.post("/skus", json={"sku": "A", "title": "x"}, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    assert first.status_code == second.status_code == 201 and first.data == second.data
