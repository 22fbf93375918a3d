"""What is said of each row: every thing once, nothing beside an error that only matters without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.db.session import Database
from server.settings import Settings
from tests.factories import make_sku, make_warehouse
from tests.support.filling import applied, hand_in
from tests.support.http import Client, make_api
from tests.support.workbooks import opened
from validators.registry import WORKBOOKS
from validators.templates.building import build


@pytest.fixture
def client(db: Database, tmp_path: Path) -> Client:
    """Two warehouses and two SKUs."""

    def fill(session: Any) -> None:
        make_warehouse(session, "MAIN", default=True)
        make_warehouse(session, "EAST")
        make_sku(session, "RED")
        make_sku(session, "BLUE")

    db.write(fill)
    return make_api(db, Settings(data_dir=tmp_path)).roles["manager"]


def _validated(client: Client, template: str, *rows: dict[str, Any]) -> list[list[tuple[str, str]]]:
    answer = client.post("/uploads?mode=validate", json={"template": template, "rows": list(rows)})
    assert answer.status_code == 200, answer.text
    return [[(said["code"], said["text"]) for said in row["messages"]] for row in answer.json["rows"]]


def test_lines_that_are_wrong_do_not_add_up(client: Client) -> None:
    """WB-14: the same line twice is worth a warning only where both count."""
    line = {"sku": "RED", "quantity": 5}
    gone = {"sku": "GONE", "quantity": 5}
    found = _validated(client, "stock_in", line, line, gone, gone)
    assert [[code for code, _ in row] for row in found] == [
        [], ["same-line"], ["unknown-merchant_sku"], ["unknown-merchant_sku"],
    ]  # fmt: skip


def test_a_thing_is_said_once(client: Client) -> None:
    """CAT-4: a taken GTIN that stands twice in a cell is one problem."""
    applied(client, "sku_create", [{"sku": "OLD", "title": "Old", "gtins": "4006381333931"}])
    new = {"sku": "NEW", "title": "New", "gtins": "4006381333931; 4006381333931"}
    (said,) = _validated(client, "sku_create", new)
    assert [code for code, _ in said] == ["gtin-taken"]


def test_a_blank_warehouse_is_the_default_one(client: Client) -> None:
    """WB-14, STK-12: two rows of one key, the warehouse written on one of them and left blank on the other."""
    rows = [
        {"sku": "RED", "warehouse": "MAIN", "on_hand": 5},
        {"sku": "red", "on_hand": 7},
        {"sku": "RED", "warehouse": "EAST", "on_hand": 7},
        {"sku": "BLUE", "on_hand": 1},
    ]
    found = _validated(client, "quantity_update", *rows)
    assert [[code for code, _ in row] for row in found] == [["same-key-default"], ["same-key-default"], [], []]
    said = "also on row 5, for a blank warehouse means the default one. Keep one of the rows."
    assert found[0][0][1] == said


def test_the_default_is_named(client: Client) -> None:
    """STK-12: a shelf that is not there is missing in a warehouse with a name."""
    ((said,),) = _validated(client, "stock_in", {"sku": "RED", "quantity": 1, "shelf": "Z-9"})
    assert said[1].startswith("there is no shelf 'Z-9' in warehouse 'MAIN'.")


def test_an_undone_upload_says_so(client: Client) -> None:
    """WB-8, WB-13: its rows are not applied any more, in the cells and in the workbook that is downloaded again."""
    book = build(WORKBOOKS["stock_in"], rows=[{"sku": "RED", "quantity": 5}])
    done = hand_in(client, book, "?mode=apply").json
    first = {cell["address"]: cell["value"] for cell in done["cells"]}
    assert first["G4"] == f"Applied #{done['id']}"
    assert client.post(f"/uploads/{done['id']}/undo").status_code == 200
    again = {cell["address"]: cell for cell in client.get(f"/uploads/{done['id']}/cells").json["items"]}
    assert (again["G4"]["value"], again["G4"]["style"]) == (f"Undone #{done['id']}", "skipped")
    result = client.get(f"/uploads/{done['id']}/result.xlsx").data
    assert opened(result)["Stock-in"]["G4"].value == f"Undone #{done['id']}"
    taken = hand_in(client, result, "?mode=apply").json
    assert taken["status"] == "applied", taken
