"""The path of one upload: received, read, checked, validated or applied. The same for a workbook and for API rows.

Nothing touches stock before the one transaction that applies; a process that dies leaves an upload that was either
applied whole or not at all (WB-7).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.access.roles import Role
from server.clock import now
from server.db.bulk import insert_rows
from server.db.session import Database
from server.errors import Busy, NotAllowed, Refused, StockbookError, WrongUse
from server.ledger.errors import NotEnough
from server.settings import Settings
from server.uploads import outcome
from server.uploads.examining import Examined, examine
from server.uploads.handlers.protocol import Context, Handler, Step
from server.uploads.handlers.registry import HANDLERS
from server.uploads.marks import earlier_upload, marks_of_duplicate
from server.uploads.models import Upload, UploadPage, UploadUndo
from server.uploads.outcome import Outcome
from server.uploads.permissions import demand_for
from server.uploads.sources import Checked, Source, checked
from validators.messages import Finding
from validators.reading import RawSheet, Unreadable

log = logging.getLogger(__name__)

#: How often a transaction that lost a race for stock is looked at anew before it is refused.
RACES = 3
LEASE = timedelta(minutes=10)
UNDO_PAGE = 2_000
_ALL_BEFORE = "Every row was applied before, as its Status says. To apply a row once more, clear its Status."


@dataclass(frozen=True)
class Request:
    """What the caller asked for. `again`: apply although the same content was applied before (WB-7)."""

    mode: str = "validate"  # or apply
    good_rows: bool = False
    again: bool = False
    template: str | None = None


@dataclass(frozen=True)
class Who:
    """Who hands it in. Whoever works on the database itself may do what an admin may."""

    name: str
    user_id: int | None = None
    role: Role = "admin"


class FileProblem(WrongUse):
    """The file as a whole can't be taken: its template, its header. `code` says which."""

    def __init__(self, findings: Sequence[Finding], upload_id: int) -> None:
        first = findings[0].text
        super().__init__(
            first[:1].upper() + first[1:],
            errors=[{"code": finding.code, "detail": finding.text} for finding in findings],
            upload=upload_id,
        )
        self.code = findings[0].code


class Interrupted(StockbookError):
    """The upload was given up while it was worked on, or while it waited."""

    code = "interrupted"


class FileTooLarge(FileProblem):
    """More bytes or rows than may be handed in at once (WB-12)."""


def receive(
    db: Database,
    source: Source,
    request: Request,
    who: Who,
    *,
    charge: Callable[[Session], int] = lambda _: 0,
    request_key_id: int | None = None,
    also: Callable[[Session, int], None] | None = None,
) -> int:
    """Write the upload into the history; gives its number. Every handing-in is one (WB-11).

    `charge`: what its file takes of its user's quota, asked in the same transaction; raises what it raises. `also` is
    called with that number in it too: for a caller that must find its upload after a crash.
    """

    def work(session: Session) -> int:
        kept_bytes = charge(session)
        row = Upload(
            template=request.template or "",
            filename=source.filename[:255],
            stored_as=source.stored_as,
            kept_bytes=kept_bytes,
            mode=request.mode,
            on_error="apply_good" if request.good_rows else "reject_all",
            status="running",
            actor=who.name,
            user_id=who.user_id,
            created_at=now(),
            progress={"stage": "received"},
            request_key_id=request_key_id,
            lease_until=now() + LEASE,
        )
        session.add(row)
        session.flush()
        if also is not None:
            also(session, row.id)
        return row.id

    return db.write(work)


def process(db: Database, settings: Settings, upload_id: int, source: Source, request: Request, who: Who) -> None:
    """Read, check, validate or apply, and write down what came of it.

    Raises `FileProblem` for a file that can't be taken and `Busy` when it has to wait; both are in the history. Where
    the connection broke after its end was committed and before the database said so, that end is the answer (P1).
    """
    try:
        sheet = _checked(db, settings, upload_id, source)
        if request.mode == "apply":
            demand_for(sheet.rows, who.role)
        _progress(db, upload_id, "applying" if request.mode == "apply" else "comparing", len(sheet.rows))
        _finish(db, HANDLERS[sheet.rows.workbook.id], upload_id, sheet, request, who)
    except Interrupted:
        raise  # its end stands in the history already
    except (FileProblem, NotAllowed, Busy) as error:
        if _failed(db, upload_id, error.code, error.text, error.errors):
            raise
    except Exception:
        log.exception("upload %d failed", upload_id)
        if _failed(db, upload_id, "failed", "something went wrong here; nothing was applied", []):
            raise


