from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from server.errors import WrongUse
from server.moments import moment
from server.places.queries import default_warehouse
from server.warehousing import service
from server.warehousing.service import ListLine, NewList
from tests.factories import AT, make_sku, make_warehouse
from tests.server.cli.conftest import Terminal, prepared


@pytest.fixture
def company(terminal: Terminal) -> Terminal:
    """Lists to do: 1 brings 10 RED and 4 BLUE into Main, 2 takes 3 RED out of it, 3 takes 9 RED and 9 BLUE out."""

    def fill(s):
        main, red, blue = default_warehouse(s).id, make_sku(s, "RED", title_key="red shirt"), make_sku(s, "BLUE")
        make_warehouse(s, "EAST")
        for direction, *lines in (("in", (red, 10), (blue, 4)), ("out", (red, 3)), ("out", (red, 9), (blue, 9))):
            new = NewList(direction, main, [ListLine(*line) for line in lines], note=f"a {direction}")
            service.create_list(s, new, by="test", at=AT)

    with prepared(terminal) as db:
        db.write(fill)
    return terminal


def test_only_completing_posts(company: Terminal) -> None:
    """STK-6: a list is to do until it is completed; twice posts once."""
    assert company.json("stock") == []
    assert "stock-in list 1 is completed" in company.run("stock-list", "complete", "1")
    company.run("stock-list", "complete", "1")
    company.run("stock-list", "complete", "2")
    rows = company.json("stock", "--sku", "red", "--warehouse", "main")
    assert [(row["sku"], row["on_hand"], row["available"]) for row in rows] == [("RED", 7, 7)]
    assert [row["sku"] for row in company.json("stock", "-q", "shirt")] == ["RED"]
    assert company.json("stock", "--warehouse", "east") == []
    assert "nowhere" in company.run("stock", "--warehouse", "nowhere", code=1)
    states = [(row["id"], row["state"]) for row in company.json("stock-list", "list", "--direction", "out")]
    assert states == [(3, "todo"), (2, "completed")]
    assert [row["id"] for row in company.json("stock-list", "list", "--state", "completed")] == [2, 1]


def test_a_stock_out_of_too_much_says_what_is_there(company: Terminal) -> None:
    """STK-4: line by line, with the SKU and the quantity that is there; nothing is posted."""
    company.run("stock-list", "complete", "1")
    said = company.run("stock-list", "complete", "3", code=1)
    assert "BLUE in Main: only 4 available, 9 wanted" in said
    assert company.json("stock", "--sku", "red")[0]["on_hand"] == 10
    assert "there is no stock list 99" in company.run("stock-list", "complete", "99", code=1)


def test_a_list_with_its_lines(company: Terminal) -> None:
    shown = company.json("stock-list", "show", "1")
    assert [(line["sku"], line["quantity"]) for line in shown["lines"]] == [("RED", 10), ("BLUE", 4)]
    plain = company.run("stock-list", "show", "1")
    assert "RED\t10" in plain and "Main" in plain


def test_a_list_is_written_down_and_taken_away(company: Terminal) -> None:
    """STK-6: while it is to do; what was posted is corrected by a list the other way."""
    made = company.json("stock-list", "create", "in", "east", "red=6", "BLUE=2", "--note", "box 7")
    assert (made["direction"], made["state"], made["warehouse"], made["note"]) == ("in", "todo", "EAST", "box 7")
    assert [(line["sku"], line["quantity"]) for line in made["lines"]] == [("RED", 6), ("BLUE", 2)]
    number = str(made["id"])
    company.run("stock-list", "complete", number)
    assert "correct it by a stock-out list" in company.run("stock-list", "remove", number, code=1)
    assert "stock-in list 1 is removed" in company.run("stock-list", "remove", "1")
    assert "there is no stock list 1" in company.run("stock-list", "show", "1", code=1)
    assert "is not SKU=UNITS" in company.run("stock-list", "create", "in", "east", "RED=0", code=2)
    assert "GONE" in company.run("stock-list", "create", "in", "east", "GONE=1", code=1)


def test_lines_in_a_pipe(company: Terminal) -> None:
    """Plain lines, separated by tabs, for other programs."""
    company.run("stock-list", "complete", "1")
    lines = company.run("stock").splitlines()
    assert lines[0].split("\t")[:3] == ["sku", "warehouse", "on_hand"]
    assert lines[1:] == ["BLUE\tMain\t4\t0\t4\t0\t0\tsingle", "RED\tMain\t10\t0\t10\t0\t0\tsingle"]


def test_stock_as_of_a_past_moment(company: Terminal) -> None:
    """STK-10: from movements alone."""
    company.run("stock-list", "complete", "1")
    assert company.json("stock", "--as-of", "2020-01-01") == []
    assert [row["on_hand"] for row in company.json("stock", "--as-of", "2999-01-01T00:00")] == [4, 10]
    assert "neither a day" in company.run("stock", "--as-of", "yesterday", code=2)


def test_stock_as_of_any_moment(company: Terminal) -> None:
    """STK-10: a day means its end; a moment is UTC unless it says otherwise."""
    company.run("stock-list", "complete", "1")
    at = datetime.fromisoformat(company.json("movements")[0]["at"])
    before, after = at - timedelta(seconds=2), at + timedelta(seconds=2)
    east = timezone(timedelta(hours=7))
    for shown in (before.isoformat(), f"{before:%Y-%m-%d %H:%M:%S}", before.astimezone(east).isoformat()):
        assert company.json("stock", "--as-of", shown) == []
    for shown in (
        after.isoformat(),
        f"{after:%Y-%m-%dT%H:%M:%S}Z",
        after.astimezone(east).isoformat(),
        f"{after:%Y-%m-%d}",
    ):
        assert [row["on_hand"] for row in company.json("stock", "--as-of", shown)] == [4, 10]


def test_movements_newest_first(company: Terminal) -> None:
    """STK-3, STK-9: of a window; older ones are listed when asked for."""
    company.run("stock-list", "complete", "1")
    company.run("stock-list", "complete", "2")
    rows = company.json("movements")
    assert [(row["kind"], row["sku"], row["on_hand"]) for row in rows] == [
        ("stock_out", "RED", -3),
        ("stock_in", "BLUE", 4),
        ("stock_in", "RED", 10),
    ]
    assert rows[0]["by"].startswith("cli:")
    assert len(company.json("movements", "--sku", "red", "--kind", "stock_in", "--since", "2020-01-01")) == 1
    assert company.json("movements", "--until", "2020-01-01", "--since", "2019-01-01") == []
    assert len(company.json("movements", "--limit", "1")) == 1


def test_days_and_moments() -> None:
    assert moment("2026-04-20") + timedelta(days=1) > moment("2026-04-20", end_of_day=True) > moment("2026-04-20T23:59")
    assert moment("2026-04-20T10:00+02:00") == moment("2026-04-20 08:00") == AT
    with pytest.raises(WrongUse):
        moment("2026-13-01")
