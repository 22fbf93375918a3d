"""P1: `kill -9` at random moments of applying an upload. It is there whole or not at all, and nobody was lied to."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
from sqlalchemy import delete, func, select

from server.db.session import Database
from server.ledger.models import Balance, Entry, Movement
from server.ledger.verifying import verify
from server.outbox.models import Changed
from server.uploads.models import Upload
from server.warehousing.models import StockList
from server.warehousing.service import DOCUMENT
from tests.soak.trial import Figures, Place, Trial, make_skus, stock_in_book
from tests.support.server import StockbookServer

ROWS = 20_000
#: Up to how much longer than an undisturbed upload we wait before we kill: some are answered by then.
BEYOND = 1.15


@dataclass
class Sent:
    """A request on its way in a thread, and the answer if one came."""

    server: StockbookServer
    content: bytes
    key: str
    answer: httpx.Response | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._send)
        self.thread.start()

    def _send(self) -> None:
        try:
            self.answer = send(self.server, self.content, self.key)
        except httpx.HTTPError:
            self.answer = None  # the server died under it


@dataclass(frozen=True)
class Seen:
    """The state after a kill and a new start."""

    status: str | None
    code: str | None
    stage: str | None
    movements: int
    marks: int
    differences: int

    def half(self, rows: int) -> bool:
        """Whether something of the upload is there and something is not."""
        whole = (self.movements, self.marks) == (rows, rows) and self.status == "applied"
        nothing = (self.movements, self.marks) == (0, 0) and self.status != "applied"
        return not whole and not nothing

    @property
    def told_right(self) -> bool:
        """Whether the history knows how it ended: applied, interrupted, or never arrived."""
        return self.status in (None, "applied") or (self.status, self.code) == ("failed", "interrupted")


def run(place: Place, kills: int, *, rows: int = ROWS) -> Figures:
    """`kills` times: send, kill, start, look, send again under the same key."""
    chance = random.Random(place.seed)
    figures: Counter[str] = Counter()
    db = Database(place.url)
    with StockbookServer(place.folder, database_url=place.url, jobs=False) as server:
        codes = db.write(lambda session: make_skus(session, rows))
        seconds = _undisturbed(server, codes)
        for number in range(kills):
            quantity = number + 2  # other content each time: nothing is a duplicate
            key, content = f"kill-{place.seed}-{number}", stock_in_book(codes, quantity)
            db.write(lambda session: session.execute(delete(Changed)))
            last = newest(db)
            sent = Sent(server, content, key)
            time.sleep(chance.uniform(0.0, seconds * BEYOND))
            server.kill()
            sent.thread.join()
            server.start()
            seen = look(db, last)
            figures.update(_verdict(seen, sent.answer, rows))
            again = _again(server, content, key, sent.answer)
            figures.update(repeated_wrong=int(not again), twice_or_never=_wrong_sums(db, quantity))
    db.close()
    return {"kills": kills, "rows": rows, "undisturbed_s": round(seconds, 2), **_tidy(figures)}


def _undisturbed(server: StockbookServer, codes: list[str]) -> float:
    content = stock_in_book(codes, 1)
    begun = time.perf_counter()
    answer = send(server, content, "first")
    assert answer.status_code == 200 and answer.json()["status"] == "applied", answer.text[:2000]
    return time.perf_counter() - begun


def send(server: StockbookServer, content: bytes, key: str) -> httpx.Response:
    """Apply a workbook under a key, over a connection of its own."""
    files = {"file": ("stock.xlsx", content)}
    headers = {"Authorization": f"Bearer {server.token}", "Idempotency-Key": key}
    url = f"{server.address}/api/v1/uploads?mode=apply"
    with httpx.Client(timeout=120, trust_env=False) as client:
        return client.post(url, files=files, headers=headers)


def newest(db: Database) -> int:
    """The number of the last upload."""
    with db.read() as session:
        return session.scalar(select(func.max(Upload.id))) or 0


def look(db: Database, after: int) -> Seen:
    """What became of the upload behind number `after`, if it arrived at all."""
    with db.read() as session:
        upload = session.scalar(select(Upload).where(Upload.id > after).order_by(Upload.id))
        movements = 0
        if upload is not None:
            posted = select(StockList.id).where(StockList.upload_id == upload.id)
            of_it = select(Entry.id).where(Entry.document == DOCUMENT, Entry.document_id.in_(posted))
            movements = session.scalar(select(func.count(Movement.id)).where(Movement.entry_id.in_(of_it))) or 0
        return Seen(
            status=upload.status if upload else None,
            code=(upload.problem or {}).get("code") if upload else None,
            stage=upload.progress.get("stage") if upload else None,
            movements=movements,
            marks=session.scalar(select(func.count()).select_from(Changed)) or 0,
            differences=len(verify(session)),
        )


def _verdict(seen: Seen, answer: httpx.Response | None, rows: int) -> dict[str, int]:
    applied = answer is not None and answer.status_code == 200 and answer.json()["status"] == "applied"
    return {
        "half_applied": int(seen.half(rows)),
        "acknowledged": int(applied),
        "acknowledged_but_lost": int(applied and seen.status != "applied"),
        "wrong_history": int(not seen.told_right),
        "differences": seen.differences,
        "survived": int(seen.status == "applied"),
        f"killed_{seen.stage or 'arriving'}": 1,
    }


def _again(server: StockbookServer, content: bytes, key: str, before: httpx.Response | None) -> bool:
    """The same request once more: the stored answer byte for byte if there was one, or it is done now."""
    answer = send(server, content, key)
    if before is not None and before.status_code == 200:
        return answer.content == before.content
    return answer.status_code == 200 and answer.json()["status"] == "applied"


def _wrong_sums(db: Database, quantity: int) -> int:
    """SKUs that do not have every upload's units exactly once: 1 + 2 + … + `quantity`."""
    expected = quantity * (quantity + 1) // 2
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Balance).where(Balance.on_hand != expected)) or 0


def _tidy(figures: Counter[str]) -> Figures:
    return {name: figures[name] for name in sorted(figures)}


TRIAL = Trial(
    "P1: an upload is applied whole or not at all, whatever dies when",
    run,
    full=50,
    kept=(
        "half_applied",
        "acknowledged_but_lost",
        "wrong_history",
        "differences",
        "repeated_wrong",
        "twice_or_never",
    ),
)
