"""Files that were handed in are kept for a time; what came of them stays in the history."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.clock import now
from server.db.bulk import TEXT, relation
from server.db.session import Database
from server.settings import Settings
from server.uploads.models import Upload
from server.uploads.quota import hold_files
from server.uploads.sources import folder

#: Files looked up, and deleted, in one transaction.
_BITE = 200


def forget_files(db: Database, settings: Settings, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete stored files older than `upload_files_days` that no younger upload was made from; how many there were.

    Whatever lies in the folder that long goes, also what a crash left there before its upload was written down.
    """
    if not settings.upload_files_days:
        return 0
    before = now() - timedelta(days=settings.upload_files_days)
    old, gone = _old_files(folder(settings), before), 0
    for start in range(0, len(old), _BITE):
        if stopping():
            break
        names = old[start : start + _BITE]
        gone += db.write(lambda session, names=names: _forget(session, settings, names, before))  # type: ignore[misc]
    return gone


def _forget(session: Session, settings: Settings, names: Sequence[str], before: datetime) -> int:
    """Delete those of the files that nobody wants, while nobody can hand one of them in again; how many there were.
    They count no more for anybody's quota."""
    hold_files(session, names)
    wanted = _still_wanted(session, names, before)
    leaving = [name for name in names if name not in wanted]
    with relation(session, {"name": TEXT}, [(name,) for name in leaving]) as r:
        freed = update(Upload).where(Upload.stored_as == r.c.name).values(kept_bytes=0)
        session.execute(freed.execution_options(synchronize_session=False))
    for name in leaving:
        (folder(settings) / name).unlink(missing_ok=True)
    return len(leaving)


def _old_files(place: Path, before: datetime) -> list[str]:
    with os.scandir(place) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before.timestamp()
        )


def _still_wanted(session: Session, names: Sequence[str], before: datetime) -> set[str]:
    """Those of which a younger upload was made: the same file may be handed in again from the history."""
    young = or_(Upload.created_at >= before, Upload.status == "running")
    with relation(session, {"name": TEXT}, [(name,) for name in names]) as r:
        return set(session.scalars(select(Upload.stored_as).join(r, r.c.name == Upload.stored_as).where(young)))
