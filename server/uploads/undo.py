"""Taking an upload back: reversing movements and restored values, all or nothing (WB-8)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.clock import now
from server.errors import NotFound, Refused
from server.uploads import outcome
from server.uploads.handlers.protocol import Context
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload, UploadUndo


def undo(session: Session, upload_id: int, *, by: str) -> Upload:
    """Take back what upload `upload_id` applied; of a partly applied one its applied rows.

    Raises `NotFound`, `Refused` for an upload that was not applied or is undone already, and `CannotUndo` with every
    reason; then nothing was changed.
    """
    upload = session.scalar(select(Upload).where(Upload.id == upload_id).with_for_update())
    if upload is None:
        raise NotFound(f"there is no upload {upload_id}")
    if upload.status == "undone":
        raise Refused(f"upload {upload_id} was undone already, by {upload.undone_by}")
    if upload.status not in ("applied", "partly_applied"):
        raise Refused(f"upload {upload_id} was {upload.status.replace('_', ' ')}: there is nothing to undo")
    at = now()
    HANDLERS[upload.template].undo(session, steps_of(session, upload_id), Context(upload_id, by, at))
    session.execute(
        update(Upload)
        .where(Upload.id == upload_id)
        .values(status="undone", undone_by=by, undone_at=at, claim=None)
        .execution_options(synchronize_session="fetch")
    )
    audit(session, by, "upload.undo", f"upload {upload_id}", template=upload.template)
    return upload


def steps_of(session: Session, upload_id: int) -> list[dict[str, Any]]:
    """What applying did, in order."""
    query = select(UploadUndo.body).where(UploadUndo.upload_id == upload_id).order_by(UploadUndo.page)
    return [step for body in session.scalars(query) for step in outcome.unpack(body)]
