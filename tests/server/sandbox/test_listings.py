"""Listings and the seller's stock updates."""

from __future__ import annotations

import pytest

from tests.server.sandbox.conftest import SELLER, Desk


def test_a_listing_is_shown_with_what_buyers_see_and_how_often_it_was_set(desk: Desk) -> None:
    made = desk.post("/shops/north/listings", {"store_sku": "TEA-1", "name": "Tea", "quantity": 5})
    assert made.status_code == 201
    desk.stock("north", **{"TEA-1": 7})
    desk.stock("north", **{"TEA-1": 7})
    (item,) = desk.get("/shops/north/listings").json["items"]
    assert (item["store_sku"], item["name"], item["quantity"], item["times_set"]) == ("TEA-1", "Tea", 7, 2)


def test_changing_a_listing_by_hand_is_not_a_stock_update(desk: Desk) -> None:
    desk.list("north", A=5)
    desk.stock("north", A=6)
    desk.list("north", A=50)
    (item,) = desk.get("/shops/north/listings").json["items"]
    assert (item["quantity"], item["times_set"]) == (50, 1)


def test_shops_never_know_of_each_other(desk: Desk) -> None:
    desk.list("north", A=5)
    desk.list("south", A=9)
    desk.order("north", A=2)
    desk.stock("south", A=1)
    assert desk.shown("north") == {"A": 3}
    assert desk.shown("south") == {"A": 1}
    assert desk.get("/shops/nobody/listings").json == {"items": [], "next": None}


def test_listings_come_whole_or_in_pages(desk: Desk) -> None:
    desk.list("north", **{f"SKU-{number:03d}": number for number in range(25)})
    assert len(desk.get("/shops/north/listings").json["items"]) == 25
    seen, cursor = [], ""
    while cursor is not None:
        page = desk.get("/shops/north/listings", query_string={"limit": 10, "cursor": cursor}).json
        seen += [item["store_sku"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [f"SKU-{number:03d}" for number in range(25)]


def test_every_line_of_a_batch_has_its_own_answer(desk: Desk) -> None:
    """PSH-10: one refused line never holds back the others of its batch."""
    desk.list("north", A=5, B=5, C=5)
    lines = [
        {"store_sku": "A", "quantity": 1},
        {"store_sku": "NONE", "quantity": 1},
        {"store_sku": "B", "quantity": -1},
        {"store_sku": "B", "quantity": 2.5},
        {"store_sku": "C", "quantity": 10**9},
        "nonsense",
        {"store_sku": "B", "quantity": 0},
        {"store_sku": "B", "quantity": 3},
    ]
    answers = desk.post("/shops/north/stock", {"lines": lines}, headers=SELLER).json["lines"]
    assert [answer.get("code", answer["status"]) for answer in answers] == [
        "accepted",
        "unknown-listing",
        "wrong-quantity",
        "wrong-quantity",
        "wrong-quantity",
        "unknown-listing",
        "accepted",
        "repeated-line",
    ]
    assert desk.shown("north") == {"A": 1, "B": 0, "C": 5}


def test_a_thousand_lines_go_in_one_batch_and_no_more(desk: Desk) -> None:
    desk.list("north", **{f"SKU-{number}": 1 for number in range(1001)})
    answer = desk.stock("north", **{f"SKU-{number}": 2 for number in range(1000)})
    assert {line["status"] for line in answer.json["lines"]} == {"accepted"}
    assert desk.stock("north", **{f"SKU-{number}": 2 for number in range(1001)}).status_code == 422


def test_the_history_tells_every_quantity_that_was_set(desk: Desk) -> None:
    desk.list("north", A=5, B=5)
    desk.stock("north", A=1, B=2)
    desk.stock("north", A=3)
    answer = desk.get("/shops/north/stock/history", query_string={"store_sku": "A"}, headers=SELLER).json
    assert [item["quantity"] for item in answer["items"]] == [1, 3]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"store_sku": "", "quantity": 1},
        {"store_sku": 5, "quantity": 1},
        {"store_sku": "A", "quantity": "1"},
        {"store_sku": "A", "quantity": True},
        {"store_sku": "A", "quantity": -1},
        {"store_sku": "A" * 101},
        {"store_sku": "A", "price": "NaN"},
        {"items": []},
    ],
)
def test_a_listing_that_cannot_be_is_refused_in_words(desk: Desk, body: object) -> None:
    answer = desk.post("/shops/north/listings", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]


def test_a_restart_forgets_nothing(desk: Desk) -> None:
    desk.list("north", A=5)
    desk.order("north", A=2)
    desk.put("/faults", {"error_rate": 0.25})
    desk.restart()
    assert desk.shown("north") == {"A": 3}
    assert desk.get("/faults").json["error_rate"] == 0.25
    assert desk.order("north", A=1).json["number"] == "S0000002"
