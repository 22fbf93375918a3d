from __future__ import annotations

from typing import Any

import pytest

from server.db.session import Database
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.places.models import Shelf
from tests.factories import figures, make_sku, make_warehouse, put_stock
from tests.support.http import Api, Client


@pytest.fixture
def anna(api: Api) -> Client:
    """A merchandiser; MAIN with ten of RED and BLUE each, EAST with a shelf."""

    def fill(s) -> None:
        main, east = make_warehouse(s, "MAIN", default=True), make_warehouse(s, "EAST")
        s.add(Shelf(warehouse_id=east, code="E-01", key="e-01"))
        for code in ("RED", "BLUE"):
            put_stock(s, main, make_sku(s, code), 10)

    api.db.write(fill)
    return api.roles["merchandiser"]


def there(db: Database, warehouse: int, sku: int = 1) -> Figures:
    with db.read() as s:
        assert verify(s) == []
        return figures(s, warehouse, sku)


def draft(anna: Client, *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    rows = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    made = anna.post("/transfers", json={"source": "main", "destination": "EAST", "lines": rows, **more})
    assert made.status_code == 201, made.text
    return made.json


def test_a_transfer_goes_its_way(api: Api, anna: Client) -> None:
    """STK-7: drafted, changed, dispatched, received in parts onto a shelf, the rest written off."""
    made = draft(anna, ("RED", 4), ("BLUE", 1), ("red", 2), note="fair")
    assert (made["state"], made["sent"], made["on_the_way"], made["created_by"]) == ("draft", 7, 0, "merchandiser-user")
    path = f"/transfers/{made['id']}"
    changed = anna.patch(path, json={"lines": [{"sku": "RED", "quantity": 5}]}).json
    assert [(line["sku"], line["quantity"]) for line in changed["lines"]] == [("RED", 5)]
    sent = anna.post(f"{path}/dispatch").json
    assert (sent["state"], sent["on_the_way"], sent["dispatched_by"]) == ("dispatched", 5, "merchandiser-user")
    assert (there(api.db, 1), there(api.db, 2)) == (Figures(5), Figures(on_the_way=5))
    part = anna.post(f"{path}/receive", json={"lines": [{"sku": "red", "quantity": 2, "shelf": "e-01"}]}).json
    assert (part["state"], part["received"], part["on_the_way"]) == ("partly_received", 2, 3)
    assert (part["lines"][0]["received"], part["lines"][0]["shelf"]) == (2, "E-01")
    assert anna.get("/shelves?code=E-01").json["items"][0]["sku"] == "RED"
    lost = anna.post(f"{path}/write-off", json={"reason": "wet", "lines": [{"sku": "RED", "quantity": 1}]}).json
    assert (lost["state"], lost["lines"][0]["written_off"], lost["lines"][0]["reason"]) == ("partly_received", 1, "wet")
    done = anna.post(f"{path}/receive").json
    assert (done["state"], done["received"], done["written_off"], done["on_the_way"]) == ("received", 4, 1, 0)
    assert there(api.db, 2) == Figures(4)
    assert anna.get(path).json == done


def test_what_is_refused_says_why(api: Api, anna: Client) -> None:
    """STK-4, STK-7: line by line; nothing was posted."""
    path = f"/transfers/{draft(anna, ('RED', 11), ('BLUE', 1))['id']}"
    refused = anna.post(f"{path}/dispatch")
    assert (refused.status_code, refused.json["code"]) == (409, "not-enough")
    assert [error["detail"] for error in refused.json["errors"]] == ["RED in MAIN: only 10 available, 11 wanted"]
    anna.patch(path, json={"lines": [{"sku": "RED", "quantity": 3}]})
    anna.post(f"{path}/dispatch")
    for body, code in (
        ({"lines": [{"sku": "RED", "quantity": 4}]}, 409),
        ({"lines": [{"sku": "RED", "quantity": 0}]}, 422),
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, 404),
        ({"lines": [{"sku": "RED", "quantity": 1, "shelf": "Z-99"}]}, 404),
        ({"lines": []}, 422),
    ):
        assert anna.post(f"{path}/receive", json=body).status_code == code, body
    assert anna.post(f"{path}/write-off", json={}).status_code == 422
    assert anna.post("/transfers/99/receive").status_code == 404
    both = {"source": "MAIN", "destination": "main", "lines": [{"sku": "RED", "quantity": 1}]}
    assert anna.post("/transfers", json=both).status_code == 409
    assert there(api.db, 2) == Figures(on_the_way=3)


