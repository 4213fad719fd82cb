"""Breaches and warnings in a sequence without gaps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Integer
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.record import Record


class AnnouncementRecord(Record):
    """A breach or a warning as the streams replay it.

    A trigger of the outbox writes it, whoever writes the event. Positions have no gaps and
    become visible in their order: the head's row is locked until the commit, after every other lock.
    """

    __tablename__ = "announcement"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stream: Mapped[str] = mapped_column(comment="breaches, warnings")
    unit: Mapped[str | None]
    type: Mapped[str]
    event_id: Mapped[UUID]
    payload: Mapped[bytes]
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("stream in ('breaches', 'warnings')", name="known_stream"),)


class AnnouncementHead(Record):
    """The position of the last announcement; one row."""

    __tablename__ = "announcement_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
