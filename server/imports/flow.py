"""One round of a scheduled import: look twice, take what does not change, hand it in, move it away (JOB-2).

Each step is noted before the next one, and the move comes last: whoever dies leaves a file that the next round takes up
where it stopped. Handing in and noting its upload are one transaction, so what was applied is not applied twice.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.access.roles import Role, demand
from server.access.users import find_user
from server.db.session import Database
from server.errors import Busy, NotAllowed, NotFound, Refused
from server.imports import claiming, places
from server.imports.addresses import PlaceTrouble
from server.imports.claiming import Taken
from server.imports.models import ScheduledImport
from server.imports.places import Place
from server.imports.rules import Found, beside, kept_name, steady
from server.imports.sealing import unseal
from server.settings import Settings
from server.stores.credentials import keys_of
from server.uploads import downloads, pipeline
from server.uploads.models import Upload
from server.uploads.pipeline import FileProblem, Interrupted, Request, Who
from server.uploads.sources import keep_file

log = logging.getLogger(__name__)

MOST_FILES = 200
_GOOD = frozenset({"validated", "applied", "partly_applied", "duplicate", "undone"})

Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True)
class Order:
    """A scheduled import as a round needs it."""

    id: int
    name: str
    kind: str
    settings: dict[str, str]
    sealed: bytes | None
    pattern: str
    quiet_seconds: int
    request: Request
    who: Who


@dataclass
class Round:
    """What a round came to: counts, and a sentence for each file that failed or has to wait."""

    counts: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What became of a file: where it goes, and why in words where that is not all well."""

    good: bool
    outcome: str
    text: str = ""
    upload: Upload | None = None


class Later(Refused):
    """This file has to wait for the next round."""

    code = "later"


def run(
    db: Database,
    settings: Settings,
    import_id: int,
    *,
    progress: Progress,
    stopping: Callable[[], bool] = lambda: False,
) -> Round:
    """One round. Raises `PlaceTrouble` where the place is away, `Refused` where its user may not, `NotFound`."""
    with db.read() as session:
        order = _order(session, import_id)
    secrets = unseal(keys_of(settings), order.sealed)
    done = Round()
    with places.opened(settings, order.kind, order.settings, secrets) as place:
        first = place.look(order.pattern)
        here = [place.key_of(found) for found in first]
        db.write(lambda session: claiming.sweep(session, order.id, here, at=clock.now()))
        if not first:
            return done
        _wait(order.quiet_seconds, stopping)
        second = place.look(order.pattern)
        ready = steady(first, second)[:MOST_FILES]
        if len(second) > len(ready):
            done.counts["waiting"] = len(second) - len(ready)
        for number, found in enumerate(ready):
            if stopping():
                break
            progress(number, len(ready), found.name)
            try:
                _take(db, settings, order, place, found, done)
            except PlaceTrouble as trouble:
                place.look(order.pattern)  # raises where it is the place and not this file
                done.counts["trouble"] += 1
                done.said.append(f"{found.name}: {trouble.text}")
    return done


def _order(session: Session, import_id: int) -> Order:
    row = session.get(ScheduledImport, import_id)
    if row is None:
        raise NotFound(f"there is no scheduled import {import_id}")
    user = find_user(session, row.user_id)
    if not user.active:
        raise Refused(f"it acts as '{user.name}', who may not come in any more; give it another user")
    role: Role = user.role  # type: ignore[assignment]
    mode = "validate" if row.mode == "validate" else "apply"
    demand(role, "upload.validate" if mode == "validate" else "upload.apply")
    return Order(
        id=row.id,
        name=row.name,
        kind=row.kind,
        settings=dict(row.settings),
        sealed=row.sealed,
        pattern=row.pattern,
        quiet_seconds=row.quiet_seconds,
        request=Request(mode, row.mode == "apply_good", row.again, row.template or None),
        who=Who(f"import {row.name} ({user.name})"[:120], user.id, role),
    )


def _wait(seconds: float, stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not stopping() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))


def _take(db: Database, settings: Settings, order: Order, place: Place, found: Found, done: Round) -> None:
    """One file, from the claim to its move."""
    key = place.key_of(found)
    taken = db.write(lambda session: claiming.claim(session, order.id, key, found, at=clock.now()))
    if taken is None:
        done.counts["elsewhere"] += 1
        return
    try:
        verdict = _verdict(db, settings, order, place, found, taken)
        if verdict is None:
            db.write(lambda session: claiming.forget(session, taken.id))
            return
        _put_away(db, settings, order, place, found, taken, verdict)
    except Later as later:
        done.counts["waiting"] += 1
        done.said.append(f"{found.name}: {later.text}")
        return
    finally:
        db.write(lambda session: claiming.release(session, taken.id))
    done.counts[verdict.outcome] += 1
    if not verdict.good:
        done.said.append(f"{found.name}: {verdict.text}")


