from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select

from server import clock
from server.catalog.models import Component, MerchantSku
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.places.models import Warehouse
from tests.factories import AT, entry, make_sku, make_warehouse
from tests.support.http import Api, Client


@pytest.fixture
def client(api: Api) -> Client:
    """RED and BLUE: 10 and 4 in MAIN three years ago, 3 RED in EAST yesterday, 2 RED of MAIN allocated today."""

    def fill(s):
        main, east = make_warehouse(s, default=True), make_warehouse(s, "EAST")
        red, blue = make_sku(s, "RED", title_key="crimson shirt"), make_sku(s, "BLUE")
        long_ago, yesterday = AT - timedelta(days=3 * 365), AT - timedelta(days=1)
        post(
            s, [entry(Line(main, red, on_hand=10), Line(main, blue, on_hand=4, defective=1), at=long_ago, note="first")]
        )
        post(s, [entry(Line(east, red, on_hand=3), at=yesterday)])
        post(s, [entry(Line(main, red, allocated=2), kind=Kind.ALLOCATE)])

    api.db.write(fill)
    return api.roles["viewer"]


def rows(client: Client, query: str = "", **params: str) -> list[tuple[str, str, int, int]]:
    items = client.get(f"/stock{query}", query_string=params or None).json["items"]
    return [(row["sku"], row["warehouse"], row["on_hand"], row["available"]) for row in items]


def test_figures_per_warehouse_and_sku(client: Client) -> None:
    """STK-1: available is on hand less allocated."""
    blue, red = ("BLUE", "MAIN", 4, 4), ("RED", "MAIN", 10, 8)
    assert rows(client) == [blue, ("RED", "EAST", 3, 3), red]
    assert rows(client, "?sku=%20red&warehouse=main") == [red]
    assert rows(client, "?q=crimson") == [("RED", "EAST", 3, 3), red]
    assert rows(client, "?q=blu") == [blue]
    assert client.get("/stock?sku=BLUE").json["items"][0]["defective"] == 1
    assert client.get("/stock?warehouse=nowhere").status_code == 404


def test_figures_by_page(client: Client) -> None:
    seen, after = [], None
    for _ in range(3):
        page = client.get("/stock", query_string={"limit": 1, **({"after": after} if after else {})}).json
        seen += [(row["sku"], row["warehouse"]) for row in page["items"]]
        after = page["next"]
    assert (seen, after) == ([("BLUE", "MAIN"), ("RED", "EAST"), ("RED", "MAIN")], None)


