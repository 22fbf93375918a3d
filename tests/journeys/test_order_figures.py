"""Orders in figures: every case of `order_cases.py` is played, and docs/order-figures.md says what came of them.

After a change on purpose: STOCKBOOK_WRITE_FIGURES=1 pytest tests/journeys/test_order_figures.py, and read the
difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from server.db.session import Database
from tests.journeys import story
from tests.journeys.order_cases import CASES
from tests.journeys.order_scenes import PLAIN, STRICT, UNITS, Case, Scene
from tests.support.company import Company, in_process

PAGE = Path(__file__).parents[2] / "docs" / "order-figures.md"
WRITE = "STOCKBOOK_WRITE_FIGURES"

_HEAD = f"""# Orders in figures

<!-- Written by tests/journeys/test_order_figures.py with {WRITE}=1 from what the API and the shops said. -->

Each line is played by a test through the API, with shops of the sandbox marketplace; the test fails when a line is
not so any more. There are {UNITS} of the SKU, and an order is of 4, unless a line says otherwise. Figures are
on hand − allocated = available; what is available is what the shops show, the one that sold it and the other one alike.
[Orders](orders.md) has the rules.
"""
_SECTIONS = {
    ("ORD-8", PLAIN): "Cancelled, `on_cancel=release` (ORD-8, unless set)",
    ("ORD-8", STRICT): "Cancelled, `on_cancel=return` (ORD-8)",
    ("ORD-9", PLAIN): "Shipped outside, `shipped_outside=release` (ORD-9, unless set)",
    ("ORD-9", STRICT): "Shipped outside, `shipped_outside=deduct` (ORD-9)",
    ("ORD-10", PLAIN): "Edited in the store (ORD-10)",
    ("ORD-11", PLAIN): "Returned (ORD-11)",
}
_COLUMNS = ("what happens", "order before", "stock before", "order after", "stock after")
_STORY = """## The whole story

Two shops sell one SKU out of two warehouses, under a rule that shows what both have.
`python -m tests.journeys.story` plays it against a server.
"""


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Iterator[Company]:
    """Nothing but the default warehouse."""
    with in_process(db, tmp_path) as made:
        yield made


@pytest.mark.slow
def test_what_is_done_to_an_order_moves_these_figures(company: Company) -> None:
    """ORD-8, ORD-9, ORD-10, ORD-11, PSH-4: each case before and after, over the API and as buyers see it."""
    scenes = open_shops(company)
    for case in CASES:
        scene = scenes[case]
        steps = case.play(scene)
        next(steps)
        assert (case.what, look(scene, case)) == (case.what, case.before)
        assert next(steps, None) is None
        assert (case.what, look(scene, case)) == (case.what, case.after)
    if os.environ.get(WRITE):
        PAGE.write_text(_with(_cases(), 0), encoding="utf-8", newline="\n")
    assert PAGE.read_text(encoding="utf-8").startswith(_cases())


def test_the_story_in_figures(company: Company) -> None:
    """The same story as over HTTP, in this process; the page has its table."""
    table = "\n".join([_STORY, *_table(story.HEADINGS, (step.cells for step in story.story(company)))]) + "\n"
    if os.environ.get(WRITE):
        PAGE.write_text(_with(table, 1), encoding="utf-8", newline="\n")
    assert PAGE.read_text(encoding="utf-8").endswith(table)


def open_shops(company: Company) -> dict[Case, Scene]:
    """Two stores, one with the other rules; SKUs of its own for each case, 10 of each, which both sell."""
    scenes = {
        case: Scene(company, case.store, f"S{number:02}", f"T{number:02}") for number, case in enumerate(CASES, 1)
    }
    skus = [sku for scene in scenes.values() for sku in (scene.sku, scene.other)]
    company.apply("sku_create", *({"sku": sku, "title": f"Thing {sku}"} for sku in skus))
    company.apply("stock_in", *({"sku": sku, "quantity": UNITS} for sku in skus))
    company.store(PLAIN, **dict.fromkeys(skus, 0))
    company.store(STRICT, settings={"on_cancel": "return", "shipped_outside": "deduct"}, **dict.fromkeys(skus, 0))
    company.read_listings()
    company.rule("Everything", [PLAIN, STRICT])
    return scenes


def look(scene: Scene, case: Case) -> str:
    """How it stands, in the words of the cases; what the shops show is what is available."""
    c, parts = scene.company, [_states(scene)]
    for sku in (scene.sku, scene.other)[: case.before.count("-")]:
        figures = c.figures(sku)
        assert {c.shown(store, sku) for store in (PLAIN, STRICT)} == {max(0, figures.available)}, case.what
        parts.append(f"{figures.on_hand}-{figures.allocated}")
    return " ".join(parts)


def _states(scene: Scene) -> str:
    orders = scene.company.orders(scene.store, scene.number)
    marks = "".join(f" ({mark})" for mark in ("filed", "listed") if orders[0][mark])
    return "+".join([orders[0]["state"] + marks, *(order["state"] for order in orders[1:])])


def _cases() -> str:
    lines = [_HEAD]
    for (rule, store), title in _SECTIONS.items():
        cases = [case for case in CASES if (case.rule, case.store) == (rule, store)]
        rows = ((case.what, *_cells(case.before), *_cells(case.after)) for case in cases)
        lines += [f"## {title}", "", *_table(_COLUMNS, rows), ""]
    return "\n".join(lines) + "\n"


def _cells(told: str) -> tuple[str, str]:
    """`to_pack 10-4` for people: the states, the figures."""
    states, *pairs = told.replace(" (", "_(").split()
    figures = []
    for pair in pairs:
        on_hand, allocated = map(int, pair.split("-"))
        figures.append(f"{on_hand} − {allocated} = {on_hand - allocated}")
    return states.replace("_(", " (").replace("+", ", and ").replace("_", " "), "; ".join(figures)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _with(part: str, index: int) -> str:
    """The page with its first or second part as it is now."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else _STORY
    before, _, after = page.partition(_STORY)
    return part + _STORY + after if index == 0 else before + part
