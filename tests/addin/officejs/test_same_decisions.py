"""ADD-3: what decides and what speaks is there twice, in Python and in JavaScript. Both are given the same and must
give the same: texts, the JSON that is sent, what is painted where, what Load current data keeps."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser

from addin.client import errors, merging, painting, reading, summary
from addin.client.http import CurrentData, Template
from addin.client.outcome import Cell, read_outcome, read_rows
from addin.client.sheet import Area, Table, header_key, letters
from tests.addin.conftest import Site
from tests.addin.officejs.conftest import OfficeExcel, excel_with_pane

pytestmark = pytest.mark.browser
CASES = 150
_TABLE = ("template", "version", "book", "sheet", "headerRow", "headers", "values", "marks", "hidden")


@pytest.fixture(scope="module")
def office(browser: Browser, site: Site) -> Iterator[OfficeExcel]:
    """One pane for all: nothing here changes it."""
    with excel_with_pane(browser, site) as excel:
        yield excel


def in_javascript(office: OfficeExcel, module: str, given: Sequence[Any], work: str) -> list[Any]:
    """What `work(m, one)` gives for each, `m` being the module."""
    each = f"Promise.all(given.map((one) => ({work})(m, one)))"
    script = f"async ([path, given]) => {{ const m = await import(path); return {each}; }}"
    return list(office.page.evaluate(script, [f"/addin/client/{module}.js", json.loads(json.dumps(given))]))


def _picked(seed: int, make: Callable[[random.Random], Any]) -> list[Any]:
    dice = random.Random(seed)
    return [make(dice) for _ in range(CASES)]


def test_errors(office: OfficeExcel) -> None:
    """ADD-4: the same title and the same words for the same answer."""
    problems = [
        (status, {"detail": detail, "code": code, "errors": more})
        for status in (400, 401, 403, 404, 409, 413, 422, 429, 500, 503)
        for detail in ("", "no such thing", "Ends. Well!")
        for code in ("", "file-old-template", "file-new-template", "file-too-many-rows")
        for more in ([], [{"detail": "row 5 is bad"}, {"text": "no such thing"}, {}])
    ]
    mine = [(found.title, str(found)) for found in (errors.error_of(*each) for each in problems)]
    work = "(m, one) => { const found = m.errorOf(...one); return [found.title, found.message]; }"
    assert [tuple(each) for each in in_javascript(office, "errors", problems, work)] == mine
    named = [
        ("NotSignedIn", []), ("ServerTooSlow", ["waiting"]), ("TokenRefused", []), ("NotATemplate", ["a.xlsx"]),
        ("NotATemplate", [""]), ("ControlWorkbook", []), ("ControlIncomplete", []), ("TemplateTooOld", ["Old."]),
        ("TemplateTooNew", ["New."]),
    ]  # fmt: skip
    mine = [(found.title, str(found)) for found in (getattr(errors, name)(*given) for name, given in named)]
    work = "(m, [name, given]) => { const found = new m[name](...given); return [found.title, found.message]; }"
    assert [tuple(each) for each in in_javascript(office, "errors", named, work)] == mine


def _outcome(dice: random.Random) -> dict[str, Any]:
    kinds = ("rows", "ok", "warning", "error", "conflict", "unchanged", "skipped")
    counts = {kind: dice.choice((0, 0, 1, 2, 12_345)) for kind in kinds}
    status = dice.choice(("validated", "applied", "partly_applied", "refused", "duplicate", "undone", "other"))
    messages = dice.sample(["unknown column 'X'", " 3 hidden rows included", "É"], dice.randrange(3))
    return {"id": 7, "template": "t", "mode": "apply", "status": status, "counts": counts, "messages": messages}


def _listing(dice: random.Random) -> dict[str, Any]:
    return {
        "id": dice.randrange(30), "store": dice.choice("AB"), "store_sku": f"L{dice.randrange(9)}",
        "told": (told := dice.choice((None, 0, 4, 5))), "told_at": None if told is None else dice.choice("12"),
        "evaluated_at": dice.choice((None, "1", "2")), "state": dice.choice((None, None, "waiting", "failed")),
        "result": dice.choice((None, "send", "nothing_to_send", "no_rule")), "reason": "ended",
        "paused_until": dice.choice((None, None, "9")), "paused_for": "it is down",
    }  # fmt: skip


def test_summaries(office: OfficeExcel) -> None:
    """ADD-2: the same sentences and figures."""
    outcomes = [
        [each, notes]
        for each, notes in zip(_picked(1, _outcome), _picked(2, lambda d: d.choice((0, 1, 1500))), strict=True)
    ]
    mine: list[Any] = [summary.of_outcome(read_outcome(each), notes_left_out=notes) for each, notes in outcomes]
    assert in_javascript(office, "summary", outcomes, "(m, one) => m.ofOutcome(...one)") == mine
    loads = [["Stock", loaded, kept] for loaded in (0, 1, 2000) for kept in (0, 1, 2)]
    mine = [summary.of_load(*each) for each in loads]
    assert in_javascript(office, "summary", loads, "(m, one) => m.ofLoad(...one)") == mine
    pushes = _picked(
        3,
        lambda d: (
            [[_listing(d) for _ in range(d.randrange(40))] for _ in range(2)] + [d.randrange(2), d.random() < 0.5]
        ),
    )
    mine = [summary.of_push(before, after, asked, settled=settled) for before, after, asked, settled in pushes]
    assert in_javascript(office, "summary", pushes, "(m, one) => m.ofPush(...one)") == mine
    pairs = _picked(4, lambda d: [_listing(d), _listing(d)])
    mine = [summary.is_settled(*each) for each in pairs]
    assert in_javascript(office, "summary", pairs, "(m, one) => m.isSettled(...one)") == mine
    counts = [{"orders_new": 1200, "stores": 2, "text": "x"}, {}]
    mine = [summary.of_sync(each) for each in counts]
    assert mine[1].endswith("Nothing new.")
    assert in_javascript(office, "summary", counts, "(m, one) => m.ofSync(one)") == mine


def _table(dice: random.Random) -> list[Any]:
    headers = dice.sample(
        ["SKU*", "Title", "On hand", "Mine", "2024", "", " ", "sku", "Status", "Message", "_version"], 6
    )
    values = [
        [dice.choice((None, None, "A", "b ", 5, 2.5, True, "r1-x")) for _ in headers] for _ in range(dice.randrange(6))
    ]
    marks = [[4 + dice.randrange(6), 1 + dice.randrange(8), "percent"] for _ in range(3)]
    return ["stock_in", dice.choice((None, 3)), "b.xlsx", "S" * 40, 3, headers, values, marks, [5]]


def test_reading(office: OfficeExcel) -> None:
    """The same JSON, its columns in the sheet's order; the same formats mean the same."""
    tables = _picked(5, _table)
    made = in_javascript(
        office, "reading", [dict(zip(_TABLE, each, strict=True)) for each in tables], "(m, one) => m.body(one)"
    )
    for table, text in zip(tables, made, strict=True):
        mine = reading.body(Table(*table))
        assert json.loads(text) == json.loads(json.dumps(mine))
        if mine["rows"]:
            assert list(json.loads(text)["rows"][0]) == list(mine["rows"][0])
    formats = [
        "General",
        "0%",
        "0.00%",
        '"%"0',
        "00000",
        "000-00",
        "0",
        '0"0%"',
        "[Red]0%",
        "00.0",
        "\\%00",
        "yyyy-mm-dd",
        "@",
    ]
    mine = [reading.kind_of_format(each) for each in formats]
    assert in_javascript(office, "reading", formats, "(m, one) => m.kindOfFormat(one)") == mine
    dates = {
        "yyyy-mm-dd": True,
        "[h]:mm": True,
        "d/m/yy h:mm": True,
        '0 "days"': False,
        "General": False,
        "[$-409]0": False,
    }
    assert in_javascript(office, "reading", list(dates), "(m, one) => m.isDateFormat(one)") == list(dates.values())
    blocks = [[table[6], [0, 2]] for table in tables]
    assert in_javascript(office, "reading", blocks, "(m, one) => m.trimmed(...one)") == [
        reading.trimmed(*each) for each in blocks
    ]
    texts = ["SKU *", "On hand", " Über\u00a0x "]
    assert in_javascript(office, "sheet", texts, "(m, one) => m.headerKey(one)") == [header_key(each) for each in texts]
    numbers = [1, 26, 27, 52, 702, 703, 16384]
    assert in_javascript(office, "sheet", numbers, "(m, one) => m.letters(one)") == [letters(each) for each in numbers]


