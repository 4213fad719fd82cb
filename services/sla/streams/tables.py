"""Breaches and warnings in a sequence without gaps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.record import Record
from shared.db.logins import GRANTED_TO_UNITS


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


class StreamPassRecord(Record):
    """A person's leave to read one stream in a browser: a pass until its use, a cookie from then on; hashes only."""

    __tablename__ = "stream_pass"

    pass_print: Mapped[str] = mapped_column(primary_key=True, comment="keyed hash of the pass")
    stream: Mapped[str] = mapped_column(comment="breaches, warnings")
    account: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]]
    unit: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(comment="of the pass, while it is not used")
    ends_at: Mapped[datetime] = mapped_column(comment="of the login that asked for it, and so of the stream")
    cookie_print: Mapped[str | None] = mapped_column(comment="keyed hash of the cookie; null before the use")

    __table_args__ = (
        CheckConstraint("stream in ('breaches', 'warnings')", name="known_stream"),
        Index("uq_stream_pass_cookie", "cookie_print", unique=True),
        Index("ix_stream_pass_ends_at", "ends_at"),
        {"info": {GRANTED_TO_UNITS: "insert"}},
    )
