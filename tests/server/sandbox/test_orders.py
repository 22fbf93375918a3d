"""Orders: what they do to the figure that buyers see, and how they move on."""

from __future__ import annotations

import pytest

from server.sandbox.orders import ACTIONS, Status
from tests.server.sandbox.conftest import SELLER, Desk


def _place(desk: Desk, **units: int) -> str:
    return str(desk.order("north", **units).json["number"])


def _act(desk: Desk, number: str, action: str) -> int:
    return desk.post(f"/shops/north/orders/{number}/{action}").status_code


def test_an_order_lowers_the_figure_at_once(desk: Desk) -> None:
    desk.list("north", A=5, B=5)
    made = desk.order("north", A=2, B=1)
    assert made.status_code == 201
    assert made.json["status"] == "ready_to_ship"
    assert made.json["total"] == "30.00"
    assert [(line["line_id"], line["store_sku"], line["quantity"]) for line in made.json["lines"]] == [
        ("1", "A", 2),
        ("2", "B", 1),
    ]
    assert desk.shown("north") == {"A": 3, "B": 4}


def test_buyers_cannot_order_more_than_is_shown(desk: Desk) -> None:
    desk.list("north", A=5, B=1)
    refused = desk.order("north", A=2, B=2)
    assert refused.status_code == 409
    assert refused.json["lines"] == [{"store_sku": "B", "wanted": 2, "available": 1}]
    assert desk.shown("north") == {"A": 5, "B": 1}


def test_two_lines_of_one_listing_are_counted_together(desk: Desk) -> None:
    desk.list("north", A=3)
    body = {"lines": [{"store_sku": "A", "quantity": 2}, {"store_sku": "A", "quantity": 2}]}
    assert desk.post("/shops/north/orders", body).status_code == 409
    assert desk.shown("north") == {"A": 3}


def test_an_unknown_listing_cannot_be_ordered(desk: Desk) -> None:
    desk.list("north", A=3)
    desk.list("south", B=3)
    assert desk.order("north", B=1).status_code == 404


def test_an_unpaid_order_reserves_and_counts_once_it_is_paid(desk: Desk) -> None:
    """ORD-1: a prepaid order has a payment time only once it is paid."""
    desk.list("north", A=3)
    order = desk.order("north", paid=False, A=1).json
    assert (order["status"], order["paid_at"]) == ("unpaid", None)
    assert desk.shown("north") == {"A": 2}
    paid = desk.post(f"/shops/north/orders/{order['number']}/pay").json
    assert paid["status"] == "ready_to_ship"
    assert paid["paid_at"] == paid["updated_at"]


def test_cash_on_delivery_counts_from_the_buyers_confirmation(desk: Desk) -> None:
    """ORD-1: confirming a COD order is not paying it; delivery is."""
    desk.list("north", A=3)
    order = desk.order("north", payment="cod", paid=False, A=1).json
    assert order["status"] == "unpaid"
    confirmed = desk.post(f"/shops/north/orders/{order['number']}/pay").json
    assert (confirmed["status"], confirmed["paid_at"]) == ("ready_to_ship", None)
    assert confirmed["confirmed_at"] is not None
    _act(desk, order["number"], "ship")
    delivered = desk.post(f"/shops/north/orders/{order['number']}/deliver").json
    assert delivered["paid_at"] == delivered["updated_at"]


def test_without_a_word_prepaid_is_paid_and_cash_on_delivery_unconfirmed(desk: Desk) -> None:
    desk.list("north", A=3)
    lines = [{"store_sku": "A"}]
    assert desk.post("/shops/north/orders", {"lines": lines}).json["status"] == "ready_to_ship"
    assert desk.post("/shops/north/orders", {"lines": lines, "payment": "cod"}).json["status"] == "unpaid"


@pytest.mark.parametrize(
    ("before", "back"), [([], True), (["pack"], True), (["ship"], False)], ids=["ready", "packed", "shipped"]
)
def test_cancelling_puts_back_what_has_not_left(desk: Desk, before: list[str], back: bool) -> None:
    desk.list("north", A=5)
    number = _place(desk, A=2)
    for action in before:
        assert _act(desk, number, action) == 200
    assert _act(desk, number, "cancel") == 200
    assert desk.shown("north") == {"A": 5 if back else 3}
    assert _act(desk, number, "cancel") == 409


def test_each_action_is_taken_in_its_states_only(desk: Desk) -> None:
    ways: dict[Status, list[str]] = {
        Status.UNPAID: [],
        Status.READY_TO_SHIP: ["pay"],
        Status.IN_PROCESS: ["pay", "pack"],
        Status.SHIPPED: ["pay", "ship"],
        Status.COMPLETED: ["pay", "ship", "deliver"],
        Status.CANCELLED: ["cancel"],
        Status.RETURNED: ["pay", "ship", "return"],
    }
    desk.list("north", A=1000)
    for status, way in ways.items():
        for action, (allowed, after, _) in ACTIONS.items():
            number = desk.order("north", paid=False, A=1).json["number"]
            for step in way:
                assert _act(desk, number, step) == 200
            assert _act(desk, number, action) == (200 if status in allowed else 409), (status, action)
            shown = desk.get(f"/shops/north/orders/{number}").json["status"]
            assert shown == (after if status in allowed else status)


