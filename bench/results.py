"""The result workbook of a large upload through HTTP, against XlsxWriter writing the same cells bare."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from bench import books
from bench.measuring import in_turn, peak_memory, seconds
from bench.page import Section, Size, against_floor, at_most
from bench.site import Site, site

MOST_RATIO, MOST_MB = 1.5, 400


def run(size: Size) -> Section:
    """Measure the result of a stock-in whose SKUs are all unknown, so that every row has a message and a colour."""
    section = Section(
        "Result workbook",
        f"The result of a stock-in of {size.rows:,} rows, each with status, message and colour, from asking for it to "
        "its last byte. Floor: XlsxWriter writes the same cells of the data sheet, without a format, and closes the "
        "file.",
    )
    with TemporaryDirectory(prefix="stockbook-bench-") as name, site(Path(name) / "data") as here:
        upload = here.upload(books.stock_in(size.rows, 0), "mode=validate")["id"]
        cells = _cells(_result(here, upload))
        with peak_memory(here.process.pid) as peak:
            pair = in_turn(
                size.rounds,
                lambda _: seconds(lambda: _result(here, upload)),
                lambda _: seconds(lambda: _bare(cells)),
            )
    section.figures += [
        against_floor("Result of a stock-in", pair, most=MOST_RATIO),
        at_most("Peak memory of the server", peak.megabytes, "MB", MOST_MB),
    ]
    return section


def _result(here: Site, upload: int) -> bytes:
    return here.client.get(f"/uploads/{upload}/result.xlsx").raise_for_status().content


def _cells(book: bytes) -> Sequence[Sequence[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(1).to_python(skip_empty_area=False)


def _bare(rows: Sequence[Sequence[Any]]) -> None:
    """The floor."""
    book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str):
                if value:
                    sheet.write_string(number, column, value)
            else:
                sheet.write_number(number, column, value)
    book.close()