def test_the_same_key_receives_once(api: Api, anna: Client) -> None:
    """P6: an Idempotency-Key is honoured; the answer is the same word for word."""
    path = f"/transfers/{draft(anna, ('RED', 4))['id']}"
    anna.post(f"{path}/dispatch")
    body, key = {"lines": [{"sku": "RED", "quantity": 1}]}, {"Idempotency-Key": "k"}
    answers = {anna.post(f"{path}/receive", json=body, headers=key).data for _ in range(3)}
    assert (len(answers), there(api.db, 2)) == (1, Figures(1, on_the_way=3))


def test_transfers_are_listed_by_how_far_they_are(anna: Client) -> None:
    """STK-7: newest first, page by page."""
    first, second, third = (draft(anna, (sku, 2))["id"] for sku in ("RED", "BLUE", "RED"))
    for number in (first, second):
        anna.post(f"/transfers/{number}/dispatch")
    anna.post(f"/transfers/{second}/receive", json={"lines": [{"sku": "BLUE", "quantity": 1}]})
    anna.post(f"/transfers/{third}/cancel")

    def numbers(query: str) -> list[int]:
        return [item["id"] for item in anna.get(f"/transfers{query}").json["items"]]

    assert numbers("") == [third, second, first]
    for state, number in (("dispatched", first), ("partly_received", second), ("cancelled", third)):
        assert numbers(f"?state={state}") == [number]
    assert (numbers("?sku=blue"), numbers("?source=EAST"), numbers("?destination=east")) == (
        [second], [], [third, second, first],
    )  # fmt: skip
    page = anna.get("/transfers?limit=2").json
    assert [item["id"] for item in page["items"]] == [third, second]
    assert numbers(f"?limit=2&after={page['next']}") == [first]


def test_viewers_only_look(api: Api, anna: Client) -> None:
    """SEC-1"""
    number = draft(anna, ("RED", 1))["id"]
    viewer = api.roles["viewer"]
    assert viewer.get(f"/transfers/{number}").status_code == 200
    for act in ("dispatch", "receive", "write-off", "cancel"):
        assert viewer.post(f"/transfers/{number}/{act}", json={"reason": "x"}).status_code == 403


def test_a_stock_count_goes_its_way(api: Api, anna: Client) -> None:
    """STK-8, STK-5: written down with what was expected, changed, completed with the figures of that moment."""
    lines = [{"sku": "RED", "counted": 7}, {"sku": "BLUE", "counted": 10}]
    made = anna.post("/stock-counts", json={"lines": lines}).json
    assert (made["state"], made["warehouse"], made["lines"][0]["expected"]) == ("draft", "MAIN", 10)
    path = f"/stock-counts/{made['id']}"
    lines[0] = {"sku": "RED", "counted": 6, "note": "again"}
    assert anna.patch(path, json={"lines": lines, "note": "autumn"}).json["lines"][0]["counted"] == 6
    api.db.write(lambda s: put_stock(s, 1, 1, 2))
    done = anna.post(f"{path}/complete").json
    assert done == anna.post(f"{path}/complete").json
    shown = [(line["sku"], line["expected"], line["on_hand"], line["difference"]) for line in done["lines"]]
    assert (done["state"], shown) == ("completed", [("RED", 10, 12, -6), ("BLUE", 10, 10, 0)])
    assert (done["completed_by"], there(api.db, 1)) == ("merchandiser-user", Figures(6))
    assert anna.post(f"{path}/cancel").status_code == 409
    assert [item["id"] for item in anna.get("/stock-counts?state=completed&warehouse=main").json["items"]] == [1]
    assert anna.get("/stock-counts?state=draft").json["items"] == []


def test_counts_on_shelves_add_up_and_nonsense_is_refused(api: Api, anna: Client) -> None:
    """STK-8, WB-14"""
    spots = [{"sku": "RED", "counted": 3, "shelf": "E-01"}, {"sku": "RED", "counted": 4}]
    made = anna.post("/stock-counts", json={"warehouse": "EAST", "lines": spots}).json
    assert made["lines"][0]["shelf"] == "E-01"
    done = anna.post(f"/stock-counts/{made['id']}/complete").json
    assert ([line["difference"] for line in done["lines"]], there(api.db, 2)) == ([7, 7], Figures(7))
    for lines, status in (([*spots, spots[1]], 409), ([{"sku": "RED", "counted": -1}], 422), ([], 422)):
        assert anna.post("/stock-counts", json={"warehouse": "EAST", "lines": lines}).status_code == status
    other = anna.post("/stock-counts", json={"lines": [{"sku": "RED", "counted": 0}]}).json["id"]
    assert anna.post(f"/stock-counts/{other}/cancel").json["state"] == "cancelled"
    assert anna.post(f"/stock-counts/{other}/complete").status_code == 409
