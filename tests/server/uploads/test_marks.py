"""What the mark *Applied #12* is worth: no row is posted twice, and none is lost (WB-7, WB-13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.catalog import service
from server.catalog.records import NewSku
from server.db.session import Database
from server.ledger.models import Balance
from server.settings import Settings
from server.uploads.outcome import status_word
from tests.factories import AT, make_warehouse
from tests.support.handing_in import Desk, Outcome

RED, BLUE = {"sku": "RED", "quantity": 5}, {"sku": "BLUE", "quantity": 7}


@dataclass
class Books:
    """A desk for each template, and what is on hand."""

    db: Database
    settings: Settings

    def __post_init__(self) -> None:
        self.db.write(lambda session: make_warehouse(session, "MAIN", default=True))
        new = [NewSku(code=code, title=code) for code in ("RED", "BLUE")]
        self.ids = dict(
            zip(("RED", "BLUE"), self.db.write(lambda s: service.create(s, new, by="anna", at=AT)), strict=True)
        )

    def desk(self, template: str) -> Desk:
        return Desk(self.db, self.settings, template)

    def on_hand(self) -> dict[str, int]:
        with self.db.read() as session:
            found = dict(session.execute(select(Balance.sku_id, Balance.on_hand)).all())
            return {code: found.get(number, 0) for code, number in self.ids.items()}


@pytest.fixture
def books(db: Database, tmp_path: Path) -> Books:
    return Books(db, Settings(data_dir=tmp_path, database_url=db.url))


def marked(row: dict[str, Any], done: Outcome | int, words: str = "Applied #{}") -> dict[str, Any]:
    """The row as a sheet has it after it was applied."""
    return {**row, "status": words.format(done if isinstance(done, int) else done.number)}


def words(done: Outcome) -> list[str]:
    """What the status cells say."""
    return [status_word(row) for row in done.rows]


@pytest.mark.parametrize(
    "said", ["Applied #{} - checked", "ok, applied #{}", "Error (applied #{}): see Ann", "APPLIED # {}."]
)
def test_words_beside_a_mark_leave_it_a_mark(books: Books, said: str) -> None:
    """WB-13: only a row whose status was emptied is a new one."""
    desk = books.desk("stock_in")
    done = desk.hand_in(RED)
    again = desk.hand_in(marked(RED, done, said), BLUE)
    assert (again.statuses, words(again)[0]) == (["skipped", "ok"], f"Applied #{done.number}")
    assert books.on_hand() == {"RED": 5, "BLUE": 7}


def test_what_was_skipped_is_gone_once_its_own_upload_is_undone(books: Books) -> None:
    """WB-7, WB-8, WB-13: a duplicate does not say of such a row that it is applied, so it can be applied alone."""
    desk = books.desk("stock_in")
    first = desk.hand_in(RED)
    second = desk.hand_in(marked(RED, first), BLUE)
    desk.undo(first)
    sheet = [marked(RED, first), marked(BLUE, second)]
    same = desk.hand_in(*sheet)
    assert (same.status, words(same)) == ("duplicate", ["OK", f"Applied #{second.number}"])
    desk.hand_in(*sheet, again=True)
    assert books.on_hand() == {"RED": 5, "BLUE": 7}


def test_an_upload_that_skipped_every_row_is_nobodys_first(books: Books) -> None:
    """WB-7: it applied nothing, so what is applied after the undoing is no duplicate of it."""
    desk = books.desk("stock_in")
    first, second = desk.hand_in(RED), desk.hand_in(BLUE)
    sheet = [marked(RED, first), marked(BLUE, second)]
    assert [desk.hand_in(*sheet).statuses for _ in range(2)] == [["skipped", "skipped"]] * 2
    for done in (first, second):
        desk.undo(done)
    assert desk.hand_in(*sheet).statuses == ["ok", "ok"]
    assert books.on_hand() == {"RED": 5, "BLUE": 7}


def test_a_mark_stands_for_what_that_upload_applied_itself(books: Books) -> None:
    """WB-13: not for what it skipped: a new row that was made of a marked one is not lost without a word."""
    desk = books.desk("stock_in")
    first = desk.hand_in(RED)
    second = desk.hand_in(marked(RED, first), BLUE)
    typed_over = desk.hand_in(marked(RED, first), marked(BLUE, second), marked(RED, second))
    assert (typed_over.status, typed_over.statuses) == ("refused", ["skipped", "skipped", "error"])


@pytest.mark.parametrize(("template", "column"), [("quantity_update", "on_hand"), ("stock_count", "counted")])
def test_a_figure_that_was_right_is_not_set_again(books: Books, template: str, column: str) -> None:
    """WB-13: what was sold since would come back. A row that says something else by now is a new one."""
    books.desk("stock_in").hand_in(RED, BLUE)
    desk, red, blue = books.desk(template), {"sku": "RED", column: 5}, {"sku": "BLUE", column: 9}
    done = desk.hand_in(red, blue)
    agreed = f"Unchanged (applied #{done.number})"
    assert (done.statuses, words(done)) == (["unchanged", "ok"], [agreed, f"Applied #{done.number}"])
    books.desk("stock_out").hand_in({"sku": "RED", "quantity": 1})
    sheet = [marked(red, done, agreed), marked(blue, done)]
    for again in (desk.hand_in(*sheet), desk.hand_in(*reversed(sheet)), desk.hand_in(red, blue)):
        assert (again.statuses, set(words(again))) == (["skipped", "skipped"], set(words(done)))
    assert books.on_hand() == {"RED": 4, "BLUE": 9}
    newer = desk.hand_in(marked({**red, column: 3}, done, agreed), sheet[1])
    assert (newer.statuses, books.on_hand()) == (["ok", "skipped"], {"RED": 3, "BLUE": 9})
    desk.undo(done)
    assert (desk.hand_in(sheet[0]).statuses, books.on_hand()) == (["ok"], {"RED": 5, "BLUE": 7})


def test_a_code_in_another_case_is_the_same_content(books: Books) -> None:
    """WB-7, WB-13, CAT-1: SKUs and warehouses are the same in capitals; notes are not."""
    desk = books.desk("stock_in")
    done = desk.hand_in({**RED, "warehouse": "MAIN"})
    other = {"sku": "red", "quantity": 5, "warehouse": "main"}
    assert desk.hand_in(other).status == "duplicate"
    assert desk.hand_in(marked(other, done), BLUE).statuses == ["skipped", "ok"]
    assert [desk.hand_in({**RED, "note": note}).status for note in ("a", "A")] == ["applied", "applied"]


# -- any step after any other


@dataclass
class Typed:
    """A row of a sheet. `posted`: the upload that posted it as it stands, None if none did."""

    sku: str
    quantity: int
    status: str = ""
    posted: int | None = None

    def cells(self, note: str) -> dict[str, Any]:
        return {"sku": self.sku, "quantity": self.quantity, "note": note, "status": self.status}

    @property
    def is_marked(self) -> bool:
        return re.findall(r"pplied #(\d+)", self.status) == [str(self.posted)]


@dataclass
class Walk:
    """Somebody with one sheet who does what people do to sheets, and what must then be on hand."""

    books: Books
    random: Random
    note: str
    sheet: list[Typed] = field(default_factory=list)
    live: dict[int, list[Typed]] = field(default_factory=dict)
    numbers: dict[int, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk, self.before = self.books.desk("stock_in"), self.books.on_hand()

    def step(self) -> None:
        some = [self._type, self._undo]
        if self.sheet:
            some += [self._hand_in] * 6
            some += [self._type_over, self._copy, self._scribble, self._clear, self._drop, self._sort]
        self.random.choice(some)()
        there = dict(self.before)
        for row in (row for rows in self.live.values() for row in rows):
            there[row.sku] += row.quantity
        assert self.books.on_hand() == there

    def _hand_in(self) -> None:
        apply, good, again = (self.random.random() < chance for chance in (0.7, 0.4, 0.2))
        done = self.desk.hand_in(
            *(row.cells(self.note) for row in self.sheet), apply=apply, good_rows=good, again=again
        )
        for row, verdict in zip(self.sheet, done.rows, strict=True):
            if verdict["status"] == "skipped":
                assert self._is_there(row, verdict["mark"]), f"{row} is lost"
            elif verdict["status"] in ("ok", "warning"):
                assert done.status == "duplicate" or not (row.is_marked and row.posted in self.live), f"{row} twice"
        if done.status in ("applied", "partly_applied"):
            self._post(done)
        for row, verdict in zip(self.sheet, done.rows, strict=True):
            if verdict["status"] == "skipped":
                row.posted = verdict["mark"]
            if self.random.random() < 0.9:  # else the results did not get back into the sheet
                row.status = status_word(verdict)

    def _post(self, done: Outcome) -> None:
        pairs = list(zip(self.sheet, done.rows, strict=True))
        good = [row for row, verdict in pairs if verdict["status"] in ("ok", "warning")]
        for row in good:
            row.posted = done.number
        self.live[done.number], self.numbers[done.number] = [replace(row) for row in good], done

    def _is_there(self, row: Typed, mark: int) -> bool:
        return any((one.sku, one.quantity) == (row.sku, row.quantity) for one in self.live.get(mark, ()))

    def _row(self) -> Typed:
        return self.random.choice(self.sheet)

    def _type(self) -> None:
        self.sheet.append(Typed(self.random.choice(["RED", "BLUE"]), self.random.choice([1, 2])))

    def _type_over(self) -> None:
        row = self._row()
        row.quantity, row.posted = 3 - row.quantity, None

    def _copy(self) -> None:
        self.sheet.append(replace(self._row(), posted=None))

    def _scribble(self) -> None:
        row = self._row()
        row.status = f"{row.status} ok"

    def _clear(self) -> None:
        self._row().status = ""

    def _drop(self) -> None:
        self.sheet.pop(self.random.randrange(len(self.sheet)))

    def _sort(self) -> None:
        self.random.shuffle(self.sheet)

    def _undo(self) -> None:
        if self.live:
            number = self.random.choice(list(self.live))
            self.desk.undo(self.numbers[number])
            del self.live[number]


@pytest.fixture
def walked(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Books, list[int]]]:
    """Books for all walks, and how many walks there were: each has rows of its own."""
    db = Database(sqlite_url)
    yield Books(db, Settings(data_dir=tmp_path, database_url=db.url)), []
    db.close()


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a walk does not get shorter, only later
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(random=st.randoms(use_true_random=False))
def test_no_row_is_posted_twice_and_none_is_lost(walked: tuple[Books, list[int]], random: Random) -> None:
    """WB-7, WB-8, WB-13: whatever is typed over, copied, sorted, emptied, checked, applied and undone in between."""
    books, walks = walked
    walks.append(len(walks))
    walk = Walk(books, random, f"walk {len(walks)}")
    for _ in range(25):
        walk.step()