def _verdict(
    db: Database, settings: Settings, order: Order, place: Place, found: Found, taken: Taken
) -> Verdict | None:
    """What becomes of the file; None where it is gone or has changed, so that there is nothing to take."""
    upload = _earlier(db, taken)
    if upload is not None:
        return _judged(upload)
    if not place.unchanged(found):
        return None
    if found.size > settings.upload_max_bytes:
        most = settings.upload_max_bytes / 1024**2
        return Verdict(False, "failed", f"The file is larger than the {most:g} MB that may be handed in at once.")
    return _judged(_handed_in(db, settings, order, place, found, taken))


def _earlier(db: Database, taken: Taken) -> Upload | None:
    """The upload that somebody made of it before; None where there is none, or it came to nothing.

    Raises `Later` while it is at work. One that was cut off is handed in anew.
    """
    if taken.upload_id is None:
        return None
    pipeline.recover(db, all_of_them=False)
    upload = _upload(db, taken.upload_id)
    if upload.status == "running":
        raise Later(f"upload {upload.id} of it is still at work")
    if _came_to_nothing(upload):
        db.write(lambda session: claiming.link(session, taken.id, None))
        return None
    return upload


def _came_to_nothing(upload: Upload) -> bool:
    return upload.status == "failed" and (upload.problem or {}).get("code") in ("interrupted", "busy")


def _handed_in(db: Database, settings: Settings, order: Order, place: Place, found: Found, taken: Taken) -> Upload:
    with tempfile.TemporaryFile() as file:
        place.fetch(found, file, settings.upload_max_bytes)
        file.seek(0)
        source, _ = keep_file(settings, file, found.name, order.request.template)
    upload_id = pipeline.receive(
        db,
        source,
        order.request,
        order.who,
        also=lambda session, number: claiming.link(session, taken.id, number),
    )
    try:
        pipeline.process(db, settings, upload_id, source, order.request, order.who)
    except (FileProblem, NotAllowed):
        pass  # why stands in the history
    except (Busy, Interrupted) as error:
        db.write(lambda session: claiming.link(session, taken.id, None))
        raise Later(error.text) from error
    return _upload(db, upload_id)


def _upload(db: Database, upload_id: int) -> Upload:
    with db.read() as session:
        return session.get_one(Upload, upload_id)


def _judged(upload: Upload) -> Verdict:
    """Where the file of a finished upload goes. One that was only validated is good where no row is wrong."""
    counts = upload.counts or {}
    wrong = int(counts.get("error", 0)) + int(counts.get("conflict", 0))
    good = upload.status in _GOOD and not (upload.status == "validated" and wrong)
    said = list(upload.messages)
    if upload.problem is not None:
        said = [str(upload.problem["detail"])]
    elif wrong and upload.status == "validated":
        said.insert(0, "1 row is not right." if wrong == 1 else f"{wrong} rows are not right.")
    outcome = upload.status if good else "failed"
    return Verdict(good, outcome, " ".join(said)[:1000], upload)


def _put_away(
    db: Database, settings: Settings, order: Order, place: Place, found: Found, taken: Taken, verdict: Verdict
) -> None:
    """The result beside where the file will be, then the file, then the note that it is done."""
    target = taken.target or _free_target(place, found, taken, verdict)
    db.write(lambda session: claiming.name_target(session, taken.id, target))
    if verdict.upload is not None and (result := _result(db, settings, verdict.upload)) is not None:
        place.put(beside(target, ".result.xlsx"), result)
    if verdict.text:
        place.put(beside(target, ".txt"), f"{found.name}\n\n{verdict.text}\n".encode())
    as_it_was = place.unchanged(found)
    if as_it_was:
        place.move(found.name, target)
    elif as_it_was is False and verdict.upload is not None:  # a newer one has its name already: that is another file
        place.put(target, downloads.original_file(settings, verdict.upload)[0])
    at = clock.now()

    def end(session: Session) -> None:
        claiming.finish(session, taken.id, good=verdict.good, text=verdict.text, at=at)
        number = None if verdict.upload is None else verdict.upload.id
        detail = {"file": found.name, "upload": number, "outcome": verdict.outcome, "kept_as": target}
        audit(session, order.who.name, "import.take", order.name, at=at, **detail)

    db.write(end)


def _free_target(place: Place, found: Found, taken: Taken, verdict: Verdict) -> str:
    label = f"file {taken.id}" if verdict.upload is None else f"upload {verdict.upload.id}"
    folder = "done" if verdict.good else "failed"
    number = 1
    while True:
        target = f"{folder}/{kept_name(found.name, label, number)}"
        if all(place.free(name) for name in (target, beside(target, ".result.xlsx"), beside(target, ".txt"))):
            return target
        number += 1


def _result(db: Database, settings: Settings, upload: Upload) -> bytes | None:
    """The result workbook; None where no row was looked at."""
    try:
        return downloads.result_file(db, settings, upload.id)
    except (Refused, NotFound):
        return None
