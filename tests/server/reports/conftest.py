"""Reports made and read back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from server import clock
from server.db.session import Database
from server.reports.making import make
from server.settings import Settings
from tests.server.orders.desk import Desk
from tests.server.reports.company import NOW, open_company
from tests.support.workbooks import opened

HEADER_ROW = 3


@dataclass
class Reports:
    """Makes reports of one database and looks into them."""

    db: Database
    settings: Settings
    desk: Desk | None = None

    def data(self, name: str, **given: str) -> bytes:
        """The report as it is downloaded."""
        target = io.BytesIO()
        with clock.frozen(NOW):
            make(self.db, self.settings, name, given, target, by="anna")
        return target.getvalue()

    def book(self, name: str, **given: str) -> openpyxl.Workbook:
        return opened(self.data(name, **given))

    def rows(self, report: str, sheet: str, **given: str) -> list[dict[str, Any]]:
        """The rows of one sheet, empty cells left out."""
        return rows_of(self.book(report, **given)[sheet])


def rows_of(sheet: Worksheet) -> list[dict[str, Any]]:
    """The rows of a sheet's table, empty cells left out."""
    titles = [cell.value for cell in sheet[HEADER_ROW]]
    found = sheet.iter_rows(min_row=HEADER_ROW + 1, values_only=True)
    return [{title: value for title, value in zip(titles, row, strict=True) if value is not None} for row in found]


@pytest.fixture
def empty(db: Database, tmp_path: Path) -> Reports:
    """Nothing to report on, on both databases."""
    return Reports(db, Settings(data_dir=tmp_path))


@pytest.fixture
def reports(db: Database, tmp_path: Path) -> Reports:
    """The small company, on both databases."""
    return Reports(db, Settings(data_dir=tmp_path), open_company(db))


@pytest.fixture
def plain_reports(sqlite_url: str, tmp_path: Path) -> Iterator[Reports]:
    """The same on SQLite only, for what does not depend on the database."""
    database = Database(sqlite_url)
    yield Reports(database, Settings(data_dir=tmp_path), open_company(database))
    database.close()
