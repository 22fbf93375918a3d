"""Stock lists that are *to do*: written down, changed, taken away; nothing of it is posted (STK-6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.errors import Refused
from server.warehousing import service
from server.warehousing.models import StockList, StockListLine
from server.warehousing.service import MAX_NOTE, ListLine, NewList


@dataclass(frozen=True)
class ListChange:
    """What to change of a list; `lines`, where given, are all of its lines."""

    note: str | None = None
    lines: Sequence[ListLine] | None = None


def draft_list(session: Session, new: NewList, *, by: str, at: datetime) -> StockList:
    """Write a list down. Raises `Refused` as `service.create_list` does."""
    row = service.create_list(session, new, by=by, at=at)
    _note(session, row, "create", by, at, lines=len(new.lines))
    return row


def edit(
    session: Session, list_id: int, change: ListChange, *, direction: str | None = None, by: str, at: datetime
) -> StockList:
    """Change a list. Raises `NotFound`, and `Refused` once it is completed or for lines that no list may have."""
    row = _to_do(session, list_id, direction)
    if change.note is not None:
        row.note = change.note[:MAX_NOTE]
    if change.lines is not None:
        _drop_lines(session, row)
        service.write_lines(session, row, change.lines)
    session.flush()
    _note(session, row, "edit", by, at)
    return row


def remove(session: Session, list_id: int, *, direction: str | None = None, by: str, at: datetime) -> StockList:
    """Take a list away; what it was. Raises `NotFound`, and `Refused` once it is completed."""
    row = _to_do(session, list_id, direction)
    _drop_lines(session, row)
    session.delete(row)
    session.flush()
    _note(session, row, "remove", by, at)
    return row


def _to_do(session: Session, list_id: int, direction: str | None) -> StockList:
    row = service.find_list(session, list_id, direction=direction, lock=True)
    if row.state != "todo":
        correct = "stock-out" if row.direction == "in" else "stock-in"
        raise Refused(f"stock-{row.direction} list {list_id} is completed; correct it by a {correct} list")
    return row


def _drop_lines(session: Session, row: StockList) -> None:
    session.execute(delete(StockListLine).where(StockListLine.list_id == row.id))


def _note(session: Session, row: StockList, what: str, by: str, at: datetime, **more: int) -> None:
    audit(session, by, f"stock_{row.direction}.{what}", f"stock-{row.direction} {row.id}", at=at, **more)
