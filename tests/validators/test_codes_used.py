"""Every code that reading and checking may say exists, and the facts given are those its sentence needs."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import validators
from validators.messages import CODES

_ROOT = Path(validators.__file__).parent
_FILES = sorted([*(_ROOT / "reading").glob("*.py"), *(_ROOT / "extracting").glob("*.py")])
_ROW_FILES = [
    _ROOT / "columns.py",
    *sorted([*(_ROOT / "values").glob("[!_]*.py"), *(_ROOT / "checking").glob("[!_]*.py")]),
]


def _needed(code: str) -> set[str]:
    known = CODES[code]
    return {name for _, name, _, _ in string.Formatter().parse(known.text + known.advice) if name}


def _refusals() -> Iterator[tuple[str, str, frozenset[str]]]:
    """File, code and facts of every `Unreadable("code", fact=…)`."""
    for path in _FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Unreadable":
                for code in _constants(node.args[0]) if node.args else ():
                    yield path.name, code, frozenset(keyword.arg or "" for keyword in node.keywords)


def _constants(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _dashed(path: Path) -> set[str]:
    """Texts in a file that look like codes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        text for text in _constants(tree) if text in CODES or text.startswith(("number-", "cell-", "code-", "sku-"))
    }


@pytest.mark.parametrize(("file", "code", "facts"), sorted(set(_refusals()), key=str))
def test_a_refusal_says_all_its_sentence_needs(file: str, code: str, facts: frozenset[str]) -> None:
    """A refusal's code is in the table and every fact of its sentence is given."""
    assert code in CODES, file
    assert _needed(code) <= facts or "" in facts


@pytest.mark.parametrize("path", _ROW_FILES, ids=lambda path: path.stem)
def test_codes_about_cells_exist(path: Path) -> None:
    """Codes about cells and rows are in the table; their sentences are proved by the table of cells."""
    assert _dashed(path) <= set(CODES)
