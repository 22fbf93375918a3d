"""A file that was taken becomes an upload, once, and its outcome says where the file goes (JOB-2)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

from server import clock
from server.db.session import Database
from server.errors import Busy, NotAllowed
from server.imports import claiming
from server.imports.claiming import Later, Taken
from server.imports.rules import Found
from server.imports.wholeness import has_open_line, missing_part
from server.imports.work import Work
from server.uploads import pipeline
from server.uploads.models import Upload
from server.uploads.pipeline import FileProblem, Interrupted
from server.uploads.sources import Source, keep_file

_GOOD = frozenset({"validated", "applied", "partly_applied", "duplicate", "undone"})
#: How long a file that looks cut off must have been as it is, before it is taken for what it is.
CUT_OFF_FOR = timedelta(minutes=10)
#: The same for a table whose last line has no end: some programs never write one.
OPEN_LINE_SECONDS = 60


@dataclass(frozen=True)
class Verdict:
    """What became of a file: where it goes, and why in words where that is not all well."""

    good: bool
    outcome: str
    text: str = ""
    upload: Upload | None = None

    @property
    def advice(self) -> str:
        """What to do, for those who find the file."""
        if self.outcome == "duplicate":
            return (
                "Where equal files are meant each time, change the import: apply also content that was applied before."
            )
        problem = None if self.upload is None else self.upload.problem
        if problem is not None and problem.get("code") == "file-ambiguous-template":
            return "Or give the import the template that its files are, and put the file into the watched place again."
        return "" if self.good else "Correct it, and put it into the watched place again."


def verdict(work: Work, found: Found, taken: Taken) -> Verdict | None:
    """What becomes of the file; None where it is gone, so that there is nothing to take. Raises `Later` for one that
    has to wait."""
    upload = _earlier(work.db, taken)
    if upload is not None:
        return _judged(upload)
    if not _is_there(work, found):
        return None
    if found.size > work.settings.upload_max_bytes:
        most = work.settings.upload_max_bytes / 1024**2
        return Verdict(False, "failed", f"The file is larger than the {most:g} MB that may be handed in at once.")
    with tempfile.TemporaryFile() as file:
        work.place.fetch(found, file, work.settings.upload_max_bytes)
        if not _is_whole(work, found, taken, file):
            return None
        file.seek(0)
        source, _ = keep_file(work.settings, file, found.name, work.order.request.template)
    return _judged(_handed_in(work, taken, source))


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
        db.write(lambda session: claiming.link(session, taken, None))
        return None
    return upload


def _came_to_nothing(upload: Upload) -> bool:
    return upload.status == "failed" and (upload.problem or {}).get("code") in ("interrupted", "busy")


def _is_there(work: Work, found: Found) -> bool:
    """False where it is gone. Raises `Later` where it has changed."""
    as_it_was = work.place.unchanged(found)
    if as_it_was is False:
        raise Later("it has changed, so it is still being written")
    return as_it_was is not None


def _is_whole(work: Work, found: Found, taken: Taken, file: IO[bytes]) -> bool:
    """Whether a file that does not change is all there. False where it is gone meanwhile.

    Raises `Later` for one that looks cut off: its writer may be slow. After a time it is taken nevertheless, and fails.
    """
    if missing := missing_part(file):
        if clock.now() - taken.since < CUT_OFF_FOR:
            minutes = CUT_OFF_FOR.seconds // 60
            raise Later(f"{missing}, so it may still be written; it fails if it stays like this for {minutes} minutes")
    elif has_open_line(file, found.name):
        work.wait_until(OPEN_LINE_SECONDS)
        if work.stopping():
            raise Later("the server stops")
        return _is_there(work, found)
    return True


def _handed_in(work: Work, taken: Taken, source: Source) -> Upload:
    order = work.order
    upload_id = pipeline.receive(
        work.db,
        source,
        order.request,
        order.who,
        also=lambda session, number: claiming.link(session, taken, number),
    )
    try:
        pipeline.process(work.db, work.settings, upload_id, source, order.request, order.who)
    except (FileProblem, NotAllowed):
        pass  # why stands in the history
    except (Busy, Interrupted) as error:
        work.db.write(lambda session: claiming.link(session, taken, None))
        raise Later(error.text) from error
    return _upload(work.db, upload_id)


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
