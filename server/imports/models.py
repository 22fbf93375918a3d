"""Scheduled import, and the files it has taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id, folded


class ScheduledImport(Base):
    """A watched place, and what is done with a file that arrives there. When it is looked at stands in its job."""

    __tablename__ = "scheduled_import"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(folded(40), unique=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(10))  # folder, ftp, sftp, s3
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # the place's secrets, encrypted
    pattern: Mapped[str] = mapped_column(String(100))
    template: Mapped[str] = mapped_column(String(40), default="")  # empty: the file tells it
    mode: Mapped[str] = mapped_column(String(12))  # validate, apply, apply_good
    again: Mapped[bool] = mapped_column(default=False)  # also apply content that was applied before (WB-7)
    quiet_seconds: Mapped[int]  # how long a file must not change before it is taken
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))  # who it acts as (SEC-2)
    created_at: Mapped[datetime]


class ImportFile(Base):
    """One file that was taken. `claim` is unique as long as it lies in the place: a file is taken once."""

    __tablename__ = "import_file"

    id: Mapped[Id]
    import_id: Mapped[int] = mapped_column(ForeignKey("scheduled_import.id"), index=True)
    claim: Mapped[str | None] = mapped_column(
        String(64), unique=True
    )  # place, name, size, stamp; none once it is moved
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))  # taken, done, failed
    lease_until: Mapped[datetime | None]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("upload.id"))
    target: Mapped[str] = mapped_column(String(400), default="")  # what it is called in done/ or failed/
    text: Mapped[str] = mapped_column(String(1000), default="")
    taken_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
