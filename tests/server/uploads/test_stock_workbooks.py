from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.ledger.verifying import verify
from server.places.models import Shelf, Warehouse
from server.push.models import PushRule, PushRuleStore, PushRuleWarehouse
from server.settings import Settings
from tests.factories import AT, entry, figures, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.support.filling import columns, fill, hand_in, saved, template
from tests.support.http import Api, Client, make_api


class Site:
    """The API over a database with two SKUs, two warehouses and two shelves."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.api: Api = make_api(db, Settings(data_dir=folder))
        self.client: Client = self.api.roles["manager"]
        db.write(self._fill)

    def _fill(self, s) -> None:
        self.main = s.scalars(select(Warehouse.id).where(Warehouse.is_default)).first() or make_warehouse(
            s, "MAIN", default=True
        )
        self.east = make_warehouse(s, "EAST")
        self.red, self.blue = make_sku(s, "NK-RED-M"), make_sku(s, "NK-BLUE-M")
        s.add(Shelf(warehouse_id=self.main, code="A-01", key="a-01"))
        s.add(Shelf(warehouse_id=self.main, code="A-02", key="a-02"))

    def figures(self, sku: int, warehouse: int | None = None) -> Figures:
        with self.db.read() as s:
            assert verify(s) == []
            return figures(s, warehouse or self.main, sku)

    def sheet(self, rows: list[dict]) -> bytes:
        return fill(template(self.client, "stock_in"), "stock_in", rows)


@pytest.fixture
def site(db: Database, tmp_path: Path) -> Site:
    return Site(db, tmp_path / "data")


GOOD = [{"sku": "NK-RED-M", "quantity": 12, "shelf": "A-01", "unit_cost": 4.2}, {"sku": "nk-blue-m", "quantity": 8}]


def test_validate_reports_before_and_after_and_changes_nothing(site: Site) -> None:
    """WB-5: per row what would change; nothing is posted."""
    answer = hand_in(site.client, site.sheet(GOOD))
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["counts"]["ok"]) == ("validated", 2)
    assert answer.json["rows"][0] == {
        "row": 4, "status": "ok", "messages": [], "changes": [{"field": "on_hand", "before": 0, "after": 12}],
    }  # fmt: skip
    assert site.figures(site.red) == Figures()


def test_apply_posts_and_the_mark_says_so(site: Site) -> None:
    """STK-12, WB-13: one list per warehouse, completed; applied rows come back as *Applied #n*."""
    answer = hand_in(
        site.client, site.sheet([*GOOD, {"sku": "NK-RED-M", "warehouse": "EAST", "quantity": 3}]), "?mode=apply"
    )
    done = answer.json
    assert done["status"] == "applied"
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(12), Figures(8))
    assert site.figures(site.red, site.east) == Figures(3)
    status = [cell for cell in done["cells"] if cell["value"] == f"Applied #{done['id']}"]
    assert len(status) == 3


def test_a_wrong_cell_is_named_and_nothing_is_applied(site: Site) -> None:
    """WB-6: all or nothing; the very cell that is wrong gets a note."""
    rows = [GOOD[0], {"sku": "NK-BLUE-M", "quantity": 2.9}, {"sku": "GONE", "quantity": 1}]
    done = hand_in(site.client, site.sheet(rows), "?mode=apply").json
    assert (done["status"], done["counts"]["error"], done["counts"]["ok"]) == ("refused", 2, 1)
    assert done["rows"][1]["messages"][0] | {"text": ""} == {
        "column": "Quantity", "code": "number-not-whole", "text": "", "severity": "error",
    }  # fmt: skip
    notes = {cell["address"]: cell["note"] for cell in done["cells"] if cell["note"]}
    assert set(notes) == {"C5", "A6"}
    assert "no merchant SKU 'GONE'" in notes["A6"].replace("No", "no")
    assert site.figures(site.red) == Figures()


def test_a_blank_warehouse_is_the_default_one_also_for_the_same_line(site: Site) -> None:
    """WB-14: written out or left blank, it is the same line; the later one of the two is warned of."""
    line = {"sku": "NK-RED-M", "quantity": 2}
    sheet = [{**line, "warehouse": "MAIN"}, line, {**line, "warehouse": "EAST"}, {"sku": "NK-BLUE-M", "quantity": 2}]
    done = hand_in(site.client, site.sheet(sheet), "?mode=apply").json
    said = [[message["code"] for message in row["messages"]] for row in done["rows"]]
    assert (done["status"], said) == ("applied", [[], ["same-line"], [], []])
    assert site.figures(site.red) == Figures(4)


