"""What is as long as it may be, in letters that grow when they are folded: taken on both databases alike."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from server.places.service import ensure_default
from tests.factories import AT, make_sku, make_store, make_warehouse, put_stock
from tests.support.http import Api, Client

STORE = {"channel": "sandbox", "settings": {"url": "http://127.0.0.1:8100", "shop": "x"}}


@pytest.fixture
def admin(api: Api) -> Client:
    """A company with the warehouse Main and a store."""
    api.db.write(lambda s: (ensure_default(s, AT), make_store(s, "Shop")))
    return api.admin


@pytest.mark.parametrize("letter", ["ß", "ΐ"])
@pytest.mark.parametrize(
    ("path", "name", "longest", "rest"),
    [
        ("/skus", "sku", 64, {"title": "ß" * 255, "parent_sku": "ß" * 64}),
        ("/warehouses", "code", 64, {}),
        ("/shelves", "code", 64, {}),
        ("/stores", "name", 100, STORE),
        ("/push-rules", "name", 100, {"warehouses": ["Main"], "stores": ["Shop"]}),
        ("/users", "name", 100, {"role": "viewer"}),
    ],
)
def test_the_longest_name_is_taken_found_and_taken_once(
    admin: Client, path: str, name: str, longest: int, rest: dict[str, object], letter: str
) -> None:
    """CAT-1: unique without regard to case, on both databases; never a 500 on one of them."""
    long = letter * longest
    made = admin.post(path, json={name: long, **rest})
    assert made.status_code == 201, made.text
    assert [item[name] for item in admin.get(path, query_string={name: long}).json["items"]] == [long]
    assert admin.post(path, json={name: long, **rest}).status_code in (409, 422)
    assert admin.post(path, json={name: long + letter, **rest}).status_code == 422


def test_figures_of_long_names_come_in_pages(admin: Client, api: Api) -> None:
    """WEB-1: whatever the letters, `next` is taken back."""
    long = "ก" * 64

    def fill(s: Session) -> None:
        place = make_warehouse(s, long)
        for code in (long, "ข" * 64):
            put_stock(s, place, make_sku(s, code), 1)

    api.db.write(fill)
    following = admin.get("/stock?limit=1").json["next"]
    page = admin.get("/stock", query_string={"limit": 1, "after": following})
    assert page.status_code == 200 and [row["sku"] for row in page.json["items"]] == ["ข" * 64]
