from __future__ import annotations

from typing import Any

import pytest

from server.places.service import ensure_default
from tests.factories import AT
from tests.support.http import Api

ROWS = {"template": "stock_in", "rows": [{"sku": "RED", "quantity": 1}]}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "body"),
        ({**ROWS, "template": 1}, "template"),
        ({"template": "stock_in"}, "rows"),
        ({**ROWS, "rows": [1]}, "rows.0"),
        ({**ROWS, "colour": "red"}, "colour"),
        ({**ROWS, "first_row": 0}, "first_row"),
    ],
)
def test_rows_of_a_wrong_shape_are_named(plain_api: Api, body: Any, place: str) -> None:
    """WB-7: rows sent as JSON are checked like any request; nothing comes into the history."""
    answer = plain_api.admin.post("/uploads?mode=apply", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "wrong-request")
    assert [error["place"] for error in answer.json["errors"]] == [place]
    assert plain_api.admin.get("/uploads").json["items"] == []


def test_a_request_without_a_workbook_says_what_to_send(plain_api: Api) -> None:
    answer = plain_api.admin.post("/uploads", data={"file": "a text"})
    assert answer.status_code == 422 and "multipart" in answer.json["detail"]
    assert plain_api.admin.post("/uploads", data=b"{", content_type="application/json").status_code == 400
    unknown = plain_api.admin.post("/uploads", json={**ROWS, "template": "nothing"})
    assert unknown.status_code == 404 and "stock_in" in unknown.json["detail"]


def test_a_viewer_may_not_even_validate_and_nobody_applies_unasked(plain_api: Api) -> None:
    """SEC-1: a merchandiser validates and applies; undoing is a manager's."""
    plain_api.db.write(lambda session: ensure_default(session, AT))
    assert plain_api.roles["viewer"].post("/uploads", json=ROWS).status_code == 403
    assert plain_api.roles["merchandiser"].post("/uploads", json=ROWS).json["status"] == "validated"
    assert plain_api.roles["merchandiser"].post("/uploads/1/undo").status_code == 403
    assert plain_api.roles["manager"].post("/uploads/1/undo").status_code == 409
