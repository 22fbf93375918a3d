"""Who has a file: a row whose key is place, name, size and stamp, held by a lease. A file is taken once, also by two
servers; what a crash left is taken up where it stopped.

The end of a lease tells its holder from whoever took the file over since: who has lost a file changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from server.db.upsert import upsert
from server.errors import Refused
from server.imports.models import ImportFile
from server.imports.rules import Found

#: Longer than a file takes to come, to be read and to be applied.
LEASE = timedelta(minutes=20)


@dataclass(frozen=True)
class Taken:
    """A file that is ours until `lease_until`. `upload_id`: it was handed in before, by somebody who did not come to
    the end; `since`: when it was first seen as it is."""

    id: int
    lease_until: datetime
    since: datetime
    upload_id: int | None = None
    target: str = ""


class Later(Refused):
    """This file has to wait for the next round."""

    code = "later"


def claim(session: Session, import_id: int, key: str, found: Found, *, at: datetime) -> Taken | None:
    """Take a file, or take it over from who left it. None where somebody is at it."""
    fresh = session.scalar(
        upsert(session, ImportFile)
        .values(
            import_id=import_id,
            claim=key,
            name=found.name[:255],
            size=found.size,
            state="taken",
            lease_until=at + LEASE,
            target="",
            text="",
            taken_at=at,
        )
        .on_conflict_do_nothing(index_elements=["claim"])
        .returning(ImportFile.id)
    )
    if fresh is not None:
        return Taken(fresh, at + LEASE, at)
    left = or_(ImportFile.lease_until.is_(None), ImportFile.lease_until < at)
    row = session.execute(
        update(ImportFile)
        .where(ImportFile.claim == key, ImportFile.import_id == import_id, left)
        .values(lease_until=at + LEASE)
        .returning(ImportFile.id, ImportFile.taken_at, ImportFile.upload_id, ImportFile.target)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Taken(row.id, at + LEASE, row.taken_at, row.upload_id, row.target)


def link(session: Session, taken: Taken, upload_id: int | None) -> None:
    """Which upload the file became; None: that one came to nothing, it is handed in anew. Raises `Later` where the
    file was taken over meanwhile."""
    _change(session, taken, upload_id=upload_id)


def name_target(session: Session, taken: Taken, target: str) -> None:
    """What the file will be called, noted before it is: whoever takes over goes on with the same name. Raises `Later`
    where the file was taken over meanwhile."""
    _change(session, taken, target=target)


def release(session: Session, taken: Taken) -> None:
    """Not finished, but nobody is at it: the next round goes on at once."""
    session.execute(update(ImportFile).where(_held(taken)).values(lease_until=None))


def give_back(session: Session, import_id: int) -> list[int]:
    """Where no other round of this import is at work: what an earlier one held is free. The uploads that it had handed
    in, which it may have left half way."""
    held = and_(ImportFile.import_id == import_id, ImportFile.lease_until.is_not(None))
    uploads = session.scalars(select(ImportFile.upload_id).where(held, ImportFile.upload_id.is_not(None))).all()
    session.execute(update(ImportFile).where(held).values(lease_until=None))
    return [upload_id for upload_id in uploads if upload_id is not None]


def forget(session: Session, file_id: int) -> None:
    """It was not there any more: nothing was taken."""
    session.execute(delete(ImportFile).where(ImportFile.id == file_id, ImportFile.upload_id.is_(None)))


def finish(session: Session, file_id: int, *, good: bool, text: str, at: datetime) -> None:
    """The file is out of the way. The same one, should it come again, is another arrival."""
    values = {"state": "done" if good else "failed", "text": text[:1000], "ended_at": at}
    session.execute(update(ImportFile).where(ImportFile.id == file_id).values(**values, claim=None, lease_until=None))


def sweep(session: Session, import_id: int, listed: Iterable[str], *, at: datetime) -> None:
    """Finish what was moved by somebody who died before he could say so, and forget what was never handed in.
    `listed`: the keys of the files that are there."""
    mine = select(ImportFile.id, ImportFile.claim, ImportFile.target).where(
        ImportFile.import_id == import_id,
        ImportFile.claim.is_not(None),
        or_(ImportFile.lease_until.is_(None), ImportFile.lease_until < at),
    )
    there = set(listed)
    for file_id, key, target in session.execute(mine).all():
        if key in there:
            continue
        finish(session, file_id, good=target.startswith("done/"), text="", at=at)
        forget(session, file_id)


def _held(taken: Taken) -> ColumnElement[bool]:
    return and_(ImportFile.id == taken.id, ImportFile.lease_until == taken.lease_until)


def _change(session: Session, taken: Taken, **values: Any) -> None:
    changed = update(ImportFile).where(_held(taken)).values(**values).returning(ImportFile.id)
    if session.scalar(changed.execution_options(synchronize_session=False)) is None:
        raise Later("another server has taken it over")
