"""Switch: a name and its value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class Switch(Base):
    """One setting that differs from its default."""

    __tablename__ = "switch"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(120))