def _checked(db: Database, settings: Settings, upload_id: int, source: Source) -> Checked:
    """The rows, read and checked. What was read of them is let go here: it is as large as the rows."""
    raw = _read(db, settings, upload_id, source)
    _progress(db, upload_id, "checking", len(raw))
    return checked(raw)


def _read(db: Database, settings: Settings, upload_id: int, source: Source) -> RawSheet:
    _progress(db, upload_id, "reading", None)
    try:
        raw = source.read(settings)
    except Unreadable as error:
        raise _problem([Finding(error.code, facts=error.facts)], upload_id) from error
    if raw.stopped:
        raise _problem([finding for finding in raw.findings if finding.severity == "error"], upload_id)
    return raw


def _problem(findings: Sequence[Finding], upload_id: int) -> FileProblem:
    large = any(finding.code in ("file-too-large", "file-too-many-rows") for finding in findings)
    return (FileTooLarge if large else FileProblem)(findings, upload_id)


def _finish(db: Database, handler: Handler, upload_id: int, sheet: Checked, request: Request, who: Who) -> None:
    for attempt in range(1, RACES + 1):
        try:
            if request.mode == "apply":
                db.write(lambda session: _apply(session, handler, upload_id, sheet, request, who))
            else:
                _validate(db, handler, upload_id, sheet)
        except NotEnough as short:  # a rival took the stock between the plan and the posting
            if attempt == RACES:
                _refuse(db, upload_id, sheet, short.text)
        except Refused as refused:
            _refuse(db, upload_id, sheet, refused.text)
            return
        else:
            return


def _validate(db: Database, handler: Handler, upload_id: int, sheet: Checked) -> None:
    with db.read() as session:
        examined = examine(session, handler, sheet)
    verdicts = _judge(examined)
    db.write(lambda session: _write_down(session, upload_id, sheet, verdicts, "validated"))


def _apply(session: Session, handler: Handler, upload_id: int, sheet: Checked, request: Request, who: Who) -> None:
    content = sheet.rows.content()
    earlier = earlier_upload(session, content)
    if earlier is not None and not request.again:
        _write_duplicate(session, handler, upload_id, sheet, content, earlier)
        return
    examined = examine(session, handler, sheet, locking=True)
    bad = examined.bad_rows
    if bad and not (request.good_rows and examined.plan.changing):  # else the same file could be a duplicate of nothing
        verdicts = _judge(examined)
        said = _nothing_applied(verdicts)
        _write_down(session, upload_id, sheet, verdicts, "refused", said=said, content=content)
        return
    context = Context(upload_id, who.name, now())
    steps = handler.apply(session, examined.plan, context) if examined.plan.changing else []
    _keep_steps(session, upload_id, steps)
    verdicts = _judge(examined, applied=upload_id)
    status = "partly_applied" if bad else "applied"
    kept: dict[str, Any] = {"content": content}
    if verdicts.counts["skipped"] == len(sheet.rows):
        kept = {"said": _ALL_BEFORE}  # it applied nothing that the same content could repeat
    elif earlier is None:
        kept["claim"] = content  # unique: of two rivals with the same content one is tried again
    _write_down(session, upload_id, sheet, verdicts, status, **kept)
    audit(
        session, who.name, "upload.apply", f"upload {upload_id}", template=handler.workbook.id, counts=verdicts.counts
    )


def _judge(examined: Examined, *, applied: int | None = None) -> Outcome:
    marks = examined.marks
    found = (examined.rows, examined.plan, examined.findings)
    return outcome.judge(*found, marks.skipped, marks.of, marks.agreed, applied=applied)


def _write_down(
    session: Session,
    upload_id: int,
    sheet: Checked,
    verdicts: Outcome,
    status: str,
    *,
    said: str = "",
    **more: Any,
) -> None:
    outcome.store_pages(session, upload_id, verdicts)
    messages = [*([said] if said else []), *_file_messages(sheet)]
    _end(session, upload_id, sheet, status=status, counts=verdicts.counts, messages=messages, **more)


def _nothing_applied(verdicts: Outcome) -> str:
    bad = verdicts.counts["error"] + verdicts.counts["conflict"]
    rows = "1 row is" if bad == 1 else f"{bad} rows are"
    return f"Nothing was applied: {rows} not right. Correct what is red and apply again, or apply the good rows only."


def _write_duplicate(
    session: Session, handler: Handler, upload_id: int, sheet: Checked, content: str, earlier: int
) -> None:
    """Nothing is applied; each row comes back with what it has from the first time (WB-7, WB-13)."""
    first = session.get_one(Upload, earlier)
    partly = "partly " if first.status == "partly_applied" else ""
    said = (
        f"The same content was {partly}applied as upload {earlier} on {first.created_at:%Y-%m-%d %H:%M} UTC "
        f"by {first.actor}. Nothing was done."
    )
    marks = marks_of_duplicate(session, sheet.rows, earlier)
    verdicts = _judge(examine(session, handler, sheet, marks=marks))
    more = {"content": content, "duplicate_of": earlier}
    _write_down(session, upload_id, sheet, verdicts, "duplicate", said=said, **more)


