"""The versions of the calendar, append-only, and how far the clocks have been recomputed by each."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.tables.record import Record


class CalendarVersionRecord(Record):
    """One version: who entered it, when, why, by which document, and which days it counts differently."""

    __tablename__ = "calendar_version"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str] = mapped_column(comment="statutory, import, edit")
    reason: Mapped[str]
    document: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    first_day: Mapped[date | None] = mapped_column(
        comment="the first day that counts differently from the version before"
    )
    last_day: Mapped[date | None]

    __table_args__ = (CheckConstraint("source in ('statutory', 'import', 'edit')", name="known_source"),)


class CalendarYearRecord(Record):
    """One year's arrangement as a version brought it; a year holds until a later version brings it again."""

    __tablename__ = "calendar_year"

    number: Mapped[int] = mapped_column(ForeignKey("calendar_version.number"), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    source_notice: Mapped[str]
    off_days: Mapped[dict[str, str]] = mapped_column(JSONB, comment="day -> holiday")
    make_up_days: Mapped[dict[str, str]] = mapped_column(JSONB, comment="day -> holiday")


class RecomputationRecord(Record):
    """How far the running clocks have been recomputed by a version; the row is the lock between replicas."""

    __tablename__ = "recomputation"

    number: Mapped[int] = mapped_column(ForeignKey("calendar_version.number"), primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(comment="open, done")
    expected: Mapped[int] = mapped_column(comment="clocks whose span holds a changed day, counted at the start")
    seen: Mapped[int]
    moved: Mapped[int]
    excused: Mapped[int] = mapped_column(comment="breaches that the new calendar would not have told")
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("state in ('open', 'done')", name="known_state"),)
