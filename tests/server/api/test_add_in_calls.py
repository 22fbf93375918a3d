"""What add-ins ask beside everybody's calls: rows with what their values don't say, current rows, pushes by listing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.push.evaluating import evaluate
from tests.factories import make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.support.filling import applied
from tests.support.http import Api


@pytest.fixture
def shop(plain_api: Api) -> Api:
    """A warehouse and a store."""

    def make(session: Session) -> None:
        make_warehouse(session, "MAIN", default=True)
        make_store(session, "Shop")

    plain_api.db.write(make)
    return plain_api


def _codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [message["code"] for row in answer.json["rows"] for message in row["messages"]]


def _push_rule(api: Api, value: Any, *marks: dict[str, Any]) -> Any:
    row = {"Name": "All", "Warehouses": "MAIN", "Stores": "Shop", "Percentage": value}
    return api.admin.post("/uploads", json={"template": "push_rules", "rows": [row], "first_row": 4, "marks": marks})


def test_a_number_shown_as_per_cent_is_read_as_in_a_file(shop: Api) -> None:
    """WB-15: 0.5 in a cell formatted as per cent is 50; without the mark it is refused."""
    assert "percent-fraction" in _codes(_push_rule(shop, 0.5))
    answer = _push_rule(shop, 0.5, {"row": 4, "column": "Percentage", "kind": "percent"})
    assert "percent-fraction" not in _codes(answer)
    assert {"field": "percentage", "before": None, "after": "50"} in answer.json["rows"][0]["changes"]


@pytest.mark.parametrize(
    ("value", "kind", "code"),
    [
        ("2026-01-02", "date", "code-is-date"),
        (45000, "date", "code-is-date"),
        (7, "zeros", "code-zero-format"),
        ("RED", "merged", "cell-merged"),
    ],
)
def test_marks_of_codes(shop: Api, value: Any, kind: str, code: str) -> None:
    """WB-9: what Excel made of a code is seen also where rows come as JSON."""
    body = {"template": "stock_in", "rows": [{"SKU": value, "Quantity": 1}], "first_row": 9}
    marked = {**body, "marks": [{"row": 9, "column": "SKU", "kind": kind}, {"row": 80, "column": "SKU", "kind": kind}]}
    assert code in _codes(shop.admin.post("/uploads", json=marked))
    assert code not in _codes(shop.admin.post("/uploads", json=body))


def test_an_old_sheet_and_hidden_rows_are_told(shop: Api) -> None:
    """ADD-4: rows of another version are refused with what to do; hidden rows are read, and that is said."""
    body = {"template": "stock_in", "rows": [{"SKU": "A", "Quantity": 1}], "first_row": 4}
    old = shop.admin.post("/uploads", json={**body, "version": 99})
    assert (old.status_code, old.json["code"]) == (422, "file-new-template")
    hidden = shop.admin.post("/uploads", json={**body, "version": 1, "hidden": [4, 5]})
    assert any("idden" in text for text in hidden.json["messages"])


def test_current_rows_are_those_of_the_download(shop: Api) -> None:
    """WB-4: the same values and versions, as a table; a row handed in unchanged is unchanged."""
    applied(shop.admin, "sku_create", [{"sku": "A", "title": "=1", "cost": 4.2, "gtins": "401; 402"}])
    applied(shop.admin, "stock_in", [{"sku": "A", "quantity": 5}])
    found = shop.admin.get("/templates/sku_update/rows").json
    assert found["columns"][-1] == "_version" and found["template"] == "sku_update"
    row = dict(zip(found["columns"], found["rows"][0], strict=True))
    assert (row["sku"], row["title"], row["cost"], row["gtins"]) == ("A", "=1", 4.2, "401; 402")
    again = shop.admin.post("/uploads", json={"template": "sku_update", "rows": [row], "first_row": 4})
    assert again.json["counts"]["unchanged"] == 1, again.json
    main = shop.admin.get("/warehouses").json["items"][0]["code"]
    figures = shop.admin.get(f"/templates/quantity_update/rows?warehouse={main}").json
    assert figures["rows"][0][:3] == ["A", main, 5]
    assert shop.admin.get("/templates/stock_in/rows").status_code == 409
    assert shop.admin.get("/templates/nothing/rows").status_code == 404


def test_what_became_of_each_listing(api: Api) -> None:
    """PSH-11: told, evaluated and waiting, by merchant SKU and store; a page at a time."""

    def make(s: Session) -> None:
        main, mug, pen = make_warehouse(s, "MAIN", default=True), make_sku(s, "MUG"), make_sku(s, "PEN")
        for name in ("Shop", "Web"):
            store = make_store(s, name)
            make_store_sku(s, store, f"{name}-MUG", mug)
            make_store_sku(s, store, f"{name}-PEN", pen)
        put_stock(s, main, mug, 9)

    api.db.write(make)
    rule = {"name": "All", "warehouses": ["MAIN"], "stores": ["Shop"]}
    assert api.roles["manager"].post("/push-rules", json=rule).status_code == 201
    evaluate(api.db)
    one, other = api.admin.get("/push/listings?sku=mug").json["items"]
    assert (one["store_sku"], one["state"], one["quantity"], one["result"], one["told"]) == (
        "Shop-MUG",
        "waiting",
        9,
        "send",
        None,
    )
    assert (other["store_sku"], other["state"], other["result"]) == ("Web-MUG", None, "no_rule")
    page = api.admin.get("/push/listings?store=Web&limit=1").json
    rest = api.admin.get(f"/push/listings?store=Web&after={page['next']}").json
    assert [each["store_sku"] for each in page["items"] + rest["items"]] == ["Web-MUG", "Web-PEN"]
    assert api.admin.get("/push/listings?sku=NOPE").status_code == 404
