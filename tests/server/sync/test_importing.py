"""Importing stores over the real sandbox: the first with its quantities, a later one without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.catalog.models import Component, MerchantSku
from server.catalog.records import NewSku
from server.catalog.service import create
from server.db.session import Database
from server.errors import Busy, Refused
from server.jobs.runner import Runner
from server.ledger.models import Entry
from server.ledger.posting import Figures
from server.ledger.verifying import verify
from server.operations.import_store import StoreImport
from server.orders.models import Order
from server.places.queries import default_warehouse
from server.places.service import ensure_default
from server.push import flow as push
from server.push.rules import Rule
from server.push.service import save_rules
from server.settings import Settings
from server.stores.credentials import keys_of
from server.stores.models import StoreSku
from server.stores.service import NewStore, StoreChange, add_store, change_store
from server.sync import flow, importing
from tests.factories import AT, figures, make_sku
from tests.server.cli.conftest import Terminal, terminal  # noqa: F401
from tests.support.http import make_api
from tests.support.sandbox import Market, market

BY: dict[str, Any] = {"by": "anna", "at": AT}


@dataclass
class Company:
    """A database with a default warehouse, and a market with shops."""

    db: Database
    settings: Settings
    market: Market

    def shop(self, name: str, **quantities: int) -> int:
        """A store whose shop shows these quantities."""
        self.market.list(name, **quantities)
        given = {"url": self.market.url, "shop": name, "secret": "s"}
        new = NewStore(name=name.title(), channel="sandbox", settings=given)
        return self.db.write(lambda s: add_store(s, new, keys=keys_of(self.settings), role="admin", **BY).id)

    def preview(self, store: int) -> StoreImport:
        return importing.preview(self.db, self.settings, store)

    def take(self, store: int) -> StoreImport:
        return importing.import_store(self.db, self.settings, store, by="anna")

    def stock(self) -> dict[str, Figures]:
        """SKU -> figures in the default warehouse."""
        with self.db.read() as s:
            assert verify(s) == []
            place = default_warehouse(s).id
            return {sku.code: figures(s, place, sku.id) for sku in s.scalars(select(MerchantSku))}

    def mapped(self, store: int) -> dict[str, str | None]:
        with self.db.read() as s:
            rows = select(StoreSku.code, MerchantSku.code).outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
            return dict(s.execute(rows.where(StoreSku.store_id == store)).all())


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Iterator[Company]:
    db.write(lambda s: ensure_default(s, AT))
    with market(tmp_path / "sandbox.db") as running:
        yield Company(db, Settings(data_dir=tmp_path, database_url=db.url), running)


def rows_of(done: StoreImport) -> dict[str, tuple[str, str | None, int, str]]:
    return {row.store_sku: (row.step, row.sku, row.opening, row.note) for row in done.rows}


def test_the_first_store_brings_listings_and_quantities(company: Company) -> None:
    """CH-2: merchant SKUs, mappings, and what buyers see as opening stock of the default warehouse."""
    store = company.shop("amazon", red=10, blue=0)
    before = company.preview(store)
    assert (before.first, before.warehouse) == (True, "Main")
    assert before.counts == {"listings": 2, "mapped": 0, "map": 0, "create": 2, "leave": 0, "units": 10}
    assert (company.stock(), company.mapped(store)) == ({}, {}), "a preview changes nothing"
    done = company.take(store)
    assert (done.rows, done.counts) == (before.rows, before.counts)
    assert company.stock() == {"red": Figures(10), "blue": Figures()}
    assert company.mapped(store) == {"red": "red", "blue": "blue"}
    with company.db.read() as s:
        opening = s.scalars(select(Entry)).one()
        assert (opening.kind, opening.actor, opening.note) == ("opening", "anna", "first import of Amazon")
        assert s.scalars(select(MerchantSku.title).order_by(MerchantSku.code)).all() == ["Blue", "Red"]


def test_a_later_store_gets_our_quantities(company: Company) -> None:
    """CH-2: 10 at Amazon first, eBay 15 later -> 10 stays, eBay gets 10."""
    amazon = company.shop("amazon", red=10)
    ebay = company.shop("ebay", RED=15, other=3)
    company.take(amazon)
    before = company.preview(ebay)
    assert before.first is False
    assert rows_of(before)["RED"] == ("map", "red", 0, "")
    assert [row.available for row in before.rows if row.store_sku == "RED"] == [10]
    assert rows_of(before)["other"][0] == "leave" and "no merchant SKU" in rows_of(before)["other"][3]
    with company.db.read() as s:
        main = default_warehouse(s).id
    rule = Rule("All", frozenset({main}), {amazon: None, ebay: None})
    company.db.write(lambda s: save_rules(s, [rule], **BY))
    company.take(ebay)
    assert company.stock() == {"red": Figures(10)}
    push.tick(company.db, company.settings)
    assert (company.market.shown("amazon")["red"], company.market.shown("ebay")) == (10, {"RED": 10, "other": 3})


def test_importing_again_changes_only_what_is_new(company: Company) -> None:
    """CH-2: the quantities came in once, and only once; a new listing is left to be mapped."""
    store = company.shop("amazon", red=10)
    company.take(store)
    company.market.list("amazon", red=99, green=5)
    again = company.take(store)
    assert again.first is False
    assert {code: row[0] for code, row in rows_of(again).items()} == {"red": "mapped", "green": "leave"}
    assert company.stock() == {"red": Figures(10)}


def test_stock_that_was_booked_before_is_not_booked_twice(company: Company) -> None:
    """CH-2: whoever has booked stock in already knows better than a shop's listing."""
    store = company.shop("amazon", red=10)
    other = company.shop("ebay", red=4)
    company.take(other)
    assert company.preview(store).first is False
    company.take(store)
    assert company.stock() == {"red": Figures(4)}


