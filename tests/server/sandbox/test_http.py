"""Secrets, strangers' calls, many callers at once, and stopping."""

from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from server.sandbox.http import running
from tests.server.sandbox.conftest import SELLER, Desk
from tests.support.sandbox import market


def test_a_registered_secret_is_asked_for_from_then_on(desk: Desk) -> None:
    assert desk.get("/shops/north/orders").status_code == 200
    assert desk.put("/shops/north", {"secret": "s3cret"}).status_code == 200
    assert desk.get("/shops/north/orders").status_code == 401
    assert desk.get("/shops/north/orders", headers={"Authorization": "Bearer wröng"}).status_code == 401
    assert desk.get("/shops/north/orders", headers=SELLER).status_code == 200
    assert desk.get("/shops/south/orders").status_code == 200


def test_changing_the_secret_takes_the_old_one(desk: Desk) -> None:
    desk.put("/shops/north", {"secret": "s3cret"})
    assert desk.put("/shops/north", {"secret": "mine now"}).status_code == 401
    assert desk.put("/shops/north", {"secret": "new"}, headers=SELLER).status_code == 200
    assert desk.get("/shops/north/orders", headers=SELLER).status_code == 401


def test_buyers_need_no_secret_but_a_wrong_one_is_refused(desk: Desk) -> None:
    desk.list("north", A=5)
    desk.put("/shops/north", {"secret": "s3cret"})
    assert desk.get("/shops/north/listings").status_code == 200
    assert desk.order("north", A=1).status_code == 201
    assert desk.get("/shops/north/listings", headers={"Authorization": "Bearer no"}).status_code == 401


def test_what_does_not_exist_is_a_problem_document(desk: Desk) -> None:
    for answer in (desk.get("/nowhere"), desk.get("/shops/north/orders/S1"), desk.post("/shops/north/orders/S1/pay")):
        assert answer.status_code == 404
        assert answer.content_type == "application/problem+json"
    assert desk.get("/shops/north/orders", query_string={"cursor": "x"}).status_code == 422
    assert desk.get("/shops/north/orders", query_string={"limit": "0"}).status_code == 422
    assert desk.get("").json["name"] == "stockbook-sandbox"


def test_many_buyers_and_pushes_at_once_sell_each_unit_once(tmp_path: Path) -> None:
    """A hot listing, eight buyers at once, and a seller who pushes a thousand lines meanwhile."""
    with market(tmp_path / "sandbox.db") as place:
        others = {f"SKU-{number}": 1 for number in range(999)}
        place.list("north", HOT=40, **others)

        def buy(_: int) -> int:
            body = {"lines": [{"store_sku": "HOT", "quantity": 1}]}
            return httpx.post(f"{place.url}/sandbox/v1/shops/north/orders", json=body, trust_env=False).status_code

        def push(_: int) -> int:
            lines = [{"store_sku": sku, "quantity": 3} for sku in others]
            answer = httpx.post(
                f"{place.url}/sandbox/v1/shops/north/stock", json={"lines": lines}, headers=SELLER, trust_env=False
            )
            return answer.status_code

        with ThreadPoolExecutor(10) as pool:
            pushed = [pool.submit(push, number) for number in range(3)]
            bought = list(pool.map(buy, range(60)))
        assert {future.result() for future in pushed} == {200}
        assert sorted(set(bought)) == [201, 409]
        assert bought.count(201) == 40
        assert place.shown("north")["HOT"] == 0
        sold = {item["store_sku"]: item["units_sold"] for item in place.calls.get("/stats").json()["items"]}
        assert sold["HOT"] == 40


def test_it_stops_and_starts_again_on_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path / "sandbox.db") as url:
            assert httpx.get(f"{url}/sandbox/v1", trust_env=False).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/sandbox/v1", trust_env=False)


@pytest.mark.parametrize("command", [["server", "sandbox"], ["server.sandbox"]], ids=" ".join)
def test_a_port_that_is_taken_is_said_in_a_sentence(command: list[str], tmp_path: Path) -> None:
    """No traceback, and nothing is said to answer that does not."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        words = [sys.executable, "-m", *command, "--port", port, "--path", str(tmp_path / "sandbox.db")]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    told = f"the sandbox store can't listen on 127.0.0.1:{port}: Address already in use"
    assert done.stderr.splitlines() == [told]
