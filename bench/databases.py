"""Fresh databases of both kinds, with the durability they have in use, and shops to fill them with."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.migrating import upgrade
from server.db.session import Database
from server.jobs.service import prepare
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import post
from server.outbox.causes import Cause
from server.places.service import ensure_default
from server.stores.models import Store, StoreSku

AT = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_START_SECONDS = 30


@contextmanager
def database(kind: str) -> Iterator[Database]:
    """An empty, migrated database of that kind."""
    with TemporaryDirectory(prefix="stockbook-bench-") as name:
        if kind == "sqlite":
            with opened(f"sqlite:///{name}/stockbook.db") as db:
                yield db
        else:
            with cluster(Path(name)) as url, opened(url) as db:
                yield db


def kinds() -> list[str]:
    """The kinds of database that this machine has."""
    return ["sqlite", *(["postgresql"] if _tools() else [])]


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database of `url`, migrated, with what set-up makes."""
    db = Database(url)
    try:
        upgrade(db.engines.write)
        db.write(_set_up)
        yield db
    finally:
        db.close()


def _set_up(session: Session) -> None:
    prepare(session)
    ensure_default(session, AT)


def make_skus(session: Session, number: int) -> list[int]:
    """Merchant SKUs; their ids."""
    session.add_all(
        MerchantSku(code=f"SKU-{n}", key=fold(f"SKU-{n}"), created_at=AT, updated_at=AT) for n in range(number)
    )
    session.flush()
    return list(session.scalars(select(MerchantSku.id).order_by(MerchantSku.id)))


def make_stores(session: Session, number: int, sku_ids: Sequence[int]) -> list[int]:
    """Stores that list every SKU, mapped; their ids."""
    stores = [Store(name=f"Shop {n}", key=f"shop {n}", channel="sandbox", created_at=AT) for n in range(number)]
    session.add_all(stores)
    session.flush()
    session.add_all(
        StoreSku(store_id=store.id, code=f"S{sku_id}", sku_id=sku_id, created_at=AT)
        for store in stores
        for sku_id in sku_ids
    )
    return [store.id for store in stores]


def put_stock(session: Session, sku_ids: Sequence[int], units: int, *, number: int = 1) -> None:
    """Have `units` more of each in the default warehouse; `number` tells several such entries apart."""
    lines = [Line(default_warehouse(session), sku_id, on_hand=units) for sku_id in sku_ids]
    post(
        session,
        [Entry(Kind.STOCK_IN, "bench", number, "complete", lines, Cause.STOCK_IN_MANUAL, "bench", AT)],
    )


def default_warehouse(session: Session) -> int:
    """The default warehouse's id."""
    return ensure_default(session, AT).id


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements that run inside the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engines = {db.engines.write, db.engines.read}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own with its ordinary settings; it refuses to run as root, so another user does."""
    tools, port, user = _tools(), _free_port(), _user()
    assert tools is not None
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = str(folder / "data")
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    subprocess.run(
        [str(tools / "initdb"), "-D", data, "-U", "stockbook", "-A", "trust", "-E", "UTF8"],
        check=True, capture_output=True, **identity,
    )  # fmt: skip
    server = subprocess.Popen(
        [str(tools / "postgres"), "-D", data, f"-p{port}", f"-k{folder}", "-clisten_addresses=127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **identity,
    )  # fmt: skip
    try:
        _wait_for(f"postgresql://stockbook@127.0.0.1:{port}/postgres")
        yield f"postgresql+psycopg://stockbook@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(_START_SECONDS)


def _tools() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


def _user() -> str:
    return "nobody" if os.geteuid() == 0 else getpass.getuser()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
