"""Every fault does what it says to the seller, and nothing to buyers, to other shops or to the switches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.sandbox.faults import RateLimiter
from tests.server.sandbox.conftest import SELLER, Desk


@pytest.fixture
def shop(desk: Desk) -> Desk:
    desk.list("north", A=10, B=10)
    return desk


def _seller(desk: Desk, shop: str = "north") -> int:
    return desk.get(f"/shops/{shop}/orders", headers=SELLER).status_code


def test_down_hits_the_seller_and_leaves_buyers_and_switches(shop: Desk) -> None:
    shop.put("/faults", {"down": True})
    assert _seller(shop) == 503
    assert shop.stock("north", A=1).status_code == 503
    assert shop.get("/shops/north/listings", headers=SELLER).status_code == 503
    assert shop.get("/shops/north/listings").status_code == 200
    assert shop.order("north", A=1).status_code == 201
    assert shop.get("/stats").status_code == 200
    shop.put("/faults", {"down": False})
    assert _seller(shop) == 200
    assert shop.shown("north") == {"A": 9, "B": 10}


def test_faults_of_one_shop_leave_the_others_alone(shop: Desk) -> None:
    shop.put("/faults?shop=north", {"down": True})
    assert (_seller(shop), _seller(shop, "south")) == (503, 200)
    shop.put("/faults?shop=north", {})
    assert _seller(shop) == 200


def test_what_is_put_for_all_ends_what_single_shops_were_told(shop: Desk) -> None:
    shop.put("/faults?shop=north", {"down": True})
    shop.put("/faults", {"slow_ms": 5})
    assert _seller(shop) == 200
    assert shop.get("/faults?shop=north").json["down"] is False


def test_a_shop_keeps_what_applies_to_all_unless_told_otherwise(shop: Desk) -> None:
    shop.put("/faults", {"down": True, "error_rate": 0.5})
    shop.put("/faults?shop=north", {"down": False})
    faults = shop.get("/faults?shop=north").json
    assert (faults["down"], faults["error_rate"]) == (False, 0.5)


def test_errors_come_at_the_rate_asked_for_and_do_nothing(shop: Desk) -> None:
    shop.put("/faults", {"error_rate": 0.6})
    shop.dice = 0.59
    assert shop.stock("north", A=1).status_code == 500
    shop.dice = 0.6
    assert shop.stock("north", B=1).status_code == 200
    assert shop.shown("north") == {"A": 10, "B": 1}


def test_a_lost_answer_is_of_a_call_that_was_done(shop: Desk) -> None:
    shop.put("/faults", {"lose_answers": 0.6})
    assert shop.stock("north", A=1).status_code == 500
    assert shop.shown("north")["A"] == 1


def test_half_an_answer_is_no_json(shop: Desk) -> None:
    shop.put("/faults", {"half_answers": True})
    answer = shop.stock("north", A=1)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)


def test_the_rate_limit_says_when_to_come_back(shop: Desk) -> None:
    shop.put("/faults", {"rate_limit_per_s": 2})
    answers = [shop.get("/shops/north/orders", headers=SELLER) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "1"
    assert 0 < answers[2].json["retry_after"] <= 0.5
    assert _seller(shop, "south") == 200
    assert shop.order("north", A=1).status_code == 201


@pytest.mark.parametrize("limit", [0, None])
def test_no_rate_limit_can_be_asked_for(shop: Desk, limit: int | None) -> None:
    shop.put("/faults", {"rate_limit_per_s": limit})
    assert {_seller(shop) for _ in range(150)} == {200}


def test_the_bucket_refills_steadily() -> None:
    now = [0.0]
    limiter = RateLimiter(lambda: now[0])
    assert [limiter.take("a", 0.5), limiter.take("a", 0.5)] == [0.0, 2.0]
    now[0] = 1.0
    assert limiter.take("a", 0.5) == 1.0
    now[0] = 2.0
    assert limiter.take("a", 0.5) == 0.0


def test_slow_makes_the_seller_wait(shop: Desk) -> None:
    shop.put("/faults", {"slow_ms": 250})
    _seller(shop)
    shop.get("/shops/north/listings")
    assert shop.naps == [0.25]


def test_a_withdrawn_sign_in_is_401(shop: Desk) -> None:
    shop.put("/faults", {"refuse_sign_in": True})
    assert _seller(shop) == 401


def test_late_writes_are_accepted_now_and_shown_later(shop: Desk) -> None:
    shop.put("/faults", {"async_ms": 500})
    first = shop.stock("north", A=3).json["lines"][0]
    second = shop.stock("north", A=4).json["lines"][0]
    assert first["status"] == second["status"] == "pending"
    asked = {"ids": f"{first['ticket']},{second['ticket']},999"}

    def told() -> list[str]:
        answer = shop.get("/shops/north/stock/tickets", query_string=asked, headers=SELLER)
        return [line["status"] for line in answer.json["lines"]]

    assert (told(), shop.shown("north")["A"]) == (["pending", "pending"], 10)
    shop.now += 0.5
    assert (told(), shop.shown("north")["A"]) == (["accepted", "accepted"], 4)
    assert shop.get("/shops/north/listings").json["items"][0]["times_set"] == 2


def test_an_order_meets_what_has_taken_effect_by_then(shop: Desk) -> None:
    shop.put("/faults", {"async_ms": 500})
    shop.stock("north", A=0)
    assert shop.order("north", A=1).status_code == 201
    shop.now += 1
    assert shop.order("north", A=1).status_code == 409


def test_chosen_listings_are_refused_line_by_line(shop: Desk) -> None:
    shop.put("/faults", {"refuse_skus": ["A"]})
    answers = shop.stock("north", A=1, B=1).json["lines"]
    assert [answer["status"] for answer in answers] == ["refused", "accepted"]
    assert shop.shown("north") == {"A": 10, "B": 1}


def test_stock_below_the_reserved_is_refused_with_the_floor(shop: Desk) -> None:
    shop.put("/faults", {"refuse_below_reserved": True})
    number = shop.order("north", paid=False, A=4).json["number"]
    (refused,) = shop.stock("north", A=3).json["lines"]
    assert (refused["code"], refused["floor"]) == ("below-reserved", 4)
    assert shop.stock("north", A=4).json["lines"][0]["status"] == "accepted"
    shop.post(f"/shops/north/orders/{number}/pay")
    assert shop.stock("north", A=3).json["lines"][0]["status"] == "accepted"


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"dwon": True},
        {"down": 1},
        {"error_rate": 1.5},
        {"error_rate": True},
        {"slow_ms": -1},
        {"rate_limit_per_s": "many"},
        {"refuse_skus": "A"},
        {"__class__": 1},
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_changes_nothing(shop: Desk, body: Any) -> None:
    before = shop.get("/faults").json
    assert shop.put("/faults", body).status_code == 422
    assert shop.get("/faults").json == before


def test_faults_outlive_a_restart(shop: Desk) -> None:
    shop.put("/faults?shop=north", {"down": True})
    shop.restart()
    assert (_seller(shop), _seller(shop, "south")) == (503, 200)
