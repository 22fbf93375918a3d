"""An upload's outcome in lines: what came of it, and the first problems with the cell they are at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from server.uploads import outcome
from server.uploads.models import Upload

#: Problems that are printed; the result workbook has all.
MOST = 20


def summary(upload: Upload) -> Iterator[str]:
    """The upload as a whole: number, status, rows by what came of them, messages about the file."""
    counts = ", ".join(f"{number} {name}" for name, number in upload.counts.items() if number and name != "rows")
    rows = upload.counts.get("rows")
    about = f": {rows} rows{f' ({counts})' if counts else ''}" if rows is not None else ""
    yield f"upload {upload.id} is {upload.status.replace('_', ' ')}{about}"
    yield from upload.messages
    for error in (upload.problem or {}).get("errors") or [upload.problem or {}]:
        if "detail" in error:
            yield str(error["detail"])


def problems(session: Session, upload: Upload) -> Iterator[str]:
    """`Sheet!C5 Quantity: …` for the first errors, or for the first warnings where there is no error."""
    errors: list[str] = []
    warnings: list[str] = []
    found = {"warning": 0, "error": 0}
    for row in outcome.stored_rows(session, upload.id):
        for message in row.get("messages", ()):
            is_warning = message["severity"] == "warning"
            found["warning" if is_warning else "error"] += 1
            chosen = warnings if is_warning else errors
            if len(chosen) < MOST:
                chosen.append(f"{_place(upload, row['row'], message)}: {message['text']}")
    lines, total = (errors, found["error"]) if errors else (warnings, found["warning"])
    yield from lines
    if total > len(lines):
        yield f"… and {total - len(lines)} more; -o RESULT.xlsx shows every one in its cell"


def _place(upload: Upload, row: int, message: Mapping[str, Any]) -> str:
    letter = upload.layout["columns"].get(message["key"] or "", "")
    title = f" {message['column']}" if message["column"] else ""
    return f"{upload.layout['sheet']}!{letter}{row}{title}"
