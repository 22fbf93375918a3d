from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.fernet import MultiFernet
from sqlalchemy import func, select

from server.access.models import AuditLine
from server.channels.sandbox.connector import SandboxConnector
from server.db.base import Base
from server.db.session import Database
from server.errors import Conflict, NotFound, Refused, WrongUse
from server.orders.models import Order
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.settings import Settings
from server.stores.connecting import connect
from server.stores.credentials import keys_of, read_secrets
from server.stores.models import Credential, Store, StoreSku
from server.stores.queries import store_named, warehouses_of
from server.stores.service import NewStore, StoreChange, add_store, change_store, delete_store, secrets_set
from server.sync.models import Inbox
from tests.factories import AT, make_sku, make_store_sku, make_warehouse

BY = {"by": "anna", "at": AT}
ADMIN = {**BY, "role": "admin"}
SANDBOX = {"url": "http://127.0.0.1:8100", "shop": "east", "secret": "s3cr3t-word"}
SHOP = NewStore("Shop East", "sandbox", SANDBOX)


def add(db: Database, keys: MultiFernet, new: NewStore = SHOP) -> int:
    return db.write(lambda s: add_store(s, new, keys=keys, **ADMIN).id)


def change(db: Database, keys: MultiFernet, store: int, **what) -> None:
    db.write(lambda s: change_store(s, store, StoreChange(**what), keys=keys, **ADMIN))


def test_secrets_are_parted_from_settings(db: Database, keys: MultiFernet) -> None:
    """CH-6: encrypted, never sent back, not in the audit log; only whether they are set is told."""
    store = add(db, keys)
    with db.read() as session:
        row = session.get_one(Store, store)
        assert row.settings == {"url": SANDBOX["url"], "shop": "east"}
        assert secrets_set(session, [row], keys=keys) == {store: {"secret": True}}
        assert read_secrets(session, keys, store) == {"secret": "s3cr3t-word"}
        lines = session.scalars(select(AuditLine)).all()
        assert "s3cr3t" not in json.dumps([[line.subject, line.detail] for line in lines])
        for table in Base.metadata.tables.values():
            assert "s3cr3t" not in repr(session.execute(select(table)).all())


def test_a_change_keeps_what_it_does_not_name(db: Database, keys: MultiFernet) -> None:
    store = add(db, keys)
    change(db, keys, store, settings={"shop": "west"}, name="Shop  West")
    with db.read() as session:
        row = store_named(session, "SHOP WEST")
        assert (row.settings["url"], row.settings["shop"]) == (SANDBOX["url"], "west")
        assert read_secrets(session, keys, store) == {"secret": "s3cr3t-word"}
    change(db, keys, store, settings={"secret": None})
    with db.read() as session:
        assert secrets_set(session, [session.get_one(Store, store)], keys=keys) == {store: {"secret": False}}


