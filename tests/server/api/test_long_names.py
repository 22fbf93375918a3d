"""What is as long as it may be, in letters that grow when they are folded: taken on both databases alike."""

from __future__ import annotations

import pytest

from server.places.service import ensure_default
from tests.factories import AT, make_store
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
