"""Job, run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id


class Job(Base):
    """A scheduled job, editable (JOB-1). `every_seconds` is the interval; slots are its multiples."""

    __tablename__ = "job"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    every_seconds: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Run(Base):
    """One run: one row per job and due time (`slot`), claimed with a lease, recorded (JOB-1)."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("job_id", "slot"),
        Index("ix_run_waiting", "state", "due_at"),
    )

    id: Mapped[Id]
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    slot: Mapped[str] = mapped_column(String(60))  # due time, `now/…` when asked for, `start/…`
    state: Mapped[str] = mapped_column(String(12))  # waiting, running, done, failed
    due_at: Mapped[datetime]
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asked_by: Mapped[str] = mapped_column(String(120), default="schedule")
    owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(String(1000), default="")
