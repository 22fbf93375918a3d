"""Validate and Apply: what the server says comes back into the sheet's own cells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import xlwings as xw

from addin.client import http
from addin.desktop import buttons
from tests.addin.conftest import Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet

Open = Callable[..., OpenSheet]


def test_a_mistake_is_seen_corrected_and_applied(site: Site, sheet: Open, signed_in: Excel) -> None:
    """ADD-2: red cell and note, the first error selected, a summary; corrected, it is applied."""
    open_sheet = sheet("stock_in", ("MUG", 4), ("NOPE", 2), ("PEN", "three"))
    before = site.stock("MUG")
    buttons.validate()
    assert [open_sheet.status(row) for row in range(3)] == ["OK", "Error", "Error"]
    assert open_sheet.colour(1, "sku") == "error" and "NOPE" in (open_sheet.note(1, "sku") or "")
    assert open_sheet.colour(2, "quantity") == "error" and open_sheet.colour(0, "sku") is None
    assert xw.apps.active.selection.address == open_sheet.cell(1, "sku").address
    assert "1 good, 2 with an error" in signed_in.said and "Nothing was changed" in signed_in.said
    assert site.stock("MUG") == before

    open_sheet.type(1, {"sku": "CAP"})
    open_sheet.type(2, {"quantity": 3})
    buttons.apply()
    assert [open_sheet.status(row).partition(" #")[0] for row in range(3)] == ["Applied"] * 3
    assert open_sheet.colour(1, "sku") is None and open_sheet.note(1, "sku") is None
    assert open_sheet.note(2, "quantity") is None
    assert site.stock("MUG") == before + 4
    assert signed_in.statuses[-1] is False and signed_in.drawing[-1] is True


def test_apply_pressed_twice_applies_once(site: Site, sheet: Open, signed_in: Excel) -> None:
    """ADD-2, WB-13: the second press finds its own mark."""
    open_sheet = sheet("stock_in", ("MUG", 11), ("PEN", 12))
    before = site.stock("MUG")
    buttons.apply()
    mark = open_sheet.status(0)
    signed_in.answers += ["no"]
    buttons.apply()
    assert site.stock("MUG") == before + 11
    assert "Nothing was applied" in signed_in.said and "2 applied before, left alone" in signed_in.said
    assert (open_sheet.status(0), open_sheet.colour(0, "Status")) == (mark, "skipped")
    signed_in.answers += ["yes"]
    buttons.apply()
    assert site.stock("MUG") == before + 22 and open_sheet.status(0).startswith("Applied #")
    assert open_sheet.status(0) != mark


def test_one_row_changed_after_apply(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-13: however often Validate and Apply are pressed, the other rows keep their mark and are not posted again.
    What the message says to do then posts the one row."""
    open_sheet = sheet("stock_in", ("MUG", 13), ("PEN", 14))
    pens, mugs = site.stock("PEN"), site.stock("MUG")
    buttons.apply()
    mark = open_sheet.status(0)
    open_sheet.type(1, {"quantity": 15})
    for press in (buttons.validate, buttons.apply, buttons.apply):
        press()
        assert (open_sheet.status(0), open_sheet.status(1)) == (mark, f"Error ({mark.lower()})")
        assert open_sheet.colour(1, "sku") == "error"
    assert "Clear its Status" in (open_sheet.note(1, "sku") or "")
    open_sheet.cell(1, "Status").value = ""
    buttons.apply()
    assert open_sheet.status(0) == mark and open_sheet.status(1).startswith("Applied #")
    assert open_sheet.colour(1, "sku") is None and open_sheet.note(1, "sku") is None
    assert (site.stock("MUG"), site.stock("PEN")) == (mugs + 13, pens + 29)


