"""P1: a fault at the k-th statement of applying an upload, for every k; and a disk that is full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, func, select

from server.access.users import create_user
from server.db.session import Database
from server.ledger.models import Balance, Entry, Movement
from server.ledger.verifying import verify
from server.outbox.models import Changed
from server.places.service import ensure_default
from server.settings import Settings
from server.uploads import pipeline
from server.uploads.models import Upload, UploadPage, UploadUndo
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows
from server.warehousing.models import StockList, StockListLine
from tests.factories import AT
from tests.soak.trial import Figures, Place, Trial, make_skus

ROWS = 5
#: Everything that applying a stock-in writes beside the upload itself.
WRITTEN = (Entry, Movement, Balance, StockList, StockListLine, Changed, UploadPage, UploadUndo)


class Fault(Exception):
    """What no code expects: the process might as well have died."""


@dataclass
class Fuse:
    """Blows at statement `at`, or at every one from there on; a commit counts as a statement."""

    at: int
    for_good: bool
    seen: int = 0
    blown: bool = False

    def count(self, *_: Any) -> None:
        self.seen += 1
        if self.seen == self.at or (self.for_good and self.seen > self.at):
            self.blown = True
            raise Fault(f"at statement {self.at}")


@contextmanager
def fused(db: Database, fuse: Fuse) -> Iterator[None]:
    """Within the block every statement and commit of the writing engine goes through the fuse."""
    engine = db.engines.write
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        fuse.count()
        commit(connection)

    event.listen(engine, "before_cursor_execute", fuse.count)
    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", fuse.count)
        engine.dialect.do_commit = commit  # type: ignore[method-assign]


def run(place: Place, rounds: int) -> Figures:
    """Every k, `rounds` times; once with a fault that passes, once with one that stays until a new start."""
    db, settings = Database(place.url), Settings(data_dir=place.folder, database_url=place.url)
    codes = db.write(lambda session: make_skus(session, ROWS))
    db.write(lambda session: ensure_default(session, AT))
    anna = db.write(lambda session: create_user(session, "anna", role="admin", by="soak").id)
    figures: Counter[str] = Counter()
    for _ in range(rounds):
        for for_good in (False, True):
            at, blown = 0, True
            while blown:
                at += 1
                figures.update(points=1)
                blown = _once(db, settings, codes, Who("anna", anna), Fuse(at, for_good), figures)
            assert at > 10, "so few statements can't be all"
    db.close()
    return {"rounds": rounds, **{name: figures[name] for name in sorted(figures)}}


def _once(db: Database, settings: Settings, codes: list[str], who: Who, fuse: Fuse, figures: Counter[str]) -> bool:
    """One upload with a fuse in it; whether it blew."""
    rows = [{"sku": code, "quantity": 1} for code in codes]
    source = keep_rows(settings, {"template": "stock_in", "rows": rows})
    request = Request("apply", again=True)
    before = _written(db)
    upload = pipeline.receive(db, source, request, who)
    with fused(db, fuse):
        try:
            pipeline.process(db, settings, upload, source, request, who)
        except Fault:
            figures.update(faults=1)
    pipeline.recover(db, all_of_them=True)
    with db.read() as session:
        status = session.get_one(Upload, upload).status
        figures.update(differences=len(verify(session)))
    changed = _written(db) != before
    figures.update(
        half_applied=int(changed != (status == "applied")),
        wrong_history=int(status not in ("applied", "failed")),
    )
    return fuse.blown


def _written(db: Database) -> dict[str, int]:
    with db.read() as session:
        counts = {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0 for model in WRITTEN
        }
        counts["units"] = int(session.scalar(select(func.sum(Balance.on_hand))) or 0)
        counts["marks"] = int(session.scalar(select(func.sum(Changed.version))) or 0)
    return counts


TRIAL = Trial(
    "P1: a fault at any statement of an upload leaves nothing of it",
    run,
    full=10,
    kept=("half_applied", "wrong_history", "differences"),
)
