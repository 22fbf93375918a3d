"""The table of codes, put together."""

from __future__ import annotations

from collections.abc import Iterable

from validators.messages.about_cells import CELLS
from validators.messages.about_files import FILES
from validators.messages.about_rows import ROWS
from validators.messages.code import Code


def _table(codes: Iterable[Code]) -> dict[str, Code]:
    table: dict[str, Code] = {}
    for code in codes:
        assert code.code not in table, f"code {code.code} stands twice"
        table[code.code] = code
    return table


CODES: dict[str, Code] = _table((*CELLS, *ROWS, *FILES))