def test_good_rows_are_applied_where_chosen(site: Site) -> None:
    """WB-6: a choice; the outcome of every row is known."""
    rows = [GOOD[0], {"sku": "GONE", "quantity": 1}]
    done = hand_in(site.client, site.sheet(rows), "?mode=apply&on_error=apply_good").json
    assert (done["status"], done["counts"]["ok"], done["counts"]["error"]) == ("partly_applied", 1, 1)
    assert site.figures(site.red) == Figures(12)


def test_good_rows_of_which_none_changes_anything_are_refused(site: Site) -> None:
    """WB-6, WB-7: nothing was applied, so the same sheet is no duplicate once its wrong row is right."""
    same, wrong = {"sku": "NK-RED-M", "on_hand": 0}, {"sku": "NK-BLUE-2", "on_hand": 3}
    body = {"template": "quantity_update", "rows": [same, wrong]}
    hand = "/uploads?mode=apply&on_error=apply_good"
    first = site.client.post(hand, json=body).json
    assert first["status"] == "refused"
    assert (first["counts"]["unchanged"], first["counts"]["error"]) == (1, 1)
    site.db.write(lambda s: make_sku(s, "NK-BLUE-2"))
    assert site.client.post(hand, json=body).json["status"] == "applied"


def test_the_corrected_sheet_posts_only_what_was_not_posted(site: Site) -> None:
    """WB-13: rows with the mark whose content equals are skipped; changed content under the mark is an error."""
    sheet = site.sheet([GOOD[0], {"sku": "GONE", "quantity": 1}])
    done = hand_in(site.client, sheet, "?mode=apply&on_error=apply_good").json
    result = site.client.get(f"/uploads/{done['id']}/result.xlsx").data
    again = fill(result, "stock_in", [{"sku": "NK-BLUE-M"}], first_row=5)
    second = hand_in(site.client, again, "?mode=apply").json
    assert (second["status"], second["counts"]["skipped"], second["counts"]["ok"]) == ("applied", 1, 1)
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(12), Figures(1))
    changed = fill(again, "stock_in", [{"quantity": 99}], first_row=4)
    third = hand_in(site.client, changed, "?mode=apply").json
    assert third["status"] == "refused"
    assert third["rows"][0]["messages"][0]["code"] == "already-applied"


def test_a_row_keeps_its_mark_whatever_comes_of_the_sheet(site: Site) -> None:
    """WB-13: a check, and a refusal, hand the marks back, so that the next Apply does not post the rows once more; only
    a row whose status was emptied is a new one."""
    done = hand_in(site.client, site.sheet([*GOOD, {"sku": "NK-RED-M", "quantity": 1}]), "?mode=apply").json
    mark = f"Applied #{done['id']}"
    sheet = fill(_result(site, done), "stock_in", [{"quantity": 9}], first_row=5)
    for how in ("?mode=validate", "?mode=apply", "?mode=apply"):
        refused = hand_in(site.client, sheet, how).json
        assert [row["status"] for row in refused["rows"]] == ["skipped", "error", "skipped"]
        assert _statuses(refused) == [mark, f"Error (applied #{done['id']})", mark]
        sheet = _result(site, refused)
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(13), Figures(8))
    new = hand_in(site.client, fill(sheet, "stock_in", [{"Status": None}], first_row=5), "?mode=apply").json
    assert _statuses(new) == [mark, f"Applied #{new['id']}", mark]
    assert "clear" in {cell["style"] for cell in new["cells"] if cell["address"] == "A5"}  # the red of before goes
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(13), Figures(17))
    rest = fill(_result(site, new), "stock_in", [dict.fromkeys(("sku", "quantity", "Status"))], first_row=5)
    left = hand_in(site.client, rest, "?mode=apply").json
    assert (left["counts"]["skipped"], left["counts"]["rows"]) == (2, 2) and "clear its Status" in left["messages"][0]
    assert site.figures(site.red) == Figures(13)


def _result(site: Site, done: dict) -> bytes:
    return site.client.get(f"/uploads/{done['id']}/result.xlsx").data