def test_a_new_store_ships_from_the_default_warehouse_unless_told_otherwise(db: Database, keys: MultiFernet) -> None:
    """WH-1: and can be told later, and told back."""
    _, east = db.write(lambda s: (make_warehouse(s, default=True), make_warehouse(s, "EAST")))
    store = add(db, keys)

    def ships_from() -> str:
        with db.read() as session:
            return warehouses_of(session, [session.get_one(Store, store)])[store].code

    assert ships_from() == "MAIN"
    change(db, keys, store, warehouse_id=east)
    assert ships_from() == "EAST"
    change(db, keys, store, name="Renamed")
    assert ships_from() == "EAST"
    change(db, keys, store, warehouse_id=None)
    assert ships_from() == "MAIN"
    with pytest.raises(NotFound, match="warehouse"):
        change(db, keys, store, warehouse_id=999)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "name"),
        ({"channel": "nowhere"}, "there are .*sandbox"),
        ({"settings": {"colour": "red"}}, "has no setting 'colour'; there are url, shop, secret, match_by"),
        ({"settings": {"secret": 5}}, "secret is a text"),
        ({"settings": {"match_by": "magic"}}, "code, gtin, name, none"),
    ],
)
def test_what_can_not_be_is_refused(db: Database, keys: MultiFernet, wrong: dict, said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        add(db, keys, replace(SHOP, **wrong))


def test_names_are_unique_without_regard_to_case(db: Database, keys: MultiFernet) -> None:
    store = add(db, keys)
    with pytest.raises(Conflict, match="there is already"):
        add(db, keys, replace(SHOP, name="shop EAST"))
    change(db, keys, store, name="SHOP East")  # its own name in another case is no conflict


@pytest.mark.parametrize(
    ("before", "what", "marked"),
    [
        ({"active": False}, {"active": True}, True),
        ({}, {"active": False}, False),
        ({}, {"is_choice": True}, True),
        ({}, {"name": "Other"}, False),
    ],
)
def test_switching_a_store_on_evaluates_all_it_sells(
    db: Database, keys: MultiFernet, before: dict, what: dict, marked: bool
) -> None:
    """PSH-7: cause `switch`; what is not mapped has no target."""
    store = add(db, keys, replace(SHOP, **before))

    def fill(session):
        sku = make_sku(session, "A")
        make_store_sku(session, store, "a", sku)
        make_store_sku(session, store, "b")
        return sku

    sku = db.write(fill)
    change(db, keys, store, **what)
    with db.read() as session:
        found = [(row.sku_id, unpack(row.causes)) for row in session.scalars(select(Changed))]
    assert found == ([(sku, [Cause.SWITCH])] if marked else [])


def test_a_deleted_store_takes_along_what_is_only_its_own(db: Database, keys: MultiFernet) -> None:
    """CH-6: its credentials too."""
    store, other = add(db, keys), add(db, keys, replace(SHOP, name="Other"))

    def fill(session):
        for owner in (store, other):
            make_store_sku(session, owner, "a", make_sku(session, f"A{owner}"))
        session.add(Inbox(store_id=store, delivery="1", body=b"{}", received_at=AT))

    db.write(fill)
    db.write(lambda s: delete_store(s, store, **BY))
    with db.read() as session:
        for model in (Store.id, Credential.store_id, StoreSku.store_id):
            assert list(session.scalars(select(model))) == [other]
        assert session.scalar(select(func.count(Inbox.id))) == 0


def test_a_store_with_orders_is_not_deleted(db: Database, keys: MultiFernet) -> None:
    """A refusal names what is in the way and the way out; nothing is gone."""
    store = add(db, keys)
    db.write(
        lambda s: s.add(
            Order(
                store_id=store, number="1", state="completed", market_status="", placed_at=AT, seen_at=AT, content="",
                created_at=AT, updated_at=AT,
            )
        )
    )  # fmt: skip
    with pytest.raises(Refused, match="used by orders; switch it off"):
        db.write(lambda s: delete_store(s, store, **BY))
    with db.read() as session:
        assert read_secrets(session, keys, store) == {"secret": "s3cr3t-word"}


def test_a_store_that_gets_its_first_order_at_this_moment_is_not_deleted(db: Database, keys: MultiFernet) -> None:
    """The same refusal, whoever comes first: never a collision that nobody understands."""
    store, arrived, meanwhile = add(db, keys), threading.Event(), threading.Event()

    def arrive(session):
        session.add(
            Order(
                store_id=store, number="1", state="completed", market_status="", placed_at=AT, seen_at=AT, content="",
                created_at=AT, updated_at=AT,
            )
        )  # fmt: skip
        session.flush()
        arrived.set()
        meanwhile.wait(0.5)  # for as long as deleting may take to look

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(db.write, arrive)
        arrived.wait(9)
        with pytest.raises(Refused, match="used by orders; switch it off"):
            db.write(lambda s: delete_store(s, store, **BY))
        other.result()


def test_connecting_gives_the_store_s_connector(db: Database, tmp_path) -> None:
    """CH-1: with its settings and a vault, never with its secrets."""
    settings = Settings(data_dir=tmp_path)
    store = add(db, keys_of(settings))
    connector = connect(db, settings, store)
    assert isinstance(connector, SandboxConnector)
    with pytest.raises(NotFound):
        connect(db, settings, store + 1)


def test_every_change_says_who(db: Database, keys: MultiFernet) -> None:
    """SEC-2."""
    store = add(db, keys)
    change(db, keys, store, orders_from=datetime(2026, 4, 1, tzinfo=UTC))
    change(db, keys, store, orders_from=datetime(2026, 4, 1, tzinfo=UTC))
    change(db, keys, store, settings={"secret": "other"})
    db.write(lambda s: delete_store(s, store, **BY))
    with db.read() as session:
        actions = list(session.scalars(select(AuditLine.action).order_by(AuditLine.id)))
    assert actions == ["store.create", "store.change", "store.change", "store.delete"]
