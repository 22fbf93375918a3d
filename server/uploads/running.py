"""Uploads at work: in threads of their own, so that a caller can be answered before a large one is done (JOB-4)."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.limits import Limiter
from server.db.session import Database
from server.settings import Settings
from server.uploads import pipeline, quota
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.quota import QuotaFull
from server.uploads.sources import Source, folder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandedIn:
    """An upload at work: its number, and what tells when it is done (or raises what went wrong)."""

    upload_id: int
    work: Future[None]

    def wait(self, seconds: float) -> bool:
        """Whether it is done within that time. Raises what the work raised."""
        done, _ = wait_for([self.work], timeout=seconds)
        if done:
            self.work.result()
        return bool(done)


class Uploads:
    """Takes uploads and works on a few at a time."""

    def __init__(self, db: Database, settings: Settings, *, at_once: int = 4) -> None:
        self._db = db
        self._settings = settings
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="upload")
        self._turns = Limiter(settings.uploads_per_minute)

    def allow(self, user_id: int | None) -> None:
        """Count one more handing-in of that user, before anything of it is stored. Raises `TooOften`."""
        self._turns.count(f"user:{user_id}")

    def hand_in(self, source: Source, request: Request, who: Who, *, request_key_id: int | None = None) -> HandedIn:
        """Write it into the history and start working on it. Raises `QuotaFull`; then the file is not kept. And
        `NotFound` for one of the history that was deleted since."""
        upload_id = self._receive(source, request, who, request_key_id)
        work = self._threads.submit(pipeline.process, self._db, self._settings, upload_id, source, request, who)
        return HandedIn(upload_id, work)

    def _receive(self, source: Source, request: Request, who: Who, request_key_id: int | None) -> int:
        def charge(session: Session) -> int:
            return quota.charge(session, self._settings, source, who.user_id)

        try:
            return pipeline.receive(self._db, source, request, who, charge=charge, request_key_id=request_key_id)
        except QuotaFull:
            with self._db.read() as session:
                kept = session.scalar(select(Upload.id).where(Upload.stored_as == source.stored_as).limit(1))
            if kept is None:  # else it is another upload's file, handed in once more
                (folder(self._settings) / source.stored_as).unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Let what is at work finish; take nothing more."""
        self._threads.shutdown(wait=True, cancel_futures=True)