def _statuses(done: dict) -> list[str]:
    return [cell["value"] for cell in done["cells"] if cell["address"][0] == "G"]


def test_a_status_that_can_not_be_read_is_no_empty_one(site: Site) -> None:
    """WB-13: one mark that was merged over rows, or a formula that nothing has worked out, hides what was applied."""
    done = hand_in(site.client, site.sheet([*GOOD, {"sku": "NK-RED-M", "quantity": 1}]), "?mode=apply").json
    book = openpyxl.load_workbook(io.BytesIO(_result(site, done)))
    book["Stock-in"]["G4"] = f'="Applied #"&{done["id"]}'
    book["Stock-in"].merge_cells("G5:G6")
    refused = hand_in(site.client, saved(book), "?mode=apply&on_error=apply_good&again=true").json
    assert [row["messages"][0]["code"] for row in refused["rows"]] == ["status-unreadable"] * 3
    assert (refused["status"], site.figures(site.red)) == ("refused", Figures(13))


def test_a_duplicate_says_what_each_row_has_from_the_first_time(site: Site) -> None:
    """WB-7, WB-13: whatever the sheet said before, its applied rows carry the first upload's mark, the others are
    judged anew. So a row that is added or comes right afterwards is the only one that is posted."""
    typed = site.sheet([GOOD[0], {"sku": "GONE", "quantity": 1}])
    first = hand_in(site.client, typed, "?mode=apply&on_error=apply_good").json
    checked = hand_in(site.client, typed).json
    assert _statuses(checked) == ["OK", "Error"]  # what an open sheet said before Apply was pressed
    same = hand_in(site.client, _result(site, checked), "?mode=apply").json
    assert (same["status"], same["duplicate_of"]) == ("duplicate", first["id"])
    assert (same["counts"]["skipped"], same["counts"]["error"]) == (1, 1)
    assert _statuses(same) == [f"Applied #{first['id']}", "Error"]
    site.db.write(lambda s: make_sku(s, "GONE"))
    again = _result(site, same)
    assert hand_in(site.client, again, "?mode=apply").json["counts"]["ok"] == 1
    done = hand_in(site.client, again, "?mode=apply&again=true").json
    assert _statuses(done) == [f"Applied #{first['id']}", f"Applied #{done['id']}"]
    whole = hand_in(site.client, typed, "?mode=apply").json
    assert (whole["duplicate_of"], _statuses(whole)) == (first["id"], [f"Applied #{first['id']}", "OK"])
    assert site.figures(site.red) == Figures(12)


def test_the_same_content_twice_is_a_duplicate(site: Site) -> None:
    """WB-7: whatever the file's bytes, rows as JSON count alike; again=true goes on; undone ones don't count."""
    first = hand_in(site.client, site.sheet(GOOD), "?mode=apply").json
    red = {"SKU": "NK-RED-M", "Quantity": "12", "Shelf": "A-01", "Unit cost": "4.20"}
    rows = [red, {"SKU": "nk-blue-m", "Quantity": 8}]
    body = {"template": "stock_in", "rows": rows}
    second = site.client.post("/uploads?mode=apply", json=body).json
    assert second["status"] == "duplicate", second
    assert second["duplicate_of"] == first["id"]
    assert f"upload {first['id']}" in second["messages"][0]
    assert site.client.post("/uploads?mode=apply&again=true", json=body).json["status"] == "applied"
    assert site.figures(site.red) == Figures(24)
    for upload in (1, 3):
        assert site.client.post(f"/uploads/{upload}/undo").status_code == 200
    assert site.client.post("/uploads?mode=apply", json=body).json["status"] == "applied"


def test_undo_brings_all_back_once(site: Site) -> None:
    """WB-8: reversing movements and shelves; a second undo is refused."""
    done = hand_in(site.client, site.sheet(GOOD), "?mode=apply").json
    assert site.client.post(f"/uploads/{done['id']}/undo").json["status"] == "undone"
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(), Figures())
    with site.db.read() as s:
        assert s.scalars(select(Shelf.sku_id)).all() == [None, None]
    again = site.client.post(f"/uploads/{done['id']}/undo")
    assert again.status_code == 409
    assert "already" in again.json["detail"]


