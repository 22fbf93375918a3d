"""The start page over a database with a little of everything, shown in full and closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from server.app import create_app
from server.db.session import Database
from server.settings import Settings
from tests.server.orders.desk import Desk, open_desk
from tests.support.filling import applied
from tests.support.http import Api, make_api


def _company(db: Database, folder: Path) -> Api:
    """Two SKUs with stock in MAIN, and a combination of them."""
    made = make_api(db, Settings(data_dir=folder, database_url=db.url))
    made.admin.post("/warehouses", json={"code": "MAIN", "default": True})
    skus = [{"sku": "MUG", "title": "<b>Mug</b>"}, {"sku": "BOX", "title": "Gift box"}]
    applied(made.admin, "sku_create", skus)
    recipe = {"combination": "SET", "title": "Mug in a box"}
    parts = [{"component": "MUG", "quantity": 2}, {"component": "BOX", "quantity": 1}]
    applied(made.admin, "combinations", [recipe | part for part in parts])
    applied(made.admin, "stock_in", [{"sku": "MUG", "quantity": 9}, {"sku": "BOX", "quantity": 7}])
    return made


@pytest.fixture
def api(db: Database, tmp_path: Path) -> Iterator[Api]:
    """A small company."""
    made = _company(db, tmp_path)
    yield made
    made.shared.token_uses.flush()


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """The same, for what does not depend on the kind of database."""
    database = Database(sqlite_url)
    made = _company(database, tmp_path)
    yield made
    made.shared.token_uses.flush()
    database.close()


@pytest.fixture
def full(api: Api) -> Flask:
    """The application as `demo` starts it."""
    return create_app(replace(api.shared, open_start_page=True))


@pytest.fixture
def plain(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """An empty company, for what does not depend on the kind of database."""
    database = Database(sqlite_url)
    made = make_api(database, Settings(data_dir=tmp_path, database_url=sqlite_url))
    yield made
    made.shared.token_uses.flush()
    database.close()


@pytest.fixture
def desk(plain: Api) -> Desk:
    """A store with RED and BLUE in MAIN, five of RED, an empty EAST; its orders are told by `desk.take`."""
    made = open_desk(plain.db)
    made.stock(made.red, 5)
    return made
