"""The reference pages about templates and messages, made from what the code says and never written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from validators.columns import Column
from validators.messages import Code, Severity
from validators.workbooks import SameKey, Workbook
from validators.writing import wording

_MADE = "<!-- Made by `make templates` from the descriptions in validators/; edit those instead. -->"
_SAME_KEY = {
    SameKey.ERROR: "an error on both rows",
    SameKey.ADDS_UP: "the lines add up; two identical lines get a warning",
}
_SEVERITIES = {
    Severity.ERROR: "Errors",
    Severity.CONFLICT: "Conflicts",
    Severity.WARNING: "Warnings",
}
_SAID_OF = {
    Severity.ERROR: "An error stops its row, and by default the whole upload.",
    Severity.CONFLICT: "The record changed after the download. Counts as an error.",
    Severity.WARNING: "A warning is shown and stops nothing.",
}


def templates_page(workbooks: Iterable[Workbook]) -> str:
    """docs/reference/templates.md: every workbook with its columns."""
    listed = list(workbooks)
    index = [f"- [{workbook.title}](#{_anchor(workbook.title)}) `{workbook.id}`" for workbook in listed]
    parts = ["# Templates", _MADE, _INTRODUCTION, "\n".join(index), *map(_section, listed)]
    return "\n\n".join(parts) + "\n"


def messages_page(codes: Iterable[Code]) -> str:
    """docs/reference/messages.md: every code with its words, by severity."""
    listed = list(codes)
    parts = ["# Messages", _MADE, _MESSAGES_INTRODUCTION]
    for severity, heading in _SEVERITIES.items():
        rows = [(f"`{c.code}`", _sentence(c.text), _sentence(c.advice)) for c in listed if c.severity is severity]
        table = _table(("Code", "What it says", "What to do"), sorted(rows))
        parts += [f"## {heading}", _SAID_OF[severity], table]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = (
    "The workbooks that Stockbook takes. Programs name a column by its *name*, people by its *title*; input takes "
    "either. Column order is free, and headers match without regard to case, blanks or the star of required ones. "
    "The files are in `templates_xlsx/`; a running server fills their drop-downs with your own values."
)
_MESSAGES_INTRODUCTION = (
    "What can be said about a cell, a row or a file. Words in braces stand for the value, limit or row in question. "
    "The code never changes, so programs may rely on it; the words may."
)


def _section(workbook: Workbook) -> str:
    facts = [
        f"Template `{workbook.id}`, version {workbook.version}, sheet “{workbook.sheet}”, table `{workbook.table}`.",
        f"Key: {' and '.join(f'`{name}`' for name in workbook.key)}. Twice in a file: {_SAME_KEY[workbook.same_key]}.",
    ]
    if workbook.posts_stock:
        facts.append("Moves stock: an applied row is marked and is skipped when handed in again.")
    if workbook.with_data:
        facts.append("Can be downloaded with current data.")
    steps = [f"- {line}" for line in workbook.instructions]
    header = ("Name", "Title", "Needed", "What goes in", "Allowed", "Example")
    table = _table(header, [_column(column) for column in workbook.columns])
    return "\n\n".join([f"## {workbook.title}", workbook.summary, "\n".join(facts), "\n".join(steps), table])


def _sentence(text: str) -> str:
    """A message's words with the plural of a count: `{count:row was/rows were}` -> {count} rows were."""
    return re.sub(r"\{(\w+):[^/}]*/([^}]*)\}", r"{\1} \2", text)


def _column(column: Column) -> tuple[str, ...]:
    example = f"`{column.example}`" if column.example else ""
    said = (f"`{column.name}`", column.title, wording.need(column))
    return (*said, column.help, wording.allowed(column), example)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _anchor(title: str) -> str:
    """The link GitHub makes of a heading."""
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")
