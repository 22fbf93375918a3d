"""Stores, warehouses and mappings at the command line."""

from __future__ import annotations

import io
import sqlite3

import pytest

from server.db.session import Database
from tests.factories import make_sku, make_store_sku
from tests.server.cli.conftest import Terminal


@pytest.fixture
def shop(terminal: Terminal) -> Terminal:
    """A store with two listings of one product, and the SKUs A and B."""
    terminal.prepare()
    store = terminal.json(
        "store", "add", "Shop East", "sandbox", "--set", "url=http://127.0.0.1:8100", "--set", "shop=e"
    )
    database = Database(f"sqlite:///{terminal.folder / 'stockbook.db'}")

    def fill(session):
        for code in "AB":
            make_sku(session, code)
        for code in ("a", "a2"):
            make_store_sku(session, store["id"], code, references={"product": "p1"})

    database.write(fill)
    database.close()
    return terminal


def test_a_secret_is_typed_unseen_and_never_shown(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """CH-6: not on the command line, not in what is printed, not in the database in clear."""
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cr3t-word\n"))
    changed = shop.json("store", "update", "shop east", "--ask", "secret", "--set", "match_by=gtin")
    assert (changed["secrets"], changed["settings"]["match_by"]) == ({"secret": True}, "gtin")
    assert "s3cr3t" not in shop.run("store", "list") + shop.run("store", "show", "Shop East")
    assert b"s3cr3t" not in (shop.folder / "stockbook.db").read_bytes()
    assert shop.run("store", "reseal").strip() == "sealed anew: the credentials of 1 stores"


def test_who_is_at_the_command_line_acts_as_an_admin(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-1, SEC-2: a secret may be sent to another address by who has the database and its key; the log has it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cr3t-word\n"))
    shop.run("store", "update", "Shop East", "--ask", "secret")
    moved = shop.json("store", "update", "Shop East", "--set", "url=http://localhost:9")
    assert (moved["settings"]["url"], moved["secrets"]) == ("http://localhost:9", {"secret": True})
    with sqlite3.connect(shop.folder / "stockbook.db") as connection:
        last = "SELECT detail FROM audit_line WHERE action = 'store.change' ORDER BY id DESC LIMIT 1"
        detail = connection.execute(last).fetchone()[0]
        runs = connection.execute("SELECT arguments FROM run ORDER BY id").fetchall()
    assert "http://127.0.0.1:8100" in detail and "http://localhost:9" in detail
    assert runs == [('{"stores": ["Shop East"]}',)] * 3, "read at once, then and now"


def test_what_could_never_be_used_is_refused_when_it_is_given(shop: Terminal) -> None:
    said = shop.run("store", "update", "Shop East", "--set", "url=http://10.0.0.5", code=2)
    assert "only spoken to on this machine" in said
    for command in (("store", "update", "Shop East", "--name", "A;B"), ("warehouse", "add", "A;B")):
        assert "'A;B' contains ; or =" in shop.run(*command, code=2)


def test_a_store_s_life(shop: Terminal) -> None:
    """WH-1: it ships from the default warehouse unless told otherwise."""
    shop.run("warehouse", "add", "EAST")
    assert shop.json("store", "show", "Shop East")["warehouse"] == "Main"
    assert shop.json("store", "update", "Shop East", "--warehouse", "east")["warehouse"] == "EAST"
    changed = shop.json(
        "store", "update", "Shop East", "--warehouse", "default", "--no-active", "--orders-from", "2026-04-01"
    )
    assert (changed["warehouse"], changed["active"], changed["orders_from"]) == (
        "Main",
        False,
        "2026-04-01T00:00:00+00:00",
    )
    assert "sandbox" in shop.run("store", "channels")
    shop.run("store", "remove", "Shop East")
    assert shop.json("store", "list") == []


def test_exit_codes(shop: Terminal) -> None:
    """0 done, 1 refused, 2 wrong use."""
    shop.run("store", "add", "Other", "nowhere", code=2)
    shop.run("store", "add", "Other", "sandbox", "--set", "shop", code=2)
    shop.run("store", "add", "SHOP EAST", "sandbox", code=1)
    shop.run("store", "remove", "None", code=1)
    shop.run("mapping", "remove", "Shop East", "none", code=1)
    shop.run("warehouse", "remove", "Main", code=1)


def test_warehouses(shop: Terminal) -> None:
    """WH-1: set-up made Main; another becomes the default."""
    assert shop.json("warehouse", "add", "EAST", "--default", "--address", "Pier 4")["default"] is True
    assert shop.json("warehouse", "update", "main", "--name", "Head")["name"] == "Head"
    assert [(row["code"], row["default"]) for row in shop.json("warehouse", "list")] == [
        ("EAST", True),
        ("Main", False),
    ]
    shop.run("warehouse", "remove", "MAIN")
    with sqlite3.connect(shop.folder / "stockbook.db") as connection:
        actions = [row[0] for row in connection.execute("SELECT action FROM audit_line WHERE actor LIKE 'cli:%'")]
    assert actions[-3:] == ["warehouse.create", "warehouse.change", "warehouse.delete"]


def test_mappings(shop: Terminal) -> None:
    """CAT-8, CAT-10: one, a whole product, by code; unmapped from both sides."""
    assert [row["sku"] for row in shop.json("mapping", "set", "Shop East", "a", "B")] == ["B"]
    assert [row["sku"] for row in shop.json("mapping", "set", "Shop East", "a", "b", "--whole-product")] == ["B", "B"]
    assert [row["sku"] for row in shop.json("mapping", "unmapped-skus")] == ["A"]
    assert [row["sku"] for row in shop.json("mapping", "remove", "Shop East", "a2", "--whole-product")] == [None, None]
    assert shop.json("mapping", "match", "Shop East") == {"mapped": 1, "ambiguous": []}
    assert [row["store_sku"] for row in shop.json("mapping", "list", "--unmapped")] == ["a2"]
    assert [row["sku"] for row in shop.json("mapping", "list", "--mapped", "--store", "shop east")] == ["A"]


def test_which_store_skus_are_pushed(shop: Terminal) -> None:
    """CH-4"""
    assert [row["synced"] for row in shop.json("mapping", "choose", "Shop East", "a", "--not-synced")] == [False]
    assert len(shop.json("mapping", "choose", "Shop East", "a", "--synced", "--whole-product")) == 2
    assert all(row["synced"] for row in shop.json("mapping", "list", "--store", "Shop East"))
    assert "has no store SKU 'none'" in shop.run("mapping", "choose", "Shop East", "none", "--synced", code=1)
    shop.run("mapping", "choose", "Shop East", "a", code=2)
