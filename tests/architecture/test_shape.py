"""What keeps the code readable: small files, words on every module, rules without session or clock."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.source import files, imported, shown, texts, tree

OURS = ("server", "validators", "addin")
MOST_LINES = 400
#: Files that decide and do nothing else: everything they need is passed in.
PURE = ("rules.py", "states.py", "movements.py", "causes.py", "plan.py", "mapping.py")
_IMPURE = ("sqlalchemy", "flask", "time", "random", "httpx", "os", "pathlib", "server.clock", "server.db")


def _pure_files() -> list[Path]:
    """`mapping.py` is pure in a channel's room only: elsewhere the word means a store's mapping."""
    found = [path for path in files("server") if path.name in PURE]
    return [path for path in found if path.name != "mapping.py" or path.parent.parent.name == "channels"]


def test_files_are_small() -> None:
    """At 400 lines there is a second subject in a file."""
    long = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(*OURS)}
    assert {path: lines for path, lines in long.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("path", _pure_files(), ids=shown)
def test_rules_have_no_session_and_no_clock(path: Path) -> None:
    """A rule can be tried with nothing but values, so it has neither database, web, network nor time of its own."""
    reached = [full for full in imported(path).values() if any(_within(full, impure) for impure in _IMPURE)]
    assert reached == []
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    names = [call.func.attr for call in calls if isinstance(call.func, ast.Attribute)]
    assert not {"now", "today", "utcnow"} & set(names)


def test_there_are_rules() -> None:
    """The list above is not empty because of a rename."""
    assert len(_pure_files()) >= 8


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_every_module_says_what_it_is() -> None:
    """The first thing a reader meets is a sentence."""
    assert [shown(path) for path in files(*OURS) if not ast.get_docstring(tree(path))] == []


def test_public_functions_and_classes_say_what_they_do() -> None:
    """Outside of nested ones and what a protocol or framework names for us."""
    silent = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in files(*OURS)
        for node in tree(path).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    """A thing is built or it is not there."""
    words = ("# TODO", "# FIXME", "# XXX", "raise NotImplementedError")
    sources = {shown(path): path.read_text(encoding="utf-8") for path in files(*OURS)}
    assert [(path, word) for path, source in sources.items() for word in words if word in source] == []


def test_only_the_command_line_prints() -> None:
    """Everything else answers, raises or logs."""
    talkers = [
        shown(path)
        for path in files("server", "validators")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert [path for path in talkers if not path.startswith(("server/cli/", "validators/generate.py"))] == []


def test_no_text_is_built_into_sql() -> None:
    """Values go to the database as parameters: no statement is put together with f-strings outside `db/bulk.py`."""
    starts = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ")
    found = [
        shown(path)
        for path in files("server")
        if not shown(path).startswith(("server/db/", "server/sandbox/"))
        for text in texts(path)
        if text.startswith(starts) and text != "SELECT 1"
    ]
    assert found == []
