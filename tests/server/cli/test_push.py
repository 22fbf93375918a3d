"""push now|list|retry, explain."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from server.db.session import Database
from server.push.evaluating import evaluate
from tests.factories import make_sku, make_store, make_store_sku, put_stock
from tests.server.cli.conftest import Terminal
from tests.server.push.conftest import make_rule


def test_push_now_list_and_explain(terminal: Terminal) -> None:
    """PSH-8, PSH-11: on the command line too."""
    terminal.prepare()
    database = Database(f"sqlite:///{terminal.folder / 'stockbook.db'}")

    def make(s: Session) -> None:
        sku, store = make_sku(s, "MUG"), make_store(s, "Web shop")
        make_store_sku(s, store, "WEB-MUG", sku)
        make_rule(s, "All", warehouses=[1], stores=[store])
        put_stock(s, 1, sku, 7)

    database.write(make)
    assert "1 store SKUs" in terminal.run("push", "now", "--store", "web shop", "--sku", "mug")
    terminal.run("push", "now", "--store", "Nowhere", code=1)
    evaluate(database)
    database.close()
    waits = json.loads(terminal.run("push", "list", "--json"))
    assert [(one["store_sku"], one["quantity"], one["state"]) for one in waits] == [("WEB-MUG", 7, "waiting")]
    assert terminal.run("push", "list", "--state", "failed").count("\n") == 1
    assert json.loads(terminal.run("push", "retry", "--json")) == {"listings": 0, "warnings": []}
    told = terminal.run("explain", "Web shop", "WEB-MUG")
    assert "Main 7 = 7" in told and "target: 7" in told and "push_now" in told
    assert "nothing yet" in told and "[" not in told
    assert json.loads(terminal.run("explain", "Web shop", "WEB-MUG", "--json"))["target"] == 7
