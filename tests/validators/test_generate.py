"""The command that writes the generated files, and its check."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from tests.support.workbooks import parts
from validators.documenting import messages_page, templates_page
from validators.generate import made, out_of_date, write
from validators.messages import CODES
from validators.registry import WORKBOOKS


def test_writes_what_is_missing_or_stale_and_takes_left_overs_away(tmp_path: Path) -> None:
    """WB-1: what is generated says what the code says."""
    assert set(write(tmp_path)) == set(made())
    assert out_of_date(tmp_path) == []
    (tmp_path / "docs/reference/messages.md").write_text("old")
    (tmp_path / "templates_xlsx/stock_in.xlsx").write_bytes(b"no workbook")
    (tmp_path / "templates_xlsx/gone.xlsx").write_bytes(b"")
    stale = ["docs/reference/messages.md", "templates_xlsx/gone.xlsx", "templates_xlsx/stock_in.xlsx"]
    assert out_of_date(tmp_path) == stale
    assert write(tmp_path) == stale
    assert out_of_date(tmp_path) == []


def test_the_time_of_writing_does_not_count(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "templates_xlsx/mapping.xlsx"
    later = io.BytesIO()
    with zipfile.ZipFile(later, "w") as archive:
        for name, data in parts(path.read_bytes()).items():
            archive.writestr(name, data.replace(b"2026-", b"2027-") if name == "docProps/core.xml" else data)
    path.write_bytes(later.getvalue())
    assert out_of_date(tmp_path) == []


def test_the_pages_name_everything() -> None:
    """WB-1: every template, column and code is documented, and every link in the index leads to a heading."""
    page = templates_page(WORKBOOKS.values())
    headings = {line[3:] for line in page.splitlines() if line.startswith("## ")}
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == anchors
    for workbook in WORKBOOKS.values():
        assert all(f"| `{column.name}` | {column.title} |" in page for column in workbook.columns)
    messages = messages_page(CODES.values())
    assert all(f"| `{code}` |" in messages for code in CODES)


def test_tables_are_whole() -> None:
    """A | in a text must not split a cell."""
    for page in (templates_page(WORKBOOKS.values()), messages_page(CODES.values())):
        width = 0
        for line in page.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (width and cells) or cells == width, line
            width = cells
