from __future__ import annotations

import pytest
from sqlalchemy import select

from server.jobs.models import Run
from server.places.service import ensure_default
from server.stores.credentials import keys_of, read_secrets
from tests.factories import AT, make_sku, make_store_sku, make_warehouse
from tests.support.http import Api, Client
from tests.support.statements import counted_reads

SANDBOX = {"url": "http://127.0.0.1:8100", "shop": "east", "secret": "s3cr3t-word"}
SHOP = {"name": "Shop East", "channel": "sandbox", "settings": SANDBOX}


@pytest.fixture
def admin(api: Api) -> Client:
    """A company with the warehouses Main and EAST."""
    api.db.write(lambda s: (ensure_default(s, AT), make_warehouse(s, "EAST")))
    return api.admin


def test_a_store_s_secret_is_never_sent_back(api: Api, admin: Client) -> None:
    """CH-6: only whether it is set; what was shown can be sent back and changes nothing."""
    made = admin.post("/stores", json=SHOP)
    assert (made.status_code, made.json["secrets"], made.json["warehouse"]) == (201, {"secret": True}, "Main")
    assert made.json["settings"] == {"url": SANDBOX["url"], "shop": "east"}
    store = f"/stores/{made.json['id']}"
    answers = [made, admin.get(store), admin.get("/stores?name=shop%20east"), admin.get("/stores?code=Shop East")]
    answers.append(admin.patch(store, json={"settings": made.json["settings"]}))
    assert all("s3cr3t" not in answer.text and answer.status_code < 300 for answer in answers)
    assert answers[-1].json == made.json
    with api.db.read() as session:
        assert read_secrets(session, keys_of(api.shared.settings), made.json["id"]) == {"secret": "s3cr3t-word"}


def test_credentials_take_an_admin(api: Api, admin: Client) -> None:
    """SEC-1: a manager adds stores and changes them, an admin also gives their credentials."""
    manager = api.roles["manager"]
    assert manager.post("/stores", json=SHOP).status_code == 403
    plain = {**SHOP, "settings": {"url": SANDBOX["url"], "shop": "east"}}
    store = f"/stores/{manager.post('/stores', json=plain).json['id']}"
    assert manager.patch(store, json={"settings": {"secret": "mine"}}).status_code == 403
    assert admin.patch(store, json={"settings": {"secret": "mine"}}).json["secrets"] == {"secret": True}
    assert manager.patch(store, json={"active": False}).json["active"] is False
    assert api.roles["merchandiser"].delete(store).status_code == 403
    assert manager.delete(store).status_code == 200


def test_where_a_store_ships_from_can_be_told_and_told_back(admin: Client) -> None:
    """WH-1: the default unless told otherwise."""
    store = f"/stores/{admin.post('/stores', json={**SHOP, 'warehouse': 'east'}).json['id']}"
    assert admin.get(store).json["warehouse"] == "EAST"
    assert admin.patch(store, json={"name": "Renamed"}).json["warehouse"] == "EAST"
    assert admin.patch(store, json={"warehouse": None}).json["warehouse"] == "Main"
    assert admin.patch(store, json={"warehouse": "nowhere"}).status_code == 404


def test_a_wrong_store_is_refused_in_words(admin: Client) -> None:
    for change, said in (({"channel": "nowhere"}, "there are"), ({"settings": {"colour": 1}}, "has no setting")):
        answer = admin.post("/stores", json={**SHOP, **change})
        assert answer.status_code == 422 and said in answer.json["detail"]


def test_channels_say_what_they_want_to_know(admin: Client) -> None:
    """CH-1: the sandbox's settings are url, shop and secret."""
    [sandbox] = [c for c in admin.get("/channels").json["items"] if c["channel"] == "sandbox"]
    assert [*sandbox["settings"], *sandbox["secrets"]] == ["url", "shop", "secret"]


@pytest.fixture
def shop(api: Api, admin: Client) -> Client:
    """A store with three listings, two of one product, and the SKUs A and B."""
    store = admin.post("/stores", json=SHOP).json["id"]

    def fill(session):
        for code in "AB":
            make_sku(session, code)
        for code, product in (("a", "p1"), ("b2", "p1"), ("c", "p2")):
            make_store_sku(session, store, code, name=f"Listing {code}", references={"product": product}, listed=True)

    api.db.write(fill)
    return admin


