"""Refresh inventory, across the rooms."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from server.access.models import AuditLine
from server.jobs.catalogue import CATALOGUE
from server.jobs.runner import Runner
from server.ledger.models import Balance
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.operations.refresh import refresh_inventory
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.switches import service as switches
from tests.factories import AT, figures, put_stock
from tests.server.operations.shop import Shop
from tests.support.http import Api


def tamper(s, **values: int) -> None:
    s.execute(update(Balance).values(**values))


def test_figures_become_the_sum_of_their_movements(shop: Shop) -> None:
    """STK-11, STK-2: each difference is reported and audited, and the figure set to the sum."""
    shop.db.write(lambda s: put_stock(s, shop.main, shop.red, 5))
    shop.db.write(lambda s: tamper(s, on_hand=9, defective=2))
    done = refresh_inventory(shop.db, by="anna")
    assert [one.text for one in done.differences] == [
        "RED in MAIN: on hand was 9, is 5",
        "RED in MAIN: defective was 2, is 0",
    ]
    with shop.db.read() as s:
        assert verify(s) == [] and figures(s, shop.main, shop.red) == Figures(5)
        lines = s.scalars(select(AuditLine).where(AuditLine.action == "stock.correct").order_by(AuditLine.id)).all()
    assert [(line.actor, line.detail["was"], line.detail["movements"]) for line in lines] == [
        ("anna", 9, 5), ("anna", 2, 0),
    ]  # fmt: skip
    assert refresh_inventory(shop.db, by="anna").differences == []


def test_a_figure_without_a_row_comes_back(shop: Shop) -> None:
    """STK-11: also where the row of figures itself is gone."""
    shop.db.write(lambda s: put_stock(s, shop.main, shop.red, 5))
    shop.db.write(lambda s: s.execute(delete(Balance)))
    assert [one.was for one in refresh_inventory(shop.db, by="anna").differences] == [0]
    with shop.db.read() as s:
        assert figures(s, shop.main, shop.red) == Figures(5)


def test_then_waiting_orders_are_tried_oldest_first(shop: Shop) -> None:
    """STK-11, ORD-7: with what is there after the figures were set right."""
    shop.news("LATE", ("red", 2), minutes=9)
    shop.news("EARLY", ("red", 2), minutes=1)
    shop.db.write(lambda s: put_stock(s, shop.main, shop.red, 3))
    shop.db.write(lambda s: tamper(s, on_hand=100))
    done = refresh_inventory(shop.db, by="anna")
    assert (done.tried.tried, done.tried.to_pack) == (2, 1)
    assert shop.states == {"EARLY": "to_pack", "LATE": "out_of_stock"}
    with shop.db.read() as s:
        assert verify(s) == [] and figures(s, shop.main, shop.red) == Figures(3, 2)


def test_every_push_target_is_evaluated_for_cause_15(shop: Shop) -> None:
    """STK-11, PSH-7 (15): every mapped SKU, whether its figures differed or not; nothing is forced."""
    shop.db.write(lambda s: s.execute(delete(Changed)))
    assert refresh_inventory(shop.db, by="anna").marked == 2
    with shop.db.read() as s:
        marks = {row.sku_id: (unpack(row.causes), row.forced) for row in s.scalars(select(Changed))}
    assert marks == {sku: ([Cause.REFRESH], False) for sku in (shop.red, shop.blue)}


def test_with_the_features_off_no_order_is_tried(shop: Shop) -> None:
    """PSH-13: nothing is allocated while they are off; figures are set right all the same."""
    shop.news("A", ("red", 2))
    shop.db.write(lambda s: put_stock(s, shop.main, shop.red, 5))
    shop.db.write(lambda s: switches.turn(s, "inventory_features", False, by="anna", at=AT))
    shop.db.write(lambda s: tamper(s, on_hand=9))
    done = refresh_inventory(shop.db, by="anna")
    assert (len(done.differences), done.tried.tried) == (1, 0)
    assert shop.states == {"A": "out_of_stock"}


def test_over_http_it_is_a_run_that_names_what_differed(api: Api) -> None:
    """STK-11, JOB-4: answered at once with the place to ask; the same key asks once."""
    shop = Shop(api.db)
    api.db.write(lambda s: put_stock(s, shop.main, shop.red, 5))
    api.db.write(lambda s: tamper(s, on_hand=9))
    client = api.roles["merchandiser"]
    answers = [client.post("/inventory/refresh", headers={"Idempotency-Key": "r"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202] and answers[0].data == answers[1].data
    runner = Runner(api.db, api.shared.settings)
    assert runner.take(answers[0].json["id"])
    runner.wait()
    run = client.get(answers[0].headers["Location"]).json
    assert (run["status"], run["asked_by"]) == ("done", "merchandiser-user")
    assert (run["counts"]["differences"], run["progress"]["text"]) == (1, "RED in MAIN: on hand was 9, is 5")
    assert api.roles["viewer"].post("/inventory/refresh").status_code == 403


def test_it_runs_by_schedule_only_when_told_to() -> None:
    """STK-11: a job like others, switched off at first."""
    assert CATALOGUE["refresh"].active is False
