"""Shelves given by a workbook's column, and taken back (WH-2, WH-3): for stock-in and safety stock & shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.places import shelves
from server.places.models import Shelf
from server.places.queries import shelves_of
from server.places.shelves import ShelfTaken, Wish
from server.uploads.handlers.protocol import CannotUndo, Context, Step
from server.uploads.rows import Rows
from validators.messages import Finding


def wishes_of(rows: Rows) -> dict[int, Wish]:
    """By row number, the shelf its SKU shall lie on; rows with an empty cell are left out."""
    places = zip(rows.numbers, rows.ids["shelf"], rows.ids["sku"], strict=True)
    return {number: Wish(shelf, sku) for number, shelf, sku in places if shelf is not None}


def findings(session: Session, wishes: Mapping[int, Wish]) -> list[Finding]:
    """What WH-2 forbids, at the rows that wish it."""
    taken = {problem.wish: problem for problem in shelves.refusals(session, list(wishes.values()))}
    return [_finding(number, taken[wish], wishes) for number, wish in wishes.items() if wish in taken]


def _finding(number: int, problem: ShelfTaken, wishes: Mapping[int, Wish]) -> Finding:
    if not problem.twice:
        return Finding("shelf-occupied", number, "shelf", {"value": problem.shelf, "holder": problem.holder})
    other = next(
        (row for row, wish in wishes.items() if row != number and wish.shelf_id == problem.wish.shelf_id), number
    )
    return Finding("shelf-twice", number, "shelf", {"value": problem.shelf, "other": problem.holder, "row": other})


def assign(session: Session, wishes: Mapping[int, Wish], context: Context) -> list[Step]:
    """Assign the shelves; the steps say what was there before."""
    wanted = list(dict.fromkeys(wishes.values()))
    if not wanted:
        return []
    with relation(session, {"shelf_id": NUMBER}, {(wish.shelf_id,) for wish in wanted}) as r:
        query = select(Shelf.id, Shelf.warehouse_id, Shelf.sku_id).join(r, r.c.shelf_id == Shelf.id)
        before = {row.id: (row.warehouse_id, row.sku_id) for row in session.execute(query)}
    pairs = [(before[wish.shelf_id][0], wish.sku_id) for wish in wanted]
    old = shelves_of(session, pairs)
    shelves.assign(session, wanted, by=context.by, at=context.at)
    return [
        {
            "shelf": wish.shelf_id,
            "sku": wish.sku_id,
            "warehouse": pair[0],
            "from": old[pair][0] if pair in old else None,
            "held": before[wish.shelf_id][1],
        }
        for wish, pair in zip(wanted, pairs, strict=True)
        if before[wish.shelf_id][1] != wish.sku_id
    ]


def take_back(session: Session, steps: Sequence[Step], context: Context) -> None:
    """Put everything where it was. Raises `CannotUndo` where a shelf was given to something else meanwhile."""
    moves = [step for step in steps if "shelf" in step]
    if not moves:
        return
    now = shelves_of(session, [(step["warehouse"], step["sku"]) for step in moves])
    gone = [step for step in moves if now.get((step["warehouse"], step["sku"]), (None,))[0] != step["shelf"]]
    if gone:
        codes = dict(
            session.execute(
                select(MerchantSku.id, MerchantSku.code).where(MerchantSku.id.in_([s["sku"] for s in gone[:200]]))
            ).all()
        )
        raise CannotUndo([f"'{codes[step['sku']]}' was moved to another shelf since" for step in gone[:200]])
    shelves.free(session, [(step["warehouse"], step["sku"]) for step in moves], by=context.by, at=context.at)
    back = [Wish(step["from"], step["sku"]) for step in moves if step["from"] is not None]
    back += [Wish(step["shelf"], step["held"]) for step in moves if step["held"] is not None]
    shelves.assign(session, back, by=context.by, at=context.at)