def mapping(shop: Client, code: str) -> dict:
    return shop.get(f"/mappings?store=shop east&store_sku={code}").json["items"][0]


def test_a_mapping_is_made_changed_and_taken_away(shop: Client) -> None:
    """CAT-8: one, or all of a product at once; listed mapped and unmapped from both sides."""
    made = shop.post("/mappings", json={"store": "Shop East", "store_sku": "a", "sku": "a"})
    assert (made.status_code, made.json["sku"], made.json["listing"]) == (201, "A", "Listing a")
    path = f"/mappings/{made.json['id']}"
    again = {"store": "Shop East", "store_sku": "a", "sku": "B"}
    assert shop.post("/mappings", json=again).status_code == 409
    assert shop.patch(path, json={"sku": "B", "whole_product": True}).json["sku"] == "B"
    assert [m["store_sku"] for m in shop.get("/mappings?mapped=true&sku=B").json["items"]] == ["a", "b2"]
    assert [m["store_sku"] for m in shop.get("/mappings?mapped=false").json["items"]] == ["c"]
    assert [s["sku"] for s in shop.get("/mappings/unmapped-skus").json["items"]] == ["A"]
    assert shop.delete(path).json["sku"] is None
    assert mapping(shop, "b2")["sku"] == "B"
    assert shop.delete(f"{path}?whole_product=true").status_code == 200
    assert mapping(shop, "b2")["sku"] is None
    assert [s["sku"] for s in shop.get("/mappings/unmapped-skus?store=shop east").json["items"]] == ["A", "B"]


def test_a_store_sku_not_seen_yet_can_be_mapped(shop: Client) -> None:
    """CAT-8: before its products were synced; it says that it is not listed."""
    made = shop.post("/mappings", json={"store": "Shop East", "store_sku": "new", "sku": "A"}).json
    assert (made["listed"], made["sku"]) == (False, "A")
    assert shop.post("/mappings", json={"store": "Shop East", "store_sku": "x", "sku": "none"}).status_code == 404
    assert shop.get("/mappings?store_sku=x").json["items"] == []


def test_matching_says_what_is_ambiguous(shop: Client) -> None:
    """CAT-10: the sync's own matching, by hand."""
    assert shop.post("/mappings/match", json={"store": "Shop East"}).json == {"mapped": 1, "ambiguous": []}
    assert mapping(shop, "a")["sku"] == "A"


def test_what_is_pushed_can_be_chosen(shop: Client) -> None:
    """CH-4: per store SKU, or for its product."""
    path = f"/mappings/{mapping(shop, 'a')['id']}"
    assert shop.patch(path, json={"synced": False, "whole_product": True}).json["synced"] is False
    assert [mapping(shop, code)["synced"] for code in ("a", "b2", "c")] == [False, False, True]
    assert shop.patch(path, json={}).status_code == 422