def test_undo_is_refused_where_the_stock_has_gone(site: Site) -> None:
    """WB-8: with reasons, where STK-4 would break; nothing is undone."""
    done = hand_in(site.client, site.sheet(GOOD), "?mode=apply").json
    rows = [{"sku": "NK-RED-M", "quantity": 5}]
    out = site.client.post("/uploads?mode=apply", json={"template": "stock_out", "rows": rows}).json
    assert out["status"] == "applied"
    refused = site.client.post(f"/uploads/{done['id']}/undo")
    assert refused.status_code == 409
    assert "NK-RED-M" in refused.json["detail"]
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(7), Figures(8))


def test_stock_out_checks_the_sum_of_its_lines(site: Site) -> None:
    """WB-14, STK-4: refused line by line with the quantity that is there."""
    site.db.write(lambda s: put_stock(s, site.main, site.red, 5))
    rows = [{"sku": "NK-RED-M", "quantity": 3, "note": "a"}, {"sku": "NK-RED-M", "quantity": 3, "note": "b"}]
    done = site.client.post("/uploads?mode=apply", json={"template": "stock_out", "rows": rows}).json
    assert done["status"] == "refused"
    assert [row["messages"][0]["text"] for row in done["rows"]] == [
        "only 5 available, 6 wanted. Lower the quantity."
    ] * 2


def test_quantity_update_posts_the_difference(site: Site) -> None:
    """STK-12: as a stock-in or stock-out; below allocated it is refused."""
    site.db.write(lambda s: put_stock(s, site.main, site.red, 10))
    site.db.write(lambda s: post(s, [entry(Line(site.main, site.red, allocated=4), kind=Kind.ALLOCATE)]))
    rows = [{"sku": "NK-RED-M", "on_hand": 6}, {"sku": "NK-BLUE-M", "on_hand": 2}]
    done = site.client.post("/uploads?mode=apply", json={"template": "quantity_update", "rows": rows}).json
    assert done["status"] == "applied"
    assert (site.figures(site.red), site.figures(site.blue)) == (Figures(6, 4), Figures(2))
    low = site.client.post(
        "/uploads?mode=apply", json={"template": "quantity_update", "rows": [{"sku": "NK-RED-M", "on_hand": 3}]}
    ).json
    assert low["rows"][0]["messages"][0]["code"] == "below-allocated"


def test_a_record_changed_since_the_download_is_a_conflict(site: Site) -> None:
    """WB-4: exactly that row, with both values; no version means no check; a copied version is an error."""
    site.db.write(lambda s: put_stock(s, site.main, site.red, 10))
    site.db.write(lambda s: put_stock(s, site.main, site.blue, 20))
    book = template(site.client, "quantity_update", "?with_data=true&warehouse=main")
    site.db.write(lambda s: put_stock(s, site.main, site.red, 1))
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Quantity update"]
    letters = columns(sheet, "quantity_update")
    by_sku = {sheet[f"{letters['sku']}{n}"].value: n for n in (4, 5)}
    for sku, number in by_sku.items():
        book = fill(book, "quantity_update", [{"on_hand": 15 if "RED" in sku else 25}], first_row=number)
    done = hand_in(site.client, book, "?mode=apply").json
    found = {row["row"]: (row["status"], [m["text"] for m in row["messages"]]) for row in done["rows"]}
    assert found[by_sku["NK-BLUE-M"]] == ("ok", [])
    status, texts = found[by_sku["NK-RED-M"]]
    assert (status, done["status"]) == ("conflict", "refused")
    assert "now '11'" in texts[0] and "yours says '15'" in texts[0]


def test_the_history_has_every_handing_in(site: Site) -> None:
    """WB-11: also what could not be read; both files can be downloaded."""
    hand_in(site.client, site.sheet(GOOD), "?mode=apply", name="..\\evil/delivery.xlsx")
    refused = hand_in(site.client, b"%PDF-1.7 nothing", name="x.xlsx")
    assert refused.status_code == 422
    items = site.client.get("/uploads").json["items"]
    assert [(item["status"], item["filename"]) for item in items] == [
        ("failed", "x.xlsx"),
        ("applied", "delivery.xlsx"),
    ]
    assert site.client.get("/uploads/1/file").data[:2] == b"PK"
    assert site.client.get("/uploads/1/result.xlsx").data[:2] == b"PK"
    assert site.api.roles["viewer"].get("/uploads/1/file").status_code == 403


