"""How much of one user's files is kept, and no more than the quota; files of old uploads can be dropped.

Whoever hands a file in, drops one or lets old ones go holds the uploads made of it (`hold_files`), and whoever has a
quota holds its user: what one of them saw of the others is then still so when it commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.access.models import User
from server.db.bulk import TEXT, relation
from server.errors import NotFound, Refused
from server.settings import Settings
from server.uploads.downloads import first_with, kept_file
from server.uploads.models import Upload
from server.uploads.sources import Source, folder

_MEGABYTE = 1024 * 1024


class QuotaFull(Refused):
    """The files that are kept of this user take all the room that they may."""

    code = "quota-full"


def charge(session: Session, settings: Settings, source: Source, user_id: int | None) -> int:
    """Bytes of the file that count for this user. Raises `QuotaFull` where their kept files and this one are more than
    the quota, naming both and what to do.

    In the transaction that writes the upload down, so that of two at the same moment the second counts the first. A
    file that is kept already, and handed in once more, takes no more room: another user's counts for that one alone.
    The command line and jobs have no user and no quota. Raises `NotFound` for a file that was deleted meanwhile.
    """
    if user_id is not None:
        session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    hold_files(session, [source.stored_as])
    coming = size_of(settings, source)
    first = first_with(session, source.stored_as)
    if first is not None and first.user_id != user_id:
        return 0
    most = settings.upload_quota_bytes
    if not most or user_id is None:
        return coming
    of_user = (Upload.user_id == user_id, Upload.kept_bytes > 0)
    if session.scalar(select(Upload.id).where(*of_user, Upload.stored_as == source.stored_as).limit(1)) is not None:
        return coming
    each = select(func.max(Upload.kept_bytes).label("size")).where(*of_user).group_by(Upload.stored_as).subquery()
    kept = int(session.scalar(select(func.coalesce(func.sum(each.c.size), 0))) or 0)
    if kept + coming > most:
        raise QuotaFull(
            f"your files that are kept take {_megabytes(kept)}, and this one would take {_megabytes(coming)} more; "
            f"{_megabytes(most)} are allowed. Delete files of old uploads, or ask for a higher "
            "STOCKBOOK_UPLOAD_QUOTA_BYTES; what came of them stays in the history",
            kept=kept,
            coming=coming,
            limit=most,
        )
    return coming


def hold_files(session: Session, names: Iterable[str]) -> None:
    """Hold these files until the transaction ends: nobody else hands them in or deletes them meanwhile."""
    with relation(session, {"name": TEXT}, [(name,) for name in names]) as r:
        theirs = select(Upload.id).join(r, r.c.name == Upload.stored_as).order_by(Upload.id)
        session.execute(theirs.with_for_update(key_share=True, of=Upload)).all()


def size_of(settings: Settings, source: Source) -> int:
    """Bytes that the file takes; at least one, so that an empty file counts as kept. Raises `NotFound`."""
    try:
        return max(1, (folder(settings) / source.stored_as).stat().st_size)
    except FileNotFoundError as gone:
        raise NotFound("the file is no longer kept: hand it in anew") from gone


def drop_file(session: Session, settings: Settings, upload: Upload, *, by: str, at: datetime) -> None:
    """Mark the file of an upload, and of all that were made of it, as no longer kept; `forget_dropped` deletes it
    after the commit.

    Raises `NotFound` where it is not kept, and `Refused` while an upload made of it runs.
    """
    hold_files(session, [upload.stored_as])
    kept_file(settings, upload)
    of_file = Upload.stored_as == upload.stored_as
    running = _running(session, upload.stored_as)
    if running is not None:
        raise Refused(f"upload {running} is still working on this file: wait until it is done")
    session.execute(update(Upload).where(of_file).values(kept_bytes=0))
    audit(session, by, "upload.drop_file", f"upload {upload.id}", at=at)


def forget_dropped(session: Session, settings: Settings, upload: Upload) -> None:
    """Delete a file that was dropped, unless somebody has handed it in again since."""
    hold_files(session, [upload.stored_as])
    counts = select(Upload.id).where(Upload.stored_as == upload.stored_as, Upload.kept_bytes > 0).limit(1)
    if session.scalar(counts) is None and _running(session, upload.stored_as) is None:
        (folder(settings) / upload.stored_as).unlink(missing_ok=True)


def _running(session: Session, stored_as: str) -> int | None:
    return session.scalar(select(Upload.id).where(Upload.stored_as == stored_as, Upload.status == "running").limit(1))


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB"