def _merging(dice: random.Random) -> dict[str, Any]:
    keys = ["A", "b", "C c", "5"]
    columns = [
        {"name": "sku", "title": "SKU", "key": True, "reference": "sku", "read_only": False},
        {"name": "warehouse", "title": "Warehouse", "key": True, "reference": "warehouse", "read_only": False},
        {"name": "on_hand", "title": "On hand", "key": False, "reference": None, "read_only": False},
        {"name": "allocated", "title": "Allocated", "key": False, "reference": None, "read_only": True},
    ]  # fmt: skip
    headers = ["SKU*", "Warehouse", "Mine", "On hand", "Allocated", "Status", "Message", "_version"]
    records = [
        [key, "MAIN", dice.randrange(9), dice.randrange(9), f"r{key}-{dice.randrange(3)}"]
        for key in dice.sample(keys, 3)
    ]
    skus, versions = [*keys, "a", " c  C ", 5, None], (None, *(f"r{key}-0" for key in keys))
    warehouses, remarks, figures, statuses = ("MAIN", None, "main"), (None, "mine"), (None, 3), (None, "OK")
    sets = (skus, warehouses, remarks, figures, (None,), statuses, (None,), versions)
    values = [[dice.choice(each) for each in sets] for _ in range(dice.randrange(6))]
    messages = [
        {"column": None, "code": code, "text": "", "severity": "conflict"}
        for code in ("conflict-untouched", "conflict")
    ]
    verdict = ("ok", "unchanged", "skipped", "conflict", "error")
    verdicts = [
        {
            "row": 4 + place,
            "status": dice.choice(verdict),
            "messages": dice.sample(messages, dice.randrange(3)),
            "changes": [],
        }
        for place in range(len(values))
    ]
    table = dict(zip(_TABLE, ["t", 1, "b", "s", 3, headers, values, [], []], strict=True))
    data = {"version": 1, "columns": ["sku", "warehouse", "on_hand", "allocated", "_version"], "rows": records}
    return {"table": table, "data": data, "template": {"columns": columns}, "verdicts": verdicts}


