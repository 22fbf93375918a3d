"""Load current data in the Office add-in: brought up to date, what was typed and not applied kept (ADD-1)."""

from __future__ import annotations

import pytest

from tests.addin.conftest import Site
from tests.addin.officejs.conftest import OfficeExcel

pytestmark = pytest.mark.browser


def _rows(office: OfficeExcel) -> dict[str, int]:
    """Place of every row by SKU."""
    return {sku: place for place, sku in enumerate(office.values("sku")) if sku}


def test_an_empty_template_is_filled(office: OfficeExcel) -> None:
    """WB-4: every record with its version in a hidden column; handed in unchanged, nothing changes."""
    office.fetch("sku_update")
    office.press("loadCurrentData")
    rows = _rows(office)
    assert office.values("title")[rows["PEN"]] == "Thing PEN"
    assert office.values("_version")[rows["PEN"]]
    assert office.columns()["_version"] in office.page.evaluate("(s) => host.sheet(s).hiddenColumns", office.sheet_name)
    assert f"{len(rows)} records loaded" in office.said and "kept" not in office.said
    office.press("validate")
    assert f"{len(rows)} unchanged" in office.said and office.look(rows["PEN"], "Status").text == "Unchanged"


def test_what_was_typed_stays_and_what_others_changed_comes(office: OfficeExcel, site: Site) -> None:
    """ADD-1: typed rows are kept, also where the record changed meanwhile, which is then a conflict; untouched rows are
    brought up to date; what the user keeps beside them still belongs to them; all of it is said."""
    site.server.apply("sku_create", *({"sku": f"W-{n}", "title": f"Old {n}"} for n in range(4)))
    office.fetch("sku_update", with_data=True)
    rows = _rows(office)
    office.type(rows["W-0"], {"title": "Typed 0"})
    office.type(rows["W-1"], {"title": "Typed 1"})
    site.server.apply("sku_update", {"sku": "W-1", "title": "Theirs 1"}, {"sku": "W-2", "title": "Theirs 2"})
    site.server.apply("sku_create", {"sku": "W-NEW", "title": "Made since"})
    office.press("loadCurrentData")
    titles = office.values("title")
    assert [titles[rows[f"W-{n}"]] for n in range(4)] == ["Typed 0", "Typed 1", "Theirs 2", "Old 3"]
    assert _rows(office)["W-NEW"] == max(_rows(office).values())
    assert "2 rows that you typed and did not apply were kept" in office.said
    office.press("validate")
    statuses = [office.look(rows[f"W-{n}"], "Status").text for n in range(4)]
    assert statuses == ["OK", "Conflict", "Unchanged", "Unchanged"]
    office.press("loadCurrentData")
    assert office.look(rows["W-0"], "Status").style == "ok" and office.look(rows["W-3"], "Status").style is None


def test_what_was_applied_is_nobody_elses_change(office: OfficeExcel, site: Site) -> None:
    """WB-4, WB-13: checked once more after Apply, a row that sets a record is unchanged, not a conflict."""
    site.server.apply("sku_create", {"sku": "M-1", "title": "Old 1"})
    office.fetch("sku_update", with_data=True)
    row = _rows(office)["M-1"]
    office.type(row, {"title": "Mine 1"})
    office.press("apply")
    assert str(office.look(row, "Status").text).startswith("Applied #")
    office.press("validate")
    assert office.look(row, "Status").text == "Unchanged" and "somebody else" not in office.said
    office.press("apply")
    office.answer("No")
    assert str(office.look(row, "Status").text).startswith("Applied #")


def test_a_sheet_without_current_data_says_so(office: OfficeExcel) -> None:
    """WB-4: workbooks without current data refuse, and nothing is touched."""
    office.fetch("stock_in")
    office.press("loadCurrentData")
    assert "no current data" in office.said and not office.touched
