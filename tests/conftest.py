"""Both databases for every test that wants one; what the machine lacks is named in the summary."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from server.db.engine import open_engines
from server.db.migrating import upgrade
from server.db.session import Database
from tests.support import postgres
from tests.support.chromium import chromium

_numbers = count(1)

_MEMORY = Path("/dev/shm")
_ENOUGH = 4 * 1024**3  # bytes


def _keep_files_in_memory() -> None:
    """What tests write is thrown away: a disk that syncs every commit of it costs more than half of their time."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ENOUGH:
        return
    folder = _MEMORY / f"stockbook-tests-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # asked for anew; test processes inherit the variable


_keep_files_in_memory()
# Servers and workers are started hundreds of times; each would compile all of our code anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(tryfirst=True)  # the groups are read by xdist's own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser go to one worker: a second browser, with servers behind it, would be started for nothing."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    engines = open_engines(f"sqlite:///{path}")
    upgrade(engines.write)
    engines.dispose()  # the last connection folds the write-ahead log into the file
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running cluster with a migrated template database."""
    if postgres.binaries() is None:
        pytest.skip("left out: no PostgreSQL server on this machine")
    with postgres.cluster() as url:
        _create_database(url, "stockbook_template")
        engines = open_engines(_driver_url(url, "stockbook_template"))
        upgrade(engines.write)
        engines.dispose()
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database, once for each kind."""
    make: Callable[[Any, Path], str] = _new_sqlite if request.param == "sqlite" else _new_postgres
    yield make(request, tmp_path)
    if request.param == "postgresql":
        _drop_last(request)


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once for each kind."""
    database = Database(db_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh, migrated SQLite database; for what does not depend on the kind."""
    return _new_sqlite(request, tmp_path)


def _new_sqlite(request: pytest.FixtureRequest, folder: Path) -> str:
    path = folder / f"stockbook-{next(_numbers)}.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


def _new_postgres(request: pytest.FixtureRequest, _folder: Path) -> str:
    server = request.getfixturevalue("postgres_server")
    name = f"test_{next(_numbers)}"
    _create_database(server, name, template="stockbook_template")
    request.node.stash[_DATABASE] = name
    return _driver_url(server, name)


_DATABASE: pytest.StashKey[str] = pytest.StashKey()


def _drop_last(request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgres_server")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {request.node.stash[_DATABASE]} WITH (FORCE)".encode())


def _create_database(server: str, name: str, template: str = "template0") -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())


def _driver_url(server: str, name: str) -> str:
    return f"{server.replace('postgresql://', 'postgresql+psycopg://')}/{name}"


#: CI sets it: what the machine lacks then fails the run instead of being left out.
_LEAVE_NOTHING_OUT = "STOCKBOOK_TESTS_LEAVE_NOTHING_OUT"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that left something out where nothing may be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get(_LEAVE_NOTHING_OUT):
        return
    left_out = {
        str(report.longrepr) for report in reporter.stats.get("skipped", []) if "left out" in str(report.longrepr)
    }
    if left_out:
        reporter.write_line(f"{_LEAVE_NOTHING_OUT} is set, but: {'; '.join(sorted(left_out))}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
