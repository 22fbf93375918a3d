from __future__ import annotations

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.errors import WrongUse
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.places.queries import safety_rows, safety_stocks
from server.places.safety_stock import set_safety_stocks
from tests.factories import AT, make_sku, make_warehouse
from tests.support.statements import counted

BY = {"by": "anna", "at": AT}


def test_it_is_per_warehouse_and_sku(db: Database) -> None:
    """WH-4: set, changed, taken away, many at a time."""
    w, east, a, b = db.write(
        lambda s: (make_warehouse(s), make_warehouse(s, "EAST"), make_sku(s, "A"), make_sku(s, "B"))
    )
    db.write(lambda s: set_safety_stocks(s, {(w, a): 5, (east, a): 7, (w, b): 0}, **BY))
    assert db.write(lambda s: set_safety_stocks(s, {(w, a): 6, (east, a): None, (w, b): 0}, **BY)) == 2
    with db.read() as session:
        assert safety_stocks(session, [(w, a), (east, a), (w, b)]) == {(w, a): 6, (w, b): 0}
        assert [(r.warehouse, r.sku, r.safety_stock) for r in safety_rows(session)] == [
            ("MAIN", "A", 6),
            ("MAIN", "B", 0),
        ]
        assert [r.sku for r in safety_rows(session, after=(a, w))] == ["B"]


def test_only_skus_that_changed_are_evaluated_again(db: Database) -> None:
    """PSH-7: cause `safety_stock`, because a rule may hold it back."""
    w, a, b = db.write(lambda s: (make_warehouse(s), make_sku(s, "A"), make_sku(s, "B")))
    db.write(lambda s: set_safety_stocks(s, {(w, b): 1}, **BY))
    db.write(lambda s: s.query(Changed).delete())
    db.write(lambda s: set_safety_stocks(s, {(w, a): 1, (w, b): 1}, **BY))
    with db.read() as session:
        marks = session.scalars(select(Changed)).all()
        assert [(m.sku_id, unpack(m.causes)) for m in marks] == [(a, [Cause.SAFETY_STOCK])]


@pytest.mark.parametrize("quantity", [-1, 10_000_001])
def test_a_quantity_that_can_not_be_is_refused(db: Database, quantity: int) -> None:
    w, a = db.write(lambda s: (make_warehouse(s), make_sku(s, "A")))
    with pytest.raises(WrongUse):
        db.write(lambda s: set_safety_stocks(s, {(w, a): quantity}, **BY))


def test_statements_do_not_grow_with_skus(db: Database) -> None:
    """WH-4: set-based."""
    w = db.write(make_warehouse)
    seen = []
    for n in (2, 300):
        ids = db.write(lambda s, n=n: [make_sku(s, f"S{n}-{i}") for i in range(n)])
        with counted(db) as statements:
            db.write(lambda s, ids=ids: set_safety_stocks(s, {(w, i): 3 for i in ids}, **BY))
        seen.append(len(statements))
    assert seen[0] == seen[1]
