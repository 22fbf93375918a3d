"""report list, report NAME, and the job that writes them into a folder."""

from __future__ import annotations

from pathlib import Path

from server.places.queries import default_warehouse
from server.reports.catalogue import REPORTS
from tests.factories import make_sku, put_stock
from tests.server.cli.conftest import Terminal, prepared
from tests.support.workbooks import opened


def test_every_report_has_its_command(terminal: Terminal) -> None:
    """REP-2: its options are what it declares."""
    found = {item["name"]: item for item in terminal.json("report", "list")}
    assert list(found) == list(REPORTS)
    assert found["inventory"]["options"] == "--as-of --warehouse --sku"
    shown = terminal.run("report", "inventory", "--help")
    assert "--as-of" in shown and "--since" not in shown


def test_a_report_is_written(terminal: Terminal, tmp_path: Path) -> None:
    """REP-2: to where it is told, or under its own name here; whole or not at all."""
    with prepared(terminal) as db:
        db.write(lambda session: put_stock(session, default_warehouse(session).id, make_sku(session, "RED"), 4))
    target = tmp_path / "here.xlsx"
    assert "here.xlsx: 1 row" in terminal.run("report", "inventory", "-o", str(target), "--warehouse", "main")
    assert opened(target.read_bytes())["Inventory"]["A4"].value == "RED"
    made = terminal.json("report", "inventory", "--as-of", "2020-01-01")
    assert made["rows"] == 0 and Path(made["file"]).name.startswith("inventory-") and Path(made["file"]).is_file()
    before = sorted(tmp_path.iterdir())
    assert "there is no warehouse 'WEST'" in terminal.run("report", "inventory", "--warehouse", "WEST", code=1)
    assert "neither a day" in terminal.run("report", "sales", "--since", "soon", code=2)
    assert "one of them" not in terminal.run("report", "nope", code=2)
    assert sorted(tmp_path.iterdir()) == before


def test_the_job_from_the_command_line(terminal: Terminal) -> None:
    """JOB-1: told what to write and run at once."""
    with prepared(terminal):
        pass
    changed = terminal.json(
        *("job", "change", "reports", "--on", "--every", "3600", "--set", "reports=inventory,sales"),
        *("--set", "folder=morning/all"),
    )
    assert changed["arguments"] == {"reports": "inventory,sales", "folder": "morning/all"} and changed["active"]
    assert terminal.json("job", "change", "reports", "--set", "folder=")["arguments"] == {"reports": "inventory,sales"}
    assert terminal.json("job", "run", "reports", "--set", "keep=1")["counts"] == {"reports": 2}
    assert {path.name.split("-")[0] for path in (terminal.folder / "reports").iterdir()} == {"inventory", "sales"}
    assert "there is no report" in terminal.run("job", "change", "reports", "--set", "reports=all", code=1)
