"""A long report from the database to the finished file, against XlsxWriter writing the same cells bare."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from bench.databases import KINDS, database, kinds, make_skus, put_stock
from bench.measuring import in_turn, peak_memory, seconds
from bench.page import Figure, Section, Size, against_floor, at_most
from server.db.session import Database
from server.reports.making import make
from server.settings import Settings

SKUS, MOST_RATIO, MOST_GROWTH_MB = 1_000, 2.0, 25
_SHEET = "Movements"


def run(size: Size) -> Section:
    """Measure every database there is."""
    rows = 2 * size.rows
    section = Section(
        "Reports",
        f"The report `movements` of {rows:,} rows and 16 columns, from the first query to the closed file. Floor: "
        "XlsxWriter with constant memory writes the same cells, without a format or a table, and closes the file. "
        f"Memory: the most that the command `report movements` holds, with {rows:,} rows and with {rows // SKUS}.",
    )
    for kind in kinds():
        with TemporaryDirectory(prefix="stockbook-bench-") as folder, database(kind) as db:
            _fill(db, rows)
            section.figures += _figures(KINDS[kind], db, Path(folder), size.rounds)
    return section


def _fill(db: Database, rows: int) -> None:
    skus = db.write(lambda session: make_skus(session, SKUS))
    for number in range(rows // SKUS):
        db.write(lambda session, number=number: put_stock(session, skus, 1, number=number + 1))  # type: ignore[misc]


def _figures(what: str, db: Database, folder: Path, rounds: int) -> list[Figure]:
    target = folder / "report.xlsx"
    made = _make(db, target)
    cells = CalamineWorkbook.from_path(target).get_sheet_by_name(_SHEET).to_python(skip_empty_area=False)
    assert len(cells) == made + 3
    pair = in_turn(
        rounds, lambda _: seconds(lambda: _make(db, target)), lambda _: seconds(lambda: _bare(cells, folder))
    )
    few, many = _peak(db, folder, "--sku", "SKU-0"), _peak(db, folder)
    return [
        against_floor(f"{what}, time", pair, most=MOST_RATIO),
        Figure(f"{what}, peak memory of the command, few rows", f"{few} MB"),
        Figure(f"{what}, peak memory of the command, all rows", f"{many} MB"),
        at_most(f"{what}, memory that comes with the rows", max(0, many - few), "MB", MOST_GROWTH_MB),
    ]


def _make(db: Database, target: Path) -> int:
    with target.open("w+b") as file:
        return make(db, Settings(), "movements", {}, file, by="bench")


def _bare(rows: Sequence[Sequence[Any]], folder: Path) -> None:
    """The floor."""
    book = xlsxwriter.Workbook(str(folder / "bare.xlsx"), {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str):
                if value:
                    sheet.write_string(number, column, value)
            elif isinstance(value, (int, float)):
                sheet.write_number(number, column, value)
            else:
                sheet.write_datetime(number, column, value)
    book.close()


def _peak(db: Database, folder: Path, *options: str) -> int:
    """The most memory, in MB, that the command holds."""
    environment = {**os.environ, "STOCKBOOK_DATABASE_URL": db.url, "STOCKBOOK_DATA_DIR": str(folder / "data")}
    words = ["report", "movements", "-o", str(folder / "command.xlsx"), *options]
    process = subprocess.Popen([sys.executable, "-m", "server", *words], env=environment, stdout=subprocess.DEVNULL)
    with peak_memory(process.pid) as peak:
        if process.wait():
            raise RuntimeError(f"report ended with {process.returncode}")
    return peak.megabytes
