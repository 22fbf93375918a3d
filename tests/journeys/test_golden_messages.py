"""What users read when a cell is wrong: where it is and why, word for word (P7).

The expected answers stand in tests/golden/. After a change of wording on purpose: STOCKBOOK_WRITE_GOLDEN=1 pytest
tests/journeys/test_golden_messages.py, and read the difference before committing it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from server.catalog.models import Component
from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.settings import Settings
from tests.factories import entry, make_sku, make_warehouse, put_stock
from tests.journeys.wrong_cells import BOOKS, xlsx_of
from tests.support.filling import hand_in
from tests.support.http import Client, make_api
from validators.messages import CODES

GOLDEN = Path(__file__).parents[1] / "golden"
#: Words that only a programmer would use.
NOT_FOR_USERS = ("Traceback", 'File "', "Exception", "Error(", "NoneType", "object at 0x", "None", "NaN", "nan ")


@pytest.fixture
def client(db: Database, tmp_path: Path) -> Client:
    """Two SKUs and a combination in one warehouse: 10 red ones, of which 4 are promised; 2 of 5 blue ones."""

    def fill(session: Any) -> None:
        main = make_warehouse(session, "MAIN", default=True)
        red, blue = make_sku(session, "NK-RED"), make_sku(session, "NK-BLUE")
        both = make_sku(session, "NK-SET", kind="combination")
        session.add(Component(combination_id=both, component_id=red, quantity=1))
        put_stock(session, main, red, 10)
        put_stock(session, main, blue, 5)
        promised = [Line(main, red, allocated=4), Line(main, blue, allocated=3)]
        post(session, [entry(*promised, kind=Kind.ALLOCATE)])

    db.write(fill)
    return make_api(db, Settings(data_dir=tmp_path)).roles["manager"]


@pytest.mark.parametrize("name", BOOKS)
def test_every_problem_is_told_as_agreed(client: Client, name: str) -> None:
    """WB-5, WB-6, WB-10: rows as Excel counts them, blank ones included; nothing is applied."""
    answer = hand_in(client, xlsx_of(BOOKS[name]), "?mode=apply")
    assert answer.status_code == 200, answer.text
    assert answer.json["status"] == "refused"
    told = _told(answer.json)
    path = GOLDEN / f"{name}.json"
    if os.environ.get("STOCKBOOK_WRITE_GOLDEN"):
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert told == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BOOKS)
def test_every_problem_has_a_place_and_words(client: Client, name: str) -> None:
    """P7: no message without a row and a known code, none in a programmer's words, each on the very cell."""
    outcome = hand_in(client, xlsx_of(BOOKS[name]), "?mode=validate").json
    noted = {cell["address"] for cell in outcome["cells"] if cell["note"]}
    for row in outcome["rows"]:
        for message in row["messages"]:
            assert message["code"] in CODES
            assert message["column"]
            assert message["text"][-1] in ".!?"
            assert not [word for word in NOT_FOR_USERS if word in message["text"]], message
        if any(message["severity"] == "error" for message in row["messages"]):
            assert any(address.endswith(str(row["row"])) for address in noted), row


def _told(outcome: dict[str, Any]) -> dict[str, Any]:
    """What a user sees of it: per row (row, column, code, text), and the cells that carry a note."""
    rows = [
        {"row": row["row"], **{name: message[name] for name in ("column", "severity", "code", "text")}}
        for row in outcome["rows"]
        for message in row["messages"]
    ]
    notes = sorted((cell["address"] for cell in outcome["cells"] if cell["note"]), key=lambda a: (int(a[1:]), a))
    return {"messages": outcome["messages"], "counts": outcome["counts"], "rows": rows, "noted cells": " ".join(notes)}
