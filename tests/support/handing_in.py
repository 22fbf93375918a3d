"""Rows handed in as JSON through the whole path of an upload, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.db.session import Database
from server.settings import Settings
from server.uploads import outcome, pipeline
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows
from server.uploads.undo import undo

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of an upload: its number, its status, and per row the status, messages' places and changes."""

    number: int
    status: str
    rows: list[dict[str, Any]]

    @property
    def codes(self) -> list[list[tuple[str, str]]]:
        """Per row, (column, code) of each message."""
        return [[(m["key"], m["code"]) for m in row.get("messages", ())] for row in self.rows]

    @property
    def changes(self) -> list[list[tuple[str, Any, Any]]]:
        """Per row, (field, before, after)."""
        return [[(c["field"], c["before"], c["after"]) for c in row.get("changes", ())] for row in self.rows]

    @property
    def texts(self) -> list[str]:
        """Every message's words, in the order of the rows."""
        return [m["text"] for row in self.rows for m in row.get("messages", ())]

    @property
    def statuses(self) -> list[str]:
        """Per row."""
        return [row["status"] for row in self.rows]


@dataclass(frozen=True)
class Desk:
    """Hands rows of one template in."""

    db: Database
    settings: Settings
    template: str

    def hand_in(self, *rows: Row, apply: bool = True, good_rows: bool = False, again: bool = False) -> Outcome:
        source = keep_rows(self.settings, {"template": self.template, "rows": list(rows), "first_row": 4})
        request, who = Request("apply" if apply else "validate", good_rows, again), Who("anna")
        number = pipeline.receive(self.db, source, request, who)
        pipeline.process(self.db, self.settings, number, source, request, who)
        with self.db.read() as session:
            status = session.get_one(Upload, number).status
            return Outcome(number, status, list(outcome.stored_rows(session, number)))

    def undo(self, done: Outcome) -> None:
        self.db.write(lambda session: undo(session, done.number, by="bob"))

    def current(self) -> list[dict[str, Any]]:
        """The rows of a download with data, as they would be handed in again."""
        with self.db.read() as session:
            found = HANDLERS[self.template].current(session)
            return [{**row.values, "_version": row.version} for row in found]
