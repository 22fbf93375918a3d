"""Rows go through a report without staying in it (REP-2)."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.session import Database
from server.ledger.models import Balance
from server.reports import workbook
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.settings import Settings
from tests.factories import AT, make_warehouse
from tests.server.reports.conftest import Reports
from tests.support.workbooks import needs_office, opened, through_office


def _report(rows: int) -> Report:
    def stream(_: Session, __: Asked) -> Iterator[Row]:
        return ((f"SKU-{number:06d}", number, AT) for number in range(rows))

    columns = (
        Column("SKU", Look.TEXT, "Its code.", 20),
        Column("Units", Look.UNITS, "How many.", 10),
        Column("When", Look.MOMENT, "When.", 18),
    )
    return Report("long", "Long", "Very long.", (Sheet("Long", columns, stream, "it is short"),))


def _written(report: Report, **more: Any) -> bytes:
    target = io.BytesIO()
    workbook.write(target, report, Session(), Asked(AT, "anna"), **more)
    return target.getvalue()


def _peak(work: Any) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """REP-2: ten times the rows, the same memory."""

    def write(rows: int) -> None:
        with (tmp_path / "long.xlsx").open("w+b") as file:
            workbook.write(file, _report(rows), Session(), Asked(AT, "anna"))

    write(10)  # what is made once
    few, many = (_peak(lambda rows=rows: write(rows)) for rows in (2_000, 20_000))  # type: ignore[misc]
    assert many < few * 1.25 + 200_000


def test_rows_from_the_database_are_not_held(db: Database, tmp_path: Path) -> None:
    """REP-2: the same with a cursor, on either database."""

    def fill(session: Session, place: int, first: int, last: int) -> None:
        codes = [f"SKU-{number:05d}" for number in range(first, last)]
        made = {"created_at": AT, "updated_at": AT}
        session.execute(insert(MerchantSku), [{"code": code, "key": code.lower(), **made} for code in codes])
        ids = session.scalars(select(MerchantSku.id).where(MerchantSku.key >= f"sku-{first:05d}"))
        session.execute(insert(Balance), [{"warehouse_id": place, "sku_id": number, "on_hand": 1} for number in ids])

    reports = Reports(db, Settings(data_dir=tmp_path))
    place = db.write(lambda session: make_warehouse(session, default=True))
    db.write(lambda session: fill(session, place, 0, 1_200))
    reports.data("inventory")  # what is made once
    few = _peak(lambda: reports.data("inventory"))
    db.write(lambda session: fill(session, place, 1_200, 4_800))
    many = _peak(lambda: reports.data("inventory"))
    assert many < few * 1.25 + 300_000  # the finished file itself is in memory here


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(tmp_path: Path) -> None:
    """STK-9: never silently dropped; each part is a table of its own."""
    told: list[int] = []
    book = opened(_written(_report(2_500), most_rows=1_000, tell=told.append))
    assert book.sheetnames == ["About", "Long", "Long 2", "Long 3"]
    assert [sheet.max_row - 3 for sheet in book.worksheets[1:]] == [1_000, 1_000, 500]
    assert [name for sheet in book.worksheets for name in sheet.tables] == [
        "tbl_long_long",
        "tbl_long_long_2",
        "tbl_long_long_3",
    ]
    assert book["Long 3"]["A4"].value == "SKU-002000" and told == [1_000, 2_000]
    about = [row for row in book["About"].iter_rows(values_only=True) if row[0] == "Long"]
    assert about[-1][1] == "2,500 rows"


def test_exactly_full_makes_no_empty_sheet() -> None:
    assert opened(_written(_report(1_000), most_rows=1_000)).sheetnames == ["About", "Long"]


def test_a_report_that_breaks_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database went away half-way: no file that looks finished, no temporary files."""

    def broken(_: Session, __: Asked) -> Iterator[Row]:
        yield ("A", 1, AT)
        raise RuntimeError("gone")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    sheet = _report(1).sheets[0]
    report = Report("long", "Long", "Very long.", (Sheet("Long", sheet.columns, broken, "it is short"),))
    target = io.BytesIO()
    with pytest.raises(RuntimeError, match="gone"):
        workbook.write(target, report, Session(), Asked(AT, "anna"))
    assert target.getvalue() == b"" and list(tmp_path.iterdir()) == []


def test_the_database_is_let_go_before_packing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """REP-2: packing a long report takes a minute, and PostgreSQL breaks a transaction that lies idle so long."""
    seen: list[bool] = []
    with db.read() as session:

        class Book(workbook.Book):
            def close(self) -> None:
                seen.append(session.in_transaction())
                super().close()

        monkeypatch.setattr(workbook, "Book", Book)
        session.execute(text("SELECT 1"))
        workbook.write(io.BytesIO(), _report(10), session, Asked(AT, "anna"))
    assert seen == [False]


@needs_office
@pytest.mark.office
@pytest.mark.slow
def test_libreoffice_reads_what_was_written(plain_reports: Reports, tmp_path: Path) -> None:
    """A second opinion on tables that were stretched: one report with charts and moments."""
    book = through_office(plain_reports.data("sales"), tmp_path)
    assert book["Sales"]["A3"].value == "SKU" and book["Sales"]["F5"].value == 7
    assert len(book["Charts"]._charts) == 2
