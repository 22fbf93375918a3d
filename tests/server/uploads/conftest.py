"""Handing in workbooks of SKUs, and a small catalogue to hand them in to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from server.catalog import queries, service
from server.catalog.models import MerchantSku
from server.catalog.records import NewSku
from server.db.session import Database
from server.settings import Settings
from server.uploads import outcome, pipeline
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows
from server.uploads.undo import undo
from tests.factories import AT, make_warehouse

Row = Mapping[str, Any]


@dataclass
class Uploads:
    """Hands rows in, and looks at what came of it."""

    db: Database
    settings: Settings

    def send(self, template: str, *rows: Row, apply: bool = True, good_rows: bool = False) -> tuple[int, str]:
        source = keep_rows(self.settings, {"template": template, "rows": list(rows), "first_row": 4})
        request, who = Request("apply" if apply else "validate", good_rows), Who("anna")
        number = pipeline.receive(self.db, source, request, who)
        pipeline.process(self.db, self.settings, number, source, request, who)
        with self.db.read() as session:
            return number, session.get_one(Upload, number).status

    def rows(self, number: int) -> list[dict[str, Any]]:
        with self.db.read() as session:
            return list(outcome.stored_rows(session, number))

    def codes(self, number: int) -> list[list[tuple[str, str]]]:
        """Per row, (column, code) of each message."""
        return [[(m["key"], m["code"]) for m in row.get("messages", ())] for row in self.rows(number)]

    def undo(self, number: int) -> None:
        self.db.write(lambda session: undo(session, number, by="bob"))

    def current(self, template: str) -> list[dict[str, Any]]:
        """The rows of a download with data, as they would be handed in again."""
        with self.db.read() as session:
            found = HANDLERS[template].current(session)
            return [{**_cells(row.values), "_version": row.version} for row in found]

    def sku(self, code: str) -> MerchantSku | None:
        with self.db.read() as session:
            found = queries.find(session, [code]).get(code.casefold())
            if found is not None:
                session.expunge(found)
            return found

    def recipe(self, code: str) -> dict[str, int]:
        with self.db.read() as session:
            ids = queries.find_ids(session, [code])
            return {
                part.code: part.quantity for parts in queries.parts_of(session, ids.values()).values() for part in parts
            }

    def gtins(self, code: str) -> list[str]:
        with self.db.read() as session:
            (sku_id,) = queries.find_ids(session, [code]).values()
            return queries.gtins_of(session, [sku_id]).get(sku_id, [])


def _cells(values: Row) -> dict[str, Any]:
    def cell(value: Any) -> Any:
        if isinstance(value, Mapping):
            return "; ".join(f"{name}={text}" for name, text in value.items())
        if isinstance(value, tuple):
            return "; ".join(value)
        return str(value) if isinstance(value, Decimal) else value

    return {name: cell(value) for name, value in values.items()}


def combination(code: str, component: str, quantity: int, **more: Any) -> dict[str, Any]:
    """A row of the combinations workbook."""
    return {"combination": code, "component": component, "quantity": quantity, **more}


@pytest.fixture
def uploads(db: Database, tmp_path: Path) -> Uploads:
    """Uploads into an empty company with its default warehouse."""
    db.write(lambda session: make_warehouse(session, "MAIN", default=True))
    return Uploads(db, Settings(data_dir=tmp_path, database_url=db.url))


@pytest.fixture
def singles(uploads: Uploads) -> list[int]:
    """A, B and C."""
    new = [NewSku(code=code, title=f"Single {code}", gtins=[f"GT-{code}"]) for code in "ABC"]
    return uploads.db.write(lambda session: service.create(session, new, by="anna", at=AT))


FULL = {
    "sku": "NK-SP-TS-RED-M", "title": "Sport T-shirt", "parent_sku": "NK-SP-TS", "size": "M", "colour": "Red",
    "attributes": "fit=slim; sleeve=short", "gtins": "4006381333931; 614141999996", "weight_g": "180.5",
    "cost": "4.20", "price": "12.90", "currency": "usd", "default_warehouse": "main", "serial_mode": "full",
    "status": "inactive", "notes": "Summer",
}  # fmt: skip
