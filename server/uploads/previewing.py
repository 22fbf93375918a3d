"""What every store would show if an upload that is not applied yet were applied (PSH-12)."""

from __future__ import annotations

from server.db.session import Database
from server.errors import Refused
from server.push.preview import Shown, preview_figures
from server.settings import Settings
from server.uploads.downloads import find_upload, kept_file
from server.uploads.examining import examine
from server.uploads.handlers.registry import HANDLERS
from server.uploads.sources import checked, source_of


def preview(db: Database, settings: Settings, upload_id: int) -> list[Shown]:
    """Store SKUs before and after, from the upload's good rows as they would be applied now.

    Raises `NotFound`, also once its file is no longer kept, and `Refused` for an upload that is applied already or
    whose rows were never looked at.
    """
    with db.read() as session:
        upload = find_upload(session, upload_id)
        if upload.status not in ("validated", "refused"):
            raise Refused(f"upload {upload_id} is {upload.status.replace('_', ' ')}: there is nothing to preview")
        kept_file(settings, upload)
        source = source_of(upload.stored_as, upload.filename, upload.template)
        template = upload.template
    sheet = checked(source.read(settings))
    with db.read() as session:
        examined = examine(session, HANDLERS[template], sheet)
        return preview_figures(session, {key: change for key, change in examined.plan.figures.items() if change})
