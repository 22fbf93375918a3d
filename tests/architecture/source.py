"""The project's own source, read as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Written by a tool.
_GENERATED = ROOT / "server" / "db" / "migrations" / "versions"


@cache
def files(*rooms: str) -> tuple[Path, ...]:
    """Every Python file below these folders that people write."""
    found = (path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))
    return tuple(path for path in found if _GENERATED not in path.parents)


@cache
def tree(path: Path) -> ast.Module:
    """A file as a syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> dict[str, str]:
    """Every name that a file imports -> what it stands for, in full: `Row` -> `server.ledger.models.Entry`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
    return names


def texts(path: Path) -> Iterator[str]:
    """Every text in a file that is not a docstring, the parts of f-strings too."""
    documented = {id(node.body[0].value) for node in ast.walk(tree(path)) if _has_docstring(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def _has_docstring(node: ast.AST) -> bool:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, owners) and bool(node.body) and isinstance(node.body[0], ast.Expr)