def test_what_load_current_data_keeps(office: OfficeExcel) -> None:
    """ADD-1, WB-4: the same rows are kept, and the same values come."""
    work = """(m, one) => {
      const found = m.merge(one.table, m.typedRows(one.verdicts), one.data, one.template, "MAIN");
      return [found.rows, found.loaded, found.kept];
    }"""
    given = _picked(6, _merging)
    mine = []
    for each in given:
        template = Template("t", "T", 1, "", True, each["template"]["columns"])
        data = CurrentData(1, each["data"]["columns"], each["data"]["rows"])
        typed = merging.typed_rows(read_rows(each["verdicts"]))
        found = merging.merge(Table(*each["table"].values()), typed, data, template, default_warehouse="MAIN")
        mine.append([list(found.rows), found.loaded, found.kept])
    assert in_javascript(office, "merging", given, work) == mine


class Sheet:
    """A sheet in memory, for painting in Python."""

    def __init__(self, fills: Mapping[str, str], notes: Mapping[str, str]) -> None:
        self.texts: dict[str, str] = {}
        self.fills = dict(fills)
        self.kept = dict(notes)
        self.at: list[int] = []

    def write_texts(self, row: int, column: int, block: Sequence[Sequence[str]]) -> None:
        for down, line in enumerate(block):
            for across, text in enumerate(line):
                self.texts[f"{row + down} {column + across}"] = text

    def fill(self, area: Area, colour: str | None) -> None:
        for row in range(area.row, area.row + area.height):
            for column in range(area.column, area.column + area.width):
                self.fills[f"{row} {column}"] = colour or ""

    def fill_of(self, row: int, column: int) -> str | None:
        return self.fills.get(f"{row} {column}") or None

    def notes(self) -> Mapping[tuple[int, int], str]:
        return {(int(at.split()[0]), int(at.split()[1])): text for at, text in self.kept.items()}

    def set_note(self, row: int, column: int, text: str | None) -> None:
        self.kept.pop(f"{row} {column}", None)
        if text is not None:
            self.kept[f"{row} {column}"] = text

    def select(self, row: int, column: int) -> None:
        self.at = [row, column]