def test_what_open_orders_wait_for_is_on_the_shelf_too(company: Company) -> None:
    """CH-2, ORD-2: a shop shows what is left; after the import it is told just that."""
    store = company.shop("amazon", red=10)
    company.market.order("amazon", red=2)
    done = company.take(store)
    assert rows_of(done)["red"] == ("create", "red", 10, "2 in waiting orders")
    assert company.market.shown("amazon") == {"red": 8}
    assert company.stock()["red"] == Figures(10, 2)
    with company.db.read() as s:
        assert s.scalars(select(Order.state)).all() == ["to_pack"]


def test_skus_that_are_there_are_used(company: Company) -> None:
    """CH-2, CAT-10: matched by the store's own rule before any is made; listings of one SKU show the same units."""

    def fill(s) -> None:
        create(s, [NewSku(code="RED"), NewSku(code="PART")], **BY)
        combination = make_sku(s, "set", kind="combination")
        part = s.scalars(select(MerchantSku.id).where(MerchantSku.code == "PART")).one()
        s.add(Component(combination_id=combination, component_id=part, quantity=2))

    company.db.write(fill)
    store = company.shop("amazon", red=10, Red=7, set=3)
    assert rows_of(company.take(store)) == {
        "red": ("map", "RED", 10, ""),
        "Red": ("map", "RED", 0, "'red' sells the same units"),
        "set": ("map", "set", 0, "a combination holds no stock; its components do"),
    }
    assert company.stock() == {"RED": Figures(10), "PART": Figures(), "set": Figures()}


def test_awkward_listings_are_named(company: Company) -> None:
    """CH-2, CAT-2: what can't be a SKU is left, what makes an awkward one is said."""
    store = company.shop("amazon", **{"a" * 70: 1, "red shirt": 2})
    done = rows_of(company.take(store))
    assert done["a" * 70][0] == "leave" and "64" in done["a" * 70][3]
    assert done["red shirt"] == ("create", "red shirt", 2, "contains a blank, which is easily overlooked or doubled.")
    assert company.stock() == {"red shirt": Figures(2)}


def test_a_store_that_can_not_be_read_changes_nothing(company: Company) -> None:
    """CH-2: it says why."""
    store = company.shop("amazon", red=10)
    company.market.faults("amazon", down=True)
    with pytest.raises(Refused, match="the store's orders can't be read"):
        company.take(store)
    assert company.stock() == {}


def test_an_ambiguous_listing_says_so(company: Company) -> None:
    """CAT-10: syncing maps nothing there, and names it."""

    def fill(s) -> None:
        create(s, [NewSku(code="M-1", title="Mug"), NewSku(code="M-2", title="mug")], **BY)
        change = StoreChange(settings={"match_by": "name"})
        change_store(s, store, change, keys=keys_of(company.settings), role="admin", **BY)

    store = company.shop("amazon", mug=10)
    company.db.write(fill)
    done = flow.sync_products(company.db, company.settings, by="anna")
    assert (done.mapped, done.ambiguous) == (0, ["Amazon: 'mug' fits M-1, M-2; map it by hand"])


def test_over_http(company: Company) -> None:
    """CH-2, JOB-4: a preview, and a run to follow; managers only."""
    store = company.shop("amazon", red=10)
    api = make_api(company.db, company.settings)
    manager = api.roles["manager"]
    shown = manager.get(f"/stores/{store}/import").json
    assert (shown["first"], shown["counts"]["create"], shown["rows"][0]["sku"]) == (True, 1, "red")
    answer = manager.post(f"/stores/{store}/import")
    assert answer.status_code == 202
    runner = Runner(company.db, company.settings)
    assert runner.take(answer.json["id"])
    runner.wait()
    run = manager.get(answer.headers["Location"]).json
    assert (run["status"], run["counts"]["units"]) == ("done", 10), run
    assert company.stock() == {"red": Figures(10)}
    for method in ("get", "post"):
        assert getattr(api.roles["merchandiser"], method)(f"/stores/{store}/import").status_code == 403
        assert getattr(manager, method)("/stores/999/import").status_code == 404


def test_at_the_command_line(terminal: Terminal, tmp_path: Path) -> None:  # noqa: F811
    """CH-2: shows what it would do; --apply does it."""
    terminal.run("init")
    with market(tmp_path / "sandbox.db") as running:
        running.list("amazon", red=10)
        settings = [f"--set={name}" for name in (f"url={running.url}", "shop=amazon", "secret=s")]
        terminal.run("store", "add", "Amazon", "sandbox", *settings)
        assert "nothing was changed" in terminal.run("store", "import", "amazon")
        assert terminal.json("stock") == []
        assert terminal.json("store", "import", "amazon", "--apply")["counts"]["units"] == 10
        assert [row["on_hand"] for row in terminal.json("stock")] == [10]


def test_who_waits_for_a_preview_waits_no_longer_than_told(company: Company) -> None:
    """CH-2: a store that tells its listings slowly does not keep a thread that answers requests."""
    store = company.shop("amazon", mug=10)
    with pytest.raises(Busy, match="within 0 s"):
        importing.preview(company.db, company.settings, store, seconds=0.0)
    assert importing.preview(company.db, company.settings, store, seconds=60.0) == company.preview(store)
