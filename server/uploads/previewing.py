"""What every store would show if an upload that is not applied yet were applied (PSH-12)."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy.orm import Session

from server.clock import now
from server.db.session import Database
from server.errors import Refused
from server.push.preview import Shown, preview_change, preview_figures
from server.settings import Settings
from server.uploads.downloads import find_upload, reading_kept
from server.uploads.examining import examine
from server.uploads.handlers.protocol import Context, Handler
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload
from server.uploads.sources import Checked, Source, checked, source_of
from validators.reading import RawSheet, Unreadable

#: Templates that change nothing but figures: what stores would show is worked out from the plan, and nothing waits.
_BY_FIGURES = frozenset({"stock_in", "stock_out", "quantity_update", "stock_count", "returns", "transfer"})


def preview(db: Database, settings: Settings, upload_id: int) -> list[Shown]:
    """Store SKUs before and after, from the upload's good rows as they would be applied now.

    Raises `NotFound`, also once its file is no longer kept, and `Refused` for an upload that is applied already or
    whose rows were never looked at, or whose file can't be read this time; `Busy` while too many files are being read.
    """
    with db.read() as session:
        upload = find_upload(session, upload_id)
        if upload.status not in ("validated", "refused"):
            raise Refused(f"upload {upload_id} is {upload.status.replace('_', ' ')}: there is nothing to preview")
        source = source_of(upload.stored_as, upload.filename, upload.template)
        template = upload.template
        context = Context(upload.id, upload.actor, now())
    sheet = checked(_read(upload, source, settings))
    if template not in _BY_FIGURES:
        return _tried(db, HANDLERS[template], sheet, context)
    with db.read() as session:
        examined = examine(session, HANDLERS[template], sheet)
        return preview_figures(session, {key: change for key, change in examined.plan.figures.items() if change})


def _read(upload: Upload, source: Source, settings: Settings) -> RawSheet:
    try:
        with reading_kept(settings, upload):
            return source.read(settings)
    except Unreadable as error:  # it could be read before: time or memory were short, or the limits are lower now
        raise Refused(f"its file can't be read: {error.finding.text}") from error


class _Looked(Exception):
    """Takes the transaction back, and what was seen in it out."""

    def __init__(self, shown: list[Shown]) -> None:
        self.shown = shown


def _tried(db: Database, handler: Handler, sheet: Checked, context: Context) -> list[Shown]:
    """Of what changes more than figures (a mapping, a rule, a recipe, an order): apply it, look, take it back."""

    def work(session: Session) -> NoReturn:
        plan = examine(session, handler, sheet).plan
        raise _Looked(preview_change(session, lambda: plan.changing and handler.apply(session, plan, context)))

    try:
        db.write(work)
    except _Looked as looked:
        return looked.shown