_PAINT = """async (m, { cells, fills, notes, rows }) => {
  const done = { texts: {}, fills, kept: notes, at: [] };
  const sheet = {
    hasNotes: true,
    async writeTexts(row, column, block) {
      const put = (text, down, across) => (done.texts[`${row + down} ${column + across}`] = text);
      block.forEach((line, down) => line.forEach((text, across) => put(text, down, across)));
    },
    async fill(areas, colour) {
      for (const { row, column, height, width } of areas) {
        for (let r = row; r < row + height; r += 1) {
          for (let c = column; c < column + width; c += 1) done.fills[`${r} ${c}`] = colour ?? "";
        }
      }
    },
    async fillsOf(places) { return places.map(({ row, column }) => done.fills[`${row} ${column}`] || null); },
    async notes() {
      const place = (at) => ({ row: Number(at.split(" ")[0]), column: Number(at.split(" ")[1]) });
      return Object.entries(done.kept).map(([at, text]) => ({ ...place(at), text }));
    },
    async setNotes(changes) {
      for (const { row, column, text } of changes) {
        delete done.kept[`${row} ${column}`];
        if (text !== null) done.kept[`${row} ${column}`] = text;
      }
    },
    async select(row, column) { done.at = [row, column]; },
  };
  const { notesLeftOut } = await m.paint(sheet, cells, rows);
  return [done.texts, done.fills, done.kept, done.at, notesLeftOut];
}"""


def _painting(dice: random.Random) -> dict[str, Any]:
    styles = ("ok", "warning", "error", "conflict", "skipped", "clear")
    places = [(row, column) for row in range(3, 12) for column in range(1, 6)]
    cells = []
    for row, column in dice.sample(places, 25):
        style = dice.choice(styles)
        value = dice.choice(("OK", "", 5)) if column > 3 else None
        note = "is wrong" if value is None and style in ("error", "warning") and dice.random() < 0.8 else None
        cells.append({"sheet": "S", "address": f"{letters(column)}{row}", "value": value, "style": style, "note": note})
    some = dice.sample(places, 10)
    fills = {f"{row} {column}": dice.choice(("FBD5D5", "123456")) for row, column in some}
    texts = ("Ask Anna", "Stockbook:\nold", "Ask Anna\n\nStockbook:\nold")
    return {"cells": cells, "fills": fills, "notes": {at: dice.choice(texts) for at in fills}, "rows": [4, 11]}


def test_painting(office: OfficeExcel) -> None:
    """ADD-2, contract: the same texts, colours and notes, the same cell selected, the user's own kept alike."""
    given = _picked(7, _painting)
    mine = []
    for each in given:
        sheet = Sheet(each["fills"], each["notes"])
        done = painting.paint(sheet, [Cell(**cell) for cell in each["cells"]], rows=tuple(each["rows"]))
        mine.append([sheet.texts, sheet.fills, sheet.kept, sheet.at, done.notes_left_out])
    assert in_javascript(office, "painting", given, _PAINT) == mine
    constants = in_javascript(office, "painting", [0], "(m) => [m.FILLS, m.MOST_NOTES, m.SIGNATURE]")
    assert constants == [[painting.FILLS, painting.MOST_NOTES, painting.SIGNATURE]]
