"""P4: doing a thing twice does it once: the same request many times at once, under one key."""

from __future__ import annotations

import threading
import time
from collections import Counter

import httpx
from sqlalchemy import func, select

from server.db.session import Database
from server.ledger.models import Balance, Entry
from server.ledger.verifying import verify
from tests.soak.trial import Figures, Place, Trial, make_skus, stock_in_book
from tests.support.server import StockbookServer

AT_ONCE = 30
ROWS = 50
PATIENCE_SECONDS = 60.0


def run(place: Place, rounds: int) -> Figures:
    """Each round: the same apply under one key, thirty times at once, by clients that try again when told to wait."""
    db = Database(place.url)
    figures: Counter[str] = Counter()
    with StockbookServer(place.folder, database_url=place.url, jobs=False) as server:
        codes = db.write(lambda session: make_skus(session, ROWS))
        for number in range(1, rounds + 1):
            content = stock_in_book(codes, number)
            answers = _at_once(server, content, f"press-{place.seed}-{number}", figures)
            figures.update(
                not_applied=sum(answer.status_code != 200 or _status(answer) != "applied" for answer in answers),
                other_answers=len({answer.content for answer in answers}) - 1,
                unanswered=AT_ONCE - len(answers),
            )
    with db.read() as session:
        entries = session.scalar(select(func.count()).select_from(Entry)) or 0
        expected = rounds * (rounds + 1) // 2
        wrong = session.scalar(select(func.count()).select_from(Balance).where(Balance.on_hand != expected)) or 0
        figures.update(effects_beyond_one=abs(entries - rounds), wrong_sums=wrong, differences=len(verify(session)))
    db.close()
    names = ("unanswered", "not_applied", "other_answers", "effects_beyond_one", "wrong_sums", "differences")
    return {"keys": rounds, "at_once": AT_ONCE, "told_to_wait": figures["waits"], **{n: figures[n] for n in names}}


def _status(answer: httpx.Response) -> str:
    return str(answer.json()["status"])


def _at_once(server: StockbookServer, content: bytes, key: str, figures: Counter[str]) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    begin = threading.Barrier(AT_ONCE)

    def press() -> None:
        headers = {"Authorization": f"Bearer {server.token}", "Idempotency-Key": key}
        url, until = f"{server.address}/api/v1/uploads?mode=apply", time.monotonic() + PATIENCE_SECONDS
        with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            begin.wait()
            while time.monotonic() < until:
                answer = client.post(url, files={"file": ("stock.xlsx", content)}, headers=headers)
                if answer.status_code not in (409, 503):
                    answers.append(answer)
                    return
                figures.update(waits=1)
                time.sleep(float(answer.headers.get("Retry-After", 1)))

    threads = [threading.Thread(target=press) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


TRIAL = Trial(
    "P4: the same request under one key has one effect and one answer",
    run,
    full=20,
    kept=("unanswered", "not_applied", "other_answers", "effects_beyond_one", "wrong_sums", "differences"),
)
