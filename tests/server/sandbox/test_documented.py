"""The sandbox's page names every call and every fault."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from server.sandbox.faults import Faults
from server.sandbox.http import create_app, market_of
from server.sandbox.orders import ACTIONS

PAGE = Path(__file__).parents[3] / "docs" / "sandbox.md"


def test_every_fault_and_action_is_on_the_page() -> None:
    page = PAGE.read_text()
    assert [field.name for field in fields(Faults) if f"| `{field.name}` |" not in page] == []
    assert [action for action in ACTIONS if f"`{action}`" not in page] == []


def test_every_call_is_on_the_page(tmp_path: Path) -> None:
    app = create_app(tmp_path / "sandbox.db", deliver=False)
    market_of(app).close()
    paths = {rule.rule.removeprefix("/sandbox/v1") for rule in app.url_map.iter_rules()}
    shown = {path.split("/<any(")[0].replace("<", "{").replace(">", "}") for path in paths}
    assert [path for path in shown if path not in PAGE.read_text()] == []
