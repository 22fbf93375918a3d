"""A company that sells in shops of the sandbox marketplace, played by hand: everything through the API.

In this process every step is done when it returns. Over HTTP a real server's own workers do theirs, so what is looked
at is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from server import clock
from server.db.session import Database
from server.jobs.runner import Runner
from server.places.service import ensure_default
from server.push.flow import tick
from server.settings import Settings
from tests.support.http import Api, make_api
from tests.support.sandbox import Market, market
from tests.support.server import StockbookServer, wait_for

SECRET = "a secret of the shop"
MAIN = "Main"
SECONDS = 60.0
_T = TypeVar("_T")


class Figures(NamedTuple):
    """What a warehouse has of a SKU."""

    on_hand: int = 0
    allocated: int = 0
    on_the_way: int = 0
    defective: int = 0

    @property
    def available(self) -> int:
        """STK-1."""
        return self.on_hand - self.allocated


class Answer(NamedTuple):
    """What the API said."""

    status: int
    json: Any


class Doors(Protocol):
    """How the API is reached."""

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Answer:
        """One call below /api/v1."""

    def run(self, path: str) -> dict[str, Any]:
        """Ask for a run (JOB-4) and wait until it has ended well; the run."""

    def push(self) -> None:
        """See to it that what changed is evaluated and sent."""

    def until(self, look: Callable[[], _T], right: Callable[[_T], bool]) -> _T:
        """What `look` gives once it is `right`, or at last."""


@dataclass(frozen=True)
class InProcess:
    """The application itself; its jobs and pushes are done when they are asked for."""

    api: Api

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Answer:
        answer = self.api.admin.call(method, path, json=body, query_string=params)
        return Answer(answer.status_code, answer.json)

    def run(self, path: str) -> dict[str, Any]:
        asked = self.call("POST", path, {})
        assert asked.status == 202, asked.json
        runner = Runner(self.api.db, self.api.shared.settings)
        assert runner.take(asked.json["id"])
        runner.stop(within_seconds=SECONDS)
        ended: dict[str, Any] = self.call("GET", f"/runs/{asked.json['id']}").json
        assert ended["status"] == "done", ended
        return ended

    def push(self) -> None:
        tick(self.api.db, self.api.shared.settings)

    def until(self, look: Callable[[], _T], right: Callable[[_T], bool]) -> _T:
        return look()


@dataclass(frozen=True)
class OverHttp:
    """A server that runs by itself."""

    server: StockbookServer

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Answer:
        answer = self.server.client.request(method, path, json=body, params=params)
        return Answer(answer.status_code, answer.json())

    def run(self, path: str) -> dict[str, Any]:
        return self.server.run_job(path)

    def push(self) -> None:
        """Its worker does."""

    def until(self, look: Callable[[], _T], right: Callable[[_T], bool]) -> _T:
        try:
            return wait_for(lambda: (found,) if right(found := look()) else None, what="it", seconds=SECONDS)[0]
        except AssertionError:
            return look()


@dataclass(frozen=True)
class Company:
    """What the people of the company do, what buyers do, and what there is to see of it."""

    doors: Doors
    market: Market

    def get(self, path: str, **params: Any) -> Any:
        """What is there."""
        answer = self.doors.call("GET", path, **params)
        assert answer.status == 200, answer.json
        return answer.json

    def write(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Do something that must succeed."""
        answer = self.doors.call(method, path, {} if body is None and method != "DELETE" else body, **params)
        assert answer.status in (200, 201, 202), answer.json
        return answer.json

    def ask(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The same, and what follows from it is sent on to the stores."""
        said = self.write(method, path, body, **params)
        self.doors.push()
        return said

    def refused(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Try something that must be refused; the problem."""
        answer = self.doors.call(method, path, {} if body is None and method != "DELETE" else body)
        assert answer.status in (404, 409, 422), (answer.status, answer.json)
        return dict(answer.json)

    # setting up

    def sku(self, *codes: str, **more: Any) -> None:
        """Merchant SKUs of that code."""
        for code in codes:
            self.write("POST", "/skus", {"sku": code, "title": f"Thing {code}", **more})

    def warehouse(self, code: str) -> None:
        self.write("POST", "/warehouses", {"code": code, "name": code})

    def store(self, name: str, *, choice: bool = False, settings: Mapping[str, str] | None = None, **shown: int) -> int:
        """A store whose shop is called like it in small letters and shows these quantities; gives its number."""
        shop = name.lower()
        if shown:
            self.market.list(shop, **shown)
        address = {"url": self.market.url, "shop": shop, "secret": SECRET, **(settings or {})}
        body = {"name": name, "channel": "sandbox", "settings": address, "choice": choice}
        return int(self.write("POST", "/stores", body)["id"])

    def rule(self, name: str, stores: Sequence[str], warehouses: Sequence[str] = (MAIN,), **more: Any) -> Any:
        """A push rule; gives it with its warnings."""
        return self.ask(
            "POST", "/push-rules", {"name": name, "stores": list(stores), "warehouses": list(warehouses), **more}
        )

    def read_listings(self) -> dict[str, Any]:
        """Product sync: listings of the merchant SKU's code are mapped (CAT-10)."""
        return self.run("/sync/products")

    def run(self, path: str) -> dict[str, Any]:
        """A run, and what follows from it."""
        run = self.doors.run(path)
        self.doors.push()
        return run

    def switch(self, **switches: bool) -> None:
        self.ask("PATCH", "/settings", switches)

    # buying

    def buy(self, store: str, units: int = 1, sku: str = "RED", **more: Any) -> str:
        """A buyer orders, and the order is taken in; gives its number. `more` is the marketplace's."""
        body = {"lines": [{"store_sku": sku, "quantity": units}], "payment": "prepaid", "paid": True, **more}
        made = self.market.calls.post(f"/shops/{store.lower()}/orders", json=body).raise_for_status()
        self.sync()
        return str(made.json()["number"])

    def at_market(self, store: str, number: str, *actions: str) -> None:
        """What happens to an order at the market, one after the other; taken in each time."""
        for action in actions:
            self.market.act(store.lower(), number, action)
            self.sync()

    def edit(self, store: str, number: str, **units: int) -> None:
        """The order has these lines from now on; taken in."""
        lines = [{"store_sku": sku, "quantity": quantity} for sku, quantity in units.items()]
        self.market.act(store.lower(), number, "edit", lines=lines)
        self.sync()

    def sync(self) -> None:
        """Read the stores' orders."""
        self.run("/sync/orders")

    # working

    def stock_in(self, quantity: int, sku: str = "RED", warehouse: str = MAIN) -> None:
        self._list("stock-ins", quantity, sku, warehouse)

    def stock_out(self, quantity: int, sku: str = "RED", warehouse: str = MAIN) -> None:
        self._list("stock-outs", quantity, sku, warehouse)

    def _list(self, kind: str, quantity: int, sku: str, warehouse: str) -> None:
        body = {"warehouse": warehouse, "lines": [{"sku": sku, "quantity": quantity}]}
        self.ask("POST", f"/{kind}/{self.write('POST', f'/{kind}', body)['id']}/complete")

    def count(self, found: int, sku: str = "RED", warehouse: str = MAIN) -> None:
        """A stock count finds that many."""
        body = {"warehouse": warehouse, "lines": [{"sku": sku, "counted": found}]}
        self.ask("POST", f"/stock-counts/{self.write('POST', '/stock-counts', body)['id']}/complete")

    def dispatch(self, quantity: int, source: str, destination: str, sku: str = "RED") -> int:
        """A transfer leaves; its number."""
        lines = [{"sku": sku, "quantity": quantity}]
        made = self.write("POST", "/transfers", {"source": source, "destination": destination, "lines": lines})
        self.ask("POST", f"/transfers/{made['id']}/dispatch")
        return int(made["id"])

    def receive(self, transfer: int, quantity: int, sku: str = "RED") -> Any:
        return self.ask("POST", f"/transfers/{transfer}/receive", {"lines": [{"sku": sku, "quantity": quantity}]})

    def apply(self, template: str, *rows: Mapping[str, Any]) -> Any:
        """Apply a workbook's rows; what came of them."""
        done = self.ask("POST", "/uploads", {"template": template, "rows": [dict(row) for row in rows]}, mode="apply")
        assert done["status"] == "applied", done
        return done

    def act(self, store: str, number: str, *actions: str, **body: Any) -> None:
        """People do something to an order, one thing after the other."""
        order = self.order(store, number)["id"]
        for action in actions:
            self.ask("POST", f"/orders/{order}/{action}", body)

    def scan(self, store: str, number: str, **more: Any) -> Any:
        """Its package is scanned back in."""
        [tracking] = self.order(store, number)["tracking"]
        return self.ask("POST", "/returns", {"tracking": tracking, "store": store, **more})

    # looking

    def orders(self, store: str, number: str) -> list[dict[str, Any]]:
        """The order and its supplements, oldest first."""
        found = self.get("/orders", store=store)["items"]
        return [one for one in reversed(found) if one["number"].removesuffix("-2") == number]

    def order(self, store: str, number: str) -> dict[str, Any]:
        """The order, once it is taken in."""
        found = self.doors.until(lambda: self.get("/orders", store=store, number=number)["items"], bool)
        return dict(found[0])

    def state(self, store: str, number: str) -> str:
        return str(self.order(store, number)["state"])

    def figures(self, sku: str = "RED", warehouse: str = MAIN) -> Figures:
        for row in self.get("/stock", sku=sku)["items"]:
            if row["warehouse"] == warehouse:
                return Figures(*(row[name] for name in Figures._fields))
        return Figures()

    def shown(self, store: str, sku: str = "RED") -> int:
        """What buyers see."""
        return self.market.shown(store.lower())[sku]

    def evaluations(self, store: str, sku: str = "RED") -> list[dict[str, Any]]:
        """Why and with what result a listing was evaluated, newest first (PSH-7)."""
        return list(self.get("/push/explain", store=store, store_sku=sku)["evaluations"])

    def sent(self, store: str, sku: str = "RED") -> list[int]:
        """Every quantity that the shop was told, oldest first."""
        history = self.market.calls.get(
            f"/shops/{store.lower()}/stock/history", headers={"Authorization": f"Bearer {SECRET}"}
        )
        items: Iterable[dict[str, Any]] = history.raise_for_status().json()["items"]
        return [one["quantity"] for one in items if one["store_sku"] == sku]


@contextmanager
def in_process(db: Database, folder: Path) -> Iterator[Company]:
    """A company with the default warehouse and nothing else, in this process."""
    db.write(lambda session: ensure_default(session, clock.now()))
    with market(folder / "market.db") as served:
        yield Company(InProcess(make_api(db, Settings(data_dir=folder, database_url=db.url))), served)


@contextmanager
def over_http(db_url: str, folder: Path) -> Iterator[Company]:
    """The same of a server of its own."""
    with (
        market(folder / "market.db") as served,
        StockbookServer(folder / "var", database_url=db_url) as server,
    ):
        yield Company(OverHttp(server), served)
