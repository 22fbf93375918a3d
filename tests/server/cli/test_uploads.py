from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from tests.factories import make_sku
from tests.server.cli.conftest import Terminal, prepared
from tests.support.filling import columns, fill
from validators.registry import WORKBOOKS


@pytest.fixture
def company(terminal: Terminal) -> Terminal:
    """A company with the SKUs NK-RED-M and NK-BLUE-M, and its default warehouse Main."""
    with prepared(terminal) as db:
        db.write(lambda s: [make_sku(s, code) for code in ("NK-RED-M", "NK-BLUE-M")])
    return terminal


def book(company: Terminal, *rows: dict[str, object], template: str = "stock_in", name: str = "book.xlsx") -> str:
    """The path of a filled-in template."""
    company.run("template", "get", template, "-o", name)
    path = Path(name)
    path.write_bytes(fill(path.read_bytes(), template, rows))
    return name


def on_hand(company: Terminal, sku: str = "NK-RED-M") -> int:
    return sum(row["on_hand"] for row in company.json("stock", "--sku", sku))


RED = {"sku": "NK-RED-M", "quantity": 12}


def test_templates_are_listed_and_written(company: Terminal) -> None:
    """WB-2, WB-4: every template; empty, or with current data where it has some."""
    assert [row["id"] for row in company.json("template", "list")] == list(WORKBOOKS)
    assert "stock_in" in company.run("template", "list")
    assert company.run("template", "get", "stock_in").strip() == "stock_in.xlsx"
    assert "exists" in company.run("template", "get", "stock_in", code=1)
    company.run("upload", book(company, RED), "--apply")
    company.run("template", "get", "quantity_update", "--with-data", "--warehouse", "main", "-o", "now.xlsx")
    sheet = openpyxl.load_workbook("now.xlsx")[WORKBOOKS["quantity_update"].sheet]
    assert sheet[f"{columns(sheet, 'quantity_update')['on_hand']}4"].value == 12
    assert "no current data" in company.run("template", "get", "stock_in", "--with-data", "-o", "x.xlsx", code=1)
    assert "there are" in company.run("template", "get", "nothing", code=1)
    company.run("template", "get", "quantity_update", "--warehouse", "main", code=2)


def test_validating_changes_nothing(company: Terminal) -> None:
    """WB-5: unless --apply is given."""
    assert "upload 1 is validated: 1 rows (1 ok)" in company.run("upload", book(company, RED))
    assert on_hand(company) == 0
    company.run("upload", "book.xlsx", "--again", code=2)


def test_a_wrong_cell_is_named_and_the_exit_code_is_1(company: Terminal) -> None:
    """WB-6: refused as a whole; the result workbook has every message."""
    wrong = book(company, RED, {"sku": "NK-BLUE-M", "quantity": 2.9}, {"sku": "GONE", "quantity": 1})
    said = company.run("upload", wrong, "--apply", "-o", "result.xlsx", code=1)
    sheet_name = WORKBOOKS["stock_in"].sheet
    assert f"{sheet_name}!C5 Quantity: " in said and f"{sheet_name}!A6 SKU: " in said
    assert on_hand(company) == 0
    sheet = openpyxl.load_workbook("result.xlsx")[sheet_name]
    letters = columns(sheet, "stock_in")
    assert [sheet[f"{letters['Status']}{row}"].value for row in (4, 5, 6)] == ["OK", "Error", "Error"]


def test_good_rows_are_applied_where_chosen(company: Terminal) -> None:
    """WB-6: a choice; rows were refused, so the exit code says so."""
    some = book(company, RED, {"sku": "GONE", "quantity": 1})
    company.run("upload", some, "--apply", "--good-rows", code=1)
    assert on_hand(company) == 12


def test_the_same_again_is_a_duplicate_unless_told(company: Terminal) -> None:
    """WB-7: with the first upload's number; --again goes on."""
    file = book(company, RED)
    outcome = company.json("upload", file, "--apply")
    assert (outcome["status"], outcome["rows"][0]["status"]) == ("applied", "ok")
    company.run("upload", file, "--apply", code=1)
    assert [row["status"] for row in company.json("history")] == ["duplicate", "applied"]
    company.run("upload", file, "--apply", "--again")
    assert on_hand(company) == 24


def test_undo_once(company: Terminal) -> None:
    """WB-8: all or nothing, with the reasons; a second undo is refused."""
    company.run("upload", book(company, RED), "--apply")
    company.run("upload", book(company, {"sku": "NK-RED-M", "quantity": 2}, template="stock_out"), "--apply")
    assert "NK-RED-M" in company.run("undo", "1", code=1)
    company.run("undo", "2")
    assert "upload 1 is undone" in company.run("undo", "1")
    assert on_hand(company) == 0
    assert "already" in company.run("undo", "1", code=1)
    assert "there is no upload" in company.run("undo", "99", code=1)


def test_what_is_no_workbook_is_a_sentence_and_in_the_history(company: Terminal) -> None:
    """WB-10, WB-11: refused with the reason, exit code 1; a path that is none is wrong use."""
    Path("letter.pdf").write_bytes(b"%PDF-1.7 nothing")
    said = company.run("upload", "letter.pdf", code=1)
    assert "Traceback" not in said
    [line] = company.json("history")
    assert (line["status"], line["filename"], line["by"][:4]) == ("failed", "letter.pdf", "cli:")
    assert line["problem"]["detail"]
    company.run("upload", "nowhere.xlsx", code=2)
    assert "there are" in company.run("upload", "letter.pdf", "--template", "nothing", code=1)


def test_a_csv_is_told_its_template(company: Terminal) -> None:
    """WB-10: files that can't tell their template."""
    Path("in.csv").write_text("SKU,Quantity\nNK-RED-M,3\n", encoding="utf-8")
    company.run("upload", "in.csv", "--template", "stock_in", "--apply")
    assert on_hand(company) == 3


def test_a_file_that_is_too_large_is_refused_unread(company: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """WB-12: over the limit is refused before parsing."""
    monkeypatch.setenv("STOCKBOOK_UPLOAD_MAX_BYTES", "1000")
    Path("big.xlsx").write_bytes(io.BytesIO(b"x" * 1001).getvalue())
    assert "1,001 bytes" in company.run("upload", "big.xlsx", code=1)
    assert company.json("history") == []


def test_what_came_of_an_upload_can_be_asked_later(company: Terminal) -> None:
    """WB-11: every row's outcome, the result workbook and the file as it was handed in."""
    name = book(company, RED, {"sku": "NOTHING", "quantity": 1})
    company.run("upload", name, code=1)
    number = str(company.json("history")[0]["id"])
    said = company.run("result", number, "-o", "result.xlsx", "--original", "original.xlsx")
    assert f"upload {number} is" in said
    assert company.json("result", number)["counts"]["error"] == 1
    assert Path("original.xlsx").read_bytes() == Path(name).read_bytes()
    sheet = openpyxl.load_workbook("result.xlsx")[WORKBOOKS["stock_in"].sheet]
    assert "NOTHING" in [cell.value for row in sheet.iter_rows() for cell in row]
    assert "there is no upload 99" in company.run("result", "99", code=1)
