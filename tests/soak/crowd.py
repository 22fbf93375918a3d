"""Many at once: eight processes do everything that moves stock, on twenty SKUs, through one server or through two."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from server.db.session import Database
from server.ledger.verifying import verify
from tests.machine import books, oracle
from tests.machine.books import Books, Key
from tests.soak.errands import CODES, DEFAULT, EAST, SETS, STORES, Errands, Told, run_errands
from tests.soak.trial import Figures, Place, Trial
from tests.support.processes import PROCESSES
from tests.support.sandbox import Market
from tests.support.server import StockbookServer, wait_for
from tests.support.shops import add_store, market_process, shop_of

PROCESS_COUNT = 8
AT_FIRST = 40
PATIENCE_SECONDS = 240.0
KEPT = (
    "server_errors",
    "refused_without_a_rule",
    "uploads_cut_off",
    "orders_lost",
    "rules_broken",
    "differences",
    "shown_wrong",
)


@dataclass(frozen=True)
class Company:
    """The servers of one database, and the marketplace they all know."""

    servers: list[StockbookServer]
    market: Market
    db: Database


def run(place: Place, operations: int) -> Figures:
    """`operations` by each process, through one server."""
    return _run(place, operations, 1)


def run_two(place: Place, operations: int) -> Figures:
    """The same through two servers that share the database."""
    return _run(place, operations, 2)


def _run(place: Place, operations: int, servers: int) -> Figures:
    begun = time.monotonic()
    with _company(place, servers) as company:
        _open(company)
        told = _let_them(company, place.seed, operations)
        company.servers[0].run_job("/sync/orders")
        wait_for(lambda: _quiet(company.db), what="the outbox to be empty", seconds=PATIENCE_SECONDS, every=0.3)
        figures = _judge(company, told)
        figures["retries"] = sum(server.log.count("transaction tried again") for server in company.servers)
    return {
        "servers": servers,
        "processes": PROCESS_COUNT,
        "operations": operations * PROCESS_COUNT,
        "seconds": round(time.monotonic() - begun),
        **figures,
    }


@contextmanager
def _company(place: Place, servers: int) -> Iterator[Company]:
    shared = {"secret_key": "one-secret-for-all-of-the-servers-of-a-company", "sync_overlap_seconds": "60"}
    if servers > 1:
        shared["several_machines"] = "true"
    with ExitStack() as stack:
        market = stack.enter_context(market_process(place.folder / "market.db"))
        market.faults(rate_limit_per_s=0)
        started: list[StockbookServer] = []
        for number in range(servers):
            folder = place.folder / f"server-{number}"
            folder.mkdir(parents=True, exist_ok=True)
            if started:  # the first start of a database shows its token; the others know it from there
                (folder / "admin-token").write_text(started[0].token)
            started.append(stack.enter_context(StockbookServer(folder, database_url=place.url, **shared)))
        db = Database(place.url)
        stack.callback(db.close)
        yield Company(started, market, db)


def _open(company: Company) -> None:
    """Twenty SKUs, two of them combinations, in two warehouses and two stores."""
    server = company.servers[0]
    (main,) = server.get("/warehouses")["items"]
    assert main["code"] == DEFAULT, main
    made = server.post("/warehouses", {"code": EAST})
    assert made.status_code == 201, made.text
    server.apply("sku_create", *({"sku": code, "title": f"Thing {code}"} for code in CODES))
    server.apply(
        "combinations",
        *(
            {"combination": whole, "title": whole, "component": part, "quantity": units}
            for whole, recipe in SETS.items()
            for part, units in recipe.items()
        ),
    )
    for place in (DEFAULT, EAST):
        server.apply("stock_in", *({"sku": code, "warehouse": place, "quantity": AT_FIRST} for code in CODES))
    for store in STORES:
        add_store(server, company.market, store, dict.fromkeys((*CODES, *SETS), 0))
    server.run_job("/sync/products")
    rule = {"name": "Everything", "warehouses": [DEFAULT, EAST], "stores": list(STORES)}
    made = server.post("/push-rules", rule)
    assert made.status_code == 201, made.text
    wait_for(lambda: _quiet(company.db), what="the first figures to be told", seconds=PATIENCE_SECONDS)


def _let_them(company: Company, seed: int, operations: int) -> list[Told]:
    """All of them at once, each through one of the servers."""
    errands = [
        Errands(
            address=company.servers[number % len(company.servers)].address,
            token=company.servers[0].token,
            market=company.market.url,
            seed=seed * 1000 + number,
            count=operations,
        )
        for number in range(PROCESS_COUNT)
    ]
    with PROCESSES.Pool(PROCESS_COUNT) as pool:
        return pool.map(run_errands, errands, chunksize=1)


def _judge(company: Company, told: list[Told]) -> Figures:
    with company.db.read() as session:
        found = books.read(session)
        differences = len(verify(session))
    counted: set[Key] = {key for one in told for key in one.counted}
    wrong = oracle.broken(found, raised=set(), counted=counted)
    known = {(order.store, order.number) for order in found.orders.values()}
    placed = {order for one in told for order in one.placed}
    done: Counter[str] = Counter()
    for one in told:
        done.update(one.done)
    troubles = [trouble for one in told for trouble in one.troubles]
    statuses = Counter(upload["status"] for upload in _all(company.servers[0], "/uploads"))
    for line in [*troubles[:20], *wrong[:20], *_shown_wrong(company, found)[:20]]:
        print(line)
    return {
        "done": sum(done.values()),
        "refused_by_rules": sum(one.refused for one in told),
        "orders": len(known),
        "server_errors": sum(trouble.startswith("5") for trouble in troubles),
        "refused_without_a_rule": sum(not trouble.startswith("5") for trouble in troubles),
        "uploads_cut_off": statuses["failed"] + statuses["running"],
        "orders_lost": len(placed - known),
        "rules_broken": len(wrong),
        "differences": differences,
        "shown_wrong": len(_shown_wrong(company, found)),
    }


def _shown_wrong(company: Company, found: Books) -> list[str]:
    """Listings that don't show what the rules ask for."""
    rules = _all(company.servers[0], "/push-rules")
    shown = {store: company.market.shown(shop_of(store)) for store in STORES}
    wanted = ((listing, oracle.shown(found, rules, listing)) for listing in found.listings)
    return [
        f"{listing.store} shows {shown[listing.store][listing.code]} of {listing.code}, should show {units}"
        for listing, units in wanted
        if units is not None and shown[listing.store][listing.code] != units
    ]


def _quiet(db: Database) -> bool:
    """Nothing is to be evaluated, nothing to be sent, no news to be read."""
    with db.read() as session:
        count = session.connection().exec_driver_sql("SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL").scalar()
        found = books.read(session)
        return not (count or found.marks or found.waiting)


def _all(server: StockbookServer, path: str) -> list[dict[str, Any]]:
    """Every page of a list."""
    items: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        page = server.get(path, limit=200, **after)
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


TRIAL = Trial(
    "eight processes at everything that moves stock: no lock or deadlock reaches anybody, nothing breaks",
    run,
    full=150,
    kept=KEPT,
)
TWO_SERVERS = Trial(
    "the same through two servers: no lock or deadlock reaches anybody, nothing breaks",
    run_two,
    full=150,
    kept=KEPT,
    databases=("postgresql",),
)
