"""transfer and stock-count."""

from __future__ import annotations

from tests.factories import make_sku, make_warehouse, put_stock
from tests.server.cli.conftest import Terminal, prepared


def test_a_transfer_from_draft_to_arrival(terminal: Terminal) -> None:
    """STK-7: on the command line too."""
    with prepared(terminal) as database:
        database.write(lambda s: (make_warehouse(s, "EAST"), put_stock(s, 1, make_sku(s, "RED=M"), 9)))
    made = terminal.json("transfer", "create", "main", "east", "RED=M=5", "--note", "fair")
    assert (made["state"], made["lines"][0]["sku"], made["sent"]) == ("draft", "RED=M", 5)
    number = str(made["id"])
    assert terminal.json("transfer", "dispatch", number)["on_the_way"] == 5
    assert terminal.json("transfer", "receive", number, "RED=M=2")["state"] == "partly_received"
    assert "cancel" not in terminal.run("transfer", "list", "--state", "partly_received", "--to", "EAST")
    assert "have arrived" in terminal.run("transfer", "cancel", number, code=1)
    assert "3 of RED=M on the way, 4 wanted" in terminal.run("transfer", "receive", number, "red=m=4", code=1)
    assert terminal.json("transfer", "write-off", number, "RED=M=1", "--reason", "wet")["written_off"] == 1
    assert terminal.json("transfer", "receive", number)["state"] == "received"
    shown = terminal.run("transfer", "show", number)
    assert "RED=M\t5\t4\t1" in shown and "wet" in shown
    for wrong in ("RED", "RED=M=", "RED=M=0", "=3", "RED=M=²"):
        terminal.run("transfer", "create", "main", "east", wrong, code=2)


def test_a_count_is_completed_or_called_off(terminal: Terminal) -> None:
    """STK-8"""
    with prepared(terminal) as database:

        def make(s) -> None:
            red = make_sku(s, "RED")
            put_stock(s, 1, red, 9)

        database.write(make)
    made = terminal.json("stock-count", "create", "main", "red=7", "--note", "friday")
    assert (made["state"], made["note"], made["lines"][0]["counted"]) == ("draft", "friday", 7)
    terminal.run("stock-count", "create", "main", "RED=8")
    assert "is not SKU=UNITS" in terminal.run("stock-count", "create", "main", "RED", code=2)
    assert [row["state"] for row in terminal.json("stock-count", "list", "--warehouse", "main")] == ["draft"] * 2
    assert terminal.json("stock-count", "complete", "1")["lines"][0]["difference"] == -2
    assert terminal.json("stock-count", "cancel", "2")["state"] == "cancelled"
    assert "completed" in terminal.run("stock-count", "list", "--state", "completed")
    assert "RED" in terminal.run("stock-count", "show", "1")
    terminal.run("stock-count", "complete", "2", code=1)
