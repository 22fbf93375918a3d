"""Upload, and its rows' outcomes in pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id


class Upload(Base):
    """One handing-in (WB-11). Every POST is its own upload, also a refused one."""

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_content", "content", "status"),)

    id: Mapped[Id]
    template: Mapped[str] = mapped_column(String(40))
    filename: Mapped[str] = mapped_column(String(255), default="")
    stored_as: Mapped[str] = mapped_column(String(80), default="", index=True)  # the original's name in the data folder
    kept_bytes: Mapped[int] = mapped_column(default=0)  # of that file, as long as it is kept
    mode: Mapped[str] = mapped_column(String(10))
    on_error: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(16))
    content: Mapped[str | None] = mapped_column(String(64))  # WB-7: hash of template and normalised rows
    claim: Mapped[str | None] = mapped_column(String(64), unique=True)  # `content` of the first live one of its kind
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    messages: Mapped[list[Any]] = mapped_column(default=list)
    layout: Mapped[dict[str, Any]] = mapped_column(default=dict)  # sheet and letters of the columns
    problem: Mapped[dict[str, Any] | None]  # why a failed one failed
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duplicate_of: Mapped[int | None]
    undone_by: Mapped[str] = mapped_column(String(120), default="")
    undone_at: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    request_key_id: Mapped[int | None] = mapped_column(index=True)
    lease_until: Mapped[datetime | None]


class UploadPage(Base):
    """A thousand rows' outcomes, compressed: 50,000 rows are 50 of these."""

    __tablename__ = "upload_page"

    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id"), primary_key=True, autoincrement=False)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_row: Mapped[int]
    last_row: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class UploadUndo(Base):
    """What applying wrote, so that it can be taken back: restored values in pages (WB-8)."""

    __tablename__ = "upload_undo"

    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id"), primary_key=True, autoincrement=False)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
