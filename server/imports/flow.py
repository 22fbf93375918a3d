"""One round of a scheduled import: look twice, take what does not change, hand it in, move it away (JOB-2).

Each step is noted before the next one, and the move comes last: whoever dies leaves a file that the next round takes up
where it stopped. Handing in and noting its upload are one transaction, so what was applied is not applied twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.access.roles import Role, demand
from server.access.users import find_user
from server.db.session import Database
from server.errors import NotFound, Refused
from server.imports import claiming, handing_in, places
from server.imports.addresses import PlaceTrouble
from server.imports.claiming import Later, Taken
from server.imports.handing_in import Verdict
from server.imports.models import ScheduledImport
from server.imports.places import Place
from server.imports.rules import Found, beside, kept_name, misnamed, shortened, steady
from server.imports.sealing import unseal
from server.imports.work import Order, Work
from server.settings import Settings
from server.stores.credentials import keys_of
from server.uploads import downloads, pipeline
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who

MOST_FILES = 200

Progress = Callable[[int, int | None, str], None]


@dataclass
class Round:
    """What a round came to: counts, and a sentence for each file that failed or has to wait."""

    counts: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)


def run(
    db: Database,
    settings: Settings,
    import_id: int,
    *,
    progress: Progress,
    stopping: Callable[[], bool] = lambda: False,
    alone: bool = False,
) -> Round:
    """One round. Raises `PlaceTrouble` where the place is away, `Refused` where its user may not, `NotFound`.

    `alone`: as far as the caller knows no other round of this import is at work, so that what an earlier one left half
    done is taken up at once, and not when its lease runs out (JOB-3).
    """
    with db.read() as session:
        order = _order(session, import_id)
    secrets = unseal(keys_of(settings), order.sealed)
    done = Round()
    with places.opened(settings, order.kind, order.settings, secrets) as place:
        work = Work(db, settings, order, place, stopping)
        first = place.look(order.pattern)
        here = [place.key_of(found) for found in first]
        db.write(lambda session: _tidy(session, order.id, here, alone=alone))
        if first:
            work.wait_until(order.quiet_seconds)
            _take_all(work, _ready(work, first, done), progress, done)
    return done


def _tidy(session: Session, import_id: int, here: list[str], *, alone: bool) -> None:
    """What earlier rounds left. `here`: the keys of the files that are there."""
    if alone:
        pipeline.give_up(session, claiming.give_back(session, import_id))
    claiming.sweep(session, import_id, here, at=clock.now())


def _ready(work: Work, first: list[Found], done: Round) -> list[Found]:
    """What a second look finds as the first one did, and may be taken."""
    second = work.place.look(work.order.pattern)
    good = []
    for found in steady(first, second):
        if why := misnamed(found.name):
            done.counts["left"] += 1
            done.said.append(f"{shortened(found.name)}: {why}")
        else:
            good.append(found)
    ready = good[:MOST_FILES]
    if waiting := len(second) - done.counts["left"] - len(ready):
        done.counts["waiting"] += waiting
    return ready


def _take_all(work: Work, ready: list[Found], progress: Progress, done: Round) -> None:
    for number, found in enumerate(ready):
        if work.stopping():
            break
        progress(number, len(ready), found.name)
        try:
            _take(work, found, done)
        except PlaceTrouble as trouble:
            work.place.look(work.order.pattern)  # raises where it is the place and not this file
            done.counts["trouble"] += 1
            done.said.append(f"{found.name}: {trouble.text}")


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


def _take(work: Work, found: Found, done: Round) -> None:
    """One file, from the claim to its move."""
    key = work.place.key_of(found)
    taken = work.db.write(lambda session: claiming.claim(session, work.order.id, key, found, at=clock.now()))
    if taken is None:
        done.counts["elsewhere"] += 1
        done.said.append(f"{found.name}: another round, or another import of this place, is at it")
        return
    try:
        verdict = handing_in.verdict(work, found, taken)
        if verdict is None:
            work.db.write(lambda session: claiming.forget(session, taken.id))
            done.counts["gone"] += 1
            return
        _put_away(work, found, taken, verdict)
    except Later as later:
        done.counts["waiting"] += 1
        done.said.append(f"{found.name}: {later.text}")
        return
    finally:
        work.db.write(lambda session: claiming.release(session, taken))
    done.counts[verdict.outcome] += 1
    if not verdict.good:
        done.said.append(f"{found.name}: {verdict.text}")


def _put_away(work: Work, found: Found, taken: Taken, verdict: Verdict) -> None:
    """The result beside where the file will be, then the file, then the note that it is done."""
    place = work.place
    target = taken.target or _free_target(place, found, taken, verdict)
    work.db.write(lambda session: claiming.name_target(session, taken, target))
    if verdict.upload is not None and (result := _result(work, verdict.upload)) is not None:
        place.put(beside(target, ".result.xlsx"), result)
    if verdict.text:
        said = "\n\n".join(filter(None, (found.name, verdict.text, verdict.advice)))
        place.put(beside(target, ".txt"), f"{said}\n".encode())
    as_it_was = place.unchanged(found)
    if as_it_was:
        place.move(found.name, target)
    elif as_it_was is False and verdict.upload is not None:  # a newer one has its name already: that is another file
        place.put(target, downloads.original_file(work.settings, verdict.upload)[0])
    at = clock.now()

    def end(session: Session) -> None:
        claiming.finish(session, taken.id, good=verdict.good, text=verdict.text, at=at)
        number = None if verdict.upload is None else verdict.upload.id
        detail = {"file": found.name, "upload": number, "outcome": verdict.outcome, "kept_as": target}
        audit(session, work.order.who.name, "import.take", work.order.name, at=at, **detail)

    work.db.write(end)


def _free_target(place: Place, found: Found, taken: Taken, verdict: Verdict) -> str:
    label = f"file {taken.id}" if verdict.upload is None else f"upload {verdict.upload.id}"
    folder = "done" if verdict.good else "failed"
    number = 1
    while True:
        target = f"{folder}/{kept_name(found.name, label, number)}"
        if all(place.free(name) for name in (target, beside(target, ".result.xlsx"), beside(target, ".txt"))):
            return target
        number += 1


def _result(work: Work, upload: Upload) -> bytes | None:
    """The result workbook; None where no row was looked at."""
    try:
        return downloads.result_file(work.db, work.settings, upload.id)
    except (Refused, NotFound):
        return None
