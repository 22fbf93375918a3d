"""Current data as plain rows, for a client that fills them into an open sheet (WB-4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.errors import Refused
from server.uploads.downloads import template_of
from server.uploads.handlers.registry import HANDLERS
from validators.templates.value_cells import plain_value
from validators.workbooks import VERSION_TITLE


@dataclass(frozen=True)
class CurrentRows:
    """Every record of a workbook: `columns` by name, the last one the row's version; `rows` in the same order."""

    columns: list[str]
    rows: list[list[Any]]


def current_rows(session: Session, template: str, *, warehouse_id: int | None = None) -> CurrentRows:
    """What a download with current data holds, cell by cell. Raises `NotFound`, and `Refused` where there is none."""
    workbook = template_of(template)
    if not workbook.with_data:
        raise Refused(f"'{workbook.title}' has no current data; fill it in from empty")
    found = HANDLERS[template].current(session, warehouse_id=warehouse_id)
    rows = [
        [*(plain_value(row.values.get(column.name), column) for column in workbook.columns), row.version]
        for row in found
    ]
    return CurrentRows([*(column.name for column in workbook.columns), VERSION_TITLE], rows)
