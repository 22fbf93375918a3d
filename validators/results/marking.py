"""The result workbook: what the user handed in, with status, message, colours and notes (WB-6).

A plain .xlsx is patched, so that the user's own formats, columns and sheets survive. Everything else is built new
from the rows that were read: other formats, and packages with macros, links to other files or embedded objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from validators.results.patching.package import patch
from validators.results.patching.refusing import NotPatchable
from validators.results.rebuilding import SheetRows, rebuild
from validators.workbooks import Workbook
from validators.writing.outcome_cells import Cell


def mark(
    original: Path,
    cells: Iterable[Cell],
    *,
    sheets: Callable[[], Iterable[SheetRows]],
    template: Workbook | None = None,
) -> bytes:
    """The result workbook as the bytes of an .xlsx file.

    `original` is the file as it was handed in. `sheets` gives the rows that were read, and is asked only when the
    workbook has to be built new; `template` then gives it its identity.
    """
    listed = list(cells)
    try:
        return patch(original, listed)
    except NotPatchable:
        return rebuild(sheets(), listed, template)