def _refuse(db: Database, upload_id: int, sheet: Checked, reason: str) -> None:
    counts = {"rows": len(sheet.rows), **dict.fromkeys(outcome.STATUSES, 0)}
    messages = [*_file_messages(sheet), f"{reason[:1].upper()}{reason[1:]}. Nothing was applied."]
    db.write(lambda session: _end(session, upload_id, sheet, status="refused", counts=counts, messages=messages))


def _end(session: Session, upload_id: int, sheet: Checked, **values: Any) -> None:
    _still_running(
        session,
        update(Upload)
        .where(Upload.id == upload_id, Upload.status == "running")
        .values(
            template=sheet.rows.workbook.id,
            layout=sheet.layout,
            finished_at=now(),
            lease_until=None,
            progress={"stage": "done", "rows": len(sheet.rows)},
            **values,
        ),
    )


def _still_running(session: Session, change: Any) -> None:
    """Change an upload that is still at work. Raises `Interrupted` for one that was given up meanwhile: what stands in
    the history, that nothing was applied, then stays true."""
    if session.execute(change.execution_options(synchronize_session=False)).rowcount == 0:  # type: ignore[attr-defined]
        raise Interrupted("this upload waited too long and was given up; nothing was applied, hand it in again")


def _file_messages(sheet: Checked) -> list[str]:
    said = [finding.text for finding in sheet.findings if finding.row is None]
    return [text[:1].upper() + text[1:] for text in said]


def _keep_steps(session: Session, upload_id: int, steps: Sequence[Step]) -> None:
    pages = (
        (upload_id, number, outcome.pack(steps[start : start + UNDO_PAGE]))
        for number, start in enumerate(range(0, len(steps), UNDO_PAGE))
    )
    insert_rows(session, UploadUndo, ("upload_id", "page", "body"), pages)


def _progress(db: Database, upload_id: int, stage: str, rows: int | None) -> None:
    progress = {"stage": stage, **({"rows": rows} if rows is not None else {})}
    going_on = update(Upload).where(Upload.id == upload_id, Upload.status == "running")
    values = {"progress": progress, "lease_until": now() + LEASE}
    db.write(lambda session: _still_running(session, going_on.values(values)))


def _failed(db: Database, upload_id: int, code: str, text: str, errors: list[dict[str, Any]]) -> bool:
    """Write down why it failed; False where it has come to an end already, which then stays as it is."""
    values = {
        "status": "failed",
        "finished_at": now(),
        "lease_until": None,
        "problem": {"code": code, "detail": text, "errors": errors[:200]},
        "progress": {"stage": "done"},
    }
    running = update(Upload).where(Upload.id == upload_id, Upload.status == "running").values(values)

    def work(session: Session) -> bool:
        if session.execute(running).rowcount:  # type: ignore[attr-defined]
            session.execute(delete(UploadPage).where(UploadPage.upload_id == upload_id))
            return True
        return session.scalar(select(Upload.status).where(Upload.id == upload_id)) == "failed"

    return db.write(work)


def recover(db: Database, *, all_of_them: bool) -> int:
    """At start: uploads that a stopped server left running were rolled back by the database; say so in the history.

    `all_of_them`: this is the only server, so whatever users handed in and still runs is left over. What came another
    way (the command line, a job of a process of its own) may well be at work: it is given up when its lease has run
    out, here or by retention. Gives how many there were.
    """
    over = Upload.lease_until < now()
    return db.write(lambda session: _give_up(session, or_(over, Upload.user_id.is_not(None)) if all_of_them else over))


def give_up(session: Session, upload_ids: Sequence[int]) -> None:
    """Whoever worked on these is gone, as the caller knows without waiting for their leases. Should he still be at it,
    nothing of it is applied; what has come to an end stays as it is."""
    _give_up(session, Upload.id.in_(upload_ids))


def _give_up(session: Session, which: ColumnElement[bool]) -> int:
    said = {
        "code": "interrupted",
        "detail": "The server stopped while working on this. Nothing was applied; hand it in again.",
    }
    values = {"status": "failed", "problem": said, "finished_at": now(), "lease_until": None}
    left = update(Upload).where(Upload.status == "running", which).values(values)
    return session.execute(left).rowcount  # type: ignore[attr-defined, no-any-return]


__all__ = ["FileProblem", "Request", "StockbookError", "Who", "give_up", "process", "receive", "recover"]