def test_a_secret_is_not_sent_elsewhere_without_an_admin(api: Api, admin: Client) -> None:
    """SEC-1: whoever may change stores could have the secret sent to a server of his own."""
    store = f"/stores/{admin.post('/stores', json=SHOP).json['id']}"
    manager, elsewhere = api.roles["manager"], {"settings": {"url": "http://localhost:9"}}
    answer = manager.patch(store, json={**elsewhere, "name": "Mine"})
    assert (answer.status_code, answer.json["facts"]["permission"]) == (403, "credentials.write")
    assert admin.get(store).json["name"] == "Shop East"
    same = manager.patch(store, json={"settings": {"url": SANDBOX["url"], "shop": "west"}})
    assert (same.status_code, same.json["settings"]["shop"]) == (200, "west")
    assert manager.patch(store, json={"settings": {"url": None}}).status_code == 403
    assert admin.patch(store, json=elsewhere).json["settings"]["url"] == "http://localhost:9"
    assert admin.patch(store, json={"settings": {"secret": None}}).json["secrets"] == {"secret": False}
    assert manager.patch(store, json={"settings": {"url": SANDBOX["url"]}}).status_code == 200


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://10.0.0.5:8100", "only spoken to on this machine"),
        ("https://sandbox.example.com", "only spoken to on this machine"),
        ("127.0.0.1:8100", "must look like http://127.0.0.1:8100"),
        ("http://127.0.0.1:port", "wrong port"),
        ("", "must look like"),
        (8100, "is a text"),
    ],
)
def test_an_address_that_could_never_be_used_is_refused_when_it_is_given(admin: Client, url: object, said: str) -> None:
    given = {**SHOP, "settings": {**SANDBOX, "url": url}}
    answer = admin.post("/stores", json=given)
    assert (answer.status_code, answer.json["facts"]) == (422, {"field": "url"})
    assert said in answer.json["detail"]
    store = f"/stores/{admin.post('/stores', json=SHOP).json['id']}"
    assert admin.patch(store, json={"settings": {"url": url}}).status_code == 422


@pytest.mark.parametrize("name", ["East; West", "East=80"])
def test_a_name_that_lists_would_part_is_refused(admin: Client, name: str) -> None:
    """PSH-2: the push-rule workbook could not name that store."""
    answer = admin.post("/stores", json={**SHOP, "name": name})
    assert (answer.status_code, answer.json["facts"]) == (422, {"field": "name"})
    assert f"'{name}' contains ; or =" in answer.json["detail"]
    store = f"/stores/{admin.post('/stores', json=SHOP).json['id']}"
    assert admin.patch(store, json={"name": name}).status_code == 422
    answer = admin.post("/warehouses", json={"code": name})
    assert answer.status_code == 422 and f"'{name}' contains ; or =" in answer.json["detail"]


def test_a_list_of_stores_takes_as_many_statements_as_one(api: Api, admin: Client) -> None:
    def list_them(stores: int) -> int:
        for number in range(stores):
            given = {**SHOP, "name": f"Shop {stores} {number}", "warehouse": "EAST" if number % 2 else None}
            assert admin.post("/stores", json=given).status_code == 201
        with counted_reads(api.db) as seen:
            listed = admin.get("/stores").json["items"]
        assert {shop["warehouse"] for shop in listed} == {"Main", "EAST"}
        assert all(shop["secrets"] == {"secret": True} for shop in listed)
        return len(seen)

    assert list_them(2) == list_them(10)


def _reads(api: Api) -> list[tuple[str, list[str], str]]:
    """The runs that were asked for: job, stores, by whom."""
    found = api.admin.get("/runs?limit=50").json["items"]
    with api.db.read() as session:
        stores = {run.id: run.arguments.get("stores") for run in session.scalars(select(Run))}
    return [(run["job"], stores[run["id"]], run["asked_by"]) for run in reversed(found)]


def test_a_new_store_is_read_at_once(api: Api, admin: Client) -> None:
    """CH-5, JOB-4: by whichever process runs jobs; so is one that is reached otherwise now, or on again."""
    body = {"channel": "sandbox", "settings": {"url": "http://127.0.0.1:1", "shop": "north", "secret": "s3"}}
    number = admin.post("/stores", json={"name": "North", **body}).json["id"]
    once = ("sync_orders", ["North"], "admin-user")
    assert _reads(api) == [once]
    admin.patch(f"/stores/{number}", json={"name": "North"})
    admin.patch(f"/stores/{number}", json={"active": False})
    admin.patch(f"/stores/{number}", json={"settings": {"secret": "s4"}})
    assert _reads(api) == [once]
    admin.patch(f"/stores/{number}", json={"active": True})
    admin.patch(f"/stores/{number}", json={"settings": {"secret": "s5"}})
    assert _reads(api) == [once] * 3
    admin.post("/stores", json={"name": "South", "active": False, **body})
    admin.patch("/jobs/sync_orders", json={"active": False})
    admin.post("/stores", json={"name": "West", **body})
    assert _reads(api) == [once] * 3, "one that is off is not read, and nothing where people switched the job off"
