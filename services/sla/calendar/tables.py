"""The versions of the calendar, append-only."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.calendar.model import Source
from services.sla.record import Record
from shared.db.logins import GRANTED_TO_UNITS


class CalendarVersionRecord(Record):
    """One version: who entered it, when, why, by which document, and which days it counts differently."""

    __tablename__ = "calendar_version"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(unique=True)
    source: Mapped[Source] = mapped_column(comment="statutory, import, edit")
    reason: Mapped[str]
    document: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    first_day: Mapped[date | None] = mapped_column(
        comment="the first day that counts differently from the version before"
    )
    last_day: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("source in ('statutory', 'import', 'edit')", name="known_source"),
        {"info": {GRANTED_TO_UNITS: "select"}},
    )


class CalendarYearRecord(Record):
    """One year's arrangement as a version brought it; a year holds until a later version brings it again."""

    __tablename__ = "calendar_year"

    number: Mapped[int] = mapped_column(ForeignKey("calendar_version.number"), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    source_notice: Mapped[str]
    off_days: Mapped[dict[str, str]] = mapped_column(JSONB, comment="day -> holiday")
    make_up_days: Mapped[dict[str, str]] = mapped_column(JSONB, comment="day -> holiday")

    __table_args__ = ({"info": {GRANTED_TO_UNITS: "select"}},)
