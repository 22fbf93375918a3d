"""P5: every hostile, damaged or odd workbook through a real server. It refuses in words and goes on."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

import httpx
from sqlalchemy import func, select

from server.db.session import Database
from server.ledger.models import Balance, Movement
from tests.hostile.make import ALL, Case
from tests.soak.trial import Figures, Place, Trial
from tests.support.server import StockbookServer

MODES = ("validate", "apply")
#: Words that only a programmer would use.
NOT_FOR_USERS = ("Traceback", 'File "', "Exception", "NoneType", "object at 0x")
SHORTEST_SENTENCE = 15


@dataclass(frozen=True)
class Reply:
    """What came back for one file in one mode. No status: the connection was lost."""

    status: int | None
    text: str
    seconds: float
    problems: tuple[tuple[str, str], ...]  # (code, words)

    @property
    def in_words(self) -> bool:
        """Whether each problem is told, in words for people."""
        told = all(len(words) >= SHORTEST_SENTENCE for _, words in self.problems)
        return told and not any(word in self.text for word in NOT_FOR_USERS)


def run(place: Place, count: int) -> Figures:
    """`count` of the workbooks (all, if there are no more), each validated and applied."""
    cases = random.Random(place.seed).sample(ALL, min(count, len(ALL)))
    db = Database(place.url)
    figures: Counter[str] = Counter()
    slowest = 0.0
    with StockbookServer(place.folder, database_url=place.url, jobs=False) as server:
        hand_in(server, ALL[-1], "validate")  # the first one loads what the others use too
        memory = server.memory_mb
        for case in cases:
            for mode in MODES:
                reply = hand_in(server, case, mode)
                slowest = max(slowest, reply.seconds)
                figures.update(_verdict(case, reply))
                figures.update(health_lost=int(not server.is_alive()))
        grown = server.memory_mb - memory
    with db.read() as session:
        figures.update(ledger_changes=session.scalar(select(func.count()).select_from(Movement)) or 0)
        figures.update(ledger_changes=session.scalar(select(func.count()).select_from(Balance)) or 0)
    db.close()
    measured = {"files": len(cases), "slowest_s": round(slowest, 2), "growth_mb": round(grown, 1)}
    return measured | {name: figures[name] for name in sorted(figures)}


def hand_in(server: StockbookServer, case: Case, mode: str) -> Reply:
    """POST one file as its name says; files that can't tell their template are said to be stock-in."""
    query = {"mode": mode}
    if case.filename.endswith((".csv", ".xls", ".ods")):
        query["template"] = "stock_in"
    begun = time.perf_counter()
    try:
        answer = server.hand_in(case.data, name=case.filename, **query)
    except httpx.HTTPError as error:
        return Reply(None, repr(error), time.perf_counter() - begun, ())
    return Reply(answer.status_code, answer.text, time.perf_counter() - begun, tuple(_problems(answer)))


def _problems(answer: httpx.Response) -> list[tuple[str, str]]:
    said = answer.json()
    if answer.status_code != 200:
        return [(said["code"], said["detail"])]
    return [(message["code"], message["text"]) for row in said["rows"] for message in row["messages"]]


def _verdict(case: Case, reply: Reply) -> dict[str, int]:
    lost, refused = reply.status is None, reply.status in (413, 422)
    expected = case.code or "file-empty"  # a file may be fine and have no rows
    right = {code for code, _ in reply.problems} == {expected} if refused else case.code is None
    return {
        "lost_connections": int(lost),
        "server_errors": int(not lost and (reply.status or 0) >= 500),
        "refused": int(refused),
        "wrong_reason": int(not lost and not right),
        "without_words": int(not lost and not (reply.in_words and (reply.problems or reply.status == 200))),
    }


TRIAL = Trial(
    "P5: no file takes the service down",
    run,
    full=len(ALL),
    kept=("lost_connections", "server_errors", "wrong_reason", "without_words", "health_lost", "ledger_changes"),
    databases=("sqlite",),
)