def test_what_was_left_out_is_applied_without_the_rest(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-6, WB-7: the good rows were applied; once the others are right, the same sheet applies those alone, a
    fresh copy of it too."""
    rows = ("MUG", 16), ("LATER-1", 3)
    sheet("stock_in", *rows, name="first")
    before = site.stock("MUG")
    signed_in.answers += ["yes"]
    buttons.apply()
    site.server.apply("sku_create", {"sku": "LATER-1", "title": "Made since"})
    copy = sheet("stock_in", *rows, name="copy")
    signed_in.answers += ["yes"]
    buttons.apply()
    assert "Apply the 1 row that was not applied then?" in signed_in.alerts[-2].text
    assert (site.stock("MUG"), site.stock("LATER-1")) == (before + 16, 3)
    assert copy.status(1).startswith("Applied #") and copy.status(0) != copy.status(1)


def test_the_same_content_is_applied_again_only_on_purpose(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-7: a copy of an applied sheet asks first."""
    sheet("stock_in", ("MUG", 21), name="first")
    before = site.stock("MUG")
    buttons.apply()
    again = sheet("stock_in", ("MUG", 21), name="second")
    signed_in.answers += ["no"]
    buttons.apply()
    assert site.stock("MUG") == before + 21 and again.status(0).startswith("Applied #")
    signed_in.answers += ["yes"]
    buttons.apply()
    assert site.stock("MUG") == before + 42 and again.status(0).startswith("Applied #")


def test_good_rows_are_applied_if_the_user_says_so(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-6: all or nothing, unless chosen otherwise."""
    open_sheet = sheet("stock_in", ("MUG", 31), ("NOPE", 1))
    before = site.stock("MUG")
    signed_in.answers += ["no"]
    buttons.apply()
    assert site.stock("MUG") == before and open_sheet.status(1) == "Error"
    signed_in.answers += ["yes"]
    buttons.apply()
    assert site.stock("MUG") == before + 31
    assert open_sheet.status(0).startswith("Applied #") and open_sheet.status(1) == "Error"


def test_an_answer_that_got_lost_is_asked_for_again_under_the_same_key(
    site: Site, sheet: Open, signed_in: Excel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADD-2: the server applied it, the answer never came, the button is pressed again: once."""
    open_sheet = sheet("stock_in", ("MUG", 41)).settle()
    before = site.stock("MUG")
    asked = http.httpx.Client.request

    def lose(self, method, path, **sent):  # type: ignore[no-untyped-def]
        answer = asked(self, method, path, **sent)
        if method == "POST":
            raise http.httpx.ReadTimeout("the cable")
        return answer

    with monkeypatch.context() as cut:
        cut.setattr(http.httpx.Client, "request", lose)
        cut.setattr(http, "_POLL_SECONDS", (0.0, 0.0))
        buttons.apply()
    assert signed_in.alerts[-1].title == "The Stockbook server takes too long" and not open_sheet.touched
    assert site.stock("MUG") == before + 41
    buttons.apply()
    assert site.stock("MUG") == before + 41 and open_sheet.status(0).startswith("Applied #")


def test_notes_and_cells_of_the_user_are_kept(site: Site, sheet: Open, signed_in: Excel) -> None:
    """ADD-2: an own note on a wrong cell stays in front of ours, and is alone again once the cell is right; own colours
    and columns are not touched."""
    open_sheet = sheet("stock_in", ("MUG", 1), ("NOPE", 1))
    open_sheet.cell(1, "sku").add_note("Ask Anna")
    open_sheet.cell(0, "sku").color = (1, 2, 3)
    buttons.validate()
    assert open_sheet.note(1, "sku").startswith("Ask Anna\n\nStockbook:\n")
    buttons.validate()
    assert open_sheet.note(1, "sku").count("Stockbook:") == 1
    open_sheet.type(1, {"sku": "PEN"})
    buttons.validate()
    assert open_sheet.note(1, "sku") == "Ask Anna" and open_sheet.colour(0, "sku") == "010203"


def test_two_hundred_notes_and_the_rest_is_said(site: Site, sheet: Open, signed_in: Excel) -> None:
    """ADD-2: every row has its message; notes stop at 200, and the summary says so."""
    open_sheet = sheet("stock_in", *(("NOPE", 1) for _ in range(205)))
    buttons.validate()
    assert len(list(open_sheet.sheet.notes)) == 200
    assert "5 more cells without a note" in signed_in.said
    assert open_sheet.value(204, "Message") and open_sheet.colour(204, "sku") == "error"


def test_blank_rows_own_columns_and_missing_status_columns(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-10: blank rows are skipped, own columns named; Status and Message come back where somebody deleted them."""
    open_sheet = sheet("stock_in")
    open_sheet.type(0, ("MUG", 1))
    open_sheet.type(3, ("NOPE", 1))
    last = open_sheet.letter("Message")
    status = open_sheet.letter("Status")
    open_sheet.sheet.range(f"{status}3").value = "Colour"
    open_sheet.sheet.range(f"{last}3").value = "Size"
    buttons.validate()
    assert open_sheet.status(0) == "OK" and open_sheet.status(3) == "Error" and open_sheet.status(1) is None
    assert "Colour" in signed_in.said
    table = open_sheet.sheet.tables[0]
    assert table.range.address.split(":")[1].startswith(f"${open_sheet.letter('Message')}$")


def test_columns_in_another_order(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-10: results land in the sheet's own columns, whatever their order."""
    open_sheet = sheet("stock_in")
    sku, quantity = open_sheet.letter("sku"), open_sheet.letter("quantity")
    headers = [open_sheet.sheet.range(f"{letter}3").value for letter in (sku, quantity)]
    open_sheet.sheet.range(f"{sku}3").value = "x"
    open_sheet.sheet.range(f"{quantity}3").value = headers[0]
    open_sheet.sheet.range(f"{sku}3").value = headers[1]
    for letter, form in ((sku, "0"), (quantity, "@")):
        open_sheet.sheet.range(f"{letter}4").number_format = form
    open_sheet.type(0, {"sku": "NOPE", "quantity": 3})
    buttons.validate()
    assert open_sheet.letter("sku") == quantity and open_sheet.colour(0, "sku") == "error"
    assert open_sheet.status(0) == "Error"
