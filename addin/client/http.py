"""Calls to a Stockbook server: hand rows in and follow them, fetch workbooks, push, sync, history.

Every call has a time-out, every failure is one of `errors`. A call that carries an Idempotency-Key is tried again when
its answer was lost, because it can have its effect only once.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import truststore

from addin.client.control import Control, read_control
from addin.client.errors import NotThere, ServerAway, ServerTooSlow, ServerTrouble, WrongAddress, error_of
from addin.client.outcome import Cell, Outcome, Row, read_cells, read_outcome, read_rows

PREFIX = "/api/v1"
#: A server answers an upload within 20 seconds, with its outcome or with where to ask for it.
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_ALIVE_TIMEOUT = 5.0
_POLL_SECONDS = (0.2, 2.0)
#: A large upload is followed so long; it goes on without us after that.
PATIENCE_SECONDS = 1800.0
_TRIES = 3
_PAGE = 1000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Template:
    """A workbook that can be handed in; `columns` as the server describes them, in the sheet's order."""

    id: str
    title: str
    version: int
    summary: str
    with_data: bool
    columns: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class CurrentData:
    """Current data of a template: names of columns, the last one `_version`, and rows in the same order."""

    version: int
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def quiet(_text: str) -> None:
    """Progress for nobody."""


class Server:
    """One server, as one signed-in person sees it. Close it after use, or use it in a `with` block."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`address` like https://stock.example.com, without a path."""
        self.address = address.rstrip("/")
        self._sleep, self._clock, self._patience = sleep, clock, patience
        self._http = httpx.Client(
            base_url=f"{self.address}{PREFIX}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
            verify=_trust() if self.address.startswith("https:") else True,
            trust_env=not _is_here(self.address),  # a proxy never reaches this very computer
            transport=transport,
        )

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    # -- uploads --------------------------------------------------------------------------------------------------

    def hand_in(
        self,
        body: Mapping[str, Any],
        *,
        mode: str,
        key: str | None = None,
        good_rows: bool = False,
        again: bool = False,
        progress: Progress = quiet,
    ) -> Outcome:
        """Hand a sheet's rows in (`reading.body`) and wait for the outcome; the first thousand rows and cells."""
        query = {"mode": mode, "on_error": "apply_good" if good_rows else "reject_all"}
        query |= {"again": "true"} if again else {}
        headers = {"Idempotency-Key": key} if key else {}
        progress("sending the rows")
        answer = self._call("POST", "/uploads", "handing the rows in", params=query, json=body, headers=headers)
        outcome = read_outcome(self._json(answer))
        return self.follow(outcome.id, progress=progress) if outcome.is_running else outcome

    def follow(self, upload: int, *, progress: Progress = quiet) -> Outcome:
        """The outcome of an upload once it has one. Raises what it failed with."""
        for _ in self._waiting(f"upload {upload} was worked on"):
            found = self.upload(upload)
            if not found.is_running:
                if found.status == "failed":
                    raise error_of(int((found.problem or {}).get("status", 422)), found.problem or {})
                return found
            progress(_stage(found.progress))
        raise AssertionError("waiting ends by returning or raising")

    def upload(self, upload: int) -> Outcome:
        """One upload as it is now."""
        return read_outcome(self._get(f"/uploads/{upload}"))

    def all_cells(self, outcome: Outcome, *, progress: Progress = quiet) -> Iterator[Cell]:
        """Every cell to write back, a page at a time behind those that came with the outcome."""
        yield from outcome.cells
        after = outcome.last_of_more
        while after is not None:
            progress(f"fetching results behind row {after}" if after else "fetching results")
            page = self._get(f"/uploads/{outcome.id}/cells", after=after, limit=_PAGE)
            yield from read_cells(page["items"])
            after = page["next"]

    def all_rows(self, outcome: Outcome) -> Iterator[Row]:
        """What came of every row."""
        yield from outcome.rows
        after = outcome.last_of_more
        while after is not None:
            page = self._get(f"/uploads/{outcome.id}/rows", after=after, limit=_PAGE)
            yield from read_rows(page["items"])
            after = page["next"]

    def history(self, limit: int = 50) -> list[Outcome]:
        """The latest uploads, newest first, without their rows."""
        return [read_outcome(item) for item in self._get("/uploads", limit=limit)["items"]]

    def result(self, upload: int) -> bytes:
        """An upload's workbook with status, message, colours and notes."""
        return self._file(f"/uploads/{upload}/result.xlsx")

    # -- templates and reports ------------------------------------------------------------------------------------

    def templates(self) -> list[Template]:
        """Every template there is. Also how a token is tried."""
        return [
            Template(t["id"], t["title"], t["version"], t["summary"], t["with_data"], t["columns"])
            for t in self._get("/templates")["items"]
        ]

    def template(self, template: str, *, with_data: bool = False) -> bytes:
        """A template as .xlsx, empty or with current data."""
        return self._file(f"/templates/{template}.xlsx", **({"with_data": "true"} if with_data else {}))

    def current_data(self, template: str) -> CurrentData:
        """Current data as rows. Raises `Refused` for a template that has none."""
        found = self._get(f"/templates/{template}/rows")
        return CurrentData(found["version"], found["columns"], found["rows"])

    def default_warehouse(self) -> str:
        """The warehouse that a blank cell means; empty if there is none."""
        found = self._get("/warehouses", limit=_PAGE)["items"]
        return next((str(each["code"]) for each in found if each["default"]), "")

    def reports(self) -> list[tuple[str, str]]:
        """Name and title of every report; none where the server has no reports."""
        try:
            found = self._get("/reports")["items"]
        except NotThere:
            return []
        return [(str(each["name"]), str(each.get("title") or each["name"])) for each in found]

    def report(self, name: str) -> bytes:
        """A report as .xlsx."""
        return self._file(f"/reports/{name}.xlsx")

    def control(self, version: int | None) -> Control:
        """What the control workbook says now. Raises `Refused` for one of another version than the server's."""
        query = {} if version is None else {"version": version}
        return read_control(self._get("/reports/control/current", **query))

    # -- push and sync --------------------------------------------------------------------------------------------

    def listings(self, skus: Sequence[str] = (), *, at_most: int = 20_000) -> list[Mapping[str, Any]]:
        """Every mapped store SKU of these merchant SKUs (all unless given): what it was told, and what waits."""
        found: list[Mapping[str, Any]] = []
        for some in _portions(skus, 100):
            after: int | None = 0
            while after is not None and len(found) < at_most:
                page = self._get("/push/listings", sku=some, after=after, limit=_PAGE)
                found += page["items"]
                after = page["next"]
        return found

    def push_now(self, skus: Sequence[str] = ()) -> int:
        """Ask for a push of these SKUs, or of all; gives the number of store SKUs that will be told."""
        answer = self._call("POST", "/push", "asking for the push", json={"skus": list(skus)})
        return int(self._json(answer)["listings"])

    def sync_orders(self, *, progress: Progress = quiet) -> Mapping[str, Any]:
        """Read the stores' orders now and wait for the run; gives its counts. Raises `ServerTrouble` if it fails."""
        run = self._json(self._call("POST", "/sync/orders", "asking for orders", json={}))
        for _ in self._waiting("orders were read"):
            if run["status"] == "failed":
                raise ServerTrouble(f"Reading the orders failed: {run['error'] or 'see Jobs on the server'}")
            if run["status"] == "done":
                return dict(run["counts"])
            progress(str(run["progress"].get("text") or "reading orders"))
            run = self._get(f"/runs/{run['id']}")
        raise AssertionError("waiting ends by returning or raising")

    # -- the wire -------------------------------------------------------------------------------------------------

    def waiting(self, seconds: float) -> Iterator[float]:
        """Look again and again, with pauses that grow; ends after so many seconds. Gives those that are left."""
        until, pause = self._clock() + seconds, _POLL_SECONDS[0]
        while (left := until - self._clock()) > 0:
            yield left
            self._sleep(min(pause, max(left, 0.0)))
            pause = min(pause * 1.5, _POLL_SECONDS[1])

    def _waiting(self, what: str) -> Iterator[float]:
        yield from self.waiting(self._patience)
        raise ServerTooSlow(what)

    def _get(self, path: str, **query: Any) -> Any:
        return self._json(self._call("GET", path, "asking for an answer", params=query))

    def _file(self, path: str, **query: Any) -> bytes:
        return self._call("GET", path, "fetching a workbook", params=query).content

    def _call(self, method: str, path: str, doing: str, **sent: Any) -> httpx.Response:
        tries = _TRIES if method == "GET" or sent.get("headers") else 1
        if method == "POST":
            self._must_be_there()
        for left in reversed(range(tries)):
            try:
                answer = self._http.request(method, path, **sent)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                if method == "POST" and left < tries - 1:  # it took the first try, and may have done it
                    raise ServerTooSlow(doing) from error
                raise ServerAway(self.address) from error
            except httpx.TransportError as error:
                if method == "GET":
                    self._must_be_there()
                if left:
                    self._sleep(_POLL_SECONDS[1] / 2)
                    continue
                raise ServerTooSlow(doing) from error
            if answer.is_success:
                return answer
            raise error_of(answer.status_code, _problem(answer))
        raise AssertionError("there is at least one try")

    def _must_be_there(self) -> None:
        """A server that takes connections and answers nothing would keep Excel waiting for minutes: so what takes long
        asks first whether anybody is there."""
        try:
            self._http.get(f"{self.address}/healthz", timeout=_ALIVE_TIMEOUT)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServerAway(self.address) from error

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise WrongAddress(self.address) from error


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    """The problem document, empty where a proxy or something else answered."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stage(progress: Mapping[str, Any]) -> str:
    rows = progress.get("rows") or progress.get("total")
    stage = str(progress.get("stage") or progress.get("text") or "working")
    return f"{stage} {rows:,} rows" if isinstance(rows, int) and rows else stage


def _portions(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """In lists of `size`; one empty list where there are none."""
    for start in range(0, max(len(items), 1), size):
        yield list(items[start : start + size])


def _is_here(address: str) -> bool:
    """Whether the server runs on this very computer."""
    host = httpx.URL(address).host
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trust() -> ssl.SSLContext:
    """Certificates that the operating system trusts, so that a company's own authority is known here too."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