def test_the_same_request_key_gives_the_same_answer(site: Site) -> None:
    """WB-7: an Idempotency-Key already seen wins: its stored answer comes back."""
    body = {"template": "stock_in", "rows": [{"sku": "NK-RED-M", "quantity": 1}]}
    answers = {
        site.client.post("/uploads?mode=apply", json=body, headers={"Idempotency-Key": "k1"}).data for _ in range(3)
    }
    assert len(answers) == 1
    assert site.figures(site.red) == Figures(1)


def test_a_workbook_asks_for_what_the_api_asks_for_the_same_deed(site: Site) -> None:
    """SEC-1: deletes and push rules are a manager's, also by workbook; it stands in the history as failed."""
    rows = {"template": "warehouses", "rows": [{"code": "EAST", "action": "REMOVE"}]}
    refused = site.api.roles["merchandiser"].post("/uploads?mode=apply", json=rows)
    assert (refused.status_code, refused.json["code"]) == (403, "not-allowed")
    assert site.client.get("/uploads").json["items"][0]["status"] == "failed"
    assert site.client.post("/uploads?mode=apply", json=rows).json["status"] == "applied"


def test_an_upload_is_previewed_before_it_is_applied(site: Site) -> None:
    """PSH-12: what every store would show before and after."""

    def sell(s) -> None:
        store = make_store(s, "Shop")
        make_store_sku(s, store, "red", site.red)
        rule = PushRule(name="all", key="all", percentage=Decimal(50), created_at=AT)
        s.add(rule)
        s.flush()
        s.add(PushRuleWarehouse(rule_id=rule.id, warehouse_id=site.main))
        s.add(PushRuleStore(rule_id=rule.id, store_id=store))

    site.db.write(sell)
    done = hand_in(site.client, site.sheet(GOOD)).json
    preview = site.client.post("/push/preview", json={"upload": done["id"]}).json
    assert [(item["store_sku"], item["before"], item["after"]) for item in preview["items"]] == [("red", 0, 6)]
    hand_in(site.client, site.sheet(GOOD), "?mode=apply")
    assert site.client.post("/push/preview", json={"upload": done["id"] + 1}).status_code == 409


def test_a_refused_upload_says_that_nothing_was_applied(site: Site) -> None:
    """WB-6: and what to do next."""
    done = hand_in(site.client, site.sheet([GOOD[0], {"sku": "GONE", "quantity": 1}]), "?mode=apply").json
    assert done["messages"][0].startswith("Nothing was applied: 1 row is not right.")


def test_a_row_nobody_touched_says_so_in_its_conflict(site: Site) -> None:
    """WB-4: both values, and that it was the record that moved."""
    site.db.write(lambda s: put_stock(s, site.main, site.red, 10))
    book = template(site.client, "quantity_update", "?with_data=true")
    site.db.write(lambda s: put_stock(s, site.main, site.red, 1))
    row = hand_in(site.client, book).json["rows"][0]
    assert (row["status"], row["messages"][0]["code"]) == ("conflict", "conflict-untouched")
    assert "now '11', this row still says '10'" in row["messages"][0]["text"]


def test_a_result_that_was_built_new_keeps_the_row_versions(site: Site) -> None:
    """WB-4: the conflict check works for who corrects the result and hands it in again, also of a .csv."""
    site.db.write(lambda s: put_stock(s, site.main, site.red, 10))
    sheet = openpyxl.load_workbook(io.BytesIO(template(site.client, "quantity_update", "?with_data=true")))
    table = [[cell.value for cell in row] for row in sheet["Quantity update"].iter_rows(min_row=3, max_row=4)]
    text = "\n".join(",".join("" if value is None else str(value) for value in line) for line in table)
    site.db.write(lambda s: put_stock(s, site.main, site.red, 1))
    done = hand_in(site.client, text.encode(), "?template=quantity_update", name="stock.csv").json
    assert done["rows"][0]["status"] == "conflict"
    result = site.client.get(f"/uploads/{done['id']}/result.xlsx").data
    assert hand_in(site.client, result).json["rows"][0]["status"] == "conflict"


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"template": "stock_in", "rows": [{"sku": "\\ud800", "quantity": 1}]}', b'{"template": 1}'],
)
def test_rows_that_are_none_are_refused_in_words(site: Site, body: bytes) -> None:
    """P5: nested too deeply, half a character, the wrong shape."""
    answer = site.client.post("/uploads", data=body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.text
    assert answer.json["detail"]
