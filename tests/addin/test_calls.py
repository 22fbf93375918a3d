"""Calls to the server: followed, paged, tried again where that can do no harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from addin.client import reading
from addin.client.errors import NotThere, Refused, ServerTooSlow, ServerTrouble
from addin.client.http import Server
from addin.client.outcome import read_outcome
from addin.client.sheet import Table
from addin.desktop.presses import Presses

BASE = {"id": 7, "template": "stock_in", "mode": "apply", "messages": [], "rows": [], "cells": []}
COUNTS = {"rows": 0, "error": 0, "conflict": 0}
Answer = Callable[[httpx.Request], httpx.Response]


def server(answer: Answer, **more: Any) -> Server:
    def alive(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200) if request.url.path == "/healthz" else answer(request)

    return Server("http://x", "sb_t", transport=httpx.MockTransport(alive), sleep=lambda _s: None, **more)


def outcome(status: str, **more: Any) -> dict[str, Any]:
    return {**BASE, "status": status, "counts": COUNTS, **more}


def test_a_long_upload_is_followed() -> None:
    """202: asked again until it has an outcome, its progress shown."""
    waiting = [outcome("running", progress={"stage": "applying", "rows": 50_000}), outcome("applied")]
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert request.headers["Idempotency-Key"] == "k" and request.headers["Authorization"] == "Bearer sb_t"
            return httpx.Response(202, json=outcome("running"))
        return httpx.Response(200, json=waiting.pop(0))

    with server(answer) as calls:
        assert calls.hand_in({}, mode="apply", key="k", progress=seen.append).status == "applied"
    assert "applying 50,000 rows" in seen


def test_a_long_upload_that_failed_raises_its_reason() -> None:
    """What the server wrote down."""
    failed = outcome("failed", problem={"code": "file-empty", "detail": "no rows"})
    with pytest.raises(Refused, match="No rows"):
        server(lambda r: httpx.Response(202 if r.method == "POST" else 200, json=failed | _running(r))).hand_in(
            {}, mode="validate"
        )


def _running(request: httpx.Request) -> dict[str, Any]:
    return {"status": "running"} if request.method == "POST" else {}


def test_patience_ends() -> None:
    """An upload that takes for ever is left to the server, and that is said."""
    moments = iter(range(0, 10_000, 100))
    calls = server(lambda _r: httpx.Response(202, json=outcome("running")), clock=lambda: float(next(moments)))
    with pytest.raises(ServerTooSlow, match="applied only once"):
        calls.hand_in({}, mode="apply", key="k")


@pytest.mark.parametrize(("key", "tries"), [("k", 3), (None, 1)])
def test_a_lost_answer_is_asked_for_again_only_under_a_key(key: str | None, tries: int) -> None:
    """A POST without a key could have its effect twice."""
    made: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        made.append(request.headers.get("Idempotency-Key", ""))
        raise httpx.ReadError("cut", request=request)

    with pytest.raises(ServerTooSlow):
        server(answer).hand_in({}, mode="apply", key=key)
    assert made == [key or ""] * tries


def test_a_server_that_dies_at_work_is_not_said_to_have_changed_nothing() -> None:
    """ADD-2, ADD-4: it may have applied before it died; the press is kept and repeated."""
    broken = [httpx.ReadError("cut"), httpx.ConnectError("gone")]

    def answer(_request: httpx.Request) -> httpx.Response:
        raise broken.pop(0)

    with pytest.raises(ServerTooSlow, match="applied only once"):
        server(answer).hand_in({}, mode="apply", key="k")
    assert broken == []


def test_pages_of_cells_and_rows() -> None:
    """The first thousand come with the outcome, the rest a page at a time."""
    row = {"row": 4, "status": "ok", "messages": [], "changes": []}
    cell = {"sheet": "S", "address": "H4", "value": "OK", "style": "ok", "note": None}
    first = outcome("validated", rows=[row], cells=[cell], counts={"rows": 3})
    pages = {"4": ("H5", 5), "5": ("H6", None)}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=first)
        address, following = pages[request.url.params["after"]]
        item = {**cell, "address": address} if "cells" in request.url.path else {**row, "row": int(address[1:])}
        return httpx.Response(200, json={"items": [item], "next": following})

    calls = server(answer)
    found = calls.hand_in({}, mode="validate")
    assert [each.address for each in calls.all_cells(found)] == ["H4", "H5", "H6"]
    assert [each.row for each in calls.all_rows(found)] == [4, 5, 6]


def test_a_refusal_as_a_whole_counts_rows_and_brings_none() -> None:
    """WB-6: where a rival took the stock meanwhile."""
    refused = read_outcome(outcome("refused") | {"counts": COUNTS | {"rows": 3}})
    with server(lambda _request: httpx.Response(200, json={"items": [], "next": None})) as calls:
        assert list(calls.all_cells(refused)) == list(calls.all_rows(refused)) == []


def test_listings_are_asked_for_in_portions() -> None:
    """An address line holds only so many SKUs."""
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(len(request.url.params.get_list("sku")))
        return httpx.Response(200, json={"items": [{}], "next": None})

    assert len(server(answer).listings([f"S{n}" for n in range(250)])) == 3 and asked == [100, 100, 50]


def test_a_sync_that_fails_and_one_that_ends() -> None:
    """JOB-4: the run is followed to its end."""
    run = {"id": 3, "status": "waiting", "progress": {}, "counts": {}, "error": ""}
    ends = [{**run, "status": "done", "counts": {"orders": 2}}, {**run, "status": "failed", "error": "no"}]
    calls = server(lambda r: httpx.Response(200, json=run if r.method == "POST" else ends.pop(0)))
    assert calls.sync_orders() == {"orders": 2}
    with pytest.raises(ServerTrouble, match="no"):
        calls.sync_orders()


def test_what_is_not_there() -> None:
    """404 in the server's words."""
    body = json.dumps({"detail": "there is no upload 9", "code": "not-found"})
    with pytest.raises(NotThere, match="There is no upload 9"):
        server(lambda _r: httpx.Response(404, text=body)).result(9)


