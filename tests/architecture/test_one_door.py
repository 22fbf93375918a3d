"""Only `server/ledger/posting.py` writes balances, entries and movements: another writer could not be explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.source import files, imported, shown, texts, tree

DOOR = "server/ledger/posting.py"
GUARDED = {f"server.ledger.models.{name}" for name in ("Balance", "Entry", "Movement")}
WRITERS = {"insert", "update", "delete", "upsert", "insert_rows", "bulk_insert_mappings", "bulk_update_mappings"}
_SQL = re.compile(r'\b(insert\s+into|update|delete\s+from)\s+"?(balance|entry|movement)\b', re.IGNORECASE)


def _writes(path: Path) -> list[str]:
    """Where a file makes or changes rows of the guarded tables."""
    names = {name for name, full in imported(path).items() if full in GUARDED}
    found = [f"{shown(path)}: {text[:60]!r}" for text in texts(path) if _SQL.search(text)]
    for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = {node.id for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Name)}
        if called in names or (called in WRITERS and names & given):
            found.append(f"{shown(path)}:{call.lineno} {called}")
    return found


def test_nobody_else_writes_stock() -> None:
    """STK-2: nothing changes a figure but a movement, posted through the one door."""
    assert [place for path in files("server") if shown(path) != DOOR for place in _writes(path)] == []


def test_the_test_can_see() -> None:
    """The door itself is seen by it, so that a renamed table or writer does not make the rule silent."""
    (door,) = [path for path in files("server") if shown(path) == DOOR]
    seen = {place.rpartition(" ")[2] for place in _writes(door)}
    assert {"insert_rows", "update", "upsert"} <= seen


def test_movements_are_never_changed_or_deleted() -> None:
    """STK-2: not even by the door: a mistake is answered by a movement that points back at it."""
    for path in files("server"):
        names = {n for n, full in imported(path).items() if full in GUARDED - {"server.ledger.models.Balance"}}
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in ("update", "delete"):
                given = {node.id for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Name)}
                assert not names & given, f"{shown(path)}:{call.lineno}"
