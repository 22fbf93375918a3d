"""Load current data: brought up to date, what was typed and not applied kept."""

from __future__ import annotations

from collections.abc import Callable

from addin.desktop import buttons
from tests.addin.conftest import Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet

Open = Callable[..., OpenSheet]


def _rows(open_sheet: OpenSheet) -> dict[str, int]:
    """Place of every row by SKU."""
    column = open_sheet.letter("sku")
    values = open_sheet.sheet.range(f"{column}4:{column}80").value
    return {value: place for place, value in enumerate(values) if value}


def test_an_empty_template_is_filled(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-4: every record with its version in a hidden column; handed in unchanged, nothing changes."""
    open_sheet = sheet("sku_update")
    buttons.load_current_data()
    rows = _rows(open_sheet)
    assert {"MUG", "PEN", "CAP"} <= set(rows)
    assert open_sheet.value(rows["PEN"], "title") == "Thing PEN"
    version = open_sheet.cell(rows["PEN"], "_version")
    assert version.value and version.columns.hidden
    assert f"{len(rows)} records loaded" in signed_in.said and "kept" not in signed_in.said
    buttons.validate()
    assert f"{len(rows)} unchanged" in signed_in.said
    assert open_sheet.status(rows["PEN"]) == "Unchanged"


def test_what_was_typed_stays_and_what_others_changed_comes(site: Site, sheet: Open, signed_in: Excel) -> None:
    """ADD-1: typed rows are kept, also where the record changed meanwhile, which is then a conflict; untouched rows are
    brought up to date; both is said."""
    site.server.apply("sku_create", *({"sku": f"L-{n}", "title": f"Old {n}"} for n in range(4)))
    open_sheet = sheet("sku_update", with_data=True)
    rows = _rows(open_sheet)
    open_sheet.cell(rows["L-0"], "title").value = "Typed 0"
    open_sheet.cell(rows["L-1"], "title").value = "Typed 1"
    site.server.apply("sku_update", {"sku": "L-1", "title": "Theirs 1"}, {"sku": "L-2", "title": "Theirs 2"})
    site.server.apply("sku_create", {"sku": "L-NEW", "title": "Made since"})
    buttons.load_current_data()
    titles = [open_sheet.value(rows[f"L-{n}"], "title") for n in range(4)]
    assert titles == ["Typed 0", "Typed 1", "Theirs 2", "Old 3"]
    assert _rows(open_sheet)["L-NEW"] == max(_rows(open_sheet).values())
    assert "2 rows that you typed and did not apply were kept" in signed_in.said
    buttons.validate()
    assert [open_sheet.status(rows[f"L-{n}"]) for n in range(4)] == ["OK", "Conflict", "Unchanged", "Unchanged"]
    buttons.load_current_data()
    assert open_sheet.value(rows["L-1"], "title") == "Typed 1" and open_sheet.colour(rows["L-0"], "Status") == "ok"


def test_applied_rows_are_not_typed_any_more(site: Site, sheet: Open, signed_in: Excel) -> None:
    """What was applied is current data: its status goes, its version is the new one."""
    site.server.apply("sku_create", {"sku": "AP-1", "title": "Old"})
    open_sheet = sheet("sku_update", with_data=True)
    place = _rows(open_sheet)["AP-1"]
    open_sheet.cell(place, "title").value = "Newer"
    before = open_sheet.value(place, "_version")
    buttons.apply()
    assert open_sheet.status(place).startswith("Applied #")
    buttons.load_current_data()
    assert open_sheet.value(place, "title") == "Newer" and open_sheet.value(place, "_version") != before
    assert open_sheet.status(place) is None and open_sheet.colour(place, "Status") is None
    assert "kept" not in signed_in.said


def test_own_columns_stay_beside_their_rows(site: Site, sheet: Open, signed_in: Excel) -> None:
    """Rows stay where they are, so what the user keeps beside them still belongs to them."""
    site.server.apply("sku_create", {"sku": "OWN-1", "title": "Old"})
    open_sheet = sheet("sku_update", with_data=True)
    place = _rows(open_sheet)["OWN-1"]
    column = open_sheet.sheet.used_range.shape[1] + 1
    open_sheet.sheet.range((3, column)).value = "My remark"
    open_sheet.sheet.range((place + 4, column)).value = "Ask Anna"
    site.server.apply("sku_update", {"sku": "OWN-1", "title": "New"})
    buttons.load_current_data()
    assert open_sheet.value(place, "title") == "New"
    assert open_sheet.sheet.range((place + 4, column)).value == "Ask Anna"


def test_figures_and_a_row_typed_without_a_warehouse(site: Site, sheet: Open, signed_in: Excel) -> None:
    """A blank warehouse is the default one: the typed row stays and its record does not come a second time; columns for
    information are brought up to date."""
    open_sheet = sheet("quantity_update")
    open_sheet.type(0, {"sku": "CAP", "on_hand": 123})
    buttons.load_current_data()
    column = open_sheet.letter("sku")
    skus = open_sheet.sheet.range(f"{column}4:{column}40").value
    assert skus.count("CAP") == 1 and open_sheet.value(0, "on_hand") == 123
    assert open_sheet.value(0, "allocated") is not None
    assert "1 row that you typed and did not apply was kept" in signed_in.said


def test_a_sheet_without_current_data_says_so(site: Site, sheet: Open, signed_in: Excel) -> None:
    """WB-4: workbooks without current data refuse, and nothing is touched."""
    open_sheet = sheet("stock_in", ("MUG", 1)).settle()
    buttons.load_current_data()
    assert "no current data" in signed_in.said and not open_sheet.touched