def test_the_sheet_as_json() -> None:
    """The first row names every column in its order; empty cells are left out of the others."""
    table = Table(
        "stock_in", 1, "b", "S", 3, ["SKU*", "", "Quantity*"], [[None, "x", 2.0], ["A", None, None]], [(5, 1, "zeros")]
    )
    body = reading.body(table)
    assert list(body["rows"][0]) == ["SKU*", "  ", "Quantity*", "Status", "Message"]
    assert body["rows"][1] == {"SKU*": "A"} and body["first_row"] == 4
    assert body["marks"] == [{"row": 5, "column": "SKU*", "kind": "zeros"}]
    twice = reading.body(table._replace(headers=["SKU*", "Status", "SKU*"]))
    assert list(twice["rows"][0]) == ["SKU*", "Status", "SKU* ", "Message"]


@pytest.mark.parametrize(
    ("shown", "kind"),
    [("0%", "percent"), ("0.00 %", "percent"), ('0"%"', ""), ("00000", "zeros"), ("0", ""), ("General", ""), ("@", "")],
)
def test_number_formats(shown: str, kind: str) -> None:
    """The same that the server makes of a file's formats."""
    assert reading.kind_of_format(shown) == kind


def test_a_press_keeps_its_key_until_it_is_answered(tmp_path: Path) -> None:
    """ADD-2: the same state, the same key; after the answer a new one; others are their own."""
    presses = Presses(tmp_path / "presses")
    first = presses.key("state")
    assert presses.key("state") == first != presses.key("other")
    presses.answered("state")
    assert presses.key("state") != first
    presses.answered("never asked")


def test_the_fingerprint_of_a_press() -> None:
    """Server, mode, choices and every cell make it."""
    body = {"rows": [{"SKU": "A"}]}
    made = reading.fingerprint("http://x", "apply", {}, body)
    others = [
        reading.fingerprint("http://y", "apply", {}, body),
        reading.fingerprint("http://x", "apply", {"again": True}, body),
        reading.fingerprint("http://x", "apply", {}, {"rows": [{"SKU": "B"}]}),
    ]
    assert made == reading.fingerprint("http://x", "apply", {}, {"rows": [{"SKU": "A"}]}) and made not in others