def test_packing_gives_a_tracking_number_that_shipping_keeps(desk: Desk) -> None:
    desk.list("north", A=5)
    number = _place(desk, A=1)
    packed = desk.post(f"/shops/north/orders/{number}/pack").json
    assert packed["tracking"] == f"TRK-north-{number}"
    assert desk.post(f"/shops/north/orders/{number}/ship").json["tracking"] == packed["tracking"]


def test_editing_changes_only_the_lines_that_change(desk: Desk) -> None:
    desk.list("north", A=10, B=10, C=10)
    number = _place(desk, A=2, B=3)
    lines = [{"store_sku": "B", "quantity": 1}, {"store_sku": "C", "quantity": 4}]
    edited = desk.post(f"/shops/north/orders/{number}/edit", {"lines": lines}).json
    assert [(line["line_id"], line["store_sku"], line["quantity"]) for line in edited["lines"]] == [
        ("2", "B", 1),
        ("3", "C", 4),
    ]
    assert desk.shown("north") == {"A": 10, "B": 9, "C": 6}


def test_editing_to_more_than_is_shown_changes_nothing(desk: Desk) -> None:
    desk.list("north", A=3)
    number = _place(desk, A=2)
    refused = desk.post(f"/shops/north/orders/{number}/edit", {"lines": [{"store_sku": "A", "quantity": 4}]})
    assert refused.status_code == 409
    assert refused.json["lines"] == [{"store_sku": "A", "wanted": 2, "available": 1}]
    assert desk.get(f"/shops/north/orders/{number}").json["lines"][0]["quantity"] == 2


def test_shrinking_a_shipped_order_puts_nothing_back(desk: Desk) -> None:
    desk.list("north", A=5)
    number = _place(desk, A=3)
    _act(desk, number, "ship")
    desk.post(f"/shops/north/orders/{number}/edit", {"lines": [{"store_sku": "A", "quantity": 1}]})
    assert desk.shown("north") == {"A": 2}


def test_an_order_cannot_be_edited_to_nothing_or_after_its_end(desk: Desk) -> None:
    desk.list("north", A=5)
    number = _place(desk, A=3)
    nothing = {"lines": [{"store_sku": "A", "quantity": 0}]}
    assert desk.post(f"/shops/north/orders/{number}/edit", nothing).status_code == 422
    _act(desk, number, "cancel")
    one = {"lines": [{"store_sku": "A", "quantity": 1}]}
    assert desk.post(f"/shops/north/orders/{number}/edit", one).status_code == 409


def test_update_times_rise_though_the_clock_stands_or_goes_back(desk: Desk) -> None:
    desk.list("north", A=100)
    times = []
    for step in range(5):
        desk.now -= step
        times.append(desk.order("north", A=1).json["updated_at"])
    assert times == sorted(set(times))


def test_orders_are_listed_by_change_in_pages_without_gaps(desk: Desk) -> None:
    """CH-5: reading page by page from a moment on misses no order, also one that changes meanwhile."""
    desk.list("north", A=100)
    numbers = [_place(desk, A=1) for _ in range(7)]
    since = desk.get(f"/shops/north/orders/{numbers[2]}").json["updated_at"]
    seen, cursor = [], None
    while True:
        query = {"updated_since": since, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = desk.get("/shops/north/orders", query_string=query, headers=SELLER).json
        seen += [item["number"] for item in page["items"]]
        cursor = page["next"]
        if len(seen) == 2:
            _act(desk, numbers[5], "ship")
        if cursor is None:
            break
    assert seen == [*numbers[2:5], numbers[6], numbers[5]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": []},
        {"lines": [{"quantity": 1}]},
        {"lines": [{"store_sku": "A", "quantity": -1}]},
        {"lines": [{"store_sku": "A", "quantity": 0}]},
        {"lines": [{"store_sku": "A"}], "payment": "gold"},
        {"lines": [{"store_sku": "A"}], "paid": "yes"},
        {"lines": [{"store_sku": "A"}], "created_at": "yesterday"},
    ],
)
def test_an_order_that_cannot_be_is_refused_in_words(desk: Desk, body: object) -> None:
    desk.list("north", A=5)
    answer = desk.post("/shops/north/orders", body)
    assert answer.status_code == 422
    assert answer.json["detail"]
    assert desk.shown("north") == {"A": 5}


def test_an_order_can_have_been_placed_long_ago(desk: Desk) -> None:
    desk.list("north", A=5)
    body = {"lines": [{"store_sku": "A"}], "created_at": "2026-01-02T03:04:05+00:00"}
    order = desk.post("/shops/north/orders", body).json
    assert order["created_at"] == "2026-01-02T03:04:05.000000Z"
    assert order["updated_at"] > order["created_at"]


def test_stats_count_the_units_sold_per_shop_and_store_sku(desk: Desk) -> None:
    desk.list("north", A=50, B=50)
    desk.list("south", A=50)
    _place(desk, A=2)
    _place(desk, A=3, B=1)
    _act(desk, _place(desk, A=10), "cancel")
    desk.order("north", paid=False, A=20)
    desk.stock("north", A=7)
    stats = desk.get("/stats").json
    assert [
        (item["shop"], item["store_sku"], item["units_sold"], item["units_unpaid"], item["units_cancelled"])
        for item in stats["items"]
    ] == [("north", "A", 5, 20, 10), ("north", "B", 1, 0, 0), ("south", "A", 0, 0, 0)]
    assert stats["items"][0]["times_set"] == 1
    assert {shop["shop"]: (shop["orders"], shop["pushes"]) for shop in stats["shops"]} == {
        "north": (4, 1),
        "south": (0, 0),
    }