@pytest.mark.parametrize(
    "place",
    [
        "x", "{}", '["a", "b"]', '["a", "b", 1e99, 1]', '["a", "b", 1, 0]', '["a", "b", true, 1]', "[1, 2, 3, 4]",
        f'["a", "b", {2**63}, 1]', r'["a\u0000", "b", 1, 1]', r'["\ud800", "b", 1, 1]', "[" * 2000,
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(client: Client, place: str) -> None:
    for after in (place, base64.urlsafe_b64encode(place.encode()).decode()):
        assert client.get("/stock", query_string={"after": after}).status_code == 422


def test_stock_as_of_any_past_moment(client: Client) -> None:
    """STK-10: from movements alone."""
    assert rows(client, as_of="2020-01-01T00:00:00Z") == []
    assert rows(client, as_of="2025-01-01T00:00:00Z") == [("BLUE", "MAIN", 4, 4), ("RED", "MAIN", 10, 10)]
    assert rows(client, as_of=AT.isoformat()) == rows(client)
    assert rows(client, as_of="2025-01-01T00:00:00Z", sku="red") == [("RED", "MAIN", 10, 10)]


def test_a_day_is_its_end_as_of_and_its_beginning_since(client: Client) -> None:
    """STK-10, STK-9: days and moments as commands and reports take them; in UTC unless they say otherwise."""
    day = AT.date().isoformat()
    assert rows(client, as_of=day) == rows(client)
    assert rows(client, as_of="2020-01-01") == []
    assert rows(client, as_of="2025-01-01T00:00:00") == rows(client, as_of="2025-01-01T00:00:00Z")
    everything = client.get("/movements?since=2000-01-01").json["items"]
    of_the_day = client.get(f"/movements?since={day}&until={day}").json["items"]
    assert 0 < len(of_the_day) < len(everything)
    assert all(row["at"].startswith(day) for row in of_the_day)
    for wrong in ("yesterday", "2025-13-01", "1735689600", "9999-12-31"):
        refusal = client.get("/stock", query_string={"as_of": wrong})
        assert refusal.status_code == 422 and "as_of" in refusal.json["errors"][0]["place"], refusal.json


@pytest.fixture
def sets(api: Api, client: Client) -> Client:
    """With combinations: SET of 2 RED and 1 BLUE, GIFT of 1 RED with 3 of its own in MAIN, NONE of what never came."""

    def fill(s):
        skus = {sku.code: sku.id for sku in s.scalars(select(MerchantSku))}
        main = s.scalar(select(Warehouse.id).where(Warehouse.code == "MAIN"))
        never = make_sku(s, "NEVER")
        made = [make_sku(s, "SET", kind="combination"), make_sku(s, "GIFT", kind="combination", own_stock=True)]
        made.append(make_sku(s, "NONE", kind="combination"))
        recipes = {made[0]: {skus["RED"]: 2, skus["BLUE"]: 1}, made[1]: {skus["RED"]: 1}, made[2]: {never: 1}}
        for sku, recipe in recipes.items():
            s.add_all(Component(combination_id=sku, component_id=part, quantity=n) for part, n in recipe.items())
        s.flush()
        post(s, [entry(Line(main, made[1], on_hand=3))])

    api.db.write(fill)
    return client


def test_a_combination_shows_what_its_components_allow(sets: Client) -> None:
    """CAT-6: in each warehouse that has, or had, any component of it; its other figures are those of its own stock."""
    combined = [("GIFT", "EAST", 0, 0), ("GIFT", "MAIN", 3, 3), ("SET", "EAST", 0, 0), ("SET", "MAIN", 0, 4)]
    assert [row for row in rows(sets) if row[0] in ("GIFT", "SET", "NONE")] == combined
    assert rows(sets, "?sku=set&warehouse=main") == combined[3:]
    assert rows(sets, "?q=gif") == combined[:2]
    kinds = {row["sku"]: row["kind"] for row in sets.get("/stock").json["items"]}
    assert kinds == {"BLUE": "single", "RED": "single", "GIFT": "combination", "SET": "combination"}


def test_combinations_come_in_pages_among_the_others(sets: Client) -> None:
    seen, after = [], None
    for _ in range(7):
        page = sets.get("/stock", query_string={"limit": 1, **({"after": after} if after else {})}).json
        seen += [(row["sku"], row["warehouse"], row["on_hand"], row["available"]) for row in page["items"]]
        after = page["next"]
    assert after is None and seen == rows(sets) and len(seen) == 7
    two = sets.get("/stock?limit=4").json
    rest = sets.get("/stock", query_string={"limit": 4, "after": two["next"]}).json
    assert len(two["items"]) == 4 and len(rest["items"]) == 3 and rest["next"] is None


def test_combinations_of_the_past_have_their_own_stock(sets: Client) -> None:
    """STK-10: from movements alone; which recipe they had is not in them."""
    assert rows(sets, as_of=AT.isoformat(), sku="gift") == [("GIFT", "MAIN", 3, 3)]
    assert rows(sets, as_of=AT.isoformat(), sku="set") == []


def test_history_is_a_window_and_nothing_is_dropped(client: Client) -> None:
    """STK-9: the last 730 days by default, sliding; older movements are there by date range."""
    with clock.frozen(AT + timedelta(hours=1)):
        shown = client.get("/movements").json["items"]
        assert [(row["kind"], row["warehouse"], row["on_hand"], row["allocated"]) for row in shown] == [
            ("allocate", "MAIN", 0, 2),
            ("stock_in", "EAST", 3, 0),
        ]
        everything = client.get("/movements?since=2000-01-01T00:00:00Z").json["items"]
        assert len(everything) == 4 and everything[-1]["note"] == "first"
    with clock.frozen(AT + timedelta(days=730)):
        assert [row["kind"] for row in client.get("/movements").json["items"]] == ["allocate"]


def test_a_movement_says_everything(client: Client) -> None:
    """STK-3: kind, document and line, warehouse, SKU, changes, who, when, why, key."""
    [row] = client.get("/movements?since=2000-01-01T00:00:00Z&sku=blue").json["items"]
    assert row | {"id": 0, "key": "", "document_id": 0} == {
        "id": 0, "key": "", "kind": "stock_in", "document": "test", "document_id": 0, "line": 2, "sku": "BLUE",
        "warehouse": "MAIN", "on_hand": 4, "allocated": 0, "on_the_way": 0, "defective": 1,
        "at": (AT - timedelta(days=3 * 365)).isoformat().replace("+00:00", "Z"), "by": "test", "note": "first",
        "reverses": None,
    }  # fmt: skip
    assert row["key"] == f"test/{row['document_id']}/complete/2"


def test_movements_by_filter_and_page(client: Client) -> None:
    always = "since=2000-01-01T00:00:00Z"
    first = client.get(f"/movements?{always}&limit=3").json
    rest = client.get(f"/movements?{always}&after={first['next']}").json
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    for query, count in (("kind=stock_in", 3), ("warehouse=east", 1), ("until=2025-01-01T00:00:00Z", 2), ("sku=x", 0)):
        assert len(client.get(f"/movements?{always}&{query}").json["items"]) == count
